from __future__ import annotations

import pytest

from companion.policy.shell.read import read_command
from tests.support.shell import codes, only_reads


@pytest.mark.parametrize(
    "command",
    [
        "tar tf a.tar",
        "tar -tvzf a.tgz",
        "tar -t --file=a.tar",
        "unzip -l a.zip",
        "gzip -l a.gz",
        "gunzip -c a.gz",
        "cat a | gzip",
    ],
)
def test_what_lists_reads(command: str):
    assert only_reads(command), codes(command)


@pytest.mark.parametrize(
    "command",
    [
        "tar xf a.tar",
        "tar -cI 'rm -rf /' -f - x",
        "tar tf a.tar --to-command=sh",
        "tar -tf a --use-c=x",
        "tar tf a --checkpoint-action=exec=sh",
        "tar --delete -f a b",
        "tar -tf a -T list",
        "unzip a.zip",
        "gzip a",
        "zip a b",
        "tar",
        "unzip -T a.zip",
    ],
)
def test_what_packs_or_unpacks_is_asked_about(command: str):
    assert "file-change" in codes(command)


def test_what_is_packed_is_read():
    assert ".env/" in {effect.target for effect in read_command("tar cf - .env") if effect.kind == "read"}
    assert ".env" in {effect.target.rstrip("/") for effect in read_command("zip a.zip .env") if effect.kind == "read"}
