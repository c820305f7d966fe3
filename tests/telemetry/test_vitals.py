"""The daemon's own health: every instrument tells a person when to look, and what to do then."""

from __future__ import annotations

import pytest

from companion.telemetry import vitals
from companion.telemetry.instruments import REGISTRY, Instrument
from companion.telemetry.rules import IDLE, TICK_SECONDS, Rule, advance, prove

INSTRUMENTS = {name: one for name, one in vars(vitals).items() if isinstance(one, Instrument)}
RULES = {rule.name: rule for one in INSTRUMENTS.values() for rule in one.rules}


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_law_each_is_watched_under_its_own_name_and_its_rule_is_proven(name):
    instrument = INSTRUMENTS[name]
    assert instrument in list(REGISTRY)
    assert instrument.name == f"companion_{name}"
    assert instrument.rules, "a daemon's health is never without a rule"
    for rule in instrument.rules:
        assert prove(rule, instrument.bounds) == ()
        assert rule.summary
        assert rule.todo


def fires(rule: Rule, values: list[float]) -> bool:
    """Whether the rule fires on readings that are one tick apart."""
    progress = IDLE
    series: list[tuple[float, float]] = []
    for number, value in enumerate(values):
        now = number * TICK_SECONDS
        series.append((now, value))
        progress = advance(rule, progress, now, holds=rule.condition.holds(series, now))
        if progress.firing:
            return True
    return False


CASES = {
    "loop-stalled": ("warn", [0.25] * 30, [0.0, 0.26]),
    "memory-high": ("warn", [401 * 2**20] * 12, [401 * 2**20] * 13),
    "log-error": ("warn", [7.0] * 30, [7.0, 8.0]),
    "log-warnings": ("info", [0.0, 20.0], [0.0, 21.0]),
    "log-unwritable": ("warn", [1.0] * 30, [1.0, 2.0]),
    "watch-failed": ("page", [0.0] * 30, [0.0, 1.0]),
    "evaluator-late": ("page", [20.0] * 30, [5.0, 20.1]),
}


@pytest.mark.parametrize("name", RULES)
def test_when_a_person_hears_of_it(name):
    rule, (severity, quiet, loud) = RULES[name], CASES[name]
    assert rule.severity == severity
    assert not fires(rule, quiet)
    assert fires(rule, loud)
