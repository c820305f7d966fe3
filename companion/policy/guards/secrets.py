"""No secret leaves in a prompt: it is replaced by its placeholder, or the call is refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from msgspec.structs import replace

from companion.model.action import Action, ModelCall
from companion.model.facts import Confidence, Facts, Finding
from companion.model.policy import SecretAction
from companion.model.verdict import PASS, Amend, Deny, Verdict
from companion.policy.redaction import redact


def secrets(action: Action, facts: Facts) -> Verdict:
    """Judges model calls by the findings in their texts; passes everything else.

    What is only likely to be a secret is replaced, whatever the policy: it is never a reason to refuse.
    """
    if not isinstance(action, ModelCall) or not facts.findings:
        return PASS
    certain = [finding for finding in facts.findings if finding.confidence is Confidence.HIGH]
    if certain and facts.policy.secrets is SecretAction.DENY:
        hint = (
            f"take {'it' if len(certain) == 1 else 'them'} out of the prompt; "
            f"a person may accept what is no secret: companion accept value {certain[0].placeholder}"
        )
        return Deny("secrets-found", f"{_count(certain)} in the prompt: {_types(certain)}", hint)
    by_text: dict[int, list[Finding]] = defaultdict(list)
    for finding in facts.findings:
        by_text[finding.text].append(finding)
    texts = list(action.texts)
    for index, findings in by_text.items():
        texts[index] = redact(texts[index], findings)
    reason = f"{_count(facts.findings)} replaced: {_types(facts.findings)}{_invented(action, facts.findings)}"
    return Amend("secrets-redacted", reason, replace(action, texts=tuple(texts)))


def _invented(action: ModelCall, findings: Sequence[Finding]) -> str:
    """How many stand nowhere but in what a model said: it made them up, or knows them from elsewhere."""
    said: set[int] = set()
    first = 0
    for part in (action.parts[number] for number in action.examined):
        count = len(part.texts())
        if part.is_answer:
            said.update(range(first, first + count))
        first += count
    given = {finding.placeholder for finding in findings if finding.text not in said}
    number = len({finding.placeholder for finding in findings} - given)
    return f"; {number} only in what the model said" if number else ""


def _count(findings: Sequence[Finding]) -> str:
    """How many different secrets: one that stands in two places counts once."""
    number = len({finding.placeholder for finding in findings})
    return "1 secret" if number == 1 else f"{number} secrets"


def _types(findings: Sequence[Finding]) -> str:
    return ", ".join(sorted({finding.type.lower() for finding in findings}))
