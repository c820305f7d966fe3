"""Where work trees begin, and where their repositories lie."""

import pytest

from companion.scan.worktree import common_git_folder, find_top, own_git_folder, parts_below, relative_to, shown


@pytest.fixture
def root(tmp_path):
    return tmp_path


@pytest.mark.parametrize("content", ["", "gitdir: /nowhere\n", b"\xff\0"])
def test_a_git_file_that_leads_nowhere_has_no_list(root, content):
    (root / ".git").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert isinstance(common_git_folder(str(root)), str)
    assert isinstance(own_git_folder(str(root)), str)


def test_finding_the_top(root):
    (root / ".git").mkdir()
    (root / "a" / "b").mkdir(parents=True)
    assert find_top(str(root / "a" / "b")) == str(root)


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


def test_the_folders_of_a_work_tree_beside_its_repository(root):
    own = root / "main" / ".git" / "worktrees" / "w"
    own.mkdir(parents=True)
    (own / "commondir").write_text("../..\n")
    (root / "w").mkdir()
    (root / "w" / ".git").write_text(f"gitdir: {own}\n")
    assert own_git_folder(str(root / "w")) == str(own)
    assert (root / "main" / ".git").samefile(common_git_folder(str(root / "w")))
    assert own_git_folder(str(root / "main")) == common_git_folder(str(root / "main")) == str(root / "main" / ".git")
