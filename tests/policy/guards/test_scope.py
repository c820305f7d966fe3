"""A key is used for what it is for: its tiers, its models, and what a narrower key may a wider one may too."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.action import Dialect, FileAccess, ModelCall, Operation, ShellCommand, Tier, ToolCall
from companion.model.exchange import Origin
from companion.model.facts import Facts
from companion.model.policy import Policy
from companion.model.scope import KeyScope
from companion.model.verdict import PASS, Deny
from companion.policy.guards.scope import scope


def judged(permitted, *, tier=Tier.ACT, asked="claude-opus-4", served=""):
    call = ModelCall(Dialect.MESSAGES, asked, ("hello",), served=served)
    return scope(call, Facts(Origin(key_id="key-1", tier=tier, scope=permitted), Policy()))


@pytest.mark.parametrize(
    ("tiers", "tier", "may"),
    [
        ((), Tier.ACT, True),
        ((Tier.ACT,), Tier.ACT, True),
        ((Tier.PLAN, Tier.SMALL), Tier.SMALL, True),
        ((Tier.PLAN, Tier.SMALL), Tier.ACT, False),
        ((Tier.ACT,), Tier.PLAN, False),
    ],
)
def test_tiers(tiers, tier, may):
    verdict = judged(KeyScope("ci", tiers=tiers), tier=tier)
    assert (verdict is PASS) == may
    if not may:
        assert isinstance(verdict, Deny)
        assert verdict.code == "key-tier"


@pytest.mark.parametrize(
    ("models", "asked", "served", "may"),
    [
        ((), "anything", "", True),
        (("claude-haiku-*",), "claude-haiku-4-5", "", True),
        (("claude-haiku-*",), "claude-opus-4", "", False),
        (("claude-haiku-*", "gpt-5"), "gpt-5", "", True),
        (("gpt-5",), "gpt-5-pro", "", False),
        (("gpt-5",), "GPT-5", "", False),
        (("*/gpt-5",), "openai/gpt-5", "", True),
        # What is asked of the upstream counts, whatever the agent wrote.
        (("claude-haiku-*",), "claude-opus-4", "claude-haiku-4-5", True),
        (("claude-haiku-*",), "claude-haiku-4-5", "claude-opus-4", False),
        (("companion/*",), "companion/act", "claude-opus-4", False),
    ],
)
def test_models(models, asked, served, may):
    verdict = judged(KeyScope("ci", models=models), asked=asked, served=served)
    assert (verdict is PASS) == may
    if not may:
        assert isinstance(verdict, Deny)
        assert verdict.code == "key-model"


def test_the_words_say_which_key_what_it_may_and_what_to_type():
    verdict = judged(KeyScope("ci", tiers=(Tier.PLAN, Tier.SMALL)))
    assert verdict.reason == "the virtual key ci may use the tiers plan and small, and this call is for the tier act"
    assert "companion keys show key-1" in verdict.hint
    assert "companion keys create NAME --tier act" in verdict.hint
    assert "the tier plan, and" in judged(KeyScope("ci", tiers=(Tier.PLAN,))).reason
    verdict = judged(KeyScope("ci", models=("a", "b*", "c")), served="claude-opus-4", asked="companion/act")
    assert verdict.reason == "the virtual key ci may ask for a, b* and c, and this call is for claude-opus-4"
    assert "companion keys create NAME --model" in verdict.hint
    assert "the virtual key key-1 may" in judged(KeyScope(models=("a",))).reason


@pytest.mark.parametrize("served", ["", "sk-hush"])
def test_a_name_that_the_agent_gave_is_not_repeated(served):
    verdict = judged(KeyScope("ci", models=("a",)), asked="sk-hush", served=served)
    assert isinstance(verdict, Deny)
    assert "hush" not in verdict.reason + verdict.hint


@pytest.mark.parametrize("action", [ShellCommand("ls"), FileAccess("x", Operation.READ), ToolCall("x")])
def test_what_is_no_model_call_is_not_its_business(action):
    narrow = KeyScope("ci", tiers=(Tier.PLAN,), models=("a",))
    assert scope(action, Facts(Origin(scope=narrow), Policy())) is PASS


names = st.text("ab-", min_size=1, max_size=5)
patterns = st.text("ab-*", min_size=1, max_size=5)
scopes = st.builds(
    KeyScope,
    st.just("ci"),
    tiers=st.lists(st.sampled_from(Tier), max_size=3).map(tuple),
    models=st.lists(patterns, max_size=3).map(tuple),
)


def widened(draw, narrow):
    """A scope that says more, never less: more entries, a star for letters, or no limit at all."""
    tiers = (*narrow.tiers, draw(st.sampled_from(Tier))) if narrow.tiers and draw(st.booleans()) else ()
    if not narrow.models or draw(st.booleans()):
        return replace(narrow, tiers=tiers, models=())
    cut = draw(st.integers(0, 5))
    models = [f"{one[:cut]}*{one[cut + draw(st.integers(0, 2)) :]}" for one in narrow.models]
    return replace(narrow, tiers=tiers, models=(*models, draw(patterns)))


@given(data=st.data(), narrow=scopes, tier=st.sampled_from(Tier), asked=names, served=st.just("") | names)
def test_law_what_a_narrower_scope_permits_a_wider_one_permits(data, narrow, tier, asked, served):
    wide = widened(data.draw, narrow)
    if judged(narrow, tier=tier, asked=asked, served=served) is PASS:
        assert judged(wide, tier=tier, asked=asked, served=served) is PASS


@given(one=scopes, other=scopes, tier=st.sampled_from(Tier), asked=names)
def test_law_two_lists_together_permit_what_either_does(one, other, tier, asked):
    """An empty list is no list: joined with it, everything stays permitted."""
    joined = replace(
        one,
        tiers=one.tiers + other.tiers if one.tiers and other.tiers else (),
        models=one.models + other.models if one.models and other.models else (),
    )
    if judged(one, tier=tier, asked=asked) is PASS or judged(other, tier=tier, asked=asked) is PASS:
        assert judged(joined, tier=tier, asked=asked) is PASS


@given(narrow=scopes, tier=st.sampled_from(Tier), asked=names, served=st.just("") | names)
def test_law_only_what_both_lists_have_passes(narrow, tier, asked, served):
    """Against the meaning of a pattern, spelt out letter by letter."""
    passes = judged(narrow, tier=tier, asked=asked, served=served) is PASS
    fits = not narrow.models or any(matches(pattern, served or asked) for pattern in narrow.models)
    assert passes == ((not narrow.tiers or tier in narrow.tiers) and fits)


def matches(pattern, name):
    if not pattern:
        return not name
    if pattern[0] == "*":
        return matches(pattern[1:], name) or (bool(name) and matches(pattern, name[1:]))
    return bool(name) and pattern[0] == name[0] and matches(pattern[1:], name[1:])
