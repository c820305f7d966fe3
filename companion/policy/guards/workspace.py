"""Without a workspace nobody can say what lies inside it: every tool call asks."""

from __future__ import annotations

from companion.model.action import Action, ModelCall
from companion.model.facts import Facts
from companion.model.verdict import PASS, Ask, Verdict


def workspace(action: Action, facts: Facts) -> Verdict:
    """Asks about any action but a model call while the origin names no workspace."""
    if isinstance(action, ModelCall) or facts.origin.workspace:
        return PASS
    return Ask(
        "workspace-unknown",
        "companion does not know which folder the agent works in, so it cannot tell its files from others",
        "run `companion connect` in the project's folder, so that the agent says where it works",
    )
