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
        "zstd -dc a.zst",
        "xz -lv a.xz",
        "tar tzf ./a:b.tar",
        "tar --list --verbose --file a.tar",
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
        "tar -t --use=x -f a.tar",
        "tar tfI a.tar x",
        "tar -tIx -f a.tar",
        "tar -tf host:a.tar",
        "tar --list --file=host:a.tar",
        "tar tf a.tar --index-file=x",
        "tar tf a.tar --rs=x",
        "zstd -c a -o b",
        "zstd -lo b a",
        "zstd -c --rm a",
        "zstd -c --output-dir-flat b a",
        "lz4 -c a b",
        "xz -t --files=a",
    ],
)
def test_what_packs_or_unpacks_is_asked_about(command: str):
    assert "file-change" in codes(command)


def test_what_is_packed_is_read():
    assert ".env/" in {effect.target for effect in read_command("tar cf - .env") if effect.kind == "read"}
    assert ".env" in {effect.target.rstrip("/") for effect in read_command("zip a.zip .env") if effect.kind == "read"}


PROJECT = {".git/HEAD": "ref: refs/heads/main"}


@pytest.mark.parametrize(
    "command",
    [
        "tar czf out.tgz README.md",
        "tar -czf out.tgz README.md",
        "tar -c -z -f out.tgz README.md",
        "tar --create --gzip --file=out.tgz README.md --exclude=x",
    ],
)
def test_packing_in_a_project_writes_the_archive_and_reads_the_rest(command):
    effects = read_command(command, "/ws", "/home/u", PROJECT.get)
    assert {(effect.kind.value, effect.target) for effect in effects} == {("read", "README.md/"), ("write", "out.tgz")}
    # Outside of a project it stays a change.
    assert "file-change" in codes(command)


@pytest.mark.parametrize(
    "command",
    [
        "tar xzf out.tgz",
        "tar czf host:out.tgz README.md",
        "tar czf - README.md",
        "tar czf out.tgz",
        "tar czf out.tgz -C / etc/passwd",
        "tar czf out.tgz -T list",
        "tar czf out.tgz @other.tar",
        "tar czf out.tgz *.md",
        "tar czhf out.tgz README.md",
        "tar czPf out.tgz README.md",
        "tar czf out.tgz --remove-files README.md",
        "tar czf out.tgz --checkpoint=1 --checkpoint-action=exec=sh README.md",
        "tar -c -I sh -f x README.md",
        "tar -cf a -f b README.md",
        "tar rf out.tar README.md",
        "tar czf $x README.md",
        "tar czf out.tgz $x",
        "tar czvfz out.tgz README.md",
    ],
)
def test_any_other_packing_is_asked_about(command):
    effects = read_command(command, "/ws", "/home/u", PROJECT.get)
    assert {"file-change", "unknown-program", "unknown-path"} & {effect.code for effect in effects}
