"""Counters, gauges and histograms: numbers in memory, safe to change from any thread, cheap, without IO.

An instrument cannot be made without saying who has to know: `alert` is a Rule, several, or `Never(because="…")`.
Anything else is a TypeError where the instrument is declared, so the module that declares it cannot be imported.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, ClassVar

from companion.telemetry.conditions import Distribution, Kind, Reading
from companion.telemetry.rules import SECONDS_BOUNDS, Never, Rule

Labels = tuple[str, ...]
"""Label values, in the order in which the instrument declares its labels."""

Alert = Rule | tuple[Rule, ...] | Never

MOST_SERIES = 200
"""Series of one instrument; what comes after is counted together, with OTHER as the value of every label."""

OTHER = "other"
LONGEST_LABEL = 120
"""Characters of a label value; the rest is cut off."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class Registry:
    """The instruments of one program, in order of declaration. Holds no numbers of its own."""

    def __init__(self) -> None:
        self._instruments: dict[str, Instrument] = {}

    def __iter__(self) -> Iterator[Instrument]:
        return iter(tuple(self._instruments.values()))

    def add(self, instrument: Instrument) -> None:
        """Raises ValueError when the instrument's name or the name of one of its rules is taken."""
        if instrument.name in self._instruments:
            raise ValueError(f"instrument {instrument.name} is declared twice")
        taken = {rule.name for _, rule in self.rules()}
        for rule in instrument.rules:
            if rule.name in taken:
                raise ValueError(f"instrument {instrument.name}: another rule is called {rule.name}")
            taken.add(rule.name)
        self._instruments[instrument.name] = instrument

    def rules(self) -> Iterator[tuple[Instrument, Rule]]:
        """Every rule with its instrument."""
        for instrument in self:
            for rule in instrument.rules:
                yield instrument, rule


REGISTRY = Registry()
"""Where instruments are declared unless they say otherwise."""


class Instrument:
    """What the three kinds share. Raises TypeError for a missing alert and ValueError for a bad declaration."""

    kind: ClassVar[Kind]
    bounds: tuple[float, ...] = ()

    def __init__(
        self,
        name: str,
        help: str,  # noqa: A002 - the word of the exposition format
        labels: tuple[str, ...] = (),
        *,
        alert: Alert,
        registry: Registry = REGISTRY,
    ) -> None:
        self.name, self.help, self.labels = name, help, labels
        _check_names(name, labels, self.kind)
        self.rules = _rules(name, alert)
        self.never = alert if isinstance(alert, Never) else None
        for rule in self.rules:
            _check_fit(self, rule)
        self._lock = Lock()
        self._series: dict[Labels, Any] = {} if labels else {(): self._empty()}
        registry.add(self)

    def read(self) -> Mapping[Labels, Reading]:
        """A copy of every series as it stands."""
        with self._lock:
            return dict(self._series)

    def _empty(self) -> Any:
        """What a series starts with."""
        return 0

    def _key(self, given: Mapping[str, str]) -> Labels:
        """The series that these labels mean, made when it is new. Raises ValueError for labels not declared."""
        # Mostly they come as they were declared, and were seen before.
        if tuple(given) == self.labels and (seen := tuple(given.values())) in self._series:
            return seen
        try:
            key = tuple([given[label] for label in self.labels])
        except KeyError:
            key = ()
        if len(key) != len(self.labels) or len(given) != len(self.labels):
            raise ValueError(f"{self.name} has the labels {self.labels}, not {tuple(given)}")
        if key in self._series:
            return key
        key = tuple([str(value)[:LONGEST_LABEL] for value in key])
        if key not in self._series and len(self._series) >= MOST_SERIES:
            key = (OTHER,) * len(key)
        self._series.setdefault(key, self._empty())
        return key


class Counter(Instrument):
    """A total that never decreases. Its name ends in `_total`."""

    kind = "counter"

    def add(self, amount: float = 1, /, **labels: str) -> None:
        """Raises ValueError for an amount below zero or no number, and for labels that were not declared."""
        if not 0 <= amount < math.inf:
            raise ValueError(f"{self.name} counts up: {amount!r} cannot be added")
        with self._lock:
            key = self._key(labels)
            before = self._series[key]
            # Beyond 2**53 a float added to an int can round to less than the int.
            self._series[key] = max(before, before + amount)


class Gauge(Instrument):
    """A number that goes up and down."""

    kind = "gauge"
    _source: Callable[[], float] | None = None

    def set(self, value: float, /, **labels: str) -> None:
        """Raises ValueError for what is no finite number, and for labels that were not declared."""
        if not math.isfinite(value):
            raise ValueError(f"{self.name} cannot be set to {value!r}")
        with self._lock:
            self._series[self._key(labels)] = value

    def add(self, amount: float, /, **labels: str) -> None:
        """Moves the gauge by `amount`, up or down. Raises as `set` does."""
        if not math.isfinite(amount):
            raise ValueError(f"{self.name} cannot move by {amount!r}")
        with self._lock:
            self._series[self._key(labels)] += amount

    def follow(self, source: Callable[[], float]) -> None:
        """From now on every reading is what `source` says then; it is called wherever the gauge is read."""
        if self.labels:
            raise ValueError(f"{self.name} has labels, so it cannot follow one source")
        self._source = source

    def read(self) -> Mapping[Labels, Reading]:
        """As said above; raises whatever the followed source raises."""
        return super().read() if self._source is None else {(): self._source()}


class Histogram(Instrument):
    """How often values fell between bounds, which are upper ends and belong to their bucket."""

    kind = "histogram"

    def __init__(
        self,
        name: str,
        help: str,  # noqa: A002 - the word of the exposition format
        labels: tuple[str, ...] = (),
        *,
        alert: Alert,
        bounds: tuple[float, ...] = SECONDS_BOUNDS,
        registry: Registry = REGISTRY,
    ) -> None:
        if not bounds or list(bounds) != sorted(set(bounds)) or not all(map(math.isfinite, bounds)):
            raise ValueError(f"instrument {name}: bounds are finite numbers, each above the one before")
        self.bounds = bounds
        super().__init__(name, help, labels, alert=alert, registry=registry)

    def observe(self, value: float, /, **labels: str) -> None:
        """Raises ValueError for what is no finite number, and for labels that were not declared."""
        if not math.isfinite(value):
            raise ValueError(f"{self.name} cannot observe {value!r}")
        place = bisect_left(self.bounds, value)
        with self._lock:
            tally = self._series[self._key(labels)]
            tally.counts[place] += 1
            tally.total += value

    def read(self) -> Mapping[Labels, Reading]:
        with self._lock:
            return {
                key: Distribution(self.bounds, tuple(tally.counts), tally.total) for key, tally in self._series.items()
            }

    def _empty(self) -> _Tally:
        return _Tally([0] * (len(self.bounds) + 1))


@dataclass(slots=True)
class _Tally:
    counts: list[int]
    total: float = 0.0


def _rules(name: str, alert: Alert) -> tuple[Rule, ...]:
    if isinstance(alert, Never):
        return ()
    rules = alert if isinstance(alert, tuple) else (alert,)
    if not rules or not all(isinstance(rule, Rule) for rule in rules):
        raise TypeError(f'instrument {name}: alert is a Rule, a tuple of Rules, or Never(because="…"), not {alert!r}')
    return rules


def _check_names(name: str, labels: tuple[str, ...], kind: Kind) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"instrument {name!r}: a name is words of a-z and 0-9 joined by underscores")
    if (kind == "counter") != name.endswith("_total"):
        raise ValueError(f"instrument {name}: a counter's name ends in _total, and only a counter's")
    for label in labels:
        if not _NAME.fullmatch(label) or label == "le" or labels.count(label) > 1:
            raise ValueError(f"instrument {name}: {label!r} cannot be a label, or is declared twice")


def _check_fit(instrument: Instrument, rule: Rule) -> None:
    if instrument.kind not in rule.condition.kinds:
        raise ValueError(f"rule {rule.name}: {rule.condition} says nothing of a {instrument.kind}")
    if unknown := {label for label, _ in rule.where} - set(instrument.labels):
        raise ValueError(f"rule {rule.name}: {instrument.name} has no label {min(unknown)}")
