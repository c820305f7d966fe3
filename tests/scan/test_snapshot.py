"""Many paths at once are judged as each by itself."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.model.policy import Policy
from companion.scan.paths import DiskPaths
from companion.scan.snapshot import Snapshot

POLICY = Policy()


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    root = tmp_path_factory.mktemp("snapshot") / "ws"
    for path in ("src/a.py", "private/x", "build/o", ".git/HEAD", ".env", "sub/y.log", "[a]"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    (root / ".clineignore").write_text("private/\n")
    (root / ".gitignore").write_text("build/\n*.log\n")
    (root / "link").symlink_to("private/x")
    (root / "dir").symlink_to("private")
    return root


PARTS = st.sampled_from(
    [
        "src",
        "a.py",
        "private",
        "x",
        "build",
        ".env",
        "y.log",
        "..",
        ".",
        "",
        "link",
        "dir",
        "[a]",
        "gone",
        "~",
        "*",
        "a\0b",
    ]
)
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)


@given(paths=st.lists(st.tuples(PATHS, st.sampled_from([None, True, False])), max_size=5), absolute=st.booleans())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_law_as_each_by_itself(ws, paths, absolute):
    disk = DiskPaths(home="/nowhere", environ={"GIT_CONFIG_NOSYSTEM": "1"}, fold_case=False)
    look = Snapshot(disk, str(ws), POLICY)
    for path, is_dir in paths:
        asked = f"{ws}/{path}" if absolute else path
        one, other = look.look(asked, is_dir), disk.judge_literally(asked, str(ws), POLICY, is_dir=is_dir)
        assert (one.ignored, one.inside, one.is_dir, one.given) == (
            other.ignored,
            other.inside,
            other.is_dir,
            other.given,
        )


def test_a_workspace_under_another_name_is_judged_in_full(ws):
    (ws.parent / "other").symlink_to("ws")
    disk = DiskPaths(home="/nowhere", environ={"GIT_CONFIG_NOSYSTEM": "1"}, fold_case=False)
    assert Snapshot(disk, str(ws.parent / "other"), POLICY).look("private/x").ignored
    (ws.parent / "other").unlink()
