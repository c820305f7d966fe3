from __future__ import annotations

import re

import pytest

from companion.policy.shell.read import read_command
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
        "dasel -f x .a",
        "fx x",
        "lastlog -u x",
        "jobs -l",
        "yq '.environment' x",
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
        "yq 'env(HOME)' x",
        "yq '$ENV.HOME' x",
        "yq 'load(\"y\")' x",
        "yq -n 'load_str(\"y\")'",
        "yq eval 'strenv(X)' x",
        "yq '.a = system(\"id\")' x",
        "xq '$ENV' x",
        "fx x 'process.exit()'",
        "dasel put -f x a",
        "dasel delete -f x a",
        "cloc --vcs='touch x' .",
        "cloc --config x .",
        "less --lesskey-content='x shell id' x",
        "lastlog -C -u x",
        "lastlog --clear -u x",
        "jobs -x rm x",
        "flake8 --append-config=x .",
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


@pytest.mark.parametrize(
    ("command", "read"),
    [
        ("fd x -x cat", (".", "tracked")),
        ("fd -I x -x cat", ("./", "tree")),
        ("fd -Ht f x -x cat", ("./", "tree")),
        ("fd --unrestricted x -x cat", ("./", "tree")),
        ("fd -I x | xargs cat", ("./", "tree")),
        ("fd . other -x cat", ("other/", "tree")),
        ("git ls-files -o | xargs cat", ("./", "tree")),
        ("git ls-files --others --exclude-standard | xargs cat", ("./", "tree")),
        ("git ls-files -co | xargs cat", ("./", "tree")),
        ("git ls-files | xargs cat", (".", "tracked")),
    ],
)
def test_what_is_found_is_read_as_far_as_it_looks(command: str, read: tuple[str, str]):
    assert read in {(effect.target, effect.code) for effect in read_command(command) if effect.kind == "read"}
