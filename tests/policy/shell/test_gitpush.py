from __future__ import annotations

import pytest

from companion.policy.shell.gitpush import EVERYTHING, current_branch
from companion.policy.shell.read import read_command

HEAD = {".git/HEAD": "ref: refs/heads/work\n"}


def pushed(command: str, files: dict[str, str] | None = None) -> list[tuple[str, str]]:
    effects = read_command(command, "/ws", look=(HEAD if files is None else files).get)
    return [(effect.target, effect.code) for effect in effects if effect.kind == "git"]


@pytest.mark.parametrize(
    ("command", "branch", "code"),
    [
        ("git push", "work", "git-push"),
        ("git push origin", "work", "git-push"),
        ("git push origin HEAD", "work", "git-push"),
        ("git push origin @", "work", "git-push"),
        ("git push origin HEAD:main", "main", "git-push"),
        ("git push origin work:refs/heads/main", "main", "git-push"),
        ("git push -f origin x", "x", "git-push-force"),
        ("git push -uf origin x", "x", "git-push-force"),
        ("git push origin +x", "x", "git-push-force"),
        ("git push origin :x", "x", "git-push-force"),
        ("git push origin -d x", "x", "git-push-force"),
        ("git push --force-with-lease=x origin x", "x", "git-push-force"),
        ("git push --all", EVERYTHING, "git-push"),
        ("git push --mirror", EVERYTHING, "git-push-force"),
        ("git push --mir origin", EVERYTHING, "git-push-force"),
        ("git push origin $x", EVERYTHING, "git-push"),
        ("git push origin 'refs/heads/*'", EVERYTHING, "git-push"),
        ("git push --tags -f", "tags", "git-tag-move"),
        ("git push origin +refs/tags/v1", "refs/tags/v1", "git-tag-move"),
    ],
)
def test_a_push_names_what_it_changes(command: str, branch: str, code: str):
    assert pushed(command) == [(branch, code)]


def test_a_branch_that_nobody_knows_may_be_any():
    assert pushed("git push", {}) == [(EVERYTHING, "git-push")]
    assert pushed("git push", {".git/HEAD": "0" * 40}) == [(EVERYTHING, "git-push")]
    assert pushed("git -C elsewhere push") == [(EVERYTHING, "git-push")]
    assert current_branch(None) is None


def test_matching_pushes_every_branch():
    config = "[push]\n\tdefault = matching\n"
    assert pushed("git push", HEAD | {".git/config": config}) == [(EVERYTHING, "git-push")]


def test_a_rehearsal_changes_nothing():
    assert pushed("git push -n -f origin main") == [("git push --dry-run", "git-fetch")]
