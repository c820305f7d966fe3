from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from companion.model.action import ToolCall
from companion.model.exchange import Origin
from companion.model.facts import Facts
from companion.model.policy import Policy
from companion.model.verdict import PASS, Allow, Amend, Ask, Deny, Outcome
from companion.policy.evaluate import evaluate

ACTION = ToolCall("a")
FACTS = Facts(Origin(), Policy())
verdicts = st.sampled_from(
    [PASS, Allow("a", ""), Amend("b", "", ToolCall("b")), Ask("c", ""), Deny("d", ""), ZeroDivisionError()]
)


def guard(said):
    def judge(action, facts):
        if isinstance(said, Exception):
            raise said
        return said

    return judge


@given(st.lists(verdicts, max_size=6))
def test_the_strongest_word_decides_and_a_guard_that_raises_has_denied(said):
    heard = []
    decision = evaluate([(str(n), guard(one)) for n, one in enumerate(said)], ACTION, FACTS, lambda *a: heard.append(a))
    first_no = next((n for n, one in enumerate(said) if isinstance(one, Deny | Exception)), None)
    asked = [one for one in said[:first_no] if not isinstance(one, Exception)]
    if first_no is not None:
        assert decision.outcome is Outcome.DENY
        assert decision.remarks[-1].guard == str(first_no), "nobody is heard after a no"
        assert len(heard) == isinstance(said[first_no], Exception)
    elif any(isinstance(one, Ask) for one in asked):
        assert decision.outcome is Outcome.ASK
    else:
        assert decision.outcome in {Outcome.ALLOW, Outcome.AMEND}
    assert all(remark.verdict is not PASS for remark in decision.remarks)


def test_a_later_guard_sees_what_an_earlier_one_amended():
    seen = []
    amend = ("one", guard(Amend("b", "", ToolCall("b"))))
    evaluate([amend, ("two", lambda action, facts: seen.append(action) or PASS)], ACTION, FACTS)
    assert seen == [ToolCall("b")]


def test_no_guards_no_objection():
    assert evaluate([], ACTION, FACTS).outcome is Outcome.ALLOW
