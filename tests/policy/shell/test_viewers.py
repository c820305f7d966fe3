from __future__ import annotations

import re

import pytest

from companion.policy.shell.viewers import VIEWERS
from tests.support.shell import codes, only_reads


@pytest.mark.parametrize(
    "command",
    [
        "less x",
        "zcat x.gz",
        "bat -n x",
        "nm a.out",
        "journalctl -u ssh -n 20",
        "dmesg -T",
        "fd -t f x",
        "fd x -x cat",
        "fzf --height=50%",
        "ifconfig eth0",
        "sysctl kern.x",
        "rpm -qa",
        "dpkg -l",
        "crontab -l",
        "7z l a.7z",
        "ping -c 1 x",
        "defaults read",
        "networksetup -getinfo Wi-Fi",
        "black --check .",
        "yq .a x.yml",
        "man ls",
        "iconv -f utf-8 x",
    ],
)
def test_what_shows_only_reads(command: str):
    assert only_reads(command), codes(command)


@pytest.mark.parametrize(
    "command",
    [
        "less -o y x",
        "bat --pager=sh x",
        "journalctl --vacuum-time=1s",
        "dmesg -C",
        "fd -x rm",
        "fd x -X rm",
        "fzf --bind='enter:execute(rm {})'",
        "fzf --preview=x",
        "ifconfig eth0 down",
        "sysctl -w a=b",
        "sysctl a=b",
        "rpm -e x",
        "dpkg -i x",
        "crontab -r",
        "crontab x",
        "7z x a.7z",
        "defaults write a b",
        "networksetup -setdnsservers x",
        "black .",
        "yq -i .a x",
        "route -n add x",
        "nft -a flush ruleset",
        "defaults -currentHost write a b",
        "sar -o x",
        "info -o x y",
        "pidstat -e sh",
        "dc x",
        "man --html=x ls",
        "man -H x",
        "ss -K",
        "mktemp",
        "route add x",
        "iptables -F",
        "iptables -A x",
    ],
)
def test_what_does_more_is_asked_about(command: str):
    assert codes(command), command


def test_every_pattern_is_one():
    for name, viewer in VIEWERS.items():
        re.compile(viewer.only)
        assert not name.startswith("-")


@pytest.mark.parametrize("command", ["top", "htop", "top -u me"])
def test_a_screen_that_nobody_closes_is_asked_about(command: str):
    assert "never-ends" in codes(command)


@pytest.mark.parametrize("command", ["top -b -n 1", "top -bn1", "top -l 1", "htop --version"])
def test_one_look_only_reads(command: str):
    assert only_reads(command)
