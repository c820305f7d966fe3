"""Every call is charged under every dimension, by the names that its key gave it before those that the agent told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from companion.model.action import Tier, ToolCall
from companion.model.exchange import NOWHERE, Exchange, Origin
from companion.model.scope import Dimension, KeyScope

NAMES = st.sampled_from(["", "a", "b", "/w"])
SCOPES = st.builds(KeyScope, NAMES, NAMES, NAMES, NAMES)
ORIGINS = st.builds(Origin, NAMES, NAMES, NAMES, NAMES, st.sampled_from(Tier), SCOPES)


@given(ORIGINS, NAMES, st.none() | st.sampled_from(Tier))
def test_law_a_call_counts_under_every_dimension(origin, model, tier):
    subject = origin.subject(model, tier)
    assert set(subject) == set(Dimension)
    assert subject[Dimension.GLOBAL] == "all"
    assert subject[Dimension.CLIENT] == origin.client
    assert subject[Dimension.MODEL] == model
    assert (subject[Dimension.USER], subject[Dimension.TEAM]) == (origin.scope.user, origin.scope.team)


@pytest.mark.parametrize(
    ("origin", "dimension", "name"),
    [
        (Origin(key_id="key-1", scope=KeyScope("laptop")), Dimension.KEY, "laptop"),
        (Origin(key_id="key-1"), Dimension.KEY, "key-1"),
        (Origin(workspace="/w", scope=KeyScope(project="shop")), Dimension.PROJECT, "shop"),
        (Origin(workspace="/w"), Dimension.PROJECT, "/w"),
        (Origin(), Dimension.PROJECT, ""),
        (Origin(), Dimension.CLIENT, "unknown"),
    ],
)
def test_what_the_key_says_comes_before_what_the_agent_says(origin, dimension, name):
    assert origin.subject("m")[dimension] == name


@given(ORIGINS, st.sampled_from(Tier))
def test_law_a_call_is_charged_to_the_tier_that_serves_it(origin, tier):
    assert origin.subject("m")[Dimension.TIER] == origin.tier
    assert origin.subject("m", tier)[Dimension.TIER] == tier


@given(ORIGINS, NAMES)
def test_law_an_agent_cannot_talk_itself_out_of_what_its_key_is_charged_to(origin, other):
    """Whatever client, session or workspace it names: what stands in the key's scope stays."""
    told = structs.replace(origin, client=other, session=other, workspace=other)
    named = {
        Dimension.KEY: True,
        Dimension.USER: True,
        Dimension.TEAM: True,
        Dimension.PROJECT: bool(origin.scope.project),
    }
    for dimension, fixed in named.items():
        if fixed:
            assert told.subject("m")[dimension] == origin.subject("m")[dimension]


def test_an_exchange_stays_as_it_was_seen():
    exchange = Exchange("1", datetime(2026, 6, 1, tzinfo=UTC), Origin(), ToolCall("deploy"))
    for one in (exchange, exchange.origin, NOWHERE):
        for field in structs.fields(one):
            with pytest.raises(AttributeError, match="immutable"):
                setattr(one, field.name, "another")
