"""The settings come back as they were, no live key stays behind unsaid, and what cannot be done changes nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from companion.cli.agents.connecting import connect
from companion.cli.agents.disconnecting import disconnect
from companion.cli.agents.errors import Impossible
from companion.cli.agents.ground import Choice
from companion.cli.agents.known import AGENTS
from companion.cli.agents.record import Backup, connected
from companion.client import NotRunning
from companion.contract.codec import encode

CLAUDE = AGENTS["claude"]
NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
THEIRS = '{\n  "env": {"FOO": "1"}\n}\n'


@pytest.fixture
def path(around):
    found = around.home / ".claude" / "settings.json"
    found.parent.mkdir()
    return found


def test_the_report_says_what_was_done(around, daemon, client, path):
    path.write_text(THEIRS)
    connect(CLAUDE, around, client, Choice(), NOW)
    report = disconnect(CLAUDE, around, client)
    assert (report.agent, report.settings, report.gateway) == ("claude", str(path), daemon.gateway)
    assert (report.changed, report.exact, report.gone) == (True, True, False)
    assert (report.key_id, report.key_revoked, report.remarks) == ("key-0", True, [])
    assert "cmp-…0000" in report.diff
    assert "0" * 43 not in report.diff
    assert path.read_text() == THEIRS
    assert daemon.live == []


def test_a_file_that_was_not_there_is_gone_again_with_its_folders(around, client):
    connect(CLAUDE, around, client, Choice(), NOW)
    report = disconnect(CLAUDE, around, client)
    assert (report.gone, report.exact) == (True, True)
    assert list(around.home.iterdir()) == []


def test_an_agent_that_is_not_connected_is_left_alone(around, client, path):
    path.write_text(THEIRS)
    report = disconnect(CLAUDE, around, client)
    assert (report.changed, report.settings) == (False, str(path))
    assert report.remarks == ["Claude Code is not connected."]
    assert path.read_text() == THEIRS


def test_what_was_changed_since_is_said(around, client, path):
    connect(CLAUDE, around, client, Choice(), NOW)
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"theme": "x"}))
    report = disconnect(CLAUDE, around, client)
    assert report.remarks == [
        "The settings were changed since they were connected: only companion's entries were undone."
    ]
    assert (report.exact, json.loads(path.read_text())) == (False, {"theme": "x"})


class Unwilling:
    """A client whose daemon is on its way out."""

    def do(self, call):
        raise NotRunning("the daemon does not answer (ReadError)")


@pytest.mark.parametrize("client_after", [None, Unwilling()], ids=["no daemon", "a daemon that goes"])
def test_a_key_that_stays_live_is_named_with_the_command_that_ends_it(around, client, path, client_after):
    path.write_text(THEIRS)
    connect(CLAUDE, around, client, Choice(), NOW)
    report = disconnect(CLAUDE, around, client_after)
    assert not report.key_revoked
    assert report.remarks[0].endswith("stays live until you type: companion keys revoke key-0")
    assert path.read_text() == THEIRS
    assert connected(around.places) == []


def test_a_key_that_connect_did_not_make_stays_live(around, daemon, client, path):
    path.write_text(THEIRS)
    connect(CLAUDE, around, client, Choice(), NOW)
    backup = Backup(around.places, "claude")
    plain = json.loads(encode(backup.read())) | {"key_id": ""}
    (backup.folder / "manifest.json").write_text(json.dumps(plain))
    report = disconnect(CLAUDE, around, client)
    assert report.remarks == ["The key in these settings was not made by companion connect, so it stays live."]
    assert daemon.live == ["claude"]


def test_settings_that_cannot_be_read_are_left_with_the_way_out(around, daemon, client, path):
    path.write_text(THEIRS)
    connect(CLAUDE, around, client, Choice(), NOW)
    path.write_text("{")
    with pytest.raises(Impossible, match="companion's entries cannot be taken out") as caught:
        disconnect(CLAUDE, around, client)
    assert str(around.places.backups / "claude") in caught.value.next
    assert path.read_text() == "{"
    assert daemon.live == ["claude"]
    path.unlink()
    assert disconnect(CLAUDE, around, client).exact
    assert path.read_text() == THEIRS


def test_settings_that_were_protected_since_are_left(around, daemon, client, path):
    connect(CLAUDE, around, client, Choice(), NOW)
    path.chmod(0o400)
    before = path.read_bytes()
    with pytest.raises(Impossible, match="read-only"):
        disconnect(CLAUDE, around, client)
    assert path.read_bytes() == before
    assert daemon.live == connected(around.places) == ["claude"]


def test_a_copy_that_somebody_changed_is_not_put_back(around, client, path):
    path.write_text(THEIRS)
    connect(CLAUDE, around, client, Choice(), NOW)
    before = path.read_bytes()
    (around.places.backups / "claude" / "original").write_text('{"env": {"EVIL": "1"}}')
    with pytest.raises(Impossible, match="is not what companion put there"):
        disconnect(CLAUDE, around, client)
    assert path.read_bytes() == before
