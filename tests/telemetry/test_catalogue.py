"""Every instrument that companion declares: well named, and every rule proven by its own examples."""

from __future__ import annotations

import pytest

import companion.telemetry  # noqa: F401 - declares them
from companion.telemetry.instruments import REGISTRY, Instrument
from companion.telemetry.rules import Rule, prove

RULES = list(REGISTRY.rules())


@pytest.mark.parametrize(("instrument", "rule"), RULES, ids=[rule.name for _, rule in RULES])
def test_the_rule_fires_on_its_one_example_and_not_on_the_other(instrument: Instrument, rule: Rule) -> None:
    assert prove(rule, instrument.bounds) == ()


@pytest.mark.parametrize("instrument", REGISTRY, ids=[instrument.name for instrument in REGISTRY])
def test_the_instrument_is_well_named_and_explained(instrument: Instrument) -> None:
    assert instrument.name.startswith("companion_")
    assert instrument.help.endswith(".")
    assert bool(instrument.rules) != bool(instrument.never)


@pytest.mark.parametrize("rule", [rule for _, rule in RULES], ids=[rule.name for _, rule in RULES])
def test_the_rule_speaks_in_one_line(rule: Rule) -> None:
    for text in (rule.summary, rule.todo):
        assert text == text.strip().rstrip(".")
        assert "\n" not in text


def test_what_must_page_pages() -> None:
    pages = {rule.name for _, rule in RULES if rule.severity == "page"}
    assert pages >= {"exchanges-lost", "guard-failed", "ledger-write-failed", "evaluator-late", "watch-failed"}
