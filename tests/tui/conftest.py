from __future__ import annotations

import pytest

from tests.tui.fakes import FakeClock, FakeDaemon, story


@pytest.fixture
def daemon() -> FakeDaemon:
    made = FakeDaemon()
    made.exchanges = story()
    return made


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
