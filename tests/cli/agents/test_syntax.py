"""Values are found by their path, and known again by their digest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.cli.agents.jsontext import Json
from companion.cli.agents.syntax import MISSING, Syntax, canonical, digest, lookup
from companion.cli.agents.tomltext import Toml

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ((), {"a": {"b": None, "c": [1]}}),
        (("a", "b"), None),
        (("a", "c"), [1]),
        (("a", "x"), MISSING),
        (("a", "b", "c"), MISSING),
        (("a", "c", "0"), MISSING),
    ],
)
def test_null_is_a_value_and_what_is_not_there_is_none(path, found):
    assert lookup({"a": {"b": None, "c": [1]}}, path) == found
    assert repr(MISSING) == "MISSING"


def reordered(value):
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(one) for one in value] if isinstance(value, list) else value


@given(VALUES)
def test_law_the_order_of_keys_makes_no_other_value(value):
    assert canonical(reordered(value)) == canonical(value)
    assert digest(reordered(value)) == digest(value)


@given(VALUES, VALUES)
def test_law_another_value_has_another_digest(one, other):
    assert (digest(one) == digest(other)) == (canonical(one) == canonical(other))


@pytest.mark.parametrize(("one", "other"), [(1, "1"), (True, 1), (None, "null"), ([], {}), (0.0, 0)])
def test_values_of_other_types_are_others(one, other):
    assert digest(one) != digest(other)


@pytest.mark.parametrize("syntax", [Json(), Toml()])
def test_whatever_can_be_put_is_found_there_and_may_be_dropped(syntax: Syntax):
    empty = "{}" if isinstance(syntax, Json) else ""
    text = syntax.put(empty, ("a", "b"), "x")
    assert lookup(syntax.parse(text), ("a", "b")) == "x"
    assert lookup(syntax.parse(syntax.drop(text, ("a", "b"))), ("a", "b")) is MISSING
    assert syntax.drop(text, ("a", "z")) == text
    assert syntax.same(text, text)
    assert not syntax.same(text, empty)
