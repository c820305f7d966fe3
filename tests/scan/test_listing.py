"""What is allowed below a folder, against what each path is judged to be."""

import os

import pytest

from companion.model.policy import Policy
from companion.scan.listing import allowed_files, allowed_folders
from companion.scan.paths import DiskPaths

POLICY = Policy()


@pytest.fixture
def ws(tmp_path):
    root = tmp_path / "ws"
    for path in (
        "src/a.py",
        "src/deep/b.py",
        "private/x",
        "build/o",
        ".git/HEAD",
        ".env",
        "sub/.git/HEAD",
        "sub/y.log",
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    (root / ".clineignore").write_text("private/\n")
    (root / ".gitignore").write_text("build/\n*.log\n")
    (root / "out").symlink_to("private/x")
    (root / "in").symlink_to("src/a.py")
    (root / "folder").symlink_to("src")
    return root


@pytest.fixture
def disk(tmp_path):
    return DiskPaths(home=str(tmp_path / "home"), environ={"GIT_CONFIG_NOSYSTEM": "1"}, fold_case=False)


def test_law_a_file_is_listed_when_it_is_judged_to_be_allowed(disk, ws):
    every = [os.path.relpath(f"{folder}/{name}", ws) for folder, _, names in os.walk(ws) for name in names]
    expected = {
        path
        for path in every
        if not disk.judge(path, str(ws), POLICY).ignored and "/.git/" not in f"/{path}" and not (ws / path).is_dir()
    }
    assert set(allowed_files(disk, str(ws), POLICY)) == expected
    assert {"src/a.py", "src/deep/b.py", "in"} <= expected
    assert not {"out", "private/x", "build/o", ".env", "sub/y.log"} & expected


def test_folders(disk, ws):
    found = {os.path.relpath(folder, ws) for folder in allowed_folders(disk, str(ws), POLICY)}
    assert found == {".", "src", "src/deep", "sub"}
    below = set(allowed_folders(disk, str(ws), POLICY, str(ws / "src")))
    assert below == {str(ws / "src"), str(ws / "src" / "deep")}
    assert not list(allowed_folders(disk, str(ws), POLICY, str(ws / "private")))
    assert not list(allowed_folders(disk, str(ws), POLICY, str(ws.parent)))


def test_a_workspace_that_is_excluded_lists_nothing(disk, tmp_path):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "x").touch()
    assert not list(allowed_files(disk, str(tmp_path / ".aws"), POLICY))
