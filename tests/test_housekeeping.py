"""What the daemon does for itself. That memory is given back: benchmarks/gateway.py."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest

from companion import housekeeping
from companion.housekeeping import attempt, settle, settle_apart, tidy_now_and_then


def test_a_step_that_fails_keeps_no_other_from_being_done():
    done = []

    def fails() -> None:
        raise OSError("disk full")

    for step in (fails, lambda: done.append(1)):
        attempt(step)
    assert done == [1]


def test_what_is_loaded_is_out_of_the_collectors_way():
    class Engine:
        def __init__(self) -> None:
            self.parts: list[list[int]] = []

        def warm(self) -> None:
            self.parts = [[number] for number in range(100)]

        load = warm

    prices, scanner = Engine(), Engine()
    try:
        settle(prices, scanner)
        walked = {id(one) for one in gc.get_objects()}
        assert not walked & {id(part) for engine in (prices, scanner) for part in engine.parts}
    finally:
        gc.unfreeze()


async def test_whoever_gives_up_on_settling_does_not_wait_for_it(monkeypatch: pytest.MonkeyPatch):
    begun, goes_on = threading.Event(), threading.Event()

    def takes_long(prices: object, scanner: object) -> None:
        begun.set()
        goes_on.wait(60)

    monkeypatch.setattr(housekeeping, "settle", takes_long)
    settling = asyncio.create_task(settle_apart(None, None))
    try:
        assert await asyncio.to_thread(begun.wait, 30)
        settling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(settling, 10)
        assert not goes_on.is_set()
    finally:
        goes_on.set()


async def test_keys_are_noted_again_and_again_though_it_fails(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(housekeeping, "_TIDY_SECONDS", 0.001)
    noted, often = [], asyncio.Event()
    loop = asyncio.get_running_loop()

    class Keys:
        def flush(self) -> None:
            noted.append(1)
            if len(noted) == 3:
                loop.call_soon_threadsafe(often.set)
            raise OSError("disk full")

    tidying = asyncio.create_task(tidy_now_and_then(Keys()))
    await asyncio.wait_for(often.wait(), 10)
    tidying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await tidying
