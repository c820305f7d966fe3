from __future__ import annotations

import pytest

from companion.policy.shell.read import read_command
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
        "git checkout --detach main",
        "git checkout --recurse-submodules=checkout -q main",
        "git switch main",
        "git switch --detach main",
        "git switch -",
        "git restore --staged x",
        "git restore -S -s HEAD x y",
        "git reset --soft HEAD",
        "git reset -q --soft",
        "git commit -F - -q",
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
        "git switch -f main",
        "git switch -m main",
        "git switch --discard-changes main",
        "git switch main x",
        "git checkout --conflict=merge main",
        "git checkout --recurse-submodules checkout main",
        "git checkout --detach main x",
        "git checkout --detach -f main",
        "git restore x",
        "git restore --staged --worktree x",
        "git restore -SW x",
        "git restore --staged -p x",
        "git restore --staged --pathspec-from-file=x",
        "git reset HEAD~1",
        "git reset --hard HEAD~1",
        "git reset --soft --hard HEAD~1",
        "git reset --soft HEAD x",
        "git reset --soft HEAD~1",
        "git reset --soft origin/main",
        "git reset --keep HEAD",
        "git commit -F",
        "git commit -F x --amend",
        "git add .",
        "git add -A",
        "git add -u a.py",
        "git add -f a.py",
        "git add -p a.py",
        "git add src",
        "git add .env",
        "git add src/",
        "git add ../a.py",
        "git add a.py/..",
        "git add '*.py'",
        "git add *.py",
        "git add :/a.py",
        "git add $x",
        "git add",
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


def test_what_becomes_part_of_the_repository_is_read():
    def read(command: str) -> set[str]:
        return {effect.target for effect in read_command(command) if effect.kind == "read"}

    assert codes("git add src/a.py .github/b.yml Makefile -v") == {"git-local"}
    assert read("git add src/a.py certs/a.pem") == {"src/a.py", "certs/a.pem"}
    assert read("git commit -F notes.txt") == {"notes.txt"}
    assert read("git commit -F -") == set()


def test_a_new_branch_from_elsewhere_brings_other_files():
    files = {"a.js": "1"}
    assert "runs-script" not in {one.code for one in read_command("git checkout -b x; node a.js", "/w", look=files.get)}
    assert "runs-script" in {one.code for one in read_command("git checkout -b x y; node a.js", "/w", look=files.get)}
