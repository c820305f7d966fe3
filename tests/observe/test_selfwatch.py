"""A loop that stands still is seen, and for long enough; memory is measured."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.observe import selfwatch
from companion.observe.selfwatch import Pulse, resident_bytes, watch_self
from companion.telemetry.instruments import Gauge, Registry
from companion.telemetry.rules import Never


def gauge() -> Gauge:
    return Gauge("companion_now", "Now.", alert=Never(because="a test"), registry=Registry())


def reading(of: Gauge) -> float:
    value = of.read()[()]
    assert isinstance(value, int | float)
    return value


def test_a_late_beat_is_a_stall_that_is_remembered_for_a_while() -> None:
    pulse = Pulse(0, beat=1, remember=15)
    assert pulse.beat(1) == 0
    assert pulse.beat(5) == 3
    assert pulse.beat(7) == 3
    assert pulse.beat(20) == 12
    assert pulse.beat(21) == 12
    assert pulse.beat(36) == 14


def test_an_old_stall_is_forgotten() -> None:
    pulse = Pulse(0, beat=1, remember=15)
    pulse.beat(10)
    assert [pulse.beat(n) for n in range(11, 28)] == [9] * 15 + [0] * 2


@settings(max_examples=50)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=60))
def test_the_pulse_is_the_longest_stall_still_remembered(pauses: list[int]) -> None:
    pulse, now, stalls = Pulse(0, beat=1, remember=15), 0, []
    for pause in pauses:
        now += pause
        stalls.append((now, max(0, pause - 1)))
        assert pulse.beat(now) == max(stall for at, stall in stalls if at >= now - 15)


def test_resident_memory_is_that_of_a_python_process() -> None:
    assert 5 * 2**20 < resident_bytes() < 4 * 2**30


async def test_a_blocked_loop_is_seen_and_memory_is_read() -> None:
    stall, memory = gauge(), gauge()
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch_self(stall=stall, memory=memory, beat=0.01))
        await asyncio.sleep(0.05)
        time.sleep(0.3)  # noqa: ASYNC251 - blocking the loop is the test
        await asyncio.sleep(0.05)
        watching.cancel()
    assert 0.25 < reading(stall) < 5
    assert reading(memory) > 2**20


async def test_a_long_stall_writes_the_stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selfwatch, "DUMP_SECONDS", 0.1)
    with (tmp_path / "stacks").open("w") as dump:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(watch_self(stall=gauge(), memory=gauge(), beat=0.01, dump=dump))
            await asyncio.sleep(0.05)
            time.sleep(0.3)  # noqa: ASYNC251 - blocking the loop is the test
            watching.cancel()
    assert "test_a_long_stall_writes_the_stacks" in (tmp_path / "stacks").read_text()
