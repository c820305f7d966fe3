from __future__ import annotations

import asyncio

from companion.gatekeeper.tasks import end_all, spawn


async def test_what_runs_is_cancelled_and_waited_for():
    ended = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            ended.append(True)

    task = spawn(work(), "work")
    await asyncio.sleep(0)
    assert await end_all(5) == 0
    assert task.cancelled()
    assert ended == [True]


async def test_what_will_not_end_is_counted_and_not_waited_for():
    go = asyncio.Event()

    async def stubborn() -> None:
        while not go.is_set():
            try:
                await go.wait()
            except asyncio.CancelledError:
                continue

    task = spawn(stubborn(), "stubborn")
    await asyncio.sleep(0)
    assert await end_all(0.01) == 1
    go.set()
    await task


async def test_a_failure_is_told_and_a_cancellation_is_none():
    told = []

    async def fail() -> None:
        raise ValueError("boom")

    failing = spawn(fail(), "failing", lambda name, error: told.append((name, str(error))))
    waiting = spawn(asyncio.sleep(60), "waiting", lambda name, error: told.append((name, str(error))))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(failing, waiting, return_exceptions=True)
    assert told == [("failing", "boom")]
