"""A control API in a home of its own, where the commands of a test look for theirs."""

from __future__ import annotations

import pytest

from companion.places import find_places
from tests.support.control import Control


@pytest.fixture
def control(tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path / "c"))
    with Control(find_places()) as running:
        yield running
