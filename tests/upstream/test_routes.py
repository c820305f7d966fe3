from __future__ import annotations

import pytest

from companion.model.action import Tier
from companion.upstream.routes import NoRoute, Routes, TierTarget
from companion.upstream.sender import Target

A, B = Target("a", "https://a", "", "anthropic"), Target("b", "https://b", "", "openai")


def test_each_tier_has_its_upstream_and_model():
    routes = Routes({Tier.PLAN: TierTarget(A, "big"), Tier.ACT: TierTarget(B)})
    assert routes.route(Tier.PLAN, "asked")[1].model == "big"
    target, route = routes.route(Tier.ACT, "asked")
    assert (target, route.model, route.provider) == (B, "asked", "openai")
    assert routes.route(Tier.SMALL, "asked")[0] is B, "a tier that is not configured is served as act is"
    assert routes.shown() == {"plan": "a/big", "act": "b/*"}


def test_without_an_upstream_or_a_model_it_says_what_to_configure():
    with pytest.raises(NoRoute, match=r"\[tiers.act\]"):
        Routes({}).route(Tier.ACT, "m")
    with pytest.raises(NoRoute, match="names none"):
        Routes({Tier.ACT: TierTarget(A)}).route(Tier.ACT, "companion/act")
