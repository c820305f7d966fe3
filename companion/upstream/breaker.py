"""Leaves an upstream's model alone when it fails, and finds out with one call whether it is well again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

_PROBE_SECONDS = 1.0


class State(StrEnum):
    CLOSED = "closed"
    """Calls go through."""
    OPEN = "open"
    """It failed too often: no call goes through."""
    HALF_OPEN = "half-open"
    """It has rested: one call goes through, and decides."""
    PAUSED = "paused"
    """It asked to be left alone: no call goes through."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Why and since when no call goes through, for people. `since` is in seconds since 1970."""

    cause: str
    since: float


class Breaker:
    """Counts failures in a row, of calls that it let through since it closed last.

    `now` is a monotonic clock in seconds and `wall` the seconds since 1970; `chance` gives numbers from 0 up to 1,
    `opened` is told of each opening. Causes are short and hold no secret.
    """

    def __init__(
        self,
        failures: int,
        seconds: float,
        now: Callable[[], float],
        chance: Callable[[], float],
        opened: Callable[[], None] = lambda: None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._limit = failures
        self._seconds = seconds
        self._now = now
        self._chance = chance
        self._opened = opened
        self._wall = wall
        self._failures = 0
        self._in_a_row = 0
        """Over all openings, since a call went well; the number that opens it begins anew with each."""
        self._open_for: Rest | None = None
        self._paused_for: Rest | None = None
        self._open_until: float | None = None
        self._paused_until = 0.0
        self._probe: Permit | None = None
        self._term = 0

    @property
    def state(self) -> State:
        now = self._now()
        if self._open_until is not None:
            return State.OPEN if now < self._open_until else State.HALF_OPEN
        return State.PAUSED if now < self._paused_until else State.CLOSED

    @property
    def rest(self) -> Rest | None:
        """What its state comes of; None when it is closed. It rests on while a call finds out, and where that fails."""
        match self.state:
            case State.OPEN | State.HALF_OPEN:
                return self._open_for
            case State.PAUSED:
                return self._paused_for
            case State.CLOSED:
                return None

    @property
    def ready(self) -> bool:
        """Whether `enter` would let a call through."""
        now = self._now()
        if now < self._paused_until:
            return False
        return self._open_until is None or (self._probe is None and now >= self._open_until)

    @property
    def spotless(self) -> bool:
        """Whether there is nothing to remember."""
        return self.state is State.CLOSED and not self._failures

    @property
    def wait(self) -> float:
        """Seconds until a call may go through; a guess where one is finding out already."""
        now = self._now()
        wait = max(self._paused_until, self._open_until or 0.0) - now
        return max(wait, 0.0 if self._probe is None else _PROBE_SECONDS)

    def enter(self) -> Permit | None:
        """Lets a call through, or does not. Whoever has the permit settles it, in the end by `release`."""
        if not self.ready:
            return None
        permit = Permit(self, self._term)
        if self._open_until is not None:
            self._probe = permit
        return permit

    def pause(self, seconds: float, cause: str) -> None:
        """Lets nothing through for so long; a longer pause stands."""
        now = self._now()
        paused = self._paused_for if now < self._paused_until else None
        if now + seconds > self._paused_until:
            self._paused_until = now + seconds
            self._paused_for = Rest(cause, paused.since if paused else self._wall())

    def answered(self, permit: Permit) -> None:
        """For Permit."""
        if permit is not self._probe:
            return
        self._probe = None
        self._open_until = None
        # Not yet well: until one answer has come whole, the next failure opens it again.
        self._failures = self._limit - 1
        self._term += 1
        permit.term = self._term

    def settle(self, permit: Permit, cause: str | None) -> None:
        """For Permit. `cause` is why it failed; None where it went well."""
        if cause is None:
            self.answered(permit)
        # What was let through before the last opening or closing says nothing of how it stands now.
        if permit.term != self._term:
            return
        if cause is None:
            self._failures = self._in_a_row = 0
            return
        self._failures += 1
        self._in_a_row += 1
        if permit is self._probe or self._failures >= self._limit:
            self._open(cause)

    def withdraw(self, permit: Permit) -> None:
        """For Permit."""
        if permit is self._probe:
            self._probe = None

    def _open(self, last: str) -> None:
        row = f"{self._in_a_row} failures in a row, the last" if self._in_a_row > 1 else "a failure"
        since = self._open_for.since if self._open_for and self._open_until is not None else self._wall()
        self._open_for = Rest(f"{row}: {last}", since)
        self._term += 1
        self._probe = None
        self._failures = 0
        self._open_until = self._now() + self._seconds * (1 + self._chance() / 2)
        self._opened()


class Permit:
    """One call that a breaker let through. Settled once; what is said later is not heard."""

    __slots__ = ("_breaker", "_settled", "term")

    def __init__(self, breaker: Breaker, term: int) -> None:
        self._breaker = breaker
        self._settled = False
        self.term = term

    def answered(self) -> None:
        """The upstream is there: the head of an answer has come. Settles nothing."""
        if not self._settled:
            self._breaker.answered(self)

    def succeeded(self) -> None:
        """The answer came to its end."""
        if not self._settled:
            self._settled = True
            self._breaker.settle(self, None)

    def failed(self, cause: str) -> None:
        """The upstream failed, before or within its answer."""
        if not self._settled:
            self._settled = True
            self._breaker.settle(self, cause)

    def release(self) -> None:
        """The call ended without telling how the upstream is."""
        if not self._settled:
            self._settled = True
            self._breaker.withdraw(self)
