"""A background task is kept until it ends, and what it raised is said."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref

import pytest

from companion_lsp.tasks import Tasks


async def test_a_task_that_nobody_holds_runs_to_its_end() -> None:
    tasks, ended, go_on = Tasks(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await go_on.wait()
        ended.set()

    kept = weakref.ref(tasks.spawn(work(), "work"))
    gc.collect()
    go_on.set()
    await asyncio.wait_for(ended.wait(), 10)
    await asyncio.sleep(0)
    assert kept() is None or kept().done()
    assert tasks._running == set()


async def test_what_it_raised_is_logged_under_its_name(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("stumbled")

    task = Tasks().spawn(fail(), "scan x")
    await asyncio.wait([task])
    await asyncio.sleep(0)
    [record] = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "scan x failed")
    assert str(record.exc_info[1]) == "stumbled"


async def test_all_are_cancelled_at_once_and_that_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks()
    started = [tasks.spawn(asyncio.sleep(60), f"wait {number}") for number in range(3)]
    await asyncio.sleep(0)
    tasks.cancel_all()
    await asyncio.wait(started, timeout=10)
    assert all(task.cancelled() for task in started)
    assert caplog.records == []
