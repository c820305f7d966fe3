"""What is kept of an instrument answers its rules as the whole past would."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.observe.history import MOST_SAMPLES, History
from companion.telemetry.conditions import Distribution, Increase, above
from companion.telemetry.instruments import Counter, Gauge, Histogram, Registry
from companion.telemetry.rules import Never, Rule

WINDOW = 60.0
RULE = Rule(
    "seen",
    above(Increase(WINDOW), 0),
    severity="info",
    summary="s",
    todo="t",
    fires_on=((0, 0), (1, 1)),
    quiet_on=((0, 0),),
)


def counter(*labels: str) -> Counter:
    return Counter("companion_seen_total", "Seen.", labels, alert=RULE, registry=Registry())


def test_what_was_counted_before_is_an_increase_unless_it_is_to_be_left_out() -> None:
    made = counter()
    made.add(3)
    told, silent = History(made, 0), History(made, 0, count_past=False)
    for history in (told, silent):
        history.take(5)
    assert told.series[()] == [(0, 0), (5, 3)]
    assert silent.series[()] == [(0, 3)]


def test_a_new_series_begins_at_nothing_at_the_sample_before() -> None:
    made = counter("kind")
    history = History(made, 0)
    history.take(5)
    made.add(kind="a")
    history.take(10)
    assert history.series[("a",)] == [(5, 0), (10, 1)]


def test_a_histogram_begins_empty_and_a_gauge_where_it_stands() -> None:
    never = Never(because="a test")
    took = Histogram("companion_took", "Took.", alert=never, bounds=(1.0,), registry=Registry())
    now = Gauge("companion_now", "Now.", alert=never, registry=Registry())
    took.observe(3)
    now.set(3)
    histories = [History(took, 0), History(now, 0)]
    for history in histories:
        history.take(5)
    assert histories[0].series[()][-1] == (5, Distribution((1.0,), (0, 1), 3.0))
    assert histories[1].series[()] == [(5, 3)]


def test_only_changes_are_kept() -> None:
    made = counter()
    history = History(made, 0)
    for now in range(0, 60, 5):
        history.take(now)
    assert history.series[()] == [(0, 0)]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0.1, 50), st.integers(0, 3)), min_size=1, max_size=60))
def test_forgetting_changes_no_answer(steps: list[tuple[float, int]]) -> None:
    made, now, total = counter(), 0.0, 0
    history = History(made, now)
    everything: list[tuple[float, float | Distribution]] = [(0.0, 0)]
    for pause, amount in steps:
        now, total = now + pause, total + amount
        made.add(amount)
        history.take(now)
        everything.append((now, total))
        assert Increase(WINDOW).over(history.series[()], now) == Increase(WINDOW).over(everything, now)


def test_a_fast_series_stays_bounded_and_covers_its_window() -> None:
    made = counter()
    history = History(made, 0)
    for n in range(5 * MOST_SAMPLES):
        made.add()
        history.take(n / 1000)
    series = history.series[()]
    assert len(series) <= MOST_SAMPLES
    assert Increase(WINDOW).over(series, 5) == pytest.approx(5 * MOST_SAMPLES)
