"""When a try is made again: how long before it, and at whose expense."""

from __future__ import annotations

import math
from collections.abc import Callable

from companion.upstream.failures import Failure

_TRANSIENT_SECONDS = 0.05
_THROTTLED_SECONDS = 1.0
_LONGEST_SECONDS = 20.0

_CAPACITY = 500
_TRANSIENT_COST = 14
_THROTTLED_COST = 5


def backoff(failure: Failure, tries: int, chance: Callable[[], float]) -> float:
    """Seconds before the next try, after `tries` of them: what was asked for, and up to a bound that doubles.

    `chance` gives numbers from 0 up to 1.
    """
    base = _THROTTLED_SECONDS if failure.throttled else _TRANSIENT_SECONDS
    return failure.wait + chance() * min(math.ldexp(base, min(tries - 1, 10)), _LONGEST_SECONDS)


def cost_of(failure: Failure) -> int:
    """What trying again after it takes from a Quota."""
    return _THROTTLED_COST if failure.throttled else _TRANSIENT_COST


class Quota:
    """Repetitions in hand. Those that help are given back, so that only an outage uses them up."""

    def __init__(self) -> None:
        self._left = _CAPACITY

    @property
    def left(self) -> int:
        return self._left

    def take(self, cost: int) -> bool:
        """False when there is not as much, and then nothing is taken."""
        if cost > self._left:
            return False
        self._left -= cost
        return True

    def give(self, amount: int) -> None:
        self._left = min(self._left + amount, _CAPACITY)
