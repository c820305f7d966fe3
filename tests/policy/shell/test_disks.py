from __future__ import annotations

import pytest

from companion.policy.shell.read import read_command
from tests.support.shell import codes, only_reads


@pytest.mark.parametrize(
    ("command", "read", "written"),
    [
        ("dd if=a of=b", {"a"}, {"b"}),
        ("dd if=/dev/zero of=b bs=1M count=4", {"/dev/zero"}, {"b"}),
        ("dd if=a of=/dev/sda bs=4M conv=fsync status=progress", {"a"}, {"/dev/sda"}),
        ("dd if=.env of=b", {".env"}, {"b"}),
        ("cat a | dd of=b", set(), {"b"}),
        ("mkfs.ext4 -F disk.img", set(), {"disk.img"}),
        ("mke2fs -L x -b 4096 ./disk.img 100M", set(), {"./disk.img"}),
    ],
)
def test_files_are_files_whatever_stands_in_them(command: str, read: set[str], written: set[str]):
    effects = read_command(command)
    assert read <= {effect.target for effect in effects if effect.kind == "read"}
    assert {effect.target for effect in effects if effect.kind == "write"} == written
    assert not any(effect.code for effect in effects)


@pytest.mark.parametrize(
    "command",
    [
        "fdisk -l",
        "sfdisk --dump disk.img",
        "gdisk -l disk.img",
        "parted -l",
        "blockdev --report",
        "cryptsetup -v status home",
        "mdadm --detail --scan",
        "mkfs.ext4 -n /dev/sda1",
        "wipefs -n disk.img",
    ],
)
def test_what_lists_only_reads(command: str):
    assert only_reads(command), codes(command)


@pytest.mark.parametrize(
    "command",
    [
        "dd",
        "dd if=/dev/zero of=b",
        "dd of=b",
        "dd if=a of=b of=c",
        "dd if=a of=$x",
        "dd if=a of=b what=1",
        "dd if=a of=b --help-me",
        "mkfs.ext4 /dev/sda1",
        "mkfs.ext4 -x disk.img",
        "mkfs.ext4 $x",
        "mkfs.xfs disk.img",
        "fdisk disk.img",
        "fdisk /dev/sda -l",
        "fdisk -u disk.img",
        "sfdisk disk.img",
        "sfdisk --delete disk.img",
        "parted print mklabel",
        "parted -s disk.img mklabel gpt",
        "parted --version /dev/sda mklabel gpt",
        "cryptsetup erase status",
        "cryptsetup luksFormat disk.img",
        "cryptsetup status --key-file=x home",
        "wipefs -a disk.img",
        "wipefs -n -a disk.img",
        "mdadm --stop --scan",
        "blockdev --setro disk.img",
        "blockdev --getss --setro",
        "hdparm --user-master u disk.img",
        "partprobe disk.img",
    ],
)
def test_the_rest_is_asked_about(command: str):
    assert codes(command) & {"disk", "unknown-option", "unknown-word"}
