"""Alert rules: when a person has to know, what to do then, and two examples that prove the rule.

A rule is watched for each series of its instrument by itself. `advance` is the whole life of an alert; the proof of a
rule and the evaluator of the daemon both use it, so what is proven is what runs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from itertools import accumulate
from typing import Literal, get_args

from companion.telemetry.conditions import Condition, Distribution, Increase, Series, above

Severity = Literal["page", "warn", "info"]
""" "page" needs a person now, "warn" soon, "info" is for the record."""

Example = tuple[tuple[float, float], ...]
"""Pairs of (seconds, value): running totals for a counter, readings for a gauge, single observations for a histogram.

A reading stands until the next one, so `((0, 9), (60, 9))` is a minute of nine.
"""

TICK_SECONDS = 5.0
"""How often rules are evaluated, in a proof and in the daemon."""

SETTLE_SECONDS = 30.0
"""An alert is resolved when its condition has not held for this long, so that a flapping series is one alert."""

SECONDS_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""Histogram bounds for anything from a scan to a thinking model, in seconds."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST_EXAMPLE = 86_400.0


@dataclass(frozen=True, slots=True)
class Rule:
    """Fires when `condition` held for `for_seconds` without a break. Raises ValueError for a rule that cannot be."""

    name: str
    """Words of lower-case letters and digits joined by hyphens; one rule has it."""
    condition: Condition
    _: KW_ONLY
    for_seconds: float = 0.0
    severity: Severity
    summary: str
    """What is the matter, one line."""
    todo: str
    """What the person does about it."""
    fires_on: Example
    quiet_on: Example
    where: tuple[tuple[str, str], ...] = ()
    """Only series with these label values are watched."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"rule {self.name!r}: a name is words of a-z and 0-9 joined by hyphens")
        if self.severity not in get_args(Severity):
            raise ValueError(f"rule {self.name}: severity is page, warn or info, not {self.severity!r}")
        if not self.summary.strip() or not self.todo.strip():
            raise ValueError(f"rule {self.name}: say what is the matter (summary) and what to do (todo)")
        if not (math.isfinite(self.for_seconds) and self.for_seconds >= 0):
            raise ValueError(f"rule {self.name}: for_seconds is a number from 0 up")
        for label, example in (("fires_on", self.fires_on), ("quiet_on", self.quiet_on)):
            times = [seconds for seconds, _ in example]
            if not times or times != sorted(times) or not times[-1] - times[0] <= _LONGEST_EXAMPLE:
                raise ValueError(f"rule {self.name}: {label} needs (seconds, value) pairs in order, a day at most")


@dataclass(frozen=True, slots=True)
class Never:
    """The only way to an instrument without a rule. Raises ValueError when no reason is given."""

    because: str

    def __post_init__(self) -> None:
        if not self.because.strip():
            raise ValueError("Never needs a reason: because=…")


@dataclass(frozen=True, slots=True)
class Progress:
    """Where one series stands with one rule."""

    since: float | None = None
    """When the condition began to hold without a break; None while it does not hold."""
    held_at: float = -math.inf
    """When it was last seen to hold."""
    firing: bool = False


IDLE = Progress()


def advance(rule: Rule, progress: Progress, now: float, *, holds: bool) -> Progress:
    """The next step of an alert's life. `now` never goes back between steps."""
    if not holds:
        still = progress.firing and now - progress.held_at < SETTLE_SECONDS
        return Progress(held_at=progress.held_at, firing=True) if still else IDLE
    since = now if progress.since is None else progress.since
    return Progress(since, now, progress.firing or now - since >= rule.for_seconds)


def prove(rule: Rule, bounds: tuple[float, ...] = ()) -> tuple[str, ...]:
    """What is wrong with the rule by its own examples; () when it is proven.

    `bounds` are those of the histogram that has the rule.
    """
    if not bounds and rule.condition.kinds == {"histogram"}:
        bounds = SECONDS_BOUNDS
    complaints: list[str] = []
    if not _fires(rule, rule.fires_on, bounds):
        complaints.append(f"rule {rule.name} stays quiet on its fires_on example")
    if _fires(rule, rule.quiet_on, bounds):
        complaints.append(f"rule {rule.name} fires on its quiet_on example")
    return tuple(complaints)


def any_increase(name: str, *, severity: Severity, summary: str, todo: str) -> Rule:
    """The rule of a counter that should stand still: fires at once, and until ten minutes after the last increase."""
    return Rule(
        name,
        above(Increase(window=600), 0),
        severity=severity,
        summary=summary,
        todo=todo,
        fires_on=((0, 0), (5, 1)),
        quiet_on=((0, 7), (600, 7)),
    )


def _fires(rule: Rule, example: Example, bounds: tuple[float, ...]) -> bool:
    series = _observed(example, bounds) if bounds else example
    progress = IDLE
    for now in _ticks(example):
        seen = [sample for sample in series if sample[0] <= now]
        progress = advance(rule, progress, now, holds=rule.condition.holds(seen, now))
        if progress.firing:
            return True
    return False


def _ticks(example: Example) -> Iterator[float]:
    """Every tick from the first to the last pair, and the times of the pairs."""
    first, last = example[0][0], example[-1][0]
    regular = (first + TICK_SECONDS * n for n in range(int((last - first) / TICK_SECONDS) + 1))
    yield from sorted({*regular, *(seconds for seconds, _ in example)})


def _observed(example: Example, bounds: tuple[float, ...]) -> Series:
    """The distribution after each observation, from an empty one on."""

    def add(before: Distribution, value: float) -> Distribution:
        place = sum(bound < value for bound in bounds)
        counts = tuple(count + (n == place) for n, count in enumerate(before.counts))
        return Distribution(bounds, counts, before.total + value)

    empty = Distribution(bounds, (0,) * (len(bounds) + 1))
    times = [example[0][0] - TICK_SECONDS, *(seconds for seconds, _ in example)]
    return list(zip(times, accumulate((value for _, value in example), add, initial=empty), strict=True))
