"""What a connection works on: whose key it is, and what the settings are without companion."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from companion.cli.agents.agent import Link
from companion.cli.agents.connecting import connect
from companion.cli.agents.errors import Impossible
from companion.cli.agents.ground import Choice, Ground, find_ground, is_virtual, read_link, start, takes
from companion.cli.agents.known import AGENTS
from companion.cli.agents.record import Backup
from companion.cli.agents.settings import SettingsFile, look
from companion.client import calls

CLAUDE, CODEX = AGENTS["claude"], AGENTS["codex"]
FILE = Path("/home/ada/.claude/settings.json")
BEFORE = b'{\n  "model": "opus"\n}\n'


def test_a_key_is_tried_at_the_gateway(daemon, client):
    key = client.do(calls.new_key("k"))
    assert takes(daemon.gateway, key.secret) is True
    client.do(calls.revoke_key(key.id))
    assert takes(daemon.gateway, key.secret) is False
    assert takes("http://127.0.0.1:1", key.secret) is None
    assert takes("http://[", key.secret) is None


@pytest.mark.parametrize(
    ("key", "virtual"),
    [
        ("cmp-" + "aZ09_-" * 7 + "x", True),
        ("cmp-" + "a" * 42, False),
        ("cmp-" + "a" * 44, False),
        ("cmp-" + "a" * 42 + "\n", False),
        ("sk-ant-" + "a" * 40, False),
        ("", False),
    ],
)
def test_only_what_has_the_form_of_a_virtual_key_is_one(key, virtual):
    assert is_virtual(key) is virtual


@pytest.mark.parametrize("content", [None, b"", b" \n", b"{}", b"\xef\xbb\xbf"])
def test_settings_that_say_nothing_count_as_the_agents_empty_ones(content):
    assert start(CLAUDE, content, FILE) == CLAUDE.SKELETON
    assert start(CODEX, None, FILE) == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [(b'{\n  "a": }', f"{FILE}:2:8: "), (b"\xff", "byte 0 is not UTF-8"), (b"[]", f"{FILE}:1:1: ")],
)
def test_what_cannot_be_read_is_said_with_its_place(content, said):
    with pytest.raises(Impossible, match=said) as caught:
        start(CLAUDE, content, FILE)
    assert str(FILE) in caught.value.next


def test_where_settings_point():
    document, link = read_link(
        CLAUDE, SettingsFile(FILE, FILE, b'{"env": {"ANTHROPIC_BASE_URL": "http://g/", "ANTHROPIC_AUTH_TOKEN": "k"}}')
    )
    assert (link, document["env"]["ANTHROPIC_AUTH_TOKEN"]) == (Link("http://g", "k"), "k")
    assert read_link(CLAUDE, SettingsFile(FILE, FILE, None))[1] == Link()


class TestFindGround:
    @pytest.fixture
    def path(self, around, client):
        """Settings that were there and are connected now."""
        path = around.home / ".claude" / "settings.json"
        path.parent.mkdir()
        path.write_bytes(BEFORE)
        connect(CLAUDE, around, client, Choice(), datetime(2026, 3, 14, tzinfo=UTC))
        return path

    @pytest.fixture
    def find(self, around, path):
        backup = Backup(around.places, "claude")
        return lambda: find_ground(CLAUDE, backup, backup.read(), look(path))

    def test_without_a_record_they_are_what_they_are(self, around):
        backup, file = Backup(around.places, "codex"), SettingsFile(FILE, FILE, b"x = 1\n")
        assert find_ground(CODEX, backup, None, file) == Ground(b"x = 1\n")

    def test_as_connect_left_them_they_are_those_from_before(self, find):
        assert find() == Ground(BEFORE)

    def test_put_back_by_hand_or_gone_they_are_those_from_before(self, find, path):
        path.write_bytes(BEFORE)
        assert find() == Ground(BEFORE)
        path.unlink()
        assert find() == Ground(BEFORE)

    def test_laid_out_anew_they_are_those_from_before(self, find, path):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\n "))
        assert find() == Ground(BEFORE)

    def test_what_was_added_since_stays_and_is_told(self, find, path):
        path.write_bytes(path.read_bytes().replace(b'"model"', b'"theme": "x",\n  "model"'))
        ground = find()
        assert ground.moved
        assert CLAUDE.SYNTAX.parse(ground.content.decode()) == {"theme": "x", "model": "opus"}

    def test_what_cannot_be_read_any_more_is_impossible(self, find, path):
        path.write_bytes(b"{")
        with pytest.raises(Impossible, match=r"settings\.json:1:"):
            find()
