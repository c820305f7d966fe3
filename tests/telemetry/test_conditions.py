"""What a condition says of a series."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.telemetry.conditions import Both, Distribution, Increase, Quantile, Rate, Value, above, below

BOUNDS = (1.0, 2.0, 4.0)


def seen(*counts: int) -> Distribution:
    return Distribution(BOUNDS, counts)


@pytest.mark.parametrize(
    ("operand", "series", "now", "number"),
    [
        (Value(), [], 0, None),
        (Value(), [(0, 3), (10, 4)], 9, 3),
        (Value(), [(0, 3), (10, 4)], 10, 4),
        (Value(), [(5, 3)], 0, 3),
        (Value(), [(0, seen(1, 0, 0, 0))], 0, None),
        (Increase(60), [], 0, None),
        (Increase(60), [(0, 0), (10, 2), (30, 5)], 30, 5),
        (Increase(60), [(0, 0), (10, 2), (30, 5)], 80, 3),
        (Increase(60), [(0, 0), (10, 2), (30, 5)], 90, 0),
        (Increase(60), [(0, 9), (10, 2)], 10, 0),
        (Increase(60), [(0, seen(1, 0, 0, 0)), (5, seen(2, 0, 0, 2))], 5, 3),
        (Rate(60), [(0, 0), (10, 30)], 10, 0.5),
        (Rate(60), [], 10, None),
        (Quantile(0.5, 60), [(0, seen(0, 0, 0, 0)), (5, seen(0, 4, 0, 0))], 5, 1.5),
        (Quantile(1.0, 60), [(0, seen(0, 0, 0, 0)), (5, seen(2, 4, 0, 0))], 5, 2.0),
        (Quantile(0.5, 60), [(0, seen(9, 0, 0, 0)), (5, seen(9, 0, 2, 0))], 5, 3.0),
        (Quantile(0.99, 60), [(0, seen(0, 0, 0, 0)), (5, seen(1, 0, 0, 9))], 5, 4.0),
        (Quantile(0.99, 60), [(0, seen(3, 0, 0, 0))], 5, None),
        (Quantile(0.99, 60), [(0, 3.0)], 5, None),
    ],
)
def test_operands(operand: Any, series: Any, now: float, number: float | None) -> None:
    assert operand.over(series, now) == number


def test_a_comparison_with_nothing_does_not_hold() -> None:
    assert not above(Value(), 0).holds([], 0)
    assert not below(Value(), 0).holds([], 0)


def test_the_limit_itself_is_neither_above_nor_below() -> None:
    assert not above(Value(), 3).holds([(0, 3)], 0)
    assert not below(Value(), 3).holds([(0, 3)], 0)


def test_both_needs_both_and_looks_back_as_far_as_either() -> None:
    condition = Both(above(Value(), 1), below(Increase(60), 5))
    assert condition.holds([(0, 2)], 0)
    assert not condition.holds([(0, 0), (1, 9)], 1)
    assert condition.window == 60
    assert condition.kinds == {"counter"}


def test_a_condition_says_itself_in_words() -> None:
    condition = Both(above(Quantile(0.95, 600), 60), above(Rate(300), 0.1))
    assert str(condition) == "the 95th percentile of 600 s is above 60 and the rate over 300 s is above 0.1"
    assert str(below(Increase(60), 1)) == "the increase in 60 s is below 1"
    assert str(above(Value(), 1)) == "the value is above 1"


numbers = st.floats() | st.integers()
distributions = st.builds(
    Distribution,
    st.lists(numbers, max_size=4).map(tuple),
    st.lists(st.integers(), max_size=5).map(tuple),
    numbers,
)
operands = st.one_of(
    st.just(Value()),
    st.builds(Increase, st.floats(0.1, 1e4)),
    st.builds(Rate, st.floats(0.1, 1e4)),
    st.builds(Quantile, st.floats(0, 1), st.floats(0.1, 1e4)),
)


@given(operands, st.lists(st.tuples(numbers, numbers | distributions)), numbers, numbers)
def test_nothing_raises_whatever_the_series(operand: Any, series: Any, now: float, limit: float) -> None:
    assert above(operand, limit).holds(series, now) in {True, False}


@given(st.floats(0, 1), st.lists(st.integers(0, 50), min_size=4, max_size=4).filter(any))
def test_a_quantile_lies_within_the_bounds(q: float, counts: list[int]) -> None:
    number = Quantile(q, 60).over([(0, seen(0, 0, 0, 0)), (1, seen(*counts))], 1)
    assert number is not None
    assert 0 <= number <= BOUNDS[-1]
