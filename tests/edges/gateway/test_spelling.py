"""Laws of what agents read differently: case, and letters in two halves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway.dialect import UnclearAnswer
from companion.edges.gateway.spelling import is_whole, kinds_of, refuse_misspelt_in

NAMES = frozenset({"type", "index"})


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        ({"type": "tool_use"}, ["tool_use"]),
        ({"TYPE": "Tool_Use", "type": "text"}, ["tool_use", "text"]),
        ({"type": "tool_u\u017fe"}, ["tool_use"]),
        ({"type": ["tool_use"], "kind": "text", "typ": "x", "types": "y"}, []),
        ({}, []),
    ],
)
def test_an_object_is_of_every_kind_that_some_agent_takes_it_for(value, kinds):
    assert kinds_of(value) == kinds


@pytest.mark.parametrize("key", ["Type", "INDEX", "iNdex"])
@pytest.mark.parametrize("before", [[], [{"type": 1, "index": 2}], [None, 7, "Type", ["Index"]]])
def test_a_key_in_another_case_is_unclear_in_any_of_the_objects(key, before):
    refuse_misspelt_in(NAMES, *before)
    with pytest.raises(UnclearAnswer, match=key):
        refuse_misspelt_in(NAMES, *before, {key: 1})


@given(st.text())
def test_keys_that_are_no_names_may_be_spelt_in_any_way(key):
    if key.casefold() not in NAMES:
        refuse_misspelt_in(NAMES, {key: 1})


@given(st.text(), st.integers(0, 40), st.sampled_from(["\ud83d", "\ude00"]))
def test_a_text_is_whole_unless_a_letter_of_it_is_but_a_half(text, at, half):
    assert is_whole(text)
    assert not is_whole(text[:at] + half + text[at:])
