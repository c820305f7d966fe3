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


@pytest.mark.parametrize("command", ["find /tmp/x -delete", "find /tmp/x /var/tmp/y/z -name '*.log' -depth -delete"])
def test_what_lies_in_a_folder_of_its_own_for_temporary_things_may_be_deleted(command: str):
    assert codes(command) == {"delete-tree"}


@pytest.mark.parametrize(
    "command",
    [
        "find /tmp -delete",
        "find /tmp/ -delete",
        "find /tmp/x* -delete",
        "find /tmp/x src -delete",
        "find /tmp/../etc -delete",
        "find -L /tmp/x -delete",
        "find -H /tmp/x -delete",
        "find /tmp/x -follow -delete",
        "find $x -delete",
        "find -delete",
        "echo src | xargs find /tmp/x -delete",
    ],
)
def test_deleting_anything_else_is_asked_about(command: str):
    assert codes(command) & {"find-delete", "unknown-option", "unknown-word"}
