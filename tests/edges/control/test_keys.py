"""A body asks for exactly what it says: nothing is guessed, and nothing that cannot be read is left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.contract.codec import WireError
from companion.edges.control.keys import read_end, read_grace, read_key_request
from companion.edges.control.problems import Refusal
from companion.model.action import Tier
from companion.model.scope import KeyScope

anything = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
lists = st.lists(st.text(max_size=5) | st.sampled_from(Tier).map(str), max_size=3)
bodies = st.fixed_dictionaries(
    {},
    optional={
        "name": st.text(max_size=5) | anything,
        "project": st.text(max_size=5) | anything,
        "user": st.text(max_size=5) | anything,
        "team": st.text(max_size=5) | anything,
        "tags": lists | st.lists(anything, max_size=2) | anything,
        "tiers": st.lists(st.sampled_from(Tier).map(str), max_size=3) | lists | anything,
        "models": lists | st.dictionaries(st.text(max_size=2), anything, max_size=2),
        "expires_at": st.just("") | st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat) | anything,
        "of_a_newer_version": anything,
    },
)


@given(body=bodies)
def test_law_a_key_is_what_was_asked_or_is_not_made(body):
    try:
        name, scope, expires_at = read_key_request(body)
    except (Refusal, WireError):
        return
    assert name == scope.name == body["name"]
    for field in ("project", "user", "team"):
        assert getattr(scope, field) == body.get(field, "")
    for field in ("tags", "tiers", "models"):
        assert list(getattr(scope, field)) == body.get(field, [])
    assert ("" if expires_at is None else expires_at.isoformat()) == body.get("expires_at", "")


def test_a_name_alone_asks_for_everything():
    assert read_key_request({"name": "ci"}) == ("ci", KeyScope("ci"), None)


def test_an_unknown_tier_is_answered_with_those_there_are():
    with pytest.raises(Refusal, match="no tier 'huge'; the tiers are plan, act, small"):
        read_key_request({"name": "ci", "tiers": ["act", "huge"]})


def test_how_long_an_old_secret_works_on():
    assert read_grace({}) == timedelta()
    assert read_grace({"grace_seconds": 90}) == timedelta(seconds=90)
    for bad in (-1, 1.5, True, "9", None, 2**31):
        with pytest.raises(Refusal, match="grace_seconds"):
            read_grace({"grace_seconds": bad})


def test_when_a_key_ends():
    assert read_end({"expires_at": ""}) is None
    assert read_end({"expires_at": "2027-01-15T09:00:00+01:00"}) == datetime(2027, 1, 15, 8, tzinfo=UTC)
    for bad in ({}, {"expires_at": None}, {"expires_at": "2027-01-15"}, {"expires_at": 3}, {"expires_at": "soon"}):
        with pytest.raises(Refusal, match="expires_at"):
            read_end(bad)
