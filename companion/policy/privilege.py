"""What would change who decides: companion's own state, hooks, shell start files, settings of agents, the daemon."""

from __future__ import annotations

from companion.model.action import Action, FileAccess, Operation, ShellCommand
from companion.model.facts import EffectKind, Facts
from companion.model.verdict import Ask, Decision, Deny

CODES = frozenset({"requester-cannot-approve", "ends-the-daemon", "types-for-the-person"})
"""Of the guard `control`."""

_CHANGES = frozenset({EffectKind.WRITE, EffectKind.DELETE})


def why_privileged(action: Action, facts: Facts) -> str:
    """Of a file that the action would change; "" where it changes none of those."""
    if isinstance(action, FileAccess):
        path = facts.paths.get(action.path)
        changes = action.operation in {Operation.WRITE, Operation.DELETE}
        return path.privileged if path is not None and changes else ""
    if isinstance(action, ShellCommand):
        for effect in facts.effects:
            path = facts.paths.get(effect.target) if effect.kind in _CHANGES else None
            if path is not None and path.privileged:
                return path.privileged
    return ""


def is_privileged(facts: Facts, decision: Decision) -> bool:
    """Whether an agent asked for such a thing, whatever was decided of it."""
    codes = {remark.verdict.code for remark in decision.remarks if isinstance(remark.verdict, Ask | Deny)}
    return bool(codes & CODES) or bool(why_privileged(decision.action, facts))
