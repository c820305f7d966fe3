"""An exchange: one action of one agent, seen once, judged once, written down once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from companion.model.action import Action, Tier


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asks, from where, in which mode. Built by an edge from what the wire says."""

    client: str = "unknown"
    """The agent: "cline", "claude", "codex", or "unknown"."""
    key_id: str = ""
    """The virtual key's public id; never the key."""
    session: str = ""
    """The agent's own session id where it sends one."""
    workspace: str = ""
    """Absolute path of the folder the agent works in; "" when nobody said."""
    tier: Tier = Tier.ACT
    """The tier in force: in the plan tier nothing may be changed."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """`id` sorts by time. `parent` is the model call whose answer asked for this action, or ""."""

    id: str
    at: datetime
    origin: Origin
    action: Action
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a model call goes: an upstream by name, its provider for pricing, and the model to ask for."""

    upstream: str
    provider: str
    model: str


NOWHERE = Route("", "unknown", "")
"""The route of an action that is not a model call."""
