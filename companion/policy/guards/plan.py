"""Planning changes nothing."""

from __future__ import annotations

from companion.model.action import Action, FileAccess, Operation, ShellCommand, Tier
from companion.model.facts import Facts
from companion.model.verdict import PASS, Deny, Verdict
from companion.policy.shell.effects import changes_something

_HINT = (
    "go on planning: read and search as you need, then describe this change as a step of the plan; "
    "it can be made when the user switches to act mode"
)


def plan(action: Action, facts: Facts) -> Verdict:
    """In the plan tier, denies what writes, deletes or otherwise changes something. Tools: see `tools`."""
    if facts.origin.tier is not Tier.PLAN:
        return PASS
    match action:
        case FileAccess(path=path, operation=Operation.WRITE | Operation.DELETE as operation):
            return _deny(f"this would {operation.value} {path}")
        case ShellCommand():
            effect = changes_something(facts.effects)
            return PASS if effect is None else _deny(effect.reason or f"this would {effect.kind.value} {effect.target}")
        case _:
            return PASS


def _deny(what: str) -> Deny:
    return Deny("plan-changes-nothing", f"plan mode changes nothing, and {what}", _HINT)
