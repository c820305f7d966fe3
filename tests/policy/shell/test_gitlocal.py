from __future__ import annotations

import pytest

from tests.support.shell import codes


@pytest.mark.parametrize(
    "command",
    [
        "git commit -m x",
        "git commit -am x",
        "git checkout -b x",
        "git branch x",
        "git branch -d x",
        "git checkout main",
    ],
)
def test_what_git_can_take_back(command: str):
    assert codes(command) == {"git-local"}


@pytest.mark.parametrize(
    "command",
    [
        "git commit --amend -m x",
        "git commit -n -m x",
        "git commit",
        "git commit -m x file",
        "git checkout x",
        "git checkout -- x",
        "git checkout -B x",
        "git branch -D x",
        "git branch -M x",
        "git branch -d x y",
        "git add x",
        "git stash",
        "git checkout -b $x",
        "git commit -C x -m y",
        "git switch -C x",
    ],
)
def test_the_rest_is_not(command: str):
    assert codes(command) - {"git-local"}


@pytest.mark.parametrize("command", ["git fetch", "git fetch --prune origin", "git ls-remote", "git fetch origin main"])
def test_a_remote_by_its_name_is_asked(command: str):
    assert codes(command) == {"git-fetch"}


@pytest.mark.parametrize(
    "command",
    [
        "git fetch ext::sh",
        "git fetch --upload-pack=x origin",
        "git fetch git@a.b:c",
        "git ls-remote --upload-pa='x' .",
        "git fetch origin +a:b",
    ],
)
def test_an_address_may_be_a_program(command: str):
    assert codes(command) - {"git-fetch"}


@pytest.mark.parametrize("command", ["git commit --help", "git push --help", "git restore"])
def test_what_only_tells_how(command: str):
    assert codes(command) == set()


def test_an_archive_is_written():
    assert codes("git archive -o a.tar HEAD") == set()
    assert codes("git archive --exec=x HEAD")
