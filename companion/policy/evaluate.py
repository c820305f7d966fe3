"""Guards in, a decision out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from companion.model.action import Action
from companion.model.facts import Facts
from companion.model.verdict import PASS, Amend, Ask, Decision, Deny, Remark, Verdict
from companion.policy.display import visible

Guard = Callable[[Action, Facts], Verdict]
"""Pure: never waits, never remembers, never changes what it was given."""


def evaluate(
    guards: Sequence[tuple[str, Guard]],
    action: Action,
    facts: Facts,
    on_failure: Callable[[str, Exception], None] = lambda name, error: None,  # noqa: ARG005 - nobody listens
) -> Decision:
    """Runs (name, guard) pairs in order over `action`, each seeing what the ones before it amended.

    Stops at the first denial. A guard that raises has denied, and `on_failure` hears of it. A plain pass leaves no
    remark.
    """
    remarks: list[Remark] = []
    for name, guard in guards:
        try:
            verdict = guard(action, facts)
        except Exception as error:  # noqa: BLE001 - fail closed, whatever it was
            verdict = Deny("guard-failed", f"the guard {name} failed ({type(error).__name__}), so the answer is no")
            on_failure(name, error)
        if verdict is PASS:
            continue
        remarks.append(Remark(name, _readable(verdict)))
        if isinstance(verdict, Deny):
            break
        if isinstance(verdict, Amend):
            action = verdict.action
    return Decision(action, tuple(remarks))


def _readable(verdict: Verdict) -> Verdict:
    """The verdict in words that are safe to show: reasons name paths and tools as the agent spelt them."""
    if isinstance(verdict, Ask | Deny):
        hint = visible(verdict.hint, keep_newlines=False)
        return replace(verdict, reason=visible(verdict.reason, keep_newlines=False), hint=hint)
    return replace(verdict, reason=visible(verdict.reason, keep_newlines=False))
