from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from companion_tui.clock import SystemClock


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a running process can be set on POSIX only")
@pytest.mark.parametrize(
    ("zone", "hours"), [("UTC", 0.0), ("XXX-5:45", 5.75), ("XXX+8", -8.0)], indirect=["zone"], ids=str
)
@pytest.mark.usefixtures("zone")
def test_now_is_this_moment_in_the_machines_zone(hours: float):
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert now.utcoffset() == timedelta(hours=hours)
    assert before <= now <= datetime.now(UTC)


def test_the_counter_does_not_jump_when_the_machines_clock_is_set(monkeypatch: pytest.MonkeyPatch):
    clock = SystemClock()
    before = clock.monotonic()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    counted = [clock.monotonic() for _ in range(100)]
    assert counted == sorted(counted)
    assert before <= counted[0] <= counted[-1] < before + 60
