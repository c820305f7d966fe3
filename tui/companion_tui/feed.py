"""Follows the daemon: connects, fetches what became stale, hears events, and begins again when the daemon goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from textual.message import Message

from companion.client import Call, NotRunning, Refused, calls
from companion.contract.codec import WireError
from companion.contract.types import Event, ExchangeLine
from companion_tui.messages import (
    ApprovalClosed,
    LinkLost,
    NewestArrived,
    PartFailed,
    PendingArrived,
    SpendArrived,
    StatusArrived,
)
from companion_tui.source import Connect, Source, explain

T = TypeVar("T")

PAGE = 200
"""Exchanges fetched at first, and for each older page."""
_HEAD = 50
_MOST_CHANGED = 20

_POLL = 5.0
"""Seconds after which everything is fetched again, should an event have been missed."""
_GATHER = 0.05
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 2.0

# In the order in which they are fetched: a person waits for the first.
_PARTS = ("approvals", "status", "exchanges", "spend")
_STALE_AFTER = {
    "approval.opened": ("approvals", "status"),
    "approval.closed": ("approvals", "status"),
    "exchange.opened": ("exchanges",),
    "exchange.closed": ("exchanges", "spend", "status"),
    "alert": ("status",),
}


class Feed:
    """Tells what the daemon says as messages. `run` ends only when it is cancelled."""

    def __init__(self, connect: Connect, tell: Callable[[Message], object]) -> None:
        self._connect = connect
        self._tell = tell
        self._source: Source | None = None
        self._stale: set[str] = set()
        self._wake = asyncio.Event()
        self._newest = ""
        self._closed: set[str] = set()
        self._pause = _FIRST_PAUSE

    async def do(self, call: Call[T]) -> T:
        """Carries out one call over the present connection. Raises as `Source.do`."""
        if self._source is None:
            raise NotRunning("no daemon is connected")
        return await self._source.do(call)

    def refresh(self, *parts: str) -> None:
        """Fetches these parts anew, all when none is named; while there is no connection, tries one now."""
        self._stale.update(parts or _PARTS)
        self._wake.set()

    async def run(self) -> None:
        while True:
            try:
                async with await asyncio.to_thread(self._connect) as source:
                    await self._follow(source)
            except Exception as error:  # noqa: BLE001 - whatever broke the connection is told, and the next one may hold
                self._tell(LinkLost(explain(error)))
            finally:
                self._source = None
            await self._woken(self._pause)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    async def _follow(self, source: Source) -> None:
        self._tell(StatusArrived(await source.do(calls.status())))
        self._source = source
        self._pause = _FIRST_PAUSE
        self.refresh()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(source), name="tui-listen")
            group.create_task(self._keep_fresh(source), name="tui-keep-fresh")

    async def _listen(self, source: Source) -> None:
        """Raises NotRunning when the stream ends; after an event that cannot be read it listens again."""
        while True:
            try:
                async for event in source.events():
                    self._hear(event)
            except WireError:
                self.refresh()
                await asyncio.sleep(self._pause)
            else:
                raise NotRunning("the daemon went away")

    def _hear(self, event: Event) -> None:
        if event.name == "approval.closed":
            self._tell(ApprovalClosed(event.id, event.text))
        elif event.name == "exchange.closed":
            self._closed.add(event.id)
        self.refresh(*_STALE_AFTER.get(event.name, ()))

    async def _keep_fresh(self, source: Source) -> None:
        fetchers: dict[str, Callable[[Source], Awaitable[Message]]] = {
            "approvals": _pending,
            "status": _status,
            "exchanges": self._exchanges,
            "spend": _spend,
        }
        while True:
            stale, self._stale = self._stale, set()
            for part in _PARTS:
                if part in stale:
                    await self._fetch(part, fetchers[part], source)
            if not await self._woken(_POLL):
                self.refresh()
            await asyncio.sleep(_GATHER)

    async def _fetch(self, part: str, fetcher: Callable[[Source], Awaitable[Message]], source: Source) -> None:
        try:
            self._tell(await fetcher(source))
        except NotRunning:
            raise
        except Exception as error:  # noqa: BLE001 - one part that fails must not take the others with it
            self._tell(PartFailed(part, explain(error)))

    async def _exchanges(self, source: Source) -> Message:
        closed, self._closed = self._closed, set()
        lines = await source.do(calls.log(limit=_HEAD if self._newest else PAGE))
        if self._newest and len(lines) >= _HEAD and not any(line.id == self._newest for line in lines):
            lines = await source.do(calls.log(limit=PAGE))
        self._newest = lines[0].id if lines else ""
        missed = sorted(closed - {line.id for line in lines}, reverse=True)[:_MOST_CHANGED]
        changed: list[ExchangeLine] = []
        for name in missed:
            with suppress(Refused):
                changed.append(await source.do(calls.exchange(name)))
        return NewestArrived(lines, changed)

    async def _woken(self, seconds: float) -> bool:
        """Waits until `refresh` is called, at most so long; whether it was called."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        woken = self._wake.is_set()
        self._wake.clear()
        return woken


async def _pending(source: Source) -> Message:
    return PendingArrived(await source.do(calls.pending()))


async def _status(source: Source) -> Message:
    return StatusArrived(await source.do(calls.status()))


async def _spend(source: Source) -> Message:
    return SpendArrived(await source.do(calls.spend(by="model")), await source.do(calls.spend(by="tier")))
