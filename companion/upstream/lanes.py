"""What is known of each model of each upstream: whether it is well, and how fast it answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from companion.telemetry import catalogue
from companion.upstream.balance import Balance, Balancer, Latency
from companion.upstream.breaker import Breaker, State
from companion.upstream.faults import Faults
from companion.upstream.retry import Quota
from companion.upstream.sender import Target

MOST = 500
"""Lanes remembered; agents name models as they like."""

Key = tuple[Target, str]
"""An upstream with its provider, account and address, and a model of it."""


@dataclass(frozen=True, slots=True)
class Lane:
    """The way to one model of one upstream."""

    target: Target
    model: str
    breaker: Breaker
    quota: Quota
    """Shared by all models of the upstream."""
    latency: Latency


@dataclass(frozen=True, slots=True)
class LaneState:
    """How a lane stands, for people."""

    upstream: str
    provider: str
    host: str
    model: str
    state: State
    seconds: float
    """Until a call may go through; 0 when one may now."""
    cause: str = ""
    """Why it rests; "" when it is well."""
    since: float = 0.0
    """When it began to rest, in seconds since 1970; 0 when it is well."""


class Lanes:
    """Made when first asked for; the one used longest ago is forgotten first, if possible one that is well."""

    def __init__(
        self,
        faults: Faults,
        now: Callable[[], float],
        chance: Callable[[], float],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._faults = faults
        self._now = now
        self._chance = chance
        self._wall = wall
        self._lanes: dict[Key, Lane] = {}
        self._quotas = WeakValueDictionary[Target, Quota]()
        self._balancers: dict[tuple[Balance, tuple[Key, ...]], Balancer] = {}

    def lane(self, target: Target, model: str) -> Lane:
        key = target, model
        lane = self._lanes.pop(key, None)
        if lane is None:
            lane = self._made(target, model)
            if len(self._lanes) >= MOST:
                self._forget_one()
        self._lanes[key] = lane
        return lane

    def balancer(self, balance: Balance, group: tuple[Key, ...]) -> Balancer:
        """The turns of exactly these candidates in exactly this order."""
        key = balance, group
        balancer = self._balancers.pop(key, None) or Balancer(self._chance)
        self._balancers[key] = balancer
        if len(self._balancers) > MOST:
            del self._balancers[next(iter(self._balancers))]
        return balancer

    def standing(self) -> list[LaneState]:
        return [_state(lane) for lane in self._lanes.values()]

    def _forget_one(self) -> None:
        oldest = next(iter(self._lanes))
        del self._lanes[next((key for key, lane in self._lanes.items() if lane.breaker.spotless), oldest)]

    def _made(self, target: Target, model: str) -> Lane:
        opened = partial(catalogue.upstream_breaker_openings_total.add, upstream=target.name)
        faults = self._faults
        breaker = Breaker(faults.breaker_failures, faults.breaker_seconds, self._now, self._chance, opened, self._wall)
        return Lane(target, model, breaker, self._quotas.setdefault(target, Quota()), Latency())


def _state(lane: Lane) -> LaneState:
    target, breaker, rest = lane.target, lane.breaker, lane.breaker.rest
    return LaneState(
        upstream=target.name,
        provider=target.provider,
        host=urlsplit(target.url).hostname or "",
        model=lane.model,
        state=breaker.state,
        seconds=breaker.wait,
        cause=rest.cause if rest else "",
        since=rest.since if rest else 0.0,
    )
