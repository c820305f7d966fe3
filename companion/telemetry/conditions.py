"""What a rule may ask of an instrument's past, as values that can be shown, combined and evaluated.

A series is a step function: pairs of (seconds, reading), oldest first; a reading stands until the next one.
Only changes need to be kept. Nothing here raises, whatever the numbers are: what cannot be told is None,
and a comparison with None does not hold.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Distribution:
    """What a histogram saw since it was made. `counts` has one more entry than `bounds`: what passed the last bound."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float = 0.0
    """The sum of what was seen."""

    @property
    def count(self) -> int:
        """How many were seen."""
        return sum(self.counts)


Reading = float | Distribution
Series = Sequence[tuple[float, Reading]]


class Operand(Protocol):
    """A number drawn from a series."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """The instruments that it makes sense for."""
        ...

    @property
    def window(self) -> float:
        """How many seconds it looks back."""
        ...

    def over(self, series: Series, now: float) -> float | None:
        """The number as of `now`; None when the series does not say."""
        ...


class Condition(Protocol):
    """Something that holds of a series or does not. `str()` says it in words."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """The instruments that it makes sense for."""
        ...

    @property
    def window(self) -> float:
        """How many seconds it looks back."""
        ...

    def holds(self, series: Series, now: float) -> bool: ...


@dataclass(frozen=True, slots=True)
class Value:
    """The reading as it stands."""

    kinds = frozenset[Kind](("counter", "gauge"))
    window = 0.0

    def over(self, series: Series, now: float) -> float | None:
        reading = _at(series, now)
        return None if isinstance(reading, Distribution) else reading

    def __str__(self) -> str:
        return "the value"


@dataclass(frozen=True, slots=True)
class Increase:
    """By how much a counter grew, or how many a histogram saw, in the last `window` seconds."""

    window: float
    kinds = frozenset[Kind](("counter", "histogram"))

    def over(self, series: Series, now: float) -> float | None:
        if not series:
            return None
        before, after = _at(series, now - self.window), _at(series, now)
        return max(0.0, _number(after) - _number(before))

    def __str__(self) -> str:
        return f"the increase in {self.window:g} s"


@dataclass(frozen=True, slots=True)
class Rate:
    """The increase a second, averaged over the whole window, so that one event after a start is no storm."""

    window: float
    kinds = frozenset[Kind](("counter", "histogram"))

    def over(self, series: Series, now: float) -> float | None:
        increase = Increase(self.window).over(series, now)
        return None if increase is None else increase / self.window

    def __str__(self) -> str:
        return f"the rate over {self.window:g} s"


@dataclass(frozen=True, slots=True)
class Quantile:
    """The value below which the share `q` of the last `window` seconds lies, interpolated within its bucket.

    What passed the last bound counts as that bound.
    """

    q: float
    window: float
    kinds = frozenset[Kind](("histogram",))

    def over(self, series: Series, now: float) -> float | None:
        after = _at(series, now)
        before = _at(series, now - self.window)
        if not isinstance(after, Distribution) or not isinstance(before, Distribution):
            return None
        counts = [max(0, new - old) for new, old in zip(after.counts, before.counts, strict=False)]
        seen = sum(counts)
        if not seen or not after.bounds:
            return None
        rank = self.q * seen
        low = 0.0
        for bound, count in zip(after.bounds, counts, strict=False):
            if count and rank <= count:
                return low + (bound - low) * (rank / count)
            rank -= count
            low = bound
        return after.bounds[-1]

    def __str__(self) -> str:
        return f"the {self.q * 100:g}th percentile of {self.window:g} s"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Built by `above` and `below`."""

    operand: Operand
    relation: Literal["above", "below"]
    limit: float

    @property
    def kinds(self) -> frozenset[Kind]:
        return self.operand.kinds

    @property
    def window(self) -> float:
        return self.operand.window

    def holds(self, series: Series, now: float) -> bool:
        number = self.operand.over(series, now)
        if number is None:
            return False
        return number > self.limit if self.relation == "above" else number < self.limit

    def __str__(self) -> str:
        return f"{self.operand} is {self.relation} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Both:
    """Holds when both conditions hold of the same series."""

    one: Condition
    other: Condition

    @property
    def kinds(self) -> frozenset[Kind]:
        return self.one.kinds & self.other.kinds

    @property
    def window(self) -> float:
        return max(self.one.window, self.other.window)

    def holds(self, series: Series, now: float) -> bool:
        return self.one.holds(series, now) and self.other.holds(series, now)

    def __str__(self) -> str:
        return f"{self.one} and {self.other}"


def above(operand: Operand, limit: float) -> Comparison:
    """Holds while the operand is greater than the limit."""
    return Comparison(operand, "above", limit)


def below(operand: Operand, limit: float) -> Comparison:
    """Holds while the operand is less than the limit."""
    return Comparison(operand, "below", limit)


def _at(series: Series, when: float) -> Reading | None:
    """The reading that stood at `when`; the oldest one when the series begins later."""
    if not series:
        return None
    return series[max(0, bisect_right(series, when, key=lambda sample: sample[0]) - 1)][1]


def _number(reading: Reading | None) -> float:
    if isinstance(reading, Distribution):
        return reading.count
    return 0.0 if reading is None else reading
