from __future__ import annotations

import pytest

from companion.policy.shell.gitplace import GitPlace, find_place, is_of_git, is_planted, is_top
from companion.policy.shell.invocation import UnreadableFile

HEAD = "ref: refs/heads/work\n"


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({".git/HEAD": HEAD}, GitPlace(".git", ".git")),
        ({"../../.git/HEAD": HEAD}, GitPlace("../../.git", "../../.git")),
        ({".git/HEAD": HEAD, "../.git/HEAD": HEAD}, GitPlace(".git", ".git")),
        ({".git": "gitdir: ../.git/modules/x\n"}, GitPlace("../.git/modules/x", "../.git/modules/x")),
        (
            {"../.git": "gitdir: /r/.git/worktrees/x\n", "/r/.git/worktrees/x/commondir": "../..\n"},
            GitPlace("/r/.git/worktrees/x", "/r/.git/worktrees/x/../.."),
        ),
        ({"README": "x"}, None),
    ],
    ids=["here", "above", "nearest", "submodule", "work tree", "none"],
)
def test_the_nearest_repository_is_found(files, place):
    assert find_place(files.get) == place


@pytest.mark.parametrize(
    "files",
    [
        {".git": "x"},
        {".git": "gitdir:\n"},
        {".git": "gitdir: C:/r/.git\n"},
        {"HEAD": HEAD, "config": "", "../.git/HEAD": HEAD},
        {".git/HEAD": HEAD, ".git/commondir": "\n"},
    ],
    ids=["no pointer", "empty pointer", "another system", "bare", "empty commondir"],
)
def test_where_nobody_can_say_which_it_is(files):
    with pytest.raises(UnreadableFile):
        find_place(files.get)


def test_a_head_that_cannot_be_read_is_there():
    def look(path: str) -> str | None:
        if path == ".git/HEAD":
            raise UnreadableFile(path)
        return None

    assert find_place(look) == GitPlace(".git", ".git")


def test_what_git_decides_by():
    told = ["/ws/.git/config", "sub/.git/HEAD", "/h/.gitconfig", "/h/.config/git/config", "/etc/gitconfig"]
    assert all(map(is_of_git, told))
    assert not any(map(is_of_git, ["Makefile", "/ws/config", "git/HEAD", ".github/x"]))


def test_a_folder_that_git_takes_for_a_repository():
    assert is_planted({"HEAD": HEAD, "config": "", "../.git/HEAD": HEAD}.get)
    assert is_planted({"../HEAD": HEAD, "../config": "", "../../.git/HEAD": HEAD}.get)
    assert not is_planted({"HEAD": HEAD, "config": "", ".git/HEAD": HEAD}.get)
    assert not is_planted({"config": "", "../.git": "gitdir: x"}.get)
    assert not is_planted({}.get)


@pytest.mark.parametrize(
    ("files", "certain"),
    [
        ({".git/HEAD": HEAD, ".git/config": "[core]\n\tbare = false\n"}, True),
        ({".git/HEAD": HEAD}, False),
        ({".git/HEAD": HEAD, ".git/config": "[core]\n\tWorkTree = /etc\n"}, False),
        ({".git/HEAD": HEAD, ".git/config": "[include]\n\tpath = x\n"}, False),
        ({".git/HEAD": HEAD, ".git/config": "[extensions]\n\tworktreeConfig = true\n"}, False),
        ({".git/HEAD": HEAD, ".git/config": "", ".git/commondir": "x"}, False),
        ({".git": "gitdir: /r/.git/worktrees/x\n"}, False),
        ({"../.git/HEAD": HEAD, "../.git/config": ""}, False),
    ],
)
def test_a_folder_is_the_top_only_where_nothing_says_otherwise(files: dict[str, str], certain: bool):
    assert is_top(files.get) is certain
