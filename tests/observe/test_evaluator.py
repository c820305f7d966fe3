"""Alerts begin and end when they should, whatever the instruments hold and whatever fails."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.contract.codec import to_plain
from companion.observe.evaluator import MOST_SHOWN, Evaluator, Transition
from companion.telemetry.conditions import Both, Distribution, Increase, Quantile, Rate, Value, above, below
from companion.telemetry.instruments import REGISTRY, Counter, Gauge, Histogram, Instrument, Registry
from companion.telemetry.rules import SETTLE_SECONDS, Rule, any_increase

START = datetime(2026, 1, 1, tzinfo=UTC)
ANY = ((0.0, 0.0),)


def rule(name: str, condition: Any, severity: Any = "warn", **more: Any) -> Rule:
    return Rule(name, condition, severity=severity, summary="s", todo="t", fires_on=ANY, quiet_on=ANY, **more)


@dataclass
class Bench:
    """A registry, an evaluator with its own instruments, and a clock that is turned by hand."""

    registry: Registry = field(default_factory=Registry)
    now: float = 0.0

    def evaluator(self, **more: Any) -> Evaluator:
        own = Registry()
        page = any_increase("watch-failed", severity="page", summary="s", todo="t")
        late = rule("evaluator-late", above(Value(), 20), "page")
        self.failures = Counter("companion_failures_total", "F.", ("subject",), alert=page, registry=own)
        gap = Gauge("companion_gap_seconds", "G.", alert=late, registry=own)
        return Evaluator(
            self.registry,
            clock=lambda: self.now,
            wall=lambda: START + timedelta(seconds=self.now),
            failures=self.failures,
            gap=gap,
            **more,
        )

    def counter(self, alert: Any, *labels: str) -> Counter:
        return Counter("companion_seen_total", "Seen.", labels, alert=alert, registry=self.registry)

    def gauge(self, alert: Any) -> Gauge:
        return Gauge("companion_now", "Now.", alert=alert, registry=self.registry)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def run(bench: Bench, evaluator: Evaluator, seconds: float, step: float = 5.0) -> list[tuple[bool, str]]:
    told: list[Transition] = []
    until = bench.now + seconds
    while bench.now < until:
        bench.now += step
        told += evaluator.tick()
    return [(transition.firing, transition.alert.name) for transition in told]


def test_an_alert_begins_stands_and_ends(bench: Bench) -> None:
    gauge = bench.gauge(rule("hot", above(Value(), 10), for_seconds=30))
    evaluator = bench.evaluator()
    gauge.set(11)
    assert run(bench, evaluator, 30) == []
    assert run(bench, evaluator, 5) == [(True, "hot")]
    (alert,) = evaluator.firing()
    assert to_plain(alert) == {
        "name": "hot",
        "severity": "warn",
        "since": "2026-01-01T00:00:35+00:00",
        "summary": "s",
        "todo": "t",
    }
    gauge.set(0)
    assert run(bench, evaluator, SETTLE_SECONDS - 5) == []
    assert run(bench, evaluator, 5) == [(False, "hot")]
    assert evaluator.firing() == []


def test_a_flapping_gauge_is_one_alert(bench: Bench) -> None:
    gauge = bench.gauge(rule("hot", above(Value(), 10)))
    evaluator = bench.evaluator()
    told = []
    for n in range(20):
        gauge.set(11 if n % 2 else 0)
        told += run(bench, evaluator, 5)
    assert told == [(True, "hot")]


def test_what_was_lost_before_the_first_tick_is_told(bench: Bench) -> None:
    counter = bench.counter(any_increase("lost", severity="page", summary="s", todo="t"))
    counter.add()
    told, silent = bench.evaluator(), bench.evaluator(count_past=False)
    bench.now = 5
    assert [transition.alert.name for transition in told.tick()] == ["lost"]
    assert silent.tick() == ()


def test_each_series_is_an_alert_of_its_own(bench: Bench) -> None:
    counter = bench.counter(any_increase("failed", severity="warn", summary="s", todo="t"), "kind", "by")
    evaluator = bench.evaluator()
    counter.add(kind="a", by="x")
    assert run(bench, evaluator, 5) == [(True, "failed[kind=a, by=x]")]
    counter.add(kind="b", by="x")
    counter.add(kind="a", by="x")
    assert run(bench, evaluator, 5) == [(True, "failed[kind=b, by=x]")]


def test_only_the_named_series_are_watched(bench: Bench) -> None:
    watched = rule("failing", above(Increase(60), 0), where=(("outcome", "failed"),))
    counter = bench.counter(watched, "outcome")
    evaluator = bench.evaluator()
    counter.add(outcome="served")
    assert run(bench, evaluator, 5) == []
    counter.add(outcome="failed")
    assert run(bench, evaluator, 5) == [(True, "failing[outcome=failed]")]


def test_a_storm_of_one_rule_is_capped_and_drowns_no_other(bench: Bench) -> None:
    counter = bench.counter(any_increase("failed", severity="info", summary="s", todo="t"), "kind")
    gauge = bench.gauge(rule("hot", above(Value(), 10), "page"))
    evaluator = bench.evaluator()
    for n in range(150):
        counter.add(kind=str(n))
    gauge.set(11)
    assert len(run(bench, evaluator, 5)) == MOST_SHOWN + 2
    alerts = evaluator.firing()
    assert alerts[0].name == "hot"
    (rest,) = [alert for alert in alerts if alert.name == "failed[and more]"]
    assert rest.summary == "s (in 145 more cases)"


class Broken:
    """A condition that raises."""

    kinds = frozenset(("gauge", "counter", "histogram"))
    window = 60.0

    def holds(self, series: object, now: float) -> bool:
        raise ZeroDivisionError


def test_a_rule_that_raises_is_an_alert_and_stops_no_other(bench: Bench) -> None:
    bench.gauge((rule("broken", Broken()), rule("hot", above(Value(), -1))))
    evaluator = bench.evaluator()
    assert run(bench, evaluator, 5) == [(True, "hot"), (True, "watch-failed[subject=rule broken]")]
    assert evaluator.firing()[0].severity == "page"


def test_an_instrument_that_cannot_be_read_is_an_alert(bench: Bench) -> None:
    gauge = bench.gauge(rule("hot", above(Value(), 10)))
    evaluator = bench.evaluator()

    def fail() -> float:
        raise OSError("gone")

    gauge.follow(fail)
    assert run(bench, evaluator, 5) == [(True, "watch-failed[subject=instrument companion_now]")]
    gauge.follow(lambda: 3.0)
    assert run(bench, evaluator, 700) == [(False, "watch-failed[subject=instrument companion_now]")]


def test_an_instrument_that_cannot_be_read_when_the_past_is_left_out(bench: Bench) -> None:
    bench.gauge(rule("hot", above(Value(), 10))).follow(lambda: 1 / 0)
    assert run(bench, bench.evaluator(count_past=False), 5) == [
        (True, "watch-failed[subject=instrument companion_now]")
    ]


def test_a_failure_that_lasts_is_logged_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.gauge(rule("broken", Broken()))
    run(bench, bench.evaluator(), 100)
    assert len(caplog.records) == 1
    assert bench.failures.read() == {("rule broken",): 20}


def test_a_late_tick_is_an_alert_when_it_comes(bench: Bench) -> None:
    evaluator = bench.evaluator()
    assert run(bench, evaluator, 60, step=60) == [(True, "evaluator-late")]
    assert run(bench, evaluator, 60) == [(False, "evaluator-late")]


def test_ticks_that_stopped_are_told_to_whoever_asks(bench: Bench) -> None:
    evaluator = bench.evaluator()
    run(bench, evaluator, 10)
    assert evaluator.firing() == []
    bench.now += 21
    assert [alert.name for alert in evaluator.firing()] == ["evaluator-late"]


def test_instruments_declared_later_are_watched_as_well(bench: Bench) -> None:
    evaluator = bench.evaluator()
    run(bench, evaluator, 5)
    bench.gauge(rule("hot", above(Value(), 10))).set(11)
    assert run(bench, evaluator, 5) == [(True, "hot")]


def test_a_clock_that_goes_back_does_no_harm(bench: Bench) -> None:
    bench.gauge(rule("hot", above(Value(), 10))).set(11)
    evaluator = bench.evaluator()
    run(bench, evaluator, 5)
    bench.now = -1000
    assert evaluator.tick() == ()


async def test_it_runs_until_cancelled_and_outlives_a_listener_that_raises(bench: Bench) -> None:
    bench.gauge(rule("hot", above(Value(), 10))).set(11)
    evaluator = bench.evaluator()
    told: list[str] = []

    def tell(transition: Transition) -> None:
        told.append(transition.alert.name)
        raise LookupError

    async def turn() -> None:
        while "watch-failed[subject=telling of alerts]" not in told:
            bench.now += 5
            await asyncio.sleep(0)

    async with asyncio.timeout(5):
        async with asyncio.TaskGroup() as group:
            running = group.create_task(evaluator.run(tell, interval=0))
            await turn()
            running.cancel()
    assert told[0] == "hot"


class Raw(Instrument):
    """An instrument whose readings are whatever a test says."""

    kind = "gauge"
    said: Mapping[tuple[str, ...], Any]

    def read(self) -> Mapping[tuple[str, ...], Any]:
        return self.said


numbers = st.floats() | st.integers()
readings = st.one_of(
    numbers,
    st.none(),
    st.text(max_size=3),
    st.builds(Distribution, st.just((1.0, 2.0)), st.lists(st.integers(), max_size=4).map(tuple), numbers),
)
conditions = st.sampled_from(
    [
        above(Value(), 1),
        below(Rate(10), 1),
        Both(above(Increase(10), 0), below(Quantile(0.9, 10), 1)),
        above(Quantile(0.5, 1000), 1),
        Broken(),
    ]
)
keys = st.tuples(st.sampled_from("abcdefgh"))
times = st.floats(-1e9, 1e9) | st.integers(0, 60)


@settings(max_examples=60)
@given(conditions, st.lists(st.tuples(times, st.dictionaries(keys, readings, max_size=8)), max_size=8))
def test_it_never_raises_and_its_transitions_add_up(condition: Any, ticks: list[Any]) -> None:
    bench = Bench()
    raw = _raw(bench, condition)
    evaluator = bench.evaluator()
    firing: dict[str, Any] = {}
    for now, said in ticks:
        bench.now, raw.said = now, said
        for transition in evaluator.tick():
            assert (transition.alert.name in firing) is not transition.firing
            if transition.firing:
                firing[transition.alert.name] = transition.alert
            else:
                del firing[transition.alert.name]
        json.dumps(to_plain(evaluator.firing()))
    assert {alert.name for alert in evaluator.firing()} - {"evaluator-late"} == set(firing) - {"evaluator-late"}


def _raw(bench: Bench, condition: Any) -> Raw:
    class Anything:
        kinds = frozenset(("gauge",))
        window = condition.window
        holds: Callable[[Any, float], bool] = staticmethod(condition.holds)

    return Raw("companion_raw", "Raw.", ("kind",), alert=rule("raw", Anything()), registry=bench.registry)


def test_a_tick_over_all_of_companion_takes_no_time_from_the_loop() -> None:
    evaluator = Evaluator(REGISTRY, count_past=False)
    evaluator.tick()
    began = time.perf_counter()
    evaluator.tick()
    assert time.perf_counter() - began < 0.05


def test_histograms_are_watched(bench: Bench) -> None:
    slow = rule("slow", above(Quantile(0.5, 60), 1))
    took = Histogram("companion_took", "Took.", alert=slow, registry=bench.registry)
    evaluator = bench.evaluator()
    took.observe(0.1)
    assert run(bench, evaluator, 5) == []
    for _ in range(3):
        took.observe(4)
    assert run(bench, evaluator, 5) == [(True, "slow")]
    assert run(bench, evaluator, 120) == [(False, "slow")]
