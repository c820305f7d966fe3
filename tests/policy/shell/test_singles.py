from __future__ import annotations

import pytest

from companion.policy.shell.read import read_command
from tests.support.shell import codes, only_reads


@pytest.mark.parametrize(
    "command",
    ["hash", "hash -l", "hash -t git make", "service nginx status", "service --status-all", "xxd -l 120 -s 0x30 x"],
)
def test_one_use_only_reads(command: str):
    assert only_reads(command), codes(command)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("hash -p /x/git git", "defines-function"),
        ("hash -r", "defines-function"),
        ("hash -t git -p /x/git git", "defines-function"),
        ("service nginx restart", "service"),
        ("service ../x status", "service"),
        ("service nginx status x", "service"),
        ("scp a host:b", "network"),
        ("scp host:a .", "network"),
        ("scp -S ./x a b", "network"),
        ("scp -o ProxyCommand=x a b", "network"),
        ("scp -F x a b", "network"),
        ("scp a", "network"),
        ("xxd -r x y", "unknown-option"),
        ("xxd -l x y", "unknown-option"),
    ],
)
def test_every_other_use_is_named(command: str, code: str):
    assert code in codes(command)


def test_a_copy_without_a_host_is_what_cp_does():
    told = {(effect.kind.value, effect.target, effect.code) for effect in read_command("scp -r a b")}
    assert told - {("run", "scp", "")} == {
        (effect.kind.value, effect.target, effect.code) for effect in read_command("cp -r a b")
    }
    assert ("read", ".ssh/id_rsa", "") in {
        (effect.kind.value, effect.target, effect.code) for effect in read_command("scp .ssh/id_rsa b")
    }


def test_a_word_behind_a_letter_of_xxd_is_a_file():
    assert "a.txt" in {effect.target for effect in read_command("xxd -ps a.txt")}
