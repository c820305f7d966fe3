"""The gate at execution: a tool call that a hook tells of is judged once more, with the folder that it really has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from companion.edges.hooks.payloads import Asked
from companion.gatekeeper.admit import Gatekeeper
from companion.model.action import Action, ShellCommand, Tier, ToolCall
from companion.model.exchange import MOST_AFTER, Exchange, Origin
from companion.model.verdict import Deny

ActionsOf = Callable[[str, str], Sequence[Action]]
"""The actions of a tool call by its name and its arguments, JSON text. Raises ValueError for what cannot be read."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the tool may run; the reason is one line for the model, "" where it may."""

    allow: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HookGate:
    """Has each action of a tool call admitted. A yes that was given on the wire serves once."""

    gatekeeper: Gatekeeper
    actions_of: ActionsOf
    next_id: Callable[[], str]
    clock: Callable[[], datetime]

    async def judge(self, asked: Asked) -> Verdict:
        """Waits for a person where one is needed."""
        self.gatekeeper.sessions.asked(asked.client)
        known = self.gatekeeper.sessions.find(asked.client, asked.session, asked.cwd)
        workspace = known.workspace if known else asked.workspace or asked.cwd
        origin = Origin(
            client=asked.client,
            session=asked.session,
            workspace=workspace,
            tier=asked.tier or (known.tier if known else Tier.ACT),
        )
        if not known and workspace:
            # The folder of a session's first call is its workspace; a `cd` afterwards does not move it.
            self.gatekeeper.sessions.note(origin)
        objection: Deny | None = None
        actions: Sequence[Action]
        try:
            actions = [_placed(action, asked) for action in self.actions_of(asked.tool, asked.arguments)]
        except ValueError as unreadable:
            actions = [ToolCall(asked.tool, asked.arguments)]
            objection = Deny("unreadable-call", str(unreadable), "Call the tool again with well-formed arguments")
        # They run one after the other, and are all judged before the first.
        found = await asyncio.gather(
            *(
                self._admit(action, origin, objection, after=tuple(actions[max(0, at - MOST_AFTER) : at]))
                for at, action in enumerate(actions)
            )
        )
        refused = list(dict.fromkeys(reason for reason in found if reason))
        return Verdict(not refused, " ".join(refused))

    async def _admit(self, action: Action, origin: Origin, objection: Deny | None, *, after: tuple[Action, ...]) -> str:
        # Of what the wire did not see nobody knows where its result goes.
        returns = self.gatekeeper.sessions.take(action, origin, self.clock())
        exchange = Exchange(self.next_id(), self.clock(), origin, action, returns=returns, after=after)
        async with self.gatekeeper.admit(exchange, objection=objection, at_execution=True) as admission:
            refusal = admission.refusal
            return "" if refusal is None else refusal.words


def _placed(action: Action, asked: Asked) -> Action:
    if not isinstance(action, ShellCommand):
        return action
    return ShellCommand(action.command, action.cwd or asked.cwd, asked.environment)
