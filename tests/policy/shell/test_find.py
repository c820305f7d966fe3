from __future__ import annotations

import pytest

from companion.policy.shell.read import read_command
from tests.support.shell import codes, only_reads


def reads(command: str) -> set[str]:
    return {effect.target for effect in read_command(command) if effect.kind == "read"}


@pytest.mark.parametrize(
    "command",
    [
        "find . -name '*.py'",
        "find . -exec grep x {} +",
        "find . -name '*.py' | xargs grep x",
        "find --version",
        "find a b -type f",
    ],
)
def test_what_looks_only_reads(command: str):
    assert only_reads(command), codes(command)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("find /srv -delete", "delete-tree"),
        ("find . -exec rm {} +", "unknown-path"),
        ("find . -ok cat {} +", "find-exec"),
        ("find . -exec sh -c 'rm -rf /' \\;", "delete-tree"),
        ("find . -fprint x", "unknown-option"),
        ("find . -name '*.pem'", "searches-secrets"),
        ("find . -exec", "find-exec"),
        ("find . | xargs rm", "unknown-path"),
    ],
)
def test_what_does_more_is_named(command: str, code: str):
    assert code in codes(command)


def test_what_is_found_is_read_by_the_name_that_was_asked_for():
    assert {"./**/*.py", "./*.py"} <= reads("find . -name '*.py' -exec cat {} +")
    assert {"src/**/.env*", "src/.env*"} <= reads("find src -name '.env*' | xargs cat")
    assert "./" in reads("find . -type f -exec cat {} +")
    assert "./" in reads("find . -name 'a*' -name 'b*' -exec cat {} +")
