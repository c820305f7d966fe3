"""Calls above a limit wait for their turn.

Laws (tests/gatekeeper/test_limits_laws.py): no limit is ever passed; keys take turns at a limit, and of one key who
came first goes first, so that nobody waits longer there than one round of the others; nobody waits for a limit that is
not his; whoever gives up, for whatever reason, leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from companion.gatekeeper.gate import Gate, Obstacle
from companion.gatekeeper.gates import Gates
from companion.gatekeeper.turns import Turns
from companion.model.limit import Limit, LimitKind, LimitState
from companion.model.scope import Dimension, Subject
from companion.policy.display import one_line

_AFTER_A_CALL_SECONDS = 5
"""When to come again where only the end of another call makes room."""

_Gates = tuple[Gate, ...]


class LimitReached(Exception):  # noqa: N818 - a verdict in waiting, as BudgetExceeded
    """No turn came in time. `code` is stable; the message is for people."""

    def __init__(self, code: str, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after_seconds = retry_after_seconds


@dataclass(eq=False, slots=True)
class _Waiter:
    key: str
    gates: _Gates
    tokens: int
    turn: asyncio.Future[bool]
    before: tuple[Gate, Obstacle] | None = None
    """What it waited for when it was looked at last; None where it always stood behind another of its key."""

    @property
    def is_in(self) -> bool:
        return self.turn.done() and not self.turn.cancelled() and self.turn.result()


class Passed:
    """A call that is inside its limits."""

    def __init__(self, limits: Limits, gates: _Gates, tokens: int) -> None:
        self._limits = limits
        self._gates = gates
        self._tokens = tokens

    def settle(self, tokens: int) -> None:
        """What the call really took, in place of the estimate; 0 for one that never left. The last word counts."""
        if self._gates:
            self._limits.charge(self._gates, tokens - self._tokens)
        self._tokens = tokens

    def leave(self) -> None:
        """The call is over."""
        if self._gates:
            self._limits.leave(self._gates)


class Limits:
    """Every limit in one place. Lives on the event loop."""

    def __init__(
        self,
        limits: Iterable[Limit] = (),
        wait_seconds: float = 30.0,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`seconds` counts and never goes back."""
        self._gates = Gates(limits)
        self._wait_seconds = wait_seconds
        self._seconds = seconds
        self._turns: Turns[_Gates, _Waiter] = Turns()
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many calls wait for their turn."""
        return len(self._turns)

    def standing(self) -> list[LimitState]:
        """Every limit, of one for EACH every name that uses some of it or waits. Changes nothing.

        Who waits counts at one limit: that which holds up the first of his key, as it was when that one was looked at.
        """
        waiting: Counter[tuple[Gate, LimitKind]] = Counter()
        for first, calls in self._turns.lanes():
            if first.before:
                gate, obstacle = first.before
                waiting[gate, obstacle.kind] += calls
        return self._gates.standing(self._seconds(), waiting)

    def replace(self, limits: Iterable[Limit], wait_seconds: float) -> None:
        """From now on, also for the calls that wait already, as far as their limits were limits when they came."""
        self._gates.replace(limits, self._seconds())
        self._wait_seconds = wait_seconds
        self._serve()

    @asynccontextmanager
    async def enter(self, subject: Subject, tokens: int) -> AsyncIterator[Passed]:
        """Waits for its turn, then is inside until the context is left. `tokens` is the estimate of what it will take.

        Raises LimitReached when no turn came within the wait. The names in `subject` are seen by people.
        """
        passed = await self.acquire(subject, tokens)
        try:
            yield passed
        finally:
            passed.leave()

    async def acquire(self, subject: Subject, tokens: int) -> Passed:
        """As `enter`, for a caller that sees to it that `Passed.leave` is called."""
        gates = self._gates.of(subject, self._seconds())
        if gates:
            await self._pass(subject[Dimension.KEY], gates, tokens)
        return Passed(self, gates, tokens)

    def leave(self, gates: _Gates) -> None:
        """Makes room for another call."""
        self._leave(gates)

    def charge(self, gates: _Gates, tokens: int) -> None:
        """Counts more tokens, or fewer, for a call that is inside."""
        now = self._seconds()
        for gate in gates:
            gate.charge(now, tokens)
        self._serve()

    async def _pass(self, key: str, gates: _Gates, tokens: int) -> None:
        if not gates:
            return
        loop = asyncio.get_running_loop()
        waiter = _Waiter(key, gates, tokens, loop.create_future())
        for gate in gates:
            gate.users += 1
        self._turns.add(key, gates, waiter)
        self._serve()
        if waiter.turn.done():
            return
        timer = loop.call_later(self._wait_seconds, self._give_up, waiter)
        try:
            came = await waiter.turn
        except BaseException:
            if waiter.is_in:
                now = self._seconds()
                for gate in gates:
                    gate.charge(now, -tokens, requests=-1)
                self._leave(gates)
            else:
                self._leave(gates, waiter)
            raise
        finally:
            timer.cancel()
        if not came:
            self._leave(gates, waiter)
            raise self._reached(waiter)

    def _leave(self, gates: _Gates, waiter: _Waiter | None = None) -> None:
        """The end of a call that was inside, or of one that still waited."""
        if waiter:
            self._turns.remove(waiter.key, gates, waiter)
        for gate in gates:
            gate.users -= 1
            if not waiter:
                gate.leave()
        self._serve()

    def _serve(self) -> None:
        """Lets in whoever's turn it is, for as long as there is room.

        Who cannot pass a gate bars it for all whose turn is later, so that nobody overtakes him there.
        """
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None
        someone_passed = True
        while someone_passed:
            someone_passed = False
            now = self._seconds()
            barred: dict[Gate, Obstacle] = {}
            soonest = math.inf
            for key, heads in self._turns.round():
                for gates, waiter in heads:
                    if waiter.turn.done():
                        # It was cancelled, and has not come round to leaving yet.
                        self._turns.remove(key, gates, waiter)
                        someone_passed = True
                        break
                    closed = {gate: found for gate in gates if (found := gate.obstacle(now, waiter.tokens))}
                    soonest = min([soonest, *(one.seconds for one in closed.values())])
                    barred = {**closed, **barred}
                    in_the_way = [gate for gate in gates if gate in barred]
                    if not in_the_way:
                        self._let_in(key, waiter, now)
                        someone_passed = True
                        break
                    worst = max(in_the_way, key=lambda gate: barred[gate].seconds)
                    waiter.before = worst, barred[worst]
        if soonest < math.inf:
            self._alarm = asyncio.get_running_loop().call_later(soonest, self._serve)

    def _let_in(self, key: str, waiter: _Waiter, now: float) -> None:
        self._turns.remove(key, waiter.gates, waiter)
        self._turns.had_turn(key)
        for gate in waiter.gates:
            gate.enter(now, waiter.tokens)
        waiter.turn.set_result(True)

    def _give_up(self, waiter: _Waiter) -> None:
        # Looked at once more: the last word on what it waited for, and perhaps there is room now.
        self._serve()
        if not waiter.turn.done():
            first = self._turns.first(waiter.key, waiter.gates)
            waiter.before = first.before if first else None
            waiter.turn.set_result(False)

    def _reached(self, waiter: _Waiter) -> LimitReached:
        assert waiter.before is not None, "the first of a lane was looked at, and has something before it"
        gate, obstacle = waiter.before
        limit = gate.limit
        whose = ""
        if limit.dimension is not Dimension.GLOBAL:
            whose = f" for {limit.dimension} {one_line(limit.name, 80) or 'unknown'}"
        after = _AFTER_A_CALL_SECONDS if obstacle.seconds == math.inf else max(1, math.ceil(obstacle.seconds))
        waited = f"no turn came within {self._wait_seconds:g} s" if self._wait_seconds else "calls do not wait"
        message = f"the limit of {obstacle.words}{whose} is reached, and {waited}; try again in {after} s"
        return LimitReached(obstacle.code, message, after)
