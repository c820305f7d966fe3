"""The past of one instrument, as far as its rules look back."""

from __future__ import annotations

from collections.abc import Mapping

from companion.telemetry.conditions import Distribution, Reading, Series
from companion.telemetry.instruments import Instrument, Labels

MOST_SAMPLES = 1000
"""Of one series; then every second one is dropped, and what is left still covers the window."""


class History:
    """Keeps a sample where a reading changed, for the longest window of the instrument's rules.

    A counter or histogram begins at nothing: what was counted before `since` is an increase at the first sample,
    unless `count_past` is false.
    """

    def __init__(self, instrument: Instrument, since: float, *, count_past: bool = True) -> None:
        """Raises what reading the instrument raises, when `count_past` is false."""
        self.instrument = instrument
        self._window = max((rule.condition.window for rule in instrument.rules), default=0.0)
        self._sampled_at = since
        self._series: dict[Labels, list[tuple[float, Reading]]] = {}
        if not count_past:
            self._series = {labels: [(since, reading)] for labels, reading in instrument.read().items()}

    @property
    def series(self) -> Mapping[Labels, Series]:
        """Every series by its label values."""
        return self._series

    def take(self, now: float) -> None:
        """Takes one sample. `now` never goes back. Raises what reading the instrument raises."""
        for labels, reading in self.instrument.read().items():
            series = self._series.get(labels)
            if series is None:
                series = self._series[labels] = self._beginning()
            if not series or series[-1][1] != reading:
                series.append((now, reading))
            self._trim(series, now)
        self._sampled_at = now

    def _beginning(self) -> list[tuple[float, Reading]]:
        match self.instrument.kind:
            case "gauge":
                return []
            case "counter":
                return [(self._sampled_at, 0)]
            case "histogram":
                bounds = self.instrument.bounds
                return [(self._sampled_at, Distribution(bounds, (0,) * (len(bounds) + 1)))]

    def _trim(self, series: list[tuple[float, Reading]], now: float) -> None:
        """Drops what lies before the window, but for the one sample that still stood when the window began."""
        stale = 0
        while stale + 1 < len(series) and series[stale + 1][0] <= now - self._window:
            stale += 1
        del series[:stale]
        if len(series) > MOST_SAMPLES:
            del series[1:-1:2]
