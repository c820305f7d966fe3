"""The gate on the wire: every tool call of a model's answer is judged before the agent sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from companion.edges.gateway.dialect import restore_arguments
from companion.edges.gateway.refusal import refuse_parts, refuse_whole, words
from companion.edges.gateway.tools import Reading, Unreadable, read_use
from companion.edges.gateway.tooluse import Called, Change, Changes, Rewritten, Said, ToolUse
from companion.gatekeeper.admit import Gatekeeper
from companion.model.action import Action, Tier, ToolCall
from companion.model.exchange import MOST_AFTER, Exchange, Origin
from companion.model.verdict import Deny
from companion.policy.guards.ignored import SHOWS
from companion.policy.redaction import Lookup


@dataclass(frozen=True, slots=True)
class WireGate:
    """Turns tool calls into exchanges, has each admitted, and says what becomes of the calls."""

    gatekeeper: Gatekeeper
    lookup: Lookup
    """Knows the placeholders that may be restored in a call."""
    next_id: Callable[[], str]
    clock: Callable[[], datetime]
    returns: bool = False
    """Whether the results of the calls come back this way, as of `Exchange`."""

    async def judge(self, uses: Sequence[ToolUse], offered: Collection[str], origin: Origin, parent: str) -> Changes:
        """Waits until every call is decided; calls are judged side by side, so a person sees all that waits.

        Each is judged as if those before it had been carried out.
        """
        read: list[tuple[ToolUse, Reading | Unreadable, tuple[Action, ...]]] = []
        before: tuple[Action, ...] = ()
        for use in uses:
            restored = replace(use, arguments=restore_arguments(use, self.lookup))
            try:
                reading: Reading | Unreadable = read_use(restored)
            except Unreadable as unreadable:
                reading = unreadable
            read.append((restored, reading, before))
            if isinstance(reading, Reading):
                before = (*before, *(part.action for part in reading.parts))[-MOST_AFTER:]
        outcomes = await asyncio.gather(
            *(self._judge_use(use, *one, offered, origin, parent) for use, one in zip(uses, read, strict=True))
        )
        by_key: dict[object, Change] = {}
        extra: list[Called | Said] = []
        for use, (change, added) in zip(uses, outcomes, strict=True):
            if change is not None:
                by_key[use.key] = change
            extra += added
        return Changes(by_key, tuple(extra))

    async def _judge_use(
        self,
        use: ToolUse,
        restored: ToolUse,
        reading: Reading | Unreadable,
        before: tuple[Action, ...],
        offered: Collection[str],
        origin: Origin,
        parent: str,
    ) -> tuple[Change | None, Sequence[Called | Said]]:
        plan = origin.tier is Tier.PLAN
        if isinstance(reading, Unreadable):
            denial = Deny("unreadable-call", str(reading), "Call the tool again with well-formed arguments")
            text = await self._admit(ToolCall(use.name, use.arguments), origin, parent, denial)
            return refuse_whole([text], offered, plan=plan), ()
        returns = self.returns and use.name not in SHOWS
        refused = await self._refused_parts(reading, origin, parent, before, returns=returns)
        if refused:
            return refuse_parts(restored, reading, refused, offered, plan=plan)
        return (None if restored == use else Rewritten(restored.arguments)), ()

    async def _refused_parts(
        self, reading: Reading, origin: Origin, parent: str, before: tuple[Action, ...], *, returns: bool
    ) -> dict[int, str]:
        """Part number to the words of its refusal."""
        actions = tuple(part.action for part in reading.parts)
        told, first = (*before, *actions), len(before)
        after = [told[max(0, first + at - MOST_AFTER) : first + at] for at in range(len(actions))]
        texts = await asyncio.gather(
            *(
                self._admit(action, origin, parent, after=one, returns=returns)
                for action, one in zip(actions, after, strict=True)
            )
        )
        return {number: text for number, text in enumerate(texts) if text}

    async def _admit(
        self,
        action: Action,
        origin: Origin,
        parent: str,
        objection: Deny | None = None,
        after: tuple[Action, ...] = (),
        *,
        returns: bool = False,
    ) -> str:
        """The words of the refusal, "" when the action may go on to the agent."""
        exchange = Exchange(self.next_id(), self.clock(), origin, action, parent, returns, after)
        async with self.gatekeeper.admit(exchange, objection=objection) as admission:
            return words(admission.refusal) if admission.refusal else ""
