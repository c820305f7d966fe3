"""A control API in a home of its own, where the commands of a test look for theirs."""

from __future__ import annotations

import time

import pytest

from companion.places import find_places
from tests.cli.agents.fake_daemon import FakeDaemon, places_in
from tests.support.control import Control


@pytest.fixture
def control(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path / "c"))
    with Control(find_places()) as running:
        yield running


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A person's home in which no agent is set up, and companion's own beside it."""
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "c").mkdir(mode=0o700)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path / "c"))
    for name in ("CLINE_DIR", "CLINE_DATA_DIR", "CLINE_PROVIDER_SETTINGS_PATH", "CLAUDE_CONFIG_DIR", "CODEX_HOME"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def daemon(home):
    with FakeDaemon(places_in(home.parent / "c")) as running:
        yield running


@pytest.fixture
def live_in(monkeypatch):
    """Moves the process to a time zone."""

    def move(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()
