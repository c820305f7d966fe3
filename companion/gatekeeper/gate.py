"""One limit as calls meet it: so many a minute, so many tokens a minute, so many at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from companion.gatekeeper.gcra import Gcra
from companion.model.limit import Limit, LimitKind, LimitState

REQUESTS = "limit-requests"
TOKENS = "limit-tokens"
PARALLEL = "limit-parallel"

_CODES = {LimitKind.REQUESTS: REQUESTS, LimitKind.TOKENS: TOKENS, LimitKind.PARALLEL: PARALLEL}

_REQUESTS_AT_ONCE = 0.1
"""The part of a minute's requests that may come at once. Of tokens a whole minute's may: a prompt can be that big."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps a call from passing, and for how many seconds; for ever is until another call has ended."""

    kind: LimitKind
    words: str
    seconds: float

    @property
    def code(self) -> str:
        return _CODES[self.kind]


class Gate:
    """All of one limit's amounts. Knows no clock: `now` is in seconds that never go back.

    `users` counts the calls that wait for it or are inside; who counts them is the queue.
    """

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.users = 0
        self.inside = 0
        self._requests = _requests(limit)
        self._tokens = _tokens(limit)

    def obstacle(self, now: float, tokens: int) -> Obstacle | None:
        """The one that lasts longest; None when a call of so many tokens may pass."""
        limit = self.limit
        if limit.parallel is not None and self.inside >= limit.parallel:
            return Obstacle(LimitKind.PARALLEL, f"{_count(limit.parallel, 'call')} at a time", math.inf)
        found: list[Obstacle] = []
        if self._requests and (seconds := self._requests.wait(now, 1)):
            words = f"{_count(limit.requests_per_minute, 'request')} a minute"
            found.append(Obstacle(LimitKind.REQUESTS, words, seconds))
        if self._tokens and (seconds := self._tokens.wait(now, tokens)):
            words = f"{_count(limit.tokens_per_minute, 'token')} a minute"
            found.append(Obstacle(LimitKind.TOKENS, words, seconds))
        return max(found, key=lambda one: one.seconds, default=None)

    def enter(self, now: float, tokens: int) -> None:
        self.inside += 1
        self.charge(now, tokens, requests=1)

    def leave(self) -> None:
        self.inside -= 1

    def charge(self, now: float, tokens: int, requests: int = 0) -> None:
        """Counts beside what was counted on entering. Less than none gives back."""
        if self._requests and requests:
            self._requests.take(now, requests)
        if self._tokens and tokens:
            self._tokens.take(now, tokens)

    def standing(self, now: float) -> Iterator[LimitState]:
        """Each of its amounts, for which nobody waits as far as a gate knows."""
        limit = self.limit
        if self._requests and (most := limit.requests_per_minute):
            yield self._state(LimitKind.REQUESTS, most, _burst(most), self._requests.used(now))
        if self._tokens and (most := limit.tokens_per_minute):
            yield self._state(LimitKind.TOKENS, most, most, self._tokens.used(now))
        if most := limit.parallel:
            yield self._state(LimitKind.PARALLEL, most, most, self.inside)

    def is_idle(self, now: float) -> bool:
        """Whether a new gate would be the same."""
        rates = (self._requests, self._tokens)
        return not self.users and all(rate is None or rate.is_full(now) for rate in rates)

    def change(self, now: float, limit: Limit) -> None:
        """Other amounts from now on. Who is inside stays, and what passed stays counted."""
        self.limit = limit
        if self._requests and limit.requests_per_minute:
            self._requests.change(now, limit.requests_per_minute, _burst(limit.requests_per_minute))
        else:
            self._requests = _requests(limit)
        if self._tokens and limit.tokens_per_minute:
            self._tokens.change(now, limit.tokens_per_minute, limit.tokens_per_minute)
        else:
            self._tokens = _tokens(limit)

    def _state(self, kind: LimitKind, amount: int, at_once: int, used: int) -> LimitState:
        return LimitState(self.limit.dimension, self.limit.name, kind, amount, at_once, used, waiting=0)


def _count(number: int | None, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _burst(requests_per_minute: int) -> int:
    return max(1, int(requests_per_minute * _REQUESTS_AT_ONCE))


def _requests(limit: Limit) -> Gcra | None:
    per_minute = limit.requests_per_minute
    return Gcra(per_minute, _burst(per_minute)) if per_minute else None


def _tokens(limit: Limit) -> Gcra | None:
    per_minute = limit.tokens_per_minute
    return Gcra(per_minute, per_minute) if per_minute else None
