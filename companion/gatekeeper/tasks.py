"""Background tasks that are neither forgotten nor silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_running: set[asyncio.Task[Any]] = set()


async def end_all(seconds: float) -> int:
    """Cancels what was started here and still runs, but for the task that asks; how many had not ended in time."""
    here, asking = asyncio.get_running_loop(), asyncio.current_task()
    left = [task for task in _running if task is not asking and task.get_loop() is here]
    for task in left:
        task.cancel()
    if not left:
        return 0
    _, pending = await asyncio.wait(left, timeout=seconds)
    return len(pending)


def spawn(
    work: Coroutine[Any, Any, T], name: str, on_failure: Callable[[str, BaseException], None] | None = None
) -> asyncio.Task[T]:
    """Starts `work` as a task: keeps a reference until it ends and reports what it raised, cancellation aside."""
    task = asyncio.get_running_loop().create_task(work, name=name)
    _running.add(task)

    def done(ended: asyncio.Task[T]) -> None:
        _running.discard(ended)
        if not ended.cancelled() and (error := ended.exception()) is not None and on_failure is not None:
            on_failure(name, error)

    task.add_done_callback(done)
    return task
