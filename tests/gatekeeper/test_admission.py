from __future__ import annotations

from datetime import UTC, datetime

import pytest

from companion.gatekeeper.admission import Admission, Refusal, recorded
from companion.model.action import Action, Dialect, ModelCall, ToolCall
from companion.model.exchange import NOWHERE, Exchange, Origin
from companion.model.facts import Confidence, Finding
from companion.model.money import Usage
from companion.model.record import MOST_FINDINGS, Ending
from companion.model.verdict import Allow, Decision, Remark

CALL = ModelCall(Dialect.MESSAGES, "m", size=400)


def admission(action: Action = CALL) -> Admission:
    exchange = Exchange("1", datetime(2026, 6, 1, tzinfo=UTC), Origin(), action)
    return Admission(exchange, Decision(action), NOWHERE)


@pytest.mark.parametrize(
    ("refused", "failure", "ending"),
    [
        (False, "", Ending.SERVED),
        (False, "it broke", Ending.FAILED),
        (True, "", Ending.REFUSED),
        (True, "it broke", Ending.REFUSED),
    ],
)
def test_what_was_refused_is_refused_whatever_else_went_wrong(refused, failure, ending):
    made = admission()
    made.refusal, made.failure = Refusal("code", "reason") if refused else None, failure
    assert made.ending is ending


@pytest.mark.parametrize(
    ("action", "calls", "usage", "tokens"),
    [
        (CALL, 0, Usage(input=9), 0),
        (CALL, 1, None, 100),
        (CALL, 1, Usage(input=1, cache_read=2, output=4, reasoning=3), 7),
        (ToolCall("deploy"), 1, None, 0),
    ],
)
def test_a_call_took_what_its_answer_told_or_else_the_estimate(action, calls, usage, tokens):
    made = admission(action)
    made.calls, made.usage = calls, usage
    assert made.tokens == tokens


def test_what_is_noted_stands_behind_what_was_decided():
    made = admission()
    first, second = Remark("a", Allow("x")), Remark("b", Allow("y"))
    made.note(first)
    made.note(second)
    assert made.decision.remarks == (first, second)


def found(placeholder: str, number: int) -> Finding:
    return Finding(number, 0, 4, "AWS", "rule", "engine", Confidence.HIGH, placeholder, "0a" * 16)


def test_findings_are_recorded_once_a_secret_and_not_without_end() -> None:
    first, second = "SECRET_AWS_00000001", "SECRET_AWS_00000002"
    records = recorded([found(first, 0), found(second, 1), found(first, 2)])
    assert [(one.placeholder, one.times, one.fingerprint) for one in records] == [
        (first, 2, "0a" * 16),
        (second, 1, "0a" * 16),
    ]
    assert len(recorded([found(f"SECRET_AWS_{number:08X}", 0) for number in range(200)])) == MOST_FINDINGS
    assert recorded([]) == ()
