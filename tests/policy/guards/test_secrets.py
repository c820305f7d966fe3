from dataclasses import dataclass

import pytest

from companion.model.action import Action, Dialect, FileAccess, ModelCall, Operation, ShellCommand
from companion.model.exchange import Origin
from companion.model.facts import Confidence, Facts, Finding
from companion.model.policy import Policy, SecretAction
from companion.model.verdict import PASS, Amend, Deny
from companion.policy.guards.secrets import secrets

CALL = ModelCall(Dialect.MESSAGES, "model", ("user", "key abcd and wxyz", "again abcd"))
FINDINGS = (
    Finding(1, 4, 8, "GITHUB", "r", "e", Confidence.HIGH, "SECRET_GITHUB_00000001"),
    Finding(1, 13, 17, "AWS", "r", "e", Confidence.LOW, "SECRET_AWS_00000002"),
    Finding(2, 6, 10, "GITHUB", "r", "e", Confidence.HIGH, "SECRET_GITHUB_00000001"),
)


def facts(action: SecretAction = SecretAction.REDACT, findings: tuple[Finding, ...] = FINDINGS) -> Facts:
    return Facts(Origin(), Policy(secrets=action), findings=findings)


def test_secrets_are_replaced_and_counted_once_each() -> None:
    verdict = secrets(CALL, facts())
    assert isinstance(verdict, Amend)
    assert (verdict.code, verdict.reason) == ("secrets-redacted", "2 secrets replaced: aws, github")
    assert isinstance(verdict.action, ModelCall)
    assert verdict.action.texts == (
        "user",
        "key SECRET_GITHUB_00000001 and SECRET_AWS_00000002",
        "again SECRET_GITHUB_00000001",
    )
    assert CALL.texts[2] == "again abcd"


def test_the_policy_may_refuse_instead() -> None:
    verdict = secrets(CALL, facts(SecretAction.DENY, FINDINGS[:1]))
    assert isinstance(verdict, Deny)
    assert verdict.code == "secrets-found"
    assert verdict.reason == "1 secret in the prompt: github"
    assert "abcd" not in verdict.reason + verdict.hint
    assert verdict.hint


@pytest.mark.parametrize("action", [ShellCommand("ls"), FileAccess("a", Operation.READ)])
def test_other_actions_pass(action: Action) -> None:
    assert secrets(action, facts()) is PASS


def test_a_clean_call_passes() -> None:
    assert secrets(CALL, facts(findings=())) is PASS


def test_a_span_that_does_not_fit_raises_so_that_evaluation_denies() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        secrets(CALL, facts(findings=(Finding(0, 0, 99, "X", "r", "e", Confidence.HIGH, "SECRET_X_00000000"),)))


def test_what_only_looks_like_a_secret_is_never_a_reason_to_refuse() -> None:
    verdict = secrets(CALL, facts(SecretAction.DENY, FINDINGS[1:2]))
    assert isinstance(verdict, Amend)
    assert verdict.action.texts[1] == "key abcd and SECRET_AWS_00000002"


def test_a_refusal_speaks_of_what_is_certain_and_says_how_it_is_accepted() -> None:
    verdict = secrets(CALL, facts(SecretAction.DENY))
    assert isinstance(verdict, Deny)
    assert verdict.reason == "1 secret in the prompt: github"
    assert "companion accept value SECRET_GITHUB_00000001" in verdict.hint


@dataclass
class Said:
    """A part of a prompt."""

    said: tuple[str, ...]
    is_answer: bool = False

    def texts(self) -> tuple[str, ...]:
        return self.said


def test_what_stands_in_answers_alone_is_said():
    parts = (Said(("a KEY1", "KEY2")), Said(("KEY2", "KEY3"), is_answer=True), Said(("KEY4",), is_answer=True))
    texts = ("a KEY1", "KEY2", "KEY2", "KEY3")
    findings = tuple(
        Finding(number, len(text) - 4, len(text), "TEST", "r", "e", Confidence.HIGH, f"SECRET_TEST_0000000{text[-1]}")
        for number, text in enumerate(texts)
    )
    action = ModelCall(Dialect.CHAT, "m", texts, parts=parts, examined=(0, 1))
    verdict = secrets(action, Facts(Origin("cline"), Policy(), findings=findings))
    assert verdict.reason == "3 secrets replaced: test; 1 only in what the model said"
