"""companion/auto: declared rules, each with its words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.action import Tier
from companion.policy.auto import AutoRules, Complexity, choose

RULES = AutoRules()


@pytest.mark.parametrize(
    ("letters", "tools", "words", "tier", "code"),
    [
        (400, (), "make a title for this", Tier.SMALL, "auto-small"),
        (400, ("Bash",), "run the tests", Tier.ACT, "auto-ordinary"),
        (7_999, (), "sum this up", Tier.SMALL, "auto-small"),
        (8_000, (), "sum this up", Tier.ACT, "auto-ordinary"),
        (399_999, ("Bash",), "go on", Tier.ACT, "auto-ordinary"),
        (400_000, ("Bash",), "go on", Tier.PLAN, "auto-size"),
        (400, (), "Refactoring, please", Tier.PLAN, "auto-words"),
        (400, (), "there is a Race Condition", Tier.PLAN, "auto-words"),
        (400, ("Bash",), "no redesign-like thing but insecurity", Tier.ACT, "auto-ordinary"),
        (400, ("Bash",), " ".join(f"src/a{n}.py" for n in range(8)), Tier.PLAN, "auto-files"),
        (400, ("Bash",), " ".join(["src/a.py"] * 20), Tier.ACT, "auto-ordinary"),
        (400, ("Bash",), "versions 1.2 3.4 5.6 7.8 9.10 11.12 13.14 15.16", Tier.ACT, "auto-ordinary"),
    ],
)
def test_rules(letters, tools, words, tier, code):
    chosen = choose(RULES, letters, tools, words)
    assert (chosen.tier, chosen.code) == (tier, code)
    assert str(tier) in chosen.reason
    assert str(chosen.complexity) in chosen.reason


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.lists(st.just("t"), max_size=2), st.text(max_size=40))
def test_a_larger_prompt_never_gets_a_lesser_model(one, other, tools, words):
    order = list(Complexity)
    less, more = (choose(RULES, size, tools, words) for size in sorted((one, other)))
    assert order.index(less.complexity) <= order.index(more.complexity)


@given(st.text(max_size=200))
def test_any_words_are_read(words):
    assert choose(RULES, len(words), (), words).reason
