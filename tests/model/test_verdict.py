"""The strongest verdict decides, the first one of its kind explains, and nothing weaker can take it back."""

from __future__ import annotations

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from companion.model.action import ToolCall
from companion.model.verdict import PASS, Allow, Amend, Ask, Decision, Deny, Outcome, Remark, Verdict

ACTION = ToolCall("deploy")
# From the weakest to the strongest.
ORDER: tuple[tuple[type[Verdict], Outcome], ...] = (
    (Allow, Outcome.ALLOW),
    (Amend, Outcome.AMEND),
    (Ask, Outcome.ASK),
    (Deny, Outcome.DENY),
)
STRENGTH = {kind: number for number, (kind, _) in enumerate(ORDER)}

WORDS = st.text("abc", min_size=1, max_size=3)
VERDICTS = (
    st.builds(Allow, st.just("") | WORDS, WORDS)
    | st.builds(Amend, WORDS, WORDS, st.just(ToolCall("other")))
    | st.builds(Ask, WORDS, WORDS, WORDS)
    | st.builds(Deny, WORDS, WORDS, WORDS)
)
REMARKS = st.lists(st.builds(Remark, WORDS, VERDICTS), max_size=6)


def strength(remark: Remark) -> int:
    return STRENGTH[type(remark.verdict)]


def test_every_verdict_has_its_place_in_the_order():
    assert set(STRENGTH) == set(get_args(Verdict))
    assert [str(outcome) for _, outcome in ORDER] == ["allow", "amend", "ask", "deny"], "the words of the ledger"
    for kind, outcome in ORDER:
        verdict = kind("c", "r", ACTION) if kind is Amend else kind("c", "r")
        assert Decision(ACTION, (Remark("g", verdict),)).outcome is outcome


@given(REMARKS.filter(bool))
def test_law_the_first_of_the_strongest_decides_and_explains(remarks):
    decision = Decision(ACTION, tuple(remarks))
    first = next(one for one in remarks if strength(one) == max(map(strength, remarks)))
    assert decision.decisive is first
    assert decision.outcome is ORDER[strength(first)][1]
    assert decision.code == (first.verdict.code or "allowed")
    assert decision.reason == first.verdict.reason
    assert decision.hint == getattr(first.verdict, "hint", "")


@given(REMARKS, st.builds(Remark, WORDS, VERDICTS), st.integers(0, 6))
def test_law_one_more_remark_never_makes_a_decision_milder(remarks, more, place):
    before, after = Decision(ACTION, tuple(remarks)), Decision(ACTION, (*remarks[:place], more, *remarks[place:]))
    order = [outcome for _, outcome in ORDER]
    assert order.index(after.outcome) == max(order.index(before.outcome), strength(more))


def test_where_nobody_objected_nothing_is_said():
    silent = Decision(ACTION)
    assert silent.decisive is None
    assert (silent.outcome, silent.code, silent.reason, silent.hint) == (Outcome.ALLOW, "allowed", "", "")


def test_a_plain_pass_names_no_reason_and_an_allowance_with_a_code_does():
    assert Decision(ACTION, (Remark("g", PASS),)).code == "allowed"
    told = Decision(ACTION, (Remark("g", PASS), Remark("auto", Allow("auto-small", "it is short"))))
    assert (told.outcome, told.code) == (Outcome.ALLOW, "allowed")
    told = Decision(ACTION, (Remark("auto", Allow("auto-small", "it is short")),))
    assert (told.outcome, told.code, told.reason) == (Outcome.ALLOW, "auto-small", "it is short")
