"""Sends a model call to the first of its candidates that serves it, and tries again where that helps.

Laws (tests/upstream/test_dispatch.py, tests/whole/test_faults.py): nothing is tried again once an answer has begun to
be handed out; every request that leaves is announced; one call finds out whether an upstream that rested is well; a
call that is cancelled says nothing about its upstream; in an outage hardly more requests leave than calls come.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from companion.model.action import Dialect
from companion.upstream.balance import Balance
from companion.upstream.breaker import Permit, State
from companion.upstream.failures import BROKE_OFF, SHORT_SECONDS
from companion.upstream.faults import Faults
from companion.upstream.lanes import Lane, Lanes, LaneState
from companion.upstream.sender import Sender, UpstreamUnreachable
from companion.upstream.tries import Asked, Candidate, Served, Tries, World


class Dispatcher:
    """Remembers how each model of each upstream stands, for all calls."""

    def __init__(
        self,
        sender: Sender,
        faults: Faults,
        now: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`now` is a monotonic clock and `wall` the seconds since 1970; `chance` gives numbers from 0 up to 1."""
        self._sender = sender
        self._faults = faults
        self._world = World(now, wall, chance, sleep)
        self._lanes = Lanes(faults, now, chance, wall)

    def replace(self, faults: Faults) -> None:
        """From the next call on. Where the numbers are others, all upstreams count as well until they fail anew."""
        if faults != self._faults:
            self._faults = faults
            self._lanes = Lanes(faults, self._world.now, self._world.chance, self._world.wall)

    def standing(self) -> list[LaneState]:
        """Every model of every upstream that was asked for lately, the one asked last at the end."""
        return self._lanes.standing()

    def send(
        self,
        candidates: Sequence[Candidate],
        balance: Balance,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body_for: Callable[[Candidate], bytes],
        dialect: Dialect | None,
        attempting: Callable[[Candidate], None],
        unsent: Callable[[], None] = lambda: None,
    ) -> AbstractAsyncContextManager[Served]:
        """The answer to hand out: one that serves the call, or the last error that an upstream answered.

        `attempting` is called right before a request leaves, and once more for one that turned out to have left twice;
        `unsent` for one that did not leave, because its upstream could not be connected to.
        Raises UpstreamUnreachable when no upstream answered at all, or none may be asked now, and also while the body
        is read. Raises ValueError without candidates.
        """
        if not candidates:
            raise ValueError("a call needs a candidate")
        asked = Asked(method, path, headers, body_for, dialect, attempting, unsent)
        return _Sending(self, candidates, balance, asked)

    async def serve(
        self, candidates: Sequence[Candidate], balance: Balance, asked: Asked
    ) -> tuple[Tries, Served, Permit | None]:
        """As entering `send`. Where it raises, nothing stays open; else the caller closes the tries."""
        deadline = self._world.now() + self._faults.deadline_seconds
        tries = Tries(self._sender, self._faults, self._world, asked, deadline)
        try:
            served, permit = await tries.serve(await self._ways(candidates, balance, deadline))
        except BaseException:
            await tries.aclose()
            raise
        return tries, served, permit

    async def _ways(
        self, candidates: Sequence[Candidate], balance: Balance, deadline: float
    ) -> list[tuple[Candidate, Lane]]:
        """The candidates in the order in which to try them."""
        if len(candidates) == 1:
            [only] = candidates
            lane = self._lanes.lane(only.target, only.model)
            if not lane.breaker.ready:
                await self._outwait([lane], deadline)
            return [(only, lane)]
        ways = [(one, self._lanes.lane(one.target, one.model)) for one in candidates]
        lanes = [lane for _, lane in ways]
        await self._outwait(lanes, deadline)
        now = self._world.now()
        balancer = self._lanes.balancer(balance, tuple((one.target, one.model) for one in candidates))
        places = balancer.order(
            balance,
            [one.weight for one in candidates],
            [lane.breaker.ready for lane in lanes],
            [lane.latency.score(now) for lane in lanes],
        )
        lanes[places[0]].latency.asked(now)
        return [ways[place] for place in places]

    async def _outwait(self, lanes: Sequence[Lane], deadline: float) -> None:
        """Where all have asked to be left alone, and one only for a moment, the moment is waited for."""
        if any(lane.breaker.ready for lane in lanes):
            return
        waits = [lane.breaker.wait for lane in lanes if lane.breaker.state is State.PAUSED]
        wait = min(waits, default=None)
        if wait is not None and wait <= min(SHORT_SECONDS, deadline - self._world.now()):
            # Not all at the same moment.
            await self._world.sleep(wait + self._world.chance() * wait / 2)


class _Sending(AbstractAsyncContextManager[Served]):
    """What `Dispatcher.send` gives out."""

    __slots__ = ("_dispatcher", "_given", "_permit", "_tries")

    def __init__(self, dispatcher: Dispatcher, candidates: Sequence[Candidate], balance: Balance, asked: Asked) -> None:
        self._dispatcher = dispatcher
        self._given = candidates, balance, asked

    async def __aenter__(self) -> Served:
        self._tries, served, self._permit = await self._dispatcher.serve(*self._given)
        return served

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        permit = self._permit
        try:
            if permit is None:
                return
            if error is None:
                permit.succeeded()
            elif isinstance(error, UpstreamUnreachable):
                permit.failed(BROKE_OFF)
            else:
                permit.release()
        finally:
            await self._tries.aclose()
