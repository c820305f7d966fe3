"""Doctor's checks without a daemon: each says what is, and what fails names the command that mends it."""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
import stat
import subprocess
import sys
from typing import NamedTuple

import pytest

from companion import __version__
from companion.cli.agents.findings import State
from companion.cli.agents.machine import check_config, check_disk, check_places, check_platform
from companion.places import find_places
from tests.cli.agents.fake_daemon import places_in

posix = pytest.mark.skipif(sys.platform == "win32", reason="owners and modes of files")


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def places(tmp_path):
    """All that a daemon leaves behind, as it makes it."""
    found = places_in(tmp_path / "c d")
    for folder in (*found.all, found.backups, found.backups / "claude"):
        folder.mkdir(parents=True, mode=0o700)
    files = [found.ledger, found.machine_key, found.log, found.discovery, found.agent_socket]
    for file in (*files, found.config_file, found.backups / "claude" / "original"):
        file.touch(mode=0o600)
    return found


def failures(findings):
    return [one for one in findings if one.state is State.FAIL]


def test_the_platform_is_named(monkeypatch):
    [finding] = check_platform()
    assert (finding.check, __version__ in finding.said) == ("platform", True)
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 9))
    assert ["SQLite" in one.said for one in failures(check_platform())] == [True]


def test_places_that_are_the_users_alone_are_well(places):
    [finding] = check_places(places)
    assert finding.state is State.OK
    assert str(places.state) in finding.said


def test_before_the_first_start_there_is_nothing_to_find_fault_with(tmp_path):
    [finding] = check_places(places_in(tmp_path / "none"))
    assert (finding.state, "companion up makes it" in finding.said) == (State.OK, True)


def test_folders_that_cannot_be_made_or_written_are_told_before_the_start_fails(tmp_path, monkeypatch):
    home, cache = tmp_path / "h", tmp_path / "none" / "c"
    home.mkdir(mode=0o700)
    may, refused = os.access, {home, tmp_path}
    monkeypatch.setattr(os, "access", lambda path, mode: path not in refused and may(path, mode))
    found = find_places({"COMPANION_HOME": str(home), "COMPANION_CACHE": str(cache)})
    said = {one.said: one.next.split()[0] for one in failures(check_places(found))}
    assert said[f"{home} is not writable"] == "COMPANION_HOME=DIR"
    assert said[f"{found.state} cannot be made: {home} is not writable"] == "COMPANION_HOME=DIR"
    assert said[f"{cache} cannot be made: {tmp_path} is not writable"] == "COMPANION_CACHE=DIR"


@posix
@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("run", 0o755),
        ("state", 0o710),
        ("state/connected/claude", 0o701),
        ("state/ledger.db", 0o640),
        ("state/machine.key", 0o604),
        ("state/connected/claude/original", 0o644),
        ("run/daemon.json", 0o666),
        ("companion.toml", 0o620),
    ],
)
def test_what_others_may_use_is_mended_by_the_command_that_is_named(places, name, mode):
    path = places.config / name
    path.chmod(mode)
    [finding] = failures(check_places(places))
    assert str(path) in finding.said
    subprocess.run(shlex.split(finding.next), check=True)
    assert failures(check_places(places)) == []
    assert stat.S_IMODE(path.stat().st_mode) & 0o022 == 0


@posix
def test_others_may_read_the_configuration_which_holds_no_key(places):
    places.config_file.chmod(0o644)
    assert failures(check_places(places)) == []


@posix
def test_what_belongs_to_somebody_else_is_said(places, monkeypatch):
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    assert all("belongs to another user" in one.said for one in failures(check_places(places)))


def test_every_complaint_about_the_configuration_is_a_finding(places):
    places.config_file.write_text("[gateway]\nport = 'x'\nhots = 1\n")
    found, loaded = check_config(places, {})
    assert [(one.state, one.next) for one in found] == [(State.FAIL, "companion config check")] * 2
    assert [one.said for one in found] == [str(one) for one in loaded.complaints]


def test_a_sound_configuration_is_said_to_be_one(places):
    places.config_file.write_text('[upstreams.a]\nurl = "https://a"\n')
    found, loaded = check_config(places, {"TZ": "UTC"})
    assert {one.state for one in found} == {State.OK}
    assert found[0].said == f"{places.config_file} is sound"
    assert list(loaded.config.upstreams) == ["a"]
    places.config_file.unlink()
    found, _ = check_config(places, {"TZ": "UTC"})
    assert [one.said for one in found] == [f"no {places.config_file}: defaults hold"]


def test_the_ledger_and_the_room_that_is_left(places, monkeypatch):
    [finding] = check_disk(places)
    assert "no ledger yet" in finding.said
    places.ledger.write_bytes(b"x" * 1_500_000)
    places.ledger.with_name("ledger.db-wal").write_bytes(b"x" * 500_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, 5_000_000_000))
    [finding] = check_disk(places)
    assert (finding.state, finding.said) == (State.OK, f"{places.ledger}: 2.0 MB, 5.0 GB free")


def test_a_full_disk_is_said_before_the_gate_has_to_refuse(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, 100_000_000))
    [finding] = check_disk(places_in(tmp_path / "none"))
    assert (finding.state, finding.next) == (State.FAIL, f"make room below {tmp_path}")
    assert "what cannot be written down is not let through" in finding.said
