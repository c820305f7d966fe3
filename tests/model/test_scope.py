"""What a key may ask: everything where nothing is said, and else only what is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.action import Tier
from companion.model.scope import ANYTHING, KeyScope

# Visible ASCII but for `*`, and for what the ledger lets stand in no key's model (`?`, `[`, `]`).
LETTERS = "".join(chr(code) for code in range(33, 127) if chr(code) not in "*?[]")
NAMES = st.text(LETTERS, min_size=1, max_size=12)
PIECES = st.text(LETTERS, max_size=6)


@given(st.text(), st.sampled_from(Tier))
def test_law_a_key_that_nobody_has_narrowed_may_ask_anything(model, tier):
    assert ANYTHING.permits_model(model)
    assert ANYTHING.permits_tier(tier)


@given(st.sets(st.sampled_from(Tier), min_size=1), st.sampled_from(Tier))
def test_law_of_the_tiers_only_those_that_are_named(tiers, tier):
    assert KeyScope(tiers=tuple(tiers)).permits_tier(tier) is (tier in tiers)


@given(st.lists(NAMES, min_size=1, max_size=4), st.data())
def test_law_a_name_without_a_star_is_that_model_and_no_other(names, data):
    scope = KeyScope(models=tuple(names))
    asked = data.draw(
        NAMES | st.sampled_from(names).flatmap(lambda name: st.sampled_from([name, name + "x", name[1:]]))
    )
    assert scope.permits_model(asked) is (asked in names)


@given(PIECES, PIECES, PIECES, PIECES)
def test_law_a_star_stands_for_any_letters_and_for_none(before, between, after, other):
    scope = KeyScope(models=(f"{before}*{after}",))
    assert scope.permits_model(f"{before}{between}{after}")
    asked = f"{other}{between}"
    fits = len(asked) >= len(before) + len(after) and asked.startswith(before) and asked.endswith(after)
    assert scope.permits_model(asked) is fits


@pytest.mark.parametrize(
    ("pattern", "asked"),
    [
        ("claude-haiku-*", "Claude-Haiku-4"),
        ("claude-haiku-*", "x/claude-haiku-4"),
        ("claude-haiku-4", "claude-haiku-4\n"),
        ("gpt-5", "gpt-5-pro"),
        ("gpt.5", "gpt-5"),
        ("*", None),
    ],
)
def test_what_only_looks_alike_is_not_permitted(pattern, asked):
    scope = KeyScope(models=(pattern,))
    assert scope.permits_model(asked or "") is (asked is None)


@pytest.mark.parametrize("named", [{"name": "laptop"}, {"project": "shop"}, {"user": "ada"}, {"team": "web"}])
def test_what_a_key_stands_for_narrows_nothing(named):
    scope = KeyScope(**named, tags=("ci",))
    assert scope.permits_model("anything")
    assert all(scope.permits_tier(tier) for tier in Tier)
