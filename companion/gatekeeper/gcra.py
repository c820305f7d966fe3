"""A rate with bursts, kept as one number (the generic cell rate algorithm)."""

from __future__ import annotations

import math

# Sums of floats are a little off: what waits until a moment must not find that it is not there yet.
_TINY = 1e-6


class Gcra:
    """Equal to a bucket of `burst` units that is full at first and refills by `per_minute`.

    The one number is the moment at which the bucket is full again. `now` is in seconds that never go back.
    """

    __slots__ = ("_burst", "_each", "_full_at")

    def __init__(self, per_minute: float, burst: float) -> None:
        self._each = 60 / per_minute
        self._burst = burst
        self._full_at = -math.inf

    def wait(self, now: float, units: float) -> float:
        """Seconds until so many units may pass. More than a burst pass when the bucket is full, and leave a debt."""
        missing = min(units, self._burst) - self._burst
        seconds = max(self._full_at, now) + missing * self._each - now
        return seconds if seconds > _TINY else 0.0

    def take(self, now: float, units: float) -> None:
        """Counts units that pass, waited for or not. Less than none gives back what was taken before."""
        self._full_at = max(self._full_at, now) + units * self._each

    def used(self, now: float) -> int:
        """Units that passed and have not come back yet, rounded up."""
        return math.ceil(max(self._full_at - now - _TINY, 0.0) / self._each)

    def is_full(self, now: float) -> bool:
        """Whether nothing is left of what passed."""
        return self._full_at <= now

    def change(self, now: float, per_minute: float, burst: float) -> None:
        """Another rate from now on; what is missing from a full bucket stays missing."""
        missing = max(self._full_at - now, 0.0) / self._each
        self._each = 60 / per_minute
        self._burst = burst
        self._full_at = now + missing * self._each
