"""Ignore files on disk: which count, when they are read again, and that the decision is git's own."""

import os
import random
import shutil
import subprocess
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion.scan.folders import Lists
from companion.scan.ignore_files import IgnoreFiles


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "ws"
    folder.mkdir()
    return folder


def write(path, text, *, age=10.0):
    """Writes with times in the past, so that a cache may keep what it reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    then = time.time() - age
    os.utime(path, (then, then))


def git_says(files, root, path, *, is_dir=False):
    found = files.git_match(str(root), path, is_dir=is_dir)
    return found and (found.source, found.line)


def deny_says(files, root, path, name=".clineignore"):
    folder, _, last = str(root / path).rpartition("/")
    known = LISTS.setdefault(name, Lists(deny=(name,)))
    found = files.tree(str(root), str(root), known, workspace=str(root)).node(folder).matches(last, is_dir=False)
    return next((match for match in found if match and match.denied), None)


LISTS: dict[str, Lists] = {}


def reader(tmp_path, **given):
    return IgnoreFiles(str(tmp_path), {"GIT_CONFIG_NOSYSTEM": "1"}, **given)


def test_every_level_counts_and_deeper_beats_shallower(root):
    write(root / ".gitignore", "*.log\n")
    write(root / "a" / ".gitignore", "!keep.log\n")
    files = reader(root.parent)
    assert git_says(files, root, "a/x.log") == (".gitignore", 1)
    assert git_says(files, root, "a/keep.log") is None
    assert git_says(files, root, "b/keep.log") == (".gitignore", 1)


def test_the_repository_s_own_list_and_the_global_one_are_weakest(root, tmp_path):
    write(root / ".git" / "info" / "exclude", "x\ny\nz\n")
    write(tmp_path / "global", "!x\nw\n")
    write(root / ".gitignore", "!y\n")
    write(tmp_path / ".gitconfig", f"[core]\n excludesFile = {tmp_path}/global\n")
    files = reader(tmp_path)
    assert git_says(files, root, "x") == (".git/info/exclude", 1)
    assert git_says(files, root, "y") is None
    assert git_says(files, root, "w") == (str(tmp_path / "global"), 2)


def test_a_work_tree_shares_its_repository_s_list(root, tmp_path):
    write(tmp_path / "main" / ".git" / "info" / "exclude", "x\n")
    write(tmp_path / "main" / ".git" / "worktrees" / "w" / "commondir", "../..\n")
    write(root / ".git", f"gitdir: {tmp_path}/main/.git/worktrees/w\n")
    assert git_says(reader(root.parent), root, "x") == (".git/info/exclude", 1)


def test_a_changed_rule_counts_from_the_next_decision(root):
    files = reader(root.parent)
    write(root / ".clineignore", "a\n")
    assert deny_says(files, root, "a")
    assert not deny_says(files, root, "b")
    (root / ".clineignore").write_text("b\n")
    assert deny_says(files, root, "b")
    assert not deny_says(files, root, "a")
    (root / ".clineignore").unlink()
    assert not deny_says(files, root, "b")


def test_a_change_within_one_tick_of_the_clock_and_with_old_times_counts(root):
    files = reader(root.parent)
    for round_ in range(200):
        name = f"f{round_:03}"
        write(root / ".clineignore", name + "\n")
        assert deny_says(files, root, name)
        assert not deny_says(files, root, f"f{round_ + 1:03}")


def test_an_unchanged_file_is_read_once(root, monkeypatch):
    write(root / ".clineignore", "a\n")
    files = reader(root.parent, now_ns=lambda: time.time_ns() + 10**10)
    assert deny_says(files, root, "a")
    monkeypatch.setattr("companion.scan.rule_files.RuleFiles.load", lambda *_, **__: pytest.fail("read again"))
    assert deny_says(files, root, "a")


def _link(root, name):
    write(root / "rules", "nothing\n")
    (root / name).symlink_to("rules")


def _dangling(root, name):
    (root / name).symlink_to("nowhere")


def _folder(root, name):
    (root / name).mkdir()


def _fifo(root, name):
    os.mkfifo(root / name)


def _huge(root, name):
    write(root / name, "x\n" * (1 << 18))


@pytest.mark.parametrize("spoil", [_link, _dangling, _folder, _fifo, _huge])
def test_a_deny_file_that_cannot_be_read_denies_everything_and_says_why(root, spoil):
    spoil(root, ".clineignore")
    found = deny_says(reader(root.parent), root, "a/b")
    assert found is not None
    assert (found.source, found.line, found.denied) == (".clineignore", 0, True)
    assert "unknown" in found.pattern


@pytest.mark.parametrize("spoil", [_link, _dangling, _folder, _fifo])
def test_git_does_not_follow_such_a_file(root, spoil):
    spoil(root, ".gitignore")
    assert git_says(reader(root.parent), root, "a/b") is None


def test_a_git_file_that_is_too_large_ignores_everything(root):
    _huge(root, ".gitignore")
    assert git_says(reader(root.parent), root, "a/b") == (".gitignore", 0)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
@pytest.mark.parametrize("name", [".gitignore", ".clineignore"])
def test_a_file_without_permission_ignores_everything(root, name):
    write(root / name, "a\n")
    (root / name).chmod(0)
    assert git_says(reader(root.parent), root, "b") or deny_says(reader(root.parent), root, "b")


def test_names_that_are_no_utf8(root):
    write(root / ".clineignore", b"\xef\xbb\xbf\xff\xfe*\n")
    assert deny_says(reader(root.parent), root, "\udcff\udcfex")
    assert not deny_says(reader(root.parent), root, "x")


def later():
    """As if everything had been written long ago, so that all of it is kept."""
    return time.time_ns() + 10**10


WAYS = ["write", "replace", "append", "remove"]


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["", "a", "a/b", ".git/info"]), st.sampled_from(WAYS), st.sampled_from("xyz")),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_law_each_decision_is_the_one_of_somebody_who_looks_for_the_first_time(tmp_path_factory, steps):
    root = tmp_path_factory.mktemp("fresh")
    (root / "a" / "b").mkdir(parents=True)
    (root / ".git" / "info").mkdir(parents=True)
    kept = reader(root)
    for folder, way, word in steps:
        file = root / folder / ("exclude" if "info" in folder else ".gitignore")
        if way == "remove":
            file.unlink(missing_ok=True)
        elif way == "replace":
            fresh = root / "fresh"
            fresh.write_text(f"{word}\n")
            fresh.replace(file)
        else:
            with file.open("a" if way == "append" else "w") as out:
                out.write(f"{word}\n")
        for path in ("x", "a/y", "a/b/z", "a/b/x"):
            assert kept.git_match(str(root), path, is_dir=False) == reader(root).git_match(
                str(root), path, is_dir=False
            )


def test_a_rule_that_comes_into_a_folder_that_was_long_settled_counts_at_once(root):
    (root / "a").mkdir()
    ticks = iter(range(10**6))
    files = reader(root.parent, now_ns=lambda: later() + next(ticks))
    assert git_says(files, root, "a/x") is None
    (root / "a" / ".gitignore").write_text("x\n")
    assert git_says(files, root, "a/x") == ("a/.gitignore", 1)
    (root / "a" / ".gitignore").unlink()
    assert git_says(files, root, "a/x") is None


def test_a_changed_setting_of_git_counts_soon(root):
    now = [time.time_ns()]
    files = reader(root.parent, now_ns=lambda: now[0])
    write(root / ".git" / "config", "")
    write(root.parent / "mine", "x\n")
    assert git_says(files, root, "x") is None
    (root / ".git" / "config").write_text(f"[core]\nexcludesfile={root.parent}/mine\n")
    now[0] += 10**8
    assert git_says(files, root, "x") == (str(root.parent / "mine"), 1)


def test_case_counts_as_the_repository_s_settings_say(root):
    write(root / ".gitignore", "Secret\n")
    assert git_says(reader(root.parent), root, "secret") is None
    write(root / ".git" / "config", "[core]\n\tignorecase = true\n")
    assert git_says(reader(root.parent), root, "secret") == (".gitignore", 1)


NAMES = ["a", "b", "foo", ".env", "x.py", "A", "[x]", "é", "a b", "!x", "#y", "a\nb", "\\a"]
PIECES = [
    "*",
    "?",
    "**",
    "a",
    "b",
    "o",
    ".",
    "\\",
    "[ab]",
    "[!a]",
    "[^[:alpha:]]",
    "[a-",
    "[]x]",
    "f",
    " ",
    "é",
    "!",
    "***",
]


def _pattern(pick):
    segments = [
        pick.choice(NAMES) if pick.random() < 0.4 else "".join(pick.choices(PIECES, k=pick.randrange(1, 4)))
        for _ in range(pick.choice([1, 1, 1, 2, 3]))
    ]
    text = "/".join(segments).replace("\n", "")
    text = "/" + text if pick.random() < 0.25 else text
    text += pick.choice(["", "", "", "/", " ", "\r"])
    return "!" + text if pick.random() < 0.25 else text


def _plant(pick, root):
    """A tree with ignore files at random places; every path in it, and whether it is a folder."""
    for _ in range(18):
        parts = [pick.choice(NAMES) for _ in range(pick.choice([1, 2, 2, 3, 4]))]
        try:
            root.joinpath(*parts[:-1]).mkdir(parents=True, exist_ok=True)
            root.joinpath(*parts).touch()
        except OSError:
            continue
    everything = sorted((path, path.is_dir()) for path in root.rglob("*"))
    for folder in [root, *(path for path, is_dir in everything if is_dir and pick.random() < 0.3)]:
        (folder / ".gitignore").write_bytes("\n".join(_pattern(pick) for _ in range(5)).encode())
    return everything


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize("fold_case", [False, True])
def test_every_decision_is_git_s_own(tmp_path, fold_case):
    pick = random.Random(20)
    root = tmp_path / "repository"
    paths = []
    for number in range(8):
        (root / f"s{number}").mkdir(parents=True)
        paths += _plant(pick, root / f"s{number}")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*arguments, given=b""):
        return subprocess.run(["git", *arguments], cwd=root, env=environ, input=given, capture_output=True, check=False)

    git("init", "-q")
    git("config", "core.ignorecase", "true" if fold_case else "false")
    asked = [(str(path.relative_to(root)), is_dir) for path, is_dir in paths]
    answer = git(
        "check-ignore", "--no-index", "--stdin", "-z", "-v", "-n", given=b"".join(p.encode() + b"\0" for p, _ in asked)
    )
    fields = [field.decode() for field in answer.stdout.split(b"\0")[:-1]]
    expected = {}
    for source, line, pattern, path in zip(*[iter(fields)] * 4, strict=True):
        expected[path] = (source, int(line)) if source and not pattern.startswith("!") else None
    files = reader(tmp_path)
    found = {path: git_says(files, root, path, is_dir=is_dir) for path, is_dir in asked}
    assert len(found) > 100
    assert len(set(map(bool, found.values()))) == 2
    assert {path: (found[path], expected[path]) for path in found if found[path] != expected[path]} == {}
