"""Ignore files on disk: which count, when they are read again, and that the decision is git's own."""

import os
import random
import shutil
import subprocess
import time

import pytest

from companion.policy.ignore.rules import decide
from companion.scan.ignore_files import (
    IgnoreFiles,
    common_git_folder,
    find_global_file,
    find_top,
    parts_below,
    relative_to,
    shown,
)


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
    folder = str((root / path).parent)
    return decide(files.deny_rules(str(root), folder, name, shown_from=str(root)), path, is_dir=False)


def test_every_level_counts_and_deeper_beats_shallower(root):
    write(root / ".gitignore", "*.log\n")
    write(root / "a" / ".gitignore", "!keep.log\n")
    files = IgnoreFiles()
    assert git_says(files, root, "a/x.log") == (".gitignore", 1)
    assert git_says(files, root, "a/keep.log") is None
    assert git_says(files, root, "b/keep.log") == (".gitignore", 1)


def test_the_repository_s_own_list_and_the_global_one_are_weakest(root, tmp_path):
    write(root / ".git" / "info" / "exclude", "x\ny\nz\n")
    write(tmp_path / "global", "!x\nw\n")
    write(root / ".gitignore", "!y\n")
    files = IgnoreFiles(str(tmp_path / "global"))
    assert git_says(files, root, "x") == (".git/info/exclude", 1)
    assert git_says(files, root, "y") is None
    assert git_says(files, root, "w") == (str(tmp_path / "global"), 2)


def test_a_work_tree_shares_its_repository_s_list(root, tmp_path):
    write(tmp_path / "main" / ".git" / "info" / "exclude", "x\n")
    write(tmp_path / "main" / ".git" / "worktrees" / "w" / "commondir", "../..\n")
    write(root / ".git", f"gitdir: {tmp_path}/main/.git/worktrees/w\n")
    assert git_says(IgnoreFiles(), root, "x") == (".git/info/exclude", 1)


@pytest.mark.parametrize("content", ["", "gitdir: /nowhere\n", b"\xff\0"])
def test_a_git_file_that_leads_nowhere_has_no_list(root, content):
    write(root / ".git", content)
    assert git_says(IgnoreFiles(), root, "x") is None
    assert isinstance(common_git_folder(str(root)), str)


def test_a_changed_rule_counts_from_the_next_decision(root):
    files = IgnoreFiles()
    write(root / ".clineignore", "a\n")
    assert deny_says(files, root, "a")
    assert not deny_says(files, root, "b")
    (root / ".clineignore").write_text("b\n")
    assert deny_says(files, root, "b")
    assert not deny_says(files, root, "a")
    (root / ".clineignore").unlink()
    assert not deny_says(files, root, "b")


def test_a_change_within_one_tick_of_the_clock_and_with_old_times_counts(root):
    files = IgnoreFiles()
    for round_ in range(20):
        name = f"f{round_:02}"
        write(root / ".clineignore", name + "\n")
        assert deny_says(files, root, name)
        assert not deny_says(files, root, f"f{round_ + 1:02}")


def test_an_unchanged_file_is_read_once(root, monkeypatch):
    write(root / ".clineignore", "a\n")
    monkeypatch.setattr("companion.scan.ignore_files._TICK_NS", -1)
    files = IgnoreFiles()
    assert deny_says(files, root, "a")
    monkeypatch.setattr("companion.scan.ignore_files.parse_lines", lambda *_, **__: pytest.fail("read again"))
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
    found = deny_says(IgnoreFiles(), root, "a/b")
    assert found is not None
    assert (found.source, found.line, found.denied) == (".clineignore", 0, True)
    assert "unknown" in found.pattern


@pytest.mark.parametrize("spoil", [_link, _dangling, _folder, _fifo])
def test_git_does_not_follow_such_a_file(root, spoil):
    spoil(root, ".gitignore")
    assert git_says(IgnoreFiles(), root, "a/b") is None


def test_a_git_file_that_is_too_large_ignores_everything(root):
    _huge(root, ".gitignore")
    assert git_says(IgnoreFiles(), root, "a/b") == (".gitignore", 0)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
@pytest.mark.parametrize("name", [".gitignore", ".clineignore"])
def test_a_file_without_permission_ignores_everything(root, name):
    write(root / name, "a\n")
    (root / name).chmod(0)
    assert git_says(IgnoreFiles(), root, "b") or deny_says(IgnoreFiles(), root, "b")


def test_names_that_are_no_utf8(root):
    write(root / ".clineignore", b"\xef\xbb\xbf\xff\xfe*\n")
    assert deny_says(IgnoreFiles(), root, "\udcff\udcfex")
    assert not deny_says(IgnoreFiles(), root, "x")


def test_finding_the_top_and_the_global_list(root):
    (root / ".git").mkdir()
    (root / "a" / "b").mkdir(parents=True)
    assert find_top(str(root / "a" / "b")) == str(root)
    assert find_global_file("/h", {}) == "/h/.config/git/ignore"
    assert find_global_file("/h", {"XDG_CONFIG_HOME": "/x"}) == "/x/git/ignore"


def test_paths_relative_to_a_folder():
    assert relative_to("/a/b/c", "/a") == "b/c"
    assert relative_to("/a", "/a") == ""
    assert relative_to("/ab", "/a") is None
    assert relative_to("/a", "/") == "a"
    assert parts_below("/a/b/c", "/a") == ["b", "c"]
    assert not parts_below("/x", "/a")
    assert shown("/a/b", "/a") == "b"
    assert shown("/x/b", "/a") == "/x/b"
    assert shown("/x/b", "") == "/x/b"


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
    files = IgnoreFiles(fold_case=fold_case)
    found = {path: git_says(files, root, path, is_dir=is_dir) for path, is_dir in asked}
    assert len(found) > 100
    assert len(set(map(bool, found.values()))) == 2
    assert {path: (found[path], expected[path]) for path in found if found[path] != expected[path]} == {}
