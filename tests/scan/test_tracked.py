"""What is tracked is what git says, whatever form its index has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.policy import Policy
from companion.scan.paths import DiskPaths
from companion.scan.tracked import BadIndex, TrackedFiles, read_names
from tests.support.ignored import put
from tests.support.repositories import git

NAMES = ("a.py", "deep/er/than/that.txt", "ä ö/ü.txt", "private/k", "x" * 200, 'q"u\tote\n', "deep/er/too.txt")


@pytest.fixture
def folder(tmp_path):
    git(tmp_path, "init", "-q")
    for name in NAMES:
        put(tmp_path / name, name)
    put(tmp_path / ".clineignore", "private/\n")
    put(tmp_path / ".gitignore", "*.log\n")
    put(tmp_path / "untracked" / "private" / "x", "x")
    put(tmp_path / "b.log", "x")
    return tmp_path


def found(folder, top=None):
    tracked = TrackedFiles(DiskPaths(home=str(folder)))
    return [match.pattern for match in tracked.ignored(str(top or folder), str(folder), Policy())]


@pytest.mark.parametrize("version", ["2", "3", "4"])
@pytest.mark.parametrize("hash_name", ["sha1", "sha256"])
def test_names_are_those_that_git_lists(tmp_path, version, hash_name):
    git(tmp_path, "init", "-q", f"--object-format={hash_name}")
    for name in NAMES:
        put(tmp_path / name, name)
    git(tmp_path, "add", *NAMES)
    if version == "3":
        git(tmp_path, "add", "--intent-to-add", put(tmp_path / "later", "x").name)
    git(tmp_path, "update-index", "--index-version", version)
    listed = git(tmp_path, "ls-files", "-z").rstrip("\0").split("\0")
    names, _ = read_names((tmp_path / ".git" / "index").read_bytes(), 20 if hash_name == "sha1" else 32)
    assert names == listed


def test_only_what_is_tracked_counts(folder):
    assert found(folder) == []
    git(folder, "add", "a.py")
    assert found(folder) == []
    git(folder, "add", "private/k")
    assert found(folder) == ["private/"]
    git(folder, "add", "--force", "b.log")
    assert sorted(found(folder)) == ["*.log", "private/"]
    git(folder, "rm", "-q", "--cached", "private/k", "b.log")
    assert found(folder) == []


def test_a_split_index_is_read_whole(folder):
    git(folder, "add", "private/k", "a.py")
    git(folder, "update-index", "--split-index")
    git(folder, "add", "deep")
    assert list((folder / ".git").glob("sharedindex.*"))
    assert found(folder) == ["private/"]


def test_a_linked_work_tree_has_its_own(folder):
    git(folder, "add", "a.py", "private/k")
    git(folder, "commit", "-q", "-m", "x")
    git(folder, "worktree", "add", "-q", "linked")
    tracked = TrackedFiles(DiskPaths(home=str(folder)))
    assert tracked.top("linked/deep", str(folder)) == str(folder / "linked")
    assert found(folder, folder / "linked") == ["private/"]


def test_the_top_is_that_of_the_folder(folder, tmp_path):
    tracked = TrackedFiles(DiskPaths(home=str(folder)))
    assert tracked.top("deep/er", str(folder)) == str(folder)
    assert tracked.top("", str(folder / "deep")) == str(folder)
    assert tracked.top("", "") == ""


HEADS = [b"", b"DIRC", b"DIRC\0\0\0\2", b"DIRC\0\0\0\2\0\0\0", b"DIRC\0\0\0\2\0\0\0\5" + b"y" * 90]


@pytest.mark.parametrize("data", [*HEADS, b"x" * 500])
def test_an_index_that_nobody_understands_keeps_everything_back(folder, data):
    (folder / ".git" / "index").write_bytes(data)
    [said] = found(folder)
    assert "cannot be read" in said


@given(st.binary(max_size=300), st.sampled_from([2, 3, 4]))
def test_any_bytes_are_names_or_no_index(data, version):
    try:
        names, end = read_names(b"DIRC" + version.to_bytes(4, "big") + data, 20)
    except BadIndex:
        return
    assert len(names) == int.from_bytes(data[:4], "big")
    assert 4 <= end - 8 <= len(data)
