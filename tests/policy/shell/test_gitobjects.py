"""What git takes words for is judged as the path that it is, seen from where the command runs."""

from __future__ import annotations

import pytest

from companion.model.facts import EffectKind
from companion.policy.shell.read import read_command

HEAD = "ref: refs/heads/main\n"


def reads(command, files):
    effects = read_command(command, cwd="/ws", home="/h", look=files.get)
    return [one.target for one in effects if one.kind is EffectKind.READ]


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("git show HEAD:a/b", "a/b"),
        ("git show :0:a/b", "a/b"),
        ("cd src && git show HEAD:a/b", "src/../a/b"),
        ("git -C src show HEAD:a/b", "src/../a/b"),
        ("cd src && git cat-file -p HEAD:a/b", "src/../a/b"),
        ("cd src && git show HEAD:./a/b", "src/./a/b"),
        ("cd src && git show HEAD:../a/b", "src/../a/b"),
        ("cd src && git diff -- a/b", "src/a/b"),
        ("git archive HEAD a/b", "a/b"),
        ("cd src && git archive HEAD:a/b", "src/../a/b"),
    ],
)
def test_a_path_in_a_commit_begins_at_the_top(command, path):
    files = {".git/HEAD": HEAD, "src/../.git/HEAD": HEAD}
    assert path in reads(command, files)


def test_where_nobody_knows_the_top_it_is_taken_from_the_folder():
    assert "src/a/b" in reads("cd src && git show HEAD:a/b", {})
    assert "src/a/b" in reads("cd src && git show HEAD:a/b", {"src/.git": "what"})
