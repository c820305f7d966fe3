"""Plays calls against limits in virtual time, and notes what became of each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from companion.gatekeeper.limits import LimitReached, Limits
from companion.model.budget import ALL
from companion.model.limit import Limit
from companion.model.scope import Dimension
from tests.support.virtual_time import now, run


def subject(key="A", client="cline", model="m"):
    given = {Dimension.GLOBAL: ALL, Dimension.KEY: key, Dimension.CLIENT: client, Dimension.MODEL: model}
    return dict.fromkeys(Dimension, "") | given


def everything(requests=None, tokens=None, parallel=None) -> Limit:
    return Limit(Dimension.GLOBAL, ALL, requests, tokens, parallel)


def made(*limits: Limit, wait: float = 30) -> Limits:
    return Limits(limits, wait, now)


def is_empty(limits: Limits) -> bool:
    """Whether nothing is left of any call, once all that passed is long ago."""
    limits._gates.replace([], now() + 10**9)
    forgotten = all(not names.own and names.rest is None for names in limits._gates._by.values())
    return forgotten and limits.waiting == 0


@dataclass
class Call:
    """A call as it is planned, and what came of it."""

    at: float
    key: str = "A"
    client: str = "cline"
    model: str = "m"
    tokens: int = 0
    takes: float = 0
    used: int | None = None
    cancelled_after: float | None = None
    entered: float | None = None
    left: float | None = None
    refused: LimitReached | None = None
    order: int = -1

    @property
    def subject(self):
        return subject(self.key, self.client, self.model)


def look_at(limits: Limits, looking: Callable[[Limits, bool], None]) -> None:
    serve = limits._serve

    def looked_at() -> None:
        looking(limits, False)
        serve()
        looking(limits, True)

    limits._serve = looked_at


@dataclass
class Stage:
    """Plays calls against limits."""

    limits: Limits
    calls: list[Call]
    entries: list[Call] = field(default_factory=list)

    async def one(self, call: Call) -> None:
        await asyncio.sleep(call.at)
        try:
            async with self.limits.enter(call.subject, call.tokens) as passed:
                call.entered, call.order = now(), len(self.entries)
                self.entries.append(call)
                try:
                    await asyncio.sleep(call.takes)
                    if call.used is not None:
                        passed.settle(call.used)
                finally:
                    call.left = now()
        except LimitReached as reached:
            call.refused = reached
            assert now() == pytest.approx(call.at + self.limits._wait_seconds)

    async def play(self) -> list[Call]:
        """The calls in the order in which they came in."""
        tasks = [asyncio.create_task(self.one(call)) for call in self.calls]
        for call, task in zip(self.calls, tasks, strict=True):
            if call.cancelled_after is not None:
                asyncio.get_running_loop().call_later(call.at + call.cancelled_after, task.cancel)
        probe = asyncio.create_task(self.look_now_and_then())
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        if probe.done():
            await probe
        probe.cancel()
        assert all(end is None or isinstance(end, asyncio.CancelledError) for end in ends), ends
        assert self.limits.waiting == 0
        assert all(
            gate.users == gate.inside == 0
            for names in self.limits._gates._by.values()
            for gate in [*names.own.values(), *([names.rest] if names.rest else [])]
        )
        return self.entries

    async def look_now_and_then(self) -> None:
        """Nobody waits for a look that never comes: one more lets nobody in."""
        for _ in range(40):
            await asyncio.sleep(1.7 + 1e-4)
            waiting = self.limits.waiting
            self.limits._serve()
            assert self.limits.waiting == waiting


def play(
    limits: list[Limit], calls: list[Call], wait: float = 30, looking: Callable[[Limits, bool], None] | None = None
) -> list[Call]:
    """The calls in the order in which they came in. `looking` comes before (False) and after (True) one is let in."""

    async def main() -> list[Call]:
        stage = Stage(made(*limits, wait=wait), calls)
        if looking:
            look_at(stage.limits, looking)
        entries = await stage.play()
        assert is_empty(stage.limits)
        return entries

    return run(main())
