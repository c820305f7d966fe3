"""How soon an upstream is hung up on after the agent that asked has gone."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from load import Target, quantile
from peers import CONFIG, Upstream, companion
from prompts import asking

_CHUNKS_FIRST = 3
_LONGEST_STAY = 0.1
"""Seconds for which an agent stays at most, once the upstream has its call: long enough to be listened for, or not."""
_PATIENCE = 10.0
_LOOK_EVERY = 0.01

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class HangUps:
    """Milliseconds from the agent's close to the upstream's seeing its connection closed."""

    times: int
    p50: float
    p99: float
    longest: float


async def hang_ups(up: Upstream, cache: Path, times: int, say: Say) -> HangUps:
    """One at a time, in turn: while a stream has yet to begin, amid one, and while a whole answer is awaited."""
    chance = random.Random(7)
    took: list[float] = []
    with companion(CONFIG.format(url=up.url), cache) as (_, target):
        for number in range(times):
            if number % 20 == 0:
                say(f"hang-up {number + 1}/{times}")
            streamed, chunks = ((True, 0), (True, _CHUNKS_FIRST), (False, 0))[number % 3]
            up.be(mode="hold", chunks=chunks)
            took.append(await _hang_up(up, target, chance.uniform(0, _LONGEST_STAY), streamed=streamed, chunks=chunks))
    up.be()
    return HangUps(times, quantile(took, 0.5), quantile(took, 0.99), max(took))


async def _hang_up(up: Upstream, target: Target, stay: float, *, streamed: bool, chunks: int) -> float:
    came, gone = up.count, len(up.gone)
    parts = urlsplit(target.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(asking(target.host, target.headers, big=False, stream=streamed)())
    await _until(lambda: up.count > came, "the call did not come to the upstream")
    if chunks:
        await asyncio.wait_for(reader.readuntil(b"data: "), _PATIENCE)
    await asyncio.sleep(stay)
    if len(up.gone) > gone:
        raise SystemExit("the upstream was hung up on while its agent was there")
    # One clock for all processes of a machine.
    closed = time.clock_gettime(time.CLOCK_MONOTONIC)
    writer.transport.abort()
    await _until(lambda: len(up.gone) > gone, f"the upstream was not hung up on within {_PATIENCE:.0f} s")
    return (up.gone[-1] - closed) * 1e3


async def _until(true: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise SystemExit(otherwise)
        await asyncio.sleep(_LOOK_EVERY)
