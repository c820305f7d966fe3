"""Evaluates every rule of a registry, tick by tick, and says which alerts began to fire and which are resolved.

A rule is watched for each series by itself, so an alert is one rule and one set of label values. At most
`MOST_SHOWN` alerts of one rule are told apart; the rest of a storm is one more alert, so that no rule drowns another.
The evaluator watches itself with rules like all others: an instrument that cannot be read, a rule that raises and a
notification that fails are counted, and the counter has a rule; so has the time between two ticks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from companion.contract.types import AlertState
from companion.observe.history import History
from companion.telemetry import vitals
from companion.telemetry.instruments import REGISTRY, Counter, Gauge, Instrument, Labels, Registry
from companion.telemetry.log import get_logger
from companion.telemetry.rules import IDLE, TICK_SECONDS, Progress, Rule, advance

MOST_SHOWN = 5

_SEVERITIES = ("page", "warn", "info")
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Transition:
    """An alert that began to fire, or is resolved. All transitions in order give what `Evaluator.firing` says."""

    firing: bool
    alert: AlertState


class Evaluator:
    """`clock` counts seconds and never goes back; `wall` says when an alert began.

    `failures` (label: subject) and `gap` are the evaluator's own instruments; they are watched in any case.
    With `count_past` false, what the counters held before this evaluator was made is no increase.
    """

    def __init__(
        self,
        registry: Registry = REGISTRY,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        failures: Counter = vitals.evaluation_failures_total,
        gap: Gauge = vitals.evaluator_gap_seconds,
        count_past: bool = True,
    ) -> None:
        self._registry, self._clock, self._wall = registry, clock, wall
        self._failures, self._gap = failures, gap
        self._ticked_at = clock()
        self._histories: dict[str, History] = {}
        self._progress: dict[str, dict[Labels, Progress]] = {}
        self._since: dict[str, dict[Labels, str]] = {}
        self._shown: dict[str, AlertState] = {}
        self._failing: set[str] = set()
        self._adopt(count_past=count_past)

    def tick(self) -> tuple[Transition, ...]:
        """Samples every instrument and evaluates every rule. Never raises."""
        now = max(self._clock(), self._ticked_at)
        self._gap.set(now - self._ticked_at)
        self._ticked_at = now
        self._adopt(count_past=True)
        for instrument in self._instruments():
            self._watch(instrument, now)
        before, self._shown = self._shown, {alert.name: alert for alert in self._alerts()}
        gone = [Transition(False, alert) for name, alert in before.items() if name not in self._shown]
        come = [Transition(True, alert) for name, alert in self._shown.items() if name not in before]
        return (*gone, *come)

    def firing(self) -> list[AlertState]:
        """What fires now, the most severe first. Tells as well when the ticks have stopped, whoever asks."""
        now = self._clock()
        age = [(now, now - self._ticked_at)]
        late = [
            _state(rule, rule.name, self._wall().isoformat())
            for rule in self._gap.rules
            if rule.name not in self._shown and rule.condition.holds(age, now)
        ]
        return sorted(
            [*late, *self._shown.values()], key=lambda alert: (_SEVERITIES.index(alert.severity), alert.since)
        )

    async def run(self, tell: Callable[[Transition], None], interval: float = TICK_SECONDS) -> None:
        """Ticks until it is cancelled. `tell` must not wait; when it raises, that is an alert of its own."""
        while True:
            for transition in self.tick():
                try:
                    tell(transition)
                except Exception as error:  # noqa: BLE001 - one alert that cannot be told must not stop the others
                    self._failed("telling of alerts", error)
                else:
                    self._failing.discard("telling of alerts")
            await asyncio.sleep(interval)

    def _instruments(self) -> Iterator[Instrument]:
        """The evaluator's own come last, so that a failure is an alert within the same tick."""
        own = (self._gap, self._failures)
        yield from (instrument for instrument in self._registry if instrument not in own)
        yield from own

    def _adopt(self, *, count_past: bool) -> None:
        for instrument in self._instruments():
            if instrument.name in self._histories:
                continue
            try:
                history = History(instrument, self._ticked_at, count_past=count_past)
            except Exception as error:  # noqa: BLE001 - a gauge follows foreign code
                self._failed(f"instrument {instrument.name}", error)
                history = History(instrument, self._ticked_at)
            self._histories[instrument.name] = history

    def _watch(self, instrument: Instrument, now: float) -> None:
        history = self._histories[instrument.name]
        subject = f"instrument {instrument.name}"
        try:
            history.take(now)
        except Exception as error:  # noqa: BLE001 - a gauge follows foreign code
            self._failed(subject, error)
        else:
            self._failing.discard(subject)
        for rule in instrument.rules:
            try:
                self._judge(rule, history, now)
            except Exception as error:  # noqa: BLE001 - a rule's failure is an alert, never the evaluator's end
                self._failed(f"rule {rule.name}", error)
            else:
                self._failing.discard(f"rule {rule.name}")

    def _judge(self, rule: Rule, history: History, now: float) -> None:
        progress = self._progress.setdefault(rule.name, {})
        since = self._since.setdefault(rule.name, {})
        for labels, series in history.series.items():
            named = dict(zip(history.instrument.labels, labels, strict=True))
            if any(named[label] != value for label, value in rule.where):
                continue
            step = advance(rule, progress.get(labels, IDLE), now, holds=rule.condition.holds(series, now))
            progress[labels] = step
            if not step.firing:
                since.pop(labels, None)
            elif labels not in since:
                since[labels] = self._wall().isoformat()

    def _alerts(self) -> Iterator[AlertState]:
        for instrument in self._instruments():
            for rule in instrument.rules:
                firing = list(self._since.get(rule.name, {}).items())
                for labels, since in firing[:MOST_SHOWN]:
                    yield _state(rule, _name(rule, instrument, labels), since)
                if rest := firing[MOST_SHOWN:]:
                    yield _state(rule, f"{rule.name}[and more]", rest[0][1], more=len(rest))

    def _failed(self, subject: str, error: Exception) -> None:
        """Counts every failure, and logs the first of a row."""
        self._failures.add(subject=subject)
        if subject not in self._failing:
            self._failing.add(subject)
            _log.error("the watch over the instruments failed", error=error, subject=subject)


def _name(rule: Rule, instrument: Instrument, labels: Labels) -> str:
    """The rule, and the label values that tell this alert from the rule's others."""
    named = ", ".join(f"{label}={value}" for label, value in zip(instrument.labels, labels, strict=True))
    return f"{rule.name}[{named}]" if named else rule.name


def _state(rule: Rule, name: str, since: str, more: int = 0) -> AlertState:
    summary = f"{rule.summary} (in {more} more cases)" if more else rule.summary
    return AlertState(name=name, severity=rule.severity, since=since, summary=summary, todo=rule.todo)
