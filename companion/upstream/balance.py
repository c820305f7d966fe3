"""In which order the candidates of a call are tried."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import StrEnum

_HALF_LIFE_SECONDS = 60.0
_NEWS = 0.3
_UNMEASURED_SECONDS = 1.0


class Balance(StrEnum):
    """Who comes first. The others follow, for when it fails."""

    IN_ORDER = "in-order"
    """The first that is well."""
    ROUND_ROBIN = "round-robin"
    RANDOM = "random"
    WEIGHTED = "weighted"
    """Each as often as its weight says, spread evenly; weight 0 serves only where the others fail."""
    LEAST_LATENCY = "least-latency"
    """The one that begins its answers soonest."""


class Latency:
    """How long an upstream takes to begin an answer, on average.

    The average fades with time, so that one that was slow is asked again, and what it says then counts the more the
    longer it was not asked.
    """

    def __init__(self) -> None:
        self._average: float | None = None
        self._measured_at = 0.0
        self._asked_at: float | None = None

    def asked(self, now: float) -> None:
        """It was chosen: until it has answered, no other call need find out."""
        self._asked_at = now

    def measured(self, seconds: float, now: float) -> None:
        if self._average is None:
            self._average = seconds
        else:
            kept = (1 - _NEWS) * _faded(now - self._measured_at)
            self._average = kept * self._average + (1 - kept) * seconds
        self._measured_at = now

    def score(self, now: float) -> float:
        """The lower the sooner it is asked; 0 when it never was."""
        if self._asked_at is None:
            return 0.0
        average = _UNMEASURED_SECONDS if self._average is None else self._average
        return average * _faded(now - self._asked_at)


class Balancer:
    """Whose turn it is among a fixed group of candidates. `chance` gives numbers from 0 up to 1."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._credit: list[int] = []

    def order(
        self, balance: Balance, weights: Sequence[int], ready: Sequence[bool], scores: Sequence[float]
    ) -> list[int]:
        """Every place of the group once; those that are not ready come last. One entry a candidate in each argument."""
        places = list(range(len(weights)))
        match balance:
            case Balance.IN_ORDER:
                pass
            case Balance.ROUND_ROBIN:
                places = self._in_turn([1] * len(weights), ready)
            case Balance.WEIGHTED:
                places = self._in_turn(weights, ready)
            case Balance.RANDOM:
                places.sort(key=lambda _: self._chance())
            case Balance.LEAST_LATENCY:
                places.sort(key=lambda place: scores[place])
        return sorted(places, key=lambda place: not ready[place])

    def _in_turn(self, weights: Sequence[int], ready: Sequence[bool]) -> list[int]:
        """Smooth weighted round robin: each gains its weight, the richest serves and pays what all have gained."""
        credit = self._credit = self._credit or [0] * len(weights)
        gaining = [place for place, weight in enumerate(weights) if ready[place] and weight]
        for place in gaining:
            credit[place] += weights[place]
        ranked = sorted(range(len(weights)), key=lambda place: (not weights[place], -credit[place]))
        if gaining:
            first = max(gaining, key=credit.__getitem__)
            credit[first] -= sum(weights[place] for place in gaining)
        return ranked


def _faded(seconds: float) -> float:
    return math.pow(0.5, seconds / _HALF_LIFE_SECONDS)
