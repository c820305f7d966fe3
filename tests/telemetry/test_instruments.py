"""No instrument without an alert; a counter never decreases; labels cannot grow without end."""

from __future__ import annotations

import importlib.util
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from companion.telemetry.conditions import Distribution, Increase, Quantile, Value, above
from companion.telemetry.instruments import (
    LONGEST_LABEL,
    MOST_SERIES,
    Counter,
    Gauge,
    Histogram,
    Registry,
)
from companion.telemetry.rules import Never, Rule, any_increase

NEVER = Never(because="a test")
RULE = any_increase("seen", severity="warn", summary="s", todo="t")


def counter(*labels: str) -> Counter:
    return Counter("companion_seen_total", "Seen.", labels, alert=NEVER, registry=Registry())


def gauge(*labels: str) -> Gauge:
    return Gauge("companion_now", "Now.", labels, alert=NEVER, registry=Registry())


def histogram(*labels: str) -> Histogram:
    return Histogram("companion_took", "Took.", labels, alert=NEVER, bounds=(1.0, 2.0), registry=Registry())


@pytest.mark.parametrize(
    "alert", ["", ", alert=None", ", alert=()", ", alert='page me'", ", alert=('x',)", ", alert=[]"]
)
def test_a_module_whose_instrument_has_no_alert_cannot_be_imported(tmp_path: Path, alert: str) -> None:
    module = tmp_path / "declares.py"
    module.write_text(
        "from companion.telemetry.instruments import Counter, Registry\n"
        f"seen = Counter('companion_seen_total', 'Seen.', registry=Registry(){alert})\n"
    )
    spec = importlib.util.spec_from_file_location("declares", module)
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(TypeError, match="alert"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def test_what_was_refused_is_not_in_the_registry() -> None:
    registry = Registry()
    with pytest.raises(TypeError):
        Counter("companion_seen_total", "Seen.", alert=(), registry=registry)
    assert list(registry) == []


@pytest.mark.parametrize("alert", [RULE, (RULE,), NEVER])
def test_a_rule_several_or_never_will_do(alert: Any) -> None:
    made = Counter("companion_seen_total", "Seen.", alert=alert, registry=Registry())
    assert made.rules == (() if alert is NEVER else (RULE,))
    assert made.never == (NEVER if alert is NEVER else None)


@pytest.mark.parametrize("name", ["", "Seen_total", "seen total_total", "seen", "9_total", "seen__total", "_total"])
def test_a_bad_counter_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="instrument"):
        Counter(name, "Seen.", alert=NEVER, registry=Registry())


def test_only_a_counter_ends_in_total() -> None:
    with pytest.raises(ValueError, match="only a counter"):
        Gauge("companion_now_total", "Now.", alert=NEVER, registry=Registry())


@pytest.mark.parametrize("labels", [("le",), ("Kind",), ("a", "a"), ("",), ("__name__",)])
def test_a_bad_label_is_refused(labels: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="label"):
        counter(*labels)


@pytest.mark.parametrize("bounds", [(), (2.0, 1.0), (1.0, 1.0), (1.0, math.inf), (math.nan,)])
def test_bad_bounds_are_refused(bounds: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="bounds"):
        Histogram("companion_took", "Took.", alert=NEVER, bounds=bounds, registry=Registry())


def test_one_name_is_one_instrument_and_one_rule_name_one_rule() -> None:
    registry = Registry()
    Counter("companion_seen_total", "Seen.", alert=RULE, registry=registry)
    with pytest.raises(ValueError, match="declared twice"):
        Counter("companion_seen_total", "Seen.", alert=NEVER, registry=registry)
    with pytest.raises(ValueError, match="another rule is called seen"):
        Counter("companion_heard_total", "Heard.", alert=RULE, registry=registry)
    with pytest.raises(ValueError, match="another rule is called seen"):
        Counter("companion_felt_total", "Felt.", alert=(RULE, RULE), registry=Registry())
    assert list(registry.rules()) == [(next(iter(registry)), RULE)]


def rule(condition: Any, **more: Any) -> Rule:
    example = ((0.0, 0.0),)
    return Rule("r", condition, severity="info", summary="s", todo="t", fires_on=example, quiet_on=example, **more)


@pytest.mark.parametrize(
    ("kind", "name", "condition"),
    [
        (Gauge, "companion_now", above(Increase(60), 1)),
        (Counter, "companion_seen_total", above(Quantile(0.5, 60), 1)),
        (Histogram, "companion_took", above(Value(), 1)),
    ],
)
def test_a_rule_must_fit_its_instrument(kind: Any, name: str, condition: Any) -> None:
    with pytest.raises(ValueError, match="says nothing of a"):
        kind(name, "Help.", alert=rule(condition), registry=Registry())


def test_a_rule_names_only_declared_labels() -> None:
    watched = rule(above(Increase(60), 1), where=(("outcome", "failed"),))
    with pytest.raises(ValueError, match="no label outcome"):
        Counter("companion_seen_total", "Seen.", ("kind",), alert=watched, registry=Registry())


@pytest.mark.parametrize("labels", [{}, {"kind": "a"}, {"kind": "a", "other": "b"}, {"kind": "a", "by": "b", "x": "c"}])
def test_labels_that_were_not_declared_are_refused(labels: dict[str, str]) -> None:
    made = counter("kind", "by")
    with pytest.raises(ValueError, match="has the labels"):
        made.add(**labels)
    assert made.read() == {}


@pytest.mark.parametrize("amount", [-1, -0.001, math.nan, math.inf])
def test_a_counter_takes_only_what_makes_it_grow(amount: float) -> None:
    made = counter()
    with pytest.raises(ValueError, match="counts up"):
        made.add(amount)
    assert made.read() == {(): 0}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_gauges_and_histograms_take_finite_numbers(value: float) -> None:
    with pytest.raises(ValueError, match="cannot be set"):
        gauge().set(value)
    with pytest.raises(ValueError, match="cannot move"):
        gauge().add(value)
    with pytest.raises(ValueError, match="cannot observe"):
        histogram().observe(value)


@example([("b", 9_175_911_495_304_305), ("b", 0.0)])
@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers() | st.floats()), max_size=30))
def test_a_counter_never_decreases(amounts: list[tuple[str, float]]) -> None:
    made = counter("kind")
    before: dict[Any, Any] = {}
    for kind, amount in amounts:
        try:
            made.add(amount, kind=kind)
        except ValueError:
            assert not 0 <= amount < math.inf
        after = dict(made.read())
        assert all(after[key] >= value for key, value in before.items())
        before = after


def test_integers_stay_exact() -> None:
    made = counter()
    made.add(2**60)
    made.add(1)
    assert made.read() == {(): 2**60 + 1}


def test_a_gauge_goes_up_and_down_or_follows_a_source() -> None:
    made = gauge()
    made.set(3)
    made.add(-5)
    assert made.read() == {(): -2}
    made.follow(lambda: 7)
    assert made.read() == {(): 7}
    with pytest.raises(ValueError, match="cannot follow"):
        gauge("kind").follow(lambda: 7)


def test_a_bound_belongs_to_its_bucket() -> None:
    made = histogram()
    for value in (1.0, 1.5, 2.0, 99.0):
        made.observe(value)
    assert made.read() == {(): Distribution((1.0, 2.0), (1, 2, 1), 103.5)}


def test_too_many_series_are_counted_as_other() -> None:
    made = counter("kind", "by")
    for n in range(MOST_SERIES + 50):
        made.add(kind=str(n), by="x")
    made.add(kind="0", by="x")
    read = made.read()
    assert len(read) == MOST_SERIES + 1
    assert read["other", "other"] == 50
    assert read["0", "x"] == 2


def test_long_label_values_are_cut() -> None:
    made = counter("kind")
    made.add(kind="x" * 999)
    made.add(kind="x" * 1000)
    assert made.read() == {("x" * LONGEST_LABEL,): 2}


def test_threads_lose_nothing() -> None:
    made, took = counter("kind"), histogram()

    def work(_: int) -> None:
        for n in range(500):
            made.add(kind=str(n % 3))
            took.observe(1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert sum(value for value in made.read().values() if isinstance(value, int)) == 4000
    assert took.read() == {(): Distribution((1.0, 2.0), (4000, 0, 0), 4000.0)}
