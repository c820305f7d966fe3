"""The guards of companion, in the order in which they judge. `evaluate` stops at the first denial."""

from __future__ import annotations

from companion.policy.evaluate import Guard
from companion.policy.guards.commands import commands
from companion.policy.guards.control import control
from companion.policy.guards.egress import egress
from companion.policy.guards.excerpts import excerpts
from companion.policy.guards.files import files
from companion.policy.guards.ignored import ignored
from companion.policy.guards.plan import plan
from companion.policy.guards.scope import scope
from companion.policy.guards.secrets import secrets
from companion.policy.guards.tools import tools
from companion.policy.guards.workspace import workspace

GUARDS: tuple[tuple[str, Guard], ...] = (
    ("scope", scope),
    ("control", control()),
    ("workspace", workspace),
    ("ignored", ignored),
    ("secrets", secrets),
    ("egress", egress),
    ("excerpts", excerpts),
    ("plan", plan),
    ("files", files),
    ("commands", commands),
    ("tools", tools),
)


def guards_for(daemon_pid: int) -> tuple[tuple[str, Guard], ...]:
    """As GUARDS, for the daemon that runs as this process."""
    return tuple((name, control(lambda: daemon_pid) if name == "control" else guard) for name, guard in GUARDS)
