"""The configuration as values: nobody changes them, every field has a key, and the reference shows the defaults."""

from __future__ import annotations

import dataclasses
import re
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

from companion.config.load import load
from companion.config.rules import BY_NAME, KINDS, RULES
from companion.config.schema import (
    Amounts,
    Budgets,
    Cache,
    Candidate,
    Config,
    Faults,
    Gateway,
    Limits,
    Log,
    Notify,
    Quotas,
    Secrets,
    TierRoute,
    Upstream,
)
from companion.model.action import Tier
from companion.model.budget import ALL, Budget, Window
from companion.model.limit import Limit
from companion.model.policy import Policy
from companion.model.scope import Dimension
from companion.places import Places
from companion.policy.auto import AutoRules

PARTS = {
    "gateway": Gateway, "upstreams": Upstream, "auto": AutoRules, "budgets": Budgets, "limits": Limits,
    "faults": Faults, "cache": Cache, "policy": Policy, "secrets": Secrets, "notify": Notify, "log": Log,
}  # fmt: skip
VALUES = [
    Config(), Gateway(), Upstream("https://x", "p"), Candidate("u"), TierRoute((Candidate("u"),)), AutoRules(),
    Amounts(), Budgets(), Quotas(), Limits(), Faults(), Cache(), Policy(), Secrets(), Notify(), Log(),
]  # fmt: skip


def names(part: type) -> list[str]:
    return [one.name for one in (attrs.fields(part) if attrs.has(part) else dataclasses.fields(part))]


def test_every_field_has_a_key_and_every_key_a_field():
    assert set(names(Config)) == set(RULES) == {*PARTS, "tiers"}
    for section, part in PARTS.items():
        by_name = {"by_name"} if section in BY_NAME else set()
        assert set(names(part)) == set(RULES[section]) | by_name, section
    assert {section: set(rules) for section, rules in BY_NAME.items()} == {
        "budgets": set(names(Amounts)),
        "limits": set(names(Quotas)),
    }
    assert {Dimension.GLOBAL, *map(Dimension, KINDS)} == set(Dimension)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_no_value_can_be_changed(value):
    with pytest.raises(AttributeError):
        setattr(value, names(type(value))[0], None)


def test_the_first_candidate_is_the_routes_own():
    route = TierRoute((Candidate("a", "m"), Candidate("b")))
    assert (route.upstream, route.model) == ("a", "m")


def test_every_amount_becomes_a_budget_and_nothing_else_does():
    table = {"*": Amounts(week=Decimal(2)), "cline": Amounts(Decimal(1), Decimal(3), Decimal(4))}
    budgets = Budgets(month=Decimal("0.000000000001"), by_name={Dimension.CLIENT: table})
    assert list(budgets.each()) == [
        Budget(Dimension.GLOBAL, ALL, Window.MONTH, 1),
        Budget(Dimension.CLIENT, "*", Window.WEEK, 2 * 10**12),
        Budget(Dimension.CLIENT, "cline", Window.DAY, 10**12),
        Budget(Dimension.CLIENT, "cline", Window.WEEK, 3 * 10**12),
        Budget(Dimension.CLIENT, "cline", Window.MONTH, 4 * 10**12),
    ]
    assert list(Budgets().each()) == []


def test_every_quota_becomes_a_limit():
    limits = Limits(1, 2, 3, by_name={Dimension.KEY: {"*": Quotas(4, 5, 6)}})
    assert list(limits.each()) == [Limit(Dimension.GLOBAL, ALL, 1, 2, 3), Limit(Dimension.KEY, "*", 4, 5, 6)]


def test_two_configurations_share_no_table():
    assert Config().upstreams is not Config().upstreams
    assert Config().tiers is not Config().tiers


def test_the_example_of_the_reference_is_sound_and_shows_the_defaults(tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "policy.md").read_text("utf-8")
    (tmp_path / "companion.toml").write_text(re.search(r"```toml\n(.*?)```", text, re.DOTALL)[1])
    config = load(Places(tmp_path, tmp_path, tmp_path, tmp_path), {}, {}).config
    plain = Config()
    assert (config.gateway, config.policy, config.log) == (plain.gateway, plain.policy, plain.log)
    assert (config.auto, config.faults, config.cache) == (plain.auto, plain.faults, plain.cache)
    for name in ("wait_seconds", "runaway_per_minute", "runaway_per_hour"):
        assert getattr(config.limits, name) == getattr(plain.limits, name)
    assert config.budgets.unpriced == plain.budgets.unpriced
    assert list(config.budgets.each())
    assert config.tiers[Tier.SMALL] == TierRoute((Candidate("anthropic"),)), "the only upstream serves the rest"
