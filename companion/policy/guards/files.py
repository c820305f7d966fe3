"""Files of the workspace are the agent's to read and write; what lies elsewhere, or is more than a file, asks."""

from __future__ import annotations

from companion.model.action import Action, FileAccess, Operation
from companion.model.facts import Facts
from companion.model.policy import OutsideAction
from companion.model.verdict import PASS, Allow, Ask, Deny, Verdict


def files(action: Action, facts: Facts) -> Verdict:
    """Judges file accesses; what commands do to files is for `commands`."""
    if not isinstance(action, FileAccess):
        return PASS
    path, operation = action.path, action.operation
    known = facts.paths.get(path)
    if known is None:
        return Ask("path-unknown", f"nobody looked at how {path} lies on disk", "try again")
    changes = operation in {Operation.WRITE, Operation.DELETE}
    if changes and known.privileged:
        return Ask(
            "privileged-write",
            f"to {operation.value} {path} is more than to change a file: {known.privileged}",
            "look at the change before you allow it",
        )
    if not known.inside:
        where = f"{path} lies outside of the workspace"
        leads = f", at {known.resolved}" if known.resolved not in {"", path} else ""
        if facts.policy.outside is OutsideAction.DENY:
            return Deny("outside-workspace", where + leads, "go on with the files of the workspace")
        return Ask(
            "outside-workspace", where + leads, "allow it if the agent needs this file, or copy it into the workspace"
        )
    if operation is Operation.DELETE:
        return Ask("file-deleted", f"this deletes {path}", "make sure that it is committed or not needed")
    return Allow("file-in-workspace", f"{path} lies in the workspace")
