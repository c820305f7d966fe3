"""A stash may hold untracked and ignored files; what is shown of it is what git keeps of tracked ones."""

from __future__ import annotations

import pytest

from companion.policy.shell.effects import TRACKED
from companion.policy.shell.invocation import UnreadableFile
from companion.policy.shell.read import read_command

REPOSITORY = {".git/HEAD": "ref: refs/heads/main\n", ".git/config": "[core]\n\tbare = false\n"}


def codes(command: str, files: dict[str, str]) -> set[str]:
    effects = read_command(command, "/ws", "/h", files.get)
    return {effect.code for effect in effects if effect.kind not in {"read", "write", "run"}}


@pytest.mark.parametrize(
    "command",
    [
        "git stash show",
        "git stash show -p",
        "git stash show --patch -U5 -w",
        "git stash show -p stash@{0}",
        "git stash show -p 'stash@{12}'",
        "git stash show 1",
        "git stash show --stat stash@{1}",
        "git --no-pager stash show -p --no-color",
    ],
)
def test_what_is_tracked_is_shown(command: str):
    assert codes(command, REPOSITORY) == set()
    assert TRACKED in {effect.code for effect in read_command(command, "/ws", "/h", REPOSITORY.get)}


@pytest.mark.parametrize(
    "command",
    [
        "git stash show -u",
        "git stash show -pu",
        "git stash show -p --include-untracked",
        "git stash show -p --include-u",
        "git stash show --only-untracked",
        "git stash show -p --ext-diff",
        "git stash show -p --textconv",
        "git stash show -p --output=x",
        "git stash show -p stash@{0}^3",
        "git stash show -p stash^3",
        "git stash show -p stash@{yesterday}",
        "git stash show -p stash@{0} stash@{1}",
        "git stash show -p stash@{0} -- .env",
        "git stash show -p HEAD",
        "git stash show -p $x",
        "git stash show -p stash@{0,1}",
        "git -c stash.showIncludeUntracked=true stash show -p",
        "git --git-dir=x stash show -p",
        "git config stash.showIncludeUntracked true && git stash show -p",
        "echo x >> .git/config; git stash show -p",
        "cd elsewhere && git stash show -p",
        "cd $x && git stash show -p",
        "git stash drop",
        "git stash pop",
        "git stash show; git stash clear",
    ],
)
def test_what_may_be_more_asks(command: str):
    assert codes(command, REPOSITORY)


@pytest.mark.parametrize("value", ["= true", "", "= 1", "= yes", "= x"])
def test_git_may_be_configured_to_show_untracked_files_too(value: str):
    text = f"[stash]\n\tshowIncludeUntracked {value}\n"
    for file in (".git/config", "~/.gitconfig", "/etc/gitconfig", "~/.config/git/config", ".git/config.worktree"):
        assert codes("git stash show -p", REPOSITORY | {file: text})
        assert codes("git stash show", REPOSITORY | {file: text})
        assert codes("git stash show --stat", REPOSITORY | {file: text}) == set()
    assert codes("git stash show -p", REPOSITORY | {".git/config": "[include]\npath = x\n", ".git/x": text})


def test_a_configuration_that_says_no_is_none():
    text = "[stash]\n\tshowIncludeUntracked = false\n"
    assert codes("git stash show -p", REPOSITORY | {".git/config": text}) == set()


def test_where_nobody_knows_the_configuration():
    def look(path: str) -> str | None:
        if path == ".git/config":
            raise UnreadableFile(path)
        return REPOSITORY.get(path)

    assert {one.code for one in read_command("git stash show -p", "/ws", "/h", look)} >= {"git-option"}
    assert codes("git stash show -p", REPOSITORY | {".git/config": "[broken"})
    assert codes("git stash show -p", {})
