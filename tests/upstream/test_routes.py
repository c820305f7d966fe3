from __future__ import annotations

import pytest

from companion.model.action import Tier
from companion.upstream.balance import Balance
from companion.upstream.routes import NoRoute, Routes, TierTarget
from companion.upstream.sender import Target
from companion.upstream.tries import Candidate

A, B = Target("a", "https://a", "", "anthropic"), Target("b", "https://b", "", "openai")


def test_each_tier_has_its_upstream_and_model():
    routes = Routes({Tier.PLAN: TierTarget(A, "big"), Tier.ACT: TierTarget(B)})
    assert routes.way(Tier.PLAN, "asked").route().model == "big"
    way = routes.way(Tier.ACT, "asked")
    assert way.candidates == (Candidate(B, "asked"),)
    assert (way.route().upstream, way.route().model, way.route().provider) == ("b", "asked", "openai")
    small = routes.way(Tier.SMALL, "asked")
    assert small.candidates[0].target is B, "a tier that is not configured is served as act is"
    assert small.route().tier is Tier.SMALL
    assert routes.shown() == {"plan": "a/big", "act": "b/*"}


def test_without_an_upstream_or_a_model_it_says_what_to_configure():
    with pytest.raises(NoRoute, match=r"\[tiers.act\]"):
        Routes({}).way(Tier.ACT, "m")
    with pytest.raises(NoRoute, match="names none"):
        Routes({Tier.ACT: TierTarget(A)}).way(Tier.ACT, "companion/act")


def test_several_serve_a_tier_each_with_its_own_model():
    tier = TierTarget(A, "big", 3, (Candidate(B, "", 1), Candidate(A, "small", 0)), Balance.WEIGHTED)
    way = Routes({Tier.ACT: tier}).way(Tier.ACT, "asked")
    assert [(one.target.name, one.model, one.weight) for one in way.candidates] == [
        ("a", "big", 3),
        ("b", "asked", 1),
        ("a", "small", 0),
    ]
    assert way.balance is Balance.WEIGHTED
    assert way.route(way.candidates[1]).upstream == "b"
    assert Routes({Tier.ACT: tier}).named_models() == ["big", "small"]
    assert set(Routes({Tier.ACT: tier}).targets()) == {"a", "b"}


def test_a_narrow_key_is_served_by_what_it_may_use_and_by_all_where_a_guard_has_to_say_no():
    way = Routes({Tier.ACT: TierTarget(A, "big", 1, (Candidate(B, "small"),))}).way(Tier.ACT, "x")
    assert [one.model for one in way.among(lambda model: model == "small").candidates] == ["small"]
    assert way.among(lambda _: False) == way


def test_a_way_that_was_found_before_is_found_anew_once_the_tiers_are_others():
    routes = Routes({Tier.ACT: TierTarget(A, "one")})
    assert routes.way(Tier.ACT, "asked").route().model == "one"
    routes.replace({Tier.ACT: TierTarget(A, "other")})
    assert routes.way(Tier.ACT, "asked").route().model == "other"
    routes.replace({})
    with pytest.raises(NoRoute):
        routes.way(Tier.ACT, "asked")
