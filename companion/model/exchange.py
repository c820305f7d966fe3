"""An exchange: one action of one agent, seen once, judged once, written down once."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from companion.model.action import Action, Tier
from companion.model.scope import ANYTHING, Dimension, KeyScope, Subject


class Origin(Struct, frozen=True):
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
    scope: KeyScope = ANYTHING
    """What the virtual key stands for and may ask."""

    def subject(self, model: str, tier: Tier | None = None) -> Subject:
        """This call by every dimension: `model` as the upstream is asked for it, `tier` where another one serves."""
        return {
            Dimension.GLOBAL: "all",
            Dimension.KEY: self.scope.name or self.key_id,
            Dimension.PROJECT: self.scope.project or self.workspace,
            Dimension.CLIENT: self.client,
            Dimension.USER: self.scope.user,
            Dimension.TEAM: self.scope.team,
            Dimension.TIER: tier or self.tier,
            Dimension.MODEL: model,
        }


MOST_AFTER = 17
"""One more than is looked at: so many say that there may be more of them."""


class Exchange(Struct, frozen=True):
    """`id` sorts by time. `parent` is the model call whose answer asked for this action, or "".

    `after` are the actions that the same answer, or the same call, has right before this one, MOST_AFTER at most.
    """

    id: str
    at: datetime
    origin: Origin
    action: Action
    parent: str = ""
    returns: bool = False
    """Whether what comes of it passes companion on its way to a model, where ignored text is left out of it."""
    after: tuple[Action, ...] = ()


class Route(Struct, frozen=True):
    """Where a model call goes: an upstream by name, its provider for pricing, and the model to ask for."""

    upstream: str
    provider: str
    model: str
    tier: Tier | None = None
    """The tier that serves the call, where that is not the tier in force."""


NOWHERE = Route("", "unknown", "")
"""The route of an action that is not a model call."""
