"""The daemon's pulse: how long the event loop stood still, and how much memory the process holds."""

from __future__ import annotations

import asyncio
import faulthandler
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

import psutil  # it ships none

from companion.telemetry import vitals
from companion.telemetry.instruments import Gauge

BEAT_SECONDS = 0.1
REMEMBER_SECONDS = 15.0
"""For how long a stall stays the gauge's value, so that no tick of the evaluator misses it."""

DUMP_SECONDS = 1.0
"""A stall this long writes the stacks of all threads, while it lasts."""


class Pulse:
    """Turns times of beats into the longest stall of late."""

    def __init__(self, started: float, beat: float = BEAT_SECONDS, remember: float = REMEMBER_SECONDS) -> None:
        self._beat, self._remember = beat, remember
        self._last = started
        self._stalls: deque[tuple[float, float]] = deque()

    def beat(self, now: float) -> float:
        """By how much this beat, or the latest of those still remembered, came too late, in seconds."""
        stall = max(0.0, now - self._last - self._beat)
        self._last = now
        # Falling from left to right: what is neither newer nor longer than another is never the answer.
        while self._stalls and self._stalls[-1][1] <= stall:
            self._stalls.pop()
        self._stalls.append((now, stall))
        while self._stalls[0][0] < now - self._remember:
            self._stalls.popleft()
        return self._stalls[0][1]


def resident_bytes() -> int:
    """Resident memory of this process."""
    return int(psutil.Process().memory_info().rss)


async def watch_self(
    *,
    stall: Gauge = vitals.loop_stall_seconds,
    memory: Gauge = vitals.memory_bytes,
    clock: Callable[[], float] = time.monotonic,
    beat: float = BEAT_SECONDS,
    dump: TextIO | None = None,
) -> None:
    """Beats until it is cancelled; from the start on `memory` says how much the process holds whenever it is read.

    With `dump`, an open file with a descriptor, the stacks of a stall of DUMP_SECONDS are written to it by a thread
    that a busy interpreter cannot hold up; they name files, functions and lines, never values.
    """
    pulse = Pulse(clock(), beat)
    memory.follow(resident_bytes)
    try:
        while True:
            stall.set(pulse.beat(clock()))
            if dump is not None:
                faulthandler.dump_traceback_later(DUMP_SECONDS, file=dump)
            await asyncio.sleep(beat)
    finally:
        if dump is not None:
            faulthandler.cancel_dump_traceback_later()
