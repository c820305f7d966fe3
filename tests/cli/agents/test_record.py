"""What is remembered of a connection comes back as it was, is the user's alone, and is not believed when it changed."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.cli.agents.changes import Change
from companion.cli.agents.errors import Impossible
from companion.cli.agents.record import Backup, Record, connected, sha256
from tests.cli.agents.fake_daemon import places_in

ORIGINAL = b'{"a": 1}\n'
RECORD = Record(
    agent="claude",
    given="/home/ada/link",
    path="/home/ada/.claude/settings.json",
    folder="",
    existed=True,
    mode=0o644,
    mtime_ns=1,
    sha256_before=sha256(ORIGINAL),
    sha256_written=sha256(b"x"),
    gateway="http://127.0.0.1:4141",
    connected_at="2026-03-14T12:00:00.000Z",
    key_id="key-0",
    key_sha256=sha256(b"cmp-secret"),
    marks=[Change(("env", "KEY"), "cmp-secret").mark],
    folders=["/home/ada/.claude"],
)


@pytest.fixture
def backup(around):
    return Backup(around.places, "claude")


@settings(max_examples=40)
@given(st.from_type(Record))
def test_law_it_comes_back_as_it_went(record):
    with tempfile.TemporaryDirectory() as folder:
        backup = Backup(places_in(Path(folder)), "claude")
        backup.write(record)
        assert backup.read() == record


def test_an_agent_is_connected_while_it_has_a_manifest(around, backup):
    assert (backup.read(), connected(around.places)) == (None, [])
    backup.keep(ORIGINAL)
    assert connected(around.places) == []
    backup.write(RECORD)
    Backup(around.places, "cline").write(RECORD)
    assert connected(around.places) == ["claude", "cline"]
    backup.forget()
    assert connected(around.places) == ["cline"]
    assert not backup.folder.exists()
    backup.forget()


def test_it_is_the_users_alone_and_holds_no_key(backup):
    backup.keep(ORIGINAL)
    backup.rebase(b"{}")
    backup.write(RECORD)
    found = {path.name: path for path in backup.folder.iterdir()}
    assert set(found) == {"manifest.json", "original", "base"}
    assert {path.stat().st_mode & 0o777 for path in found.values()} == {0o600}
    assert backup.folder.stat().st_mode & 0o777 == 0o700
    assert "cmp-secret" not in found["manifest.json"].read_text()


def test_the_settings_to_go_back_to(backup):
    backup.keep(ORIGINAL)
    assert backup.base(RECORD) == ORIGINAL
    backup.rebase(b"{}")
    assert backup.base(RECORD) == ORIGINAL
    assert backup.base(replace(RECORD, rebased=True)) == b"{}"
    assert backup.base(replace(RECORD, existed=False, rebased=True)) == b"{}"
    assert backup.base(replace(RECORD, existed=False)) is None


def test_the_first_copy_of_nothing_is_nothing(backup):
    backup.keep(None)
    assert not backup.folder.exists()


def test_a_copy_that_is_gone_or_changed_is_not_believed(backup):
    backup.write(RECORD)
    with pytest.raises(Impossible, match="the settings from before are not known"):
        backup.base(RECORD)
    backup.keep(ORIGINAL + b" ")
    with pytest.raises(Impossible, match="is not what companion put there") as caught:
        backup.base(RECORD)
    assert caught.value.next.endswith(RECORD.path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"agent": "claude"}', json.dumps({"agent": 1}).encode()])
def test_a_damaged_manifest_is_said_with_the_way_out(backup, content):
    backup.keep(ORIGINAL)
    (backup.folder / "manifest.json").write_bytes(content)
    with pytest.raises(Impossible, match="is damaged") as caught:
        backup.read()
    assert str(backup.folder / "original") in caught.value.next


def test_a_place_that_cannot_be_used_is_said(around, backup):
    around.places.backups.parent.mkdir(parents=True)
    around.places.backups.write_text("a file")
    with pytest.raises(Impossible):
        backup.read()
    with pytest.raises(Impossible, match="cannot be written"):
        backup.write(RECORD)


def test_no_file_has_no_digest():
    assert sha256(None) == ""
    assert len(sha256(b"")) == 64
