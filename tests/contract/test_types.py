"""Every wire type crosses the socket and comes back as it went, and an older and a newer side understand each other."""

from __future__ import annotations

import inspect
import json
from typing import get_type_hints

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.contract import types
from companion.contract.codec import WireError, decode, encode, from_plain, to_plain

KINDS = [one for _, one in inspect.getmembers(types, inspect.isclass) if one.__module__ == types.__name__]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def required(kind: type) -> list[str]:
    return [one.name for one in attrs.fields(kind) if one.default is attrs.NOTHING]


@every_kind
@given(data=st.data())
def test_law_it_comes_back_as_it_went(kind, data):
    value = data.draw(st.from_type(kind))
    assert decode(encode(value), kind) == value
    assert decode(encode([value, value]), list[kind]) == [value, value]


@every_kind
@given(data=st.data())
def test_its_fields_are_the_json(kind, data):
    value = data.draw(st.from_type(kind))
    assert list(json.loads(encode(value))) == [one.name for one in attrs.fields(kind)]


@every_kind
@given(data=st.data())
def test_what_a_newer_side_adds_is_passed_over_and_what_has_a_default_may_be_left_out(kind, data):
    value = data.draw(st.from_type(kind))
    plain = to_plain(value)
    assert from_plain(plain | {"of_a_newer_version": 1}, kind) == value
    short = from_plain({name: plain[name] for name in required(kind)}, kind)
    assert [getattr(short, name) for name in required(kind)] == [getattr(value, name) for name in required(kind)]


@every_kind
@given(data=st.data())
def test_what_is_required_and_missing_is_said(kind, data):
    plain = to_plain(data.draw(st.from_type(kind)))
    for name in required(kind):
        with pytest.raises(WireError, match=name):
            from_plain({key: value for key, value in plain.items() if key != name}, kind)


@every_kind
def test_it_is_a_value(kind):
    assert attrs.has(kind)
    instance = kind(**dict.fromkeys(required(kind), ""))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(instance, attrs.fields(kind)[0].name, "x")


@every_kind
def test_money_is_whole_picodollars_and_an_unknown_cost_is_none(kind):
    for name, hint in get_type_hints(kind).items():
        if name.endswith("_pd"):
            assert hint in {int, int | None}, name
