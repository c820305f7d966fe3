"""A rule cannot be made wrong, and its examples prove it with the very steps that the daemon takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.telemetry.conditions import Quantile, Value, above
from companion.telemetry.rules import IDLE, SETTLE_SECONDS, Never, Rule, advance, any_increase, prove

HOT = Rule(
    "too-hot",
    above(Value(), 10),
    for_seconds=60,
    severity="warn",
    summary="it is hot",
    todo="open a window",
    fires_on=((0, 11), (60, 11)),
    quiet_on=((0, 11), (55, 0)),
)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"name": "Too Hot"}, "words"),
        ({"name": ""}, "words"),
        ({"severity": "fatal"}, "page, warn or info"),
        ({"summary": " "}, "summary"),
        ({"todo": ""}, "todo"),
        ({"for_seconds": -1}, "for_seconds"),
        ({"for_seconds": float("nan")}, "for_seconds"),
        ({"fires_on": ()}, "fires_on"),
        ({"quiet_on": ()}, "quiet_on"),
        ({"fires_on": ((5, 1), (0, 1))}, "in order"),
        ({"quiet_on": ((0, 1), (90_000, 1))}, "a day at most"),
        ({"quiet_on": ((0, 1), (float("nan"), 1))}, "a day at most"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        replace(HOT, **change)


def test_a_rule_needs_its_examples() -> None:
    with pytest.raises(TypeError, match="quiet_on"):
        Rule("a", above(Value(), 1), severity="warn", summary="s", todo="t", fires_on=((0, 2),))  # type: ignore[call-arg]


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_never_needs_a_reason(reason: str) -> None:
    with pytest.raises(ValueError, match="because"):
        Never(because=reason)


def test_a_true_rule_is_proven() -> None:
    assert prove(HOT) == ()
    assert prove(any_increase("x", severity="page", summary="s", todo="t")) == ()


def test_a_wrong_example_is_named() -> None:
    assert prove(replace(HOT, fires_on=((0, 11), (55, 11)))) == ("rule too-hot stays quiet on its fires_on example",)
    assert prove(replace(HOT, quiet_on=((0, 11), (90, 11)))) == ("rule too-hot fires on its quiet_on example",)


def test_between_two_pairs_the_rule_is_evaluated_as_well() -> None:
    dip = replace(HOT, fires_on=((0, 11), (30, 0), (31, 11), (80, 11)))
    assert prove(dip) == ("rule too-hot stays quiet on its fires_on example",)


def test_a_histogram_rule_is_proven_by_single_observations() -> None:
    slow = replace(
        HOT,
        condition=above(Quantile(0.5, 60), 1),
        for_seconds=0,
        fires_on=((0, 3), (0, 4)),
        quiet_on=((0, 0.1), (1, 0.2), (2, 9)),
    )
    assert prove(slow) == ()
    assert prove(slow, bounds=(1.0,)) == ("rule too-hot stays quiet on its fires_on example",)


def test_an_alert_waits_fires_and_settles() -> None:
    step = advance(HOT, IDLE, 0, holds=True)
    assert not step.firing
    step = advance(HOT, step, 60, holds=True)
    assert step.firing
    step = advance(HOT, step, 61, holds=False)
    assert step.firing
    assert advance(HOT, step, 60 + SETTLE_SECONDS, holds=False) == IDLE


def test_a_break_starts_the_wait_anew() -> None:
    step = advance(HOT, IDLE, 0, holds=True)
    step = advance(HOT, step, 59, holds=False)
    step = advance(HOT, step, 60, holds=True)
    assert not advance(HOT, step, 119, holds=True).firing
    assert advance(HOT, step, 120, holds=True).firing


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 40), st.booleans()), max_size=40))
def test_it_fires_only_after_its_wait_and_resolves_only_after_quiet(steps: list[tuple[float, bool]]) -> None:
    now, progress, held_since, held_at = 0.0, IDLE, None, None
    for pause, holds in steps:
        now += pause
        was = progress
        progress = advance(HOT, progress, now, holds=holds)
        held_since = (now if held_since is None else held_since) if holds else None
        held_at = now if holds else held_at
        if progress.firing and not was.firing:
            assert held_since is not None
            assert now - held_since >= HOT.for_seconds
        if was.firing and not progress.firing:
            assert held_at is not None
            assert now - held_at >= SETTLE_SECONDS
