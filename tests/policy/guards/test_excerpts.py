"""Ignored text goes out as the name of its rule, or not at all, as the policy says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from companion.model.action import Dialect, ModelCall, ShellCommand
from companion.model.exchange import Origin
from companion.model.facts import Confidence, Excerpt, Facts, Finding, IgnoreMatch
from companion.model.policy import ExcerptAction, Policy
from companion.model.verdict import PASS, Allow, Amend, Ask, Deny
from companion.policy.evaluate import evaluate
from companion.policy.guards.excerpts import beside, excerpts, hidden, placeholder, way_with
from companion.policy.guards.secrets import secrets

RULE = IgnoreMatch(".clineignore", 3, "private/")
ORIGIN = Origin("cline", "key")


def call(*texts: str) -> ModelCall:
    return ModelCall(Dialect.CHAT, "m", texts)


def facts(*found: Excerpt, policy: Policy = Policy(), **given) -> Facts:
    return Facts(ORIGIN, policy, excerpts=found, **given)


def excerpt(size: int, start: int = 0, end: int = 5, text: int = 0) -> Excerpt:
    return Excerpt(text, start, end, size, RULE)


@pytest.mark.parametrize(
    ("size", "policy", "kind"),
    [
        (59, {}, type(PASS)),
        (60, {}, Allow),
        (119, {}, Allow),
        (120, {}, Amend),
        (200, {}, Amend),
        (120, {"short_excerpts": ExcerptAction.ASK}, Ask),
        (199, {"short_excerpts": ExcerptAction.ASK}, Ask),
        (200, {"short_excerpts": ExcerptAction.ASK}, Amend),
        (200, {"long_excerpts": ExcerptAction.DENY}, Deny),
        (199, {"long_excerpts": ExcerptAction.DENY}, Amend),
        (500, {"long_excerpts": ExcerptAction.WARN}, Allow),
        (80, {"excerpt_short_bytes": 80}, Amend),
    ],
)
def test_what_becomes_of_an_excerpt(size, policy, kind):
    verdict = excerpts(call("hello world"), facts(excerpt(size), policy=Policy(**policy)))
    assert isinstance(verdict, kind)
    assert (verdict is PASS) == (size < 60)


def test_the_rule_is_named_and_the_text_is_not():
    verdict = excerpts(call("the plan: attack at dawn, says he"), facts(excerpt(300, 10, 24)))
    assert isinstance(verdict, Amend)
    assert verdict.action.texts == (f"the plan: {placeholder(excerpt(300))}, says he",)
    assert ".clineignore, line 3: private/" in verdict.action.texts[0]
    assert "attack" not in verdict.reason


def test_a_placeholder_is_itself_inside_json():
    odd = Excerpt(0, 0, 5, 300, IgnoreMatch('a"b', 1, 'x\\ "y"\t'))
    assert json.loads(f'"{placeholder(odd)}"') == placeholder(odd)


def test_what_nobody_could_examine_is_refused():
    verdict = excerpts(call("x"), facts(unexamined="the index is being made, 40 % so far"))
    assert isinstance(verdict, Deny)
    assert "40 %" in verdict.reason


def test_other_actions_pass():
    assert excerpts(ShellCommand("ls"), facts(excerpt(500), unexamined="x")) is PASS


@pytest.mark.parametrize("place", [(-1, 3), (3, 99), (4, 4)])
def test_an_excerpt_that_does_not_fit_denies(place):
    decision = evaluate((("excerpts", excerpts),), call("hello"), facts(excerpt(500, *place)))
    assert decision.code == "guard-failed"


def test_how_many_are_hidden_is_counted():
    assert hidden(facts(excerpt(60), excerpt(120), excerpt(500))) == 2
    assert way_with(excerpt(59), Policy()) is None


@st.composite
def marked(draw):
    """A text of secrets (#), ignored text (x), both (X) and neither (.), and where they stand."""
    pieces = draw(st.lists(st.tuples(st.sampled_from("#xX."), st.integers(1, 6)), max_size=12))
    text = "".join(kind * size for kind, size in pieces)
    found = [Finding(0, a, b, "WORD", "r", "e", Confidence.HIGH, "SECRET_WORD_00000000") for a, b in runs(text, "#X")]
    return text, found, [excerpt(500, a, b) for a, b in runs(text, "xX")]


def runs(text: str, kinds: str):
    begin = None
    for at, kind in enumerate(f"{text}."):
        if kind in kinds and begin is None:
            begin = at
        elif kind not in kinds and begin is not None:
            yield begin, at
            begin = None


@given(marked())
def test_law_behind_the_secrets_nothing_ignored_and_no_secret_is_left(case):
    text, findings, found = case
    known = facts(*found, findings=tuple(findings))
    decision = evaluate((("secrets", secrets), ("excerpts", excerpts)), call(text), known)
    assert decision.code != "guard-failed"
    left = decision.action.texts[0]
    for mark in (placeholder(excerpt(500)), "SECRET_WORD_00000000"):
        left = left.replace(mark, "")
    assert not set(left) & set("#xX")
    assert left.count(".") == text.count(".")


def test_what_a_path_names_goes_however_short_it_is():
    cut = replace(excerpt(1, 3, 4), words="(left out)")
    verdict = excerpts(call("abcdef"), facts(cut, policy=Policy(long_excerpts=ExcerptAction.WARN)))
    assert verdict.action.texts == ("abc(left out)ef",)
    assert hidden(facts(cut)) == 1


def test_what_nobody_knows_yet_is_on_record():
    verdict = excerpts(call("x"), facts(unseen="half of it"))
    assert isinstance(verdict, Allow)
    assert verdict.reason == "half of it"


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9), st.integers(0, 1)), max_size=6)


@given(SPANS, SPANS)
def test_law_beside_cuts_nothing_overlaps_and_nothing_is_lost(cuts, found):
    def apart(spans):
        kept, end = [], {0: -1, 1: -1}
        for start, size, text in sorted(spans):
            if start > end[text]:
                kept.append(excerpt(500, start, start + size, text))
                end[text] = start + size
        return kept

    def places(spans):
        return [(one.text, at) for one in spans for at in range(one.start, one.end)]

    one, other = apart(cuts), apart(found)
    both = places(beside(one, other))
    assert len(both) == len(set(both))
    assert set(both) == {*places(one), *places(other)}
