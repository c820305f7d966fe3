"""Where a guard has asked: a yes that is kept, or a person, or no."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from companion.gatekeeper.admission import Admission, Refusal
from companion.gatekeeper.approvals import STOPPING, TIMEOUT, Answered, Approvals, Question
from companion.gatekeeper.contents import Contents
from companion.gatekeeper.grants import Grants
from companion.gatekeeper.ports import ScriptFiles
from companion.gatekeeper.question import Previewer
from companion.model.action import ShellCommand
from companion.model.facts import Facts
from companion.model.grant import Content, Reach
from companion.model.verdict import Allow, Remark
from companion.policy.display import one_line, visible
from companion.policy.grants import prefix_problem, reaches
from companion.policy.plain import plain_words

_NOBODY = {TIMEOUT: "approval-timeout", STOPPING: "companion-stopping"}
"""Who denied without being a person, and the code of that."""

_MOST_TIMES = 3
"""How often one call is asked about because what it runs changes while the person reads."""

_TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class Asking:
    """Settles what the guards have left to a person."""

    approvals: Approvals
    grants: Grants
    contents: Contents
    previewer: Previewer
    files: ScriptFiles

    async def settle(self, admission: Admission, facts: Facts, scrubbed: str, *, at_execution: bool) -> None:
        """Sets the admission's answer, and its refusal where it is a no. `scrubbed`: the action without secrets."""
        exchange, decision = admission.exchange, admission.decision
        content = await self.contents.take(exchange)
        grant = self.grants.find(exchange, decision, facts, content, at_execution=at_execution)
        if grant is not None:
            how = f"{grant.reach.value} {grant.id}" if grant.reach is not Reach.ONCE else "said on the wire"
            admission.answered = Answered(approve=True, by=f"{grant.by}, {how}")
            admission.note(Remark("grants", Allow("granted", f"a person said yes before: {how}")))
            return
        for _ in range(_MOST_TIMES):
            question = await self._question(admission, facts, content, scrubbed, at_execution=at_execution)
            admission.answered = answered = await self.approvals.ask(question, facts.policy.approval_seconds)
            if not answered.approve:
                code = _NOBODY.get(answered.by, "denied-by-person")
                words = f"{decision.reason}; {answered.reason or 'a person said no'}"
                admission.refusal = Refusal(code, words, decision.hint)
                return
            now = await self.contents.take(exchange)
            if now.digest == content.digest:
                await self._keep(admission, facts, content, answered, scrubbed, at_execution=at_execution)
                return
            content = now
        reason = "what it runs changed each time that a person looked at it"
        admission.refusal = Refusal("script-changes", reason, "leave the file alone until the command has run")

    async def _question(
        self, admission: Admission, facts: Facts, content: Content, scrubbed: str, *, at_execution: bool
    ) -> Question:
        exchange, decision = admission.exchange, admission.decision
        action = exchange.action
        offered = reaches(exchange, decision, facts)
        words = plain_words(action.command) if isinstance(action, ShellCommand) else ()
        layer = "hook" if at_execution else "wire"
        return Question(
            exchange,
            decision,
            visible(scrubbed),
            content.digest,
            await self.previewer.look(exchange, facts, content, scrubbed),
            offered,
            one_line(scrubbed) if Reach.RULE in offered else "",
            _TERMINAL if exchange.origin.client == _TERMINAL else layer,
            lambda prefix: prefix_problem(plain_words(prefix), words),
        )

    async def _keep(
        self,
        admission: Admission,
        facts: Facts,
        content: Content,
        answered: Answered,
        scrubbed: str,
        *,
        at_execution: bool,
    ) -> None:
        exchange, decision = admission.exchange, admission.decision
        await asyncio.to_thread(self.files.remember, content.scripts)
        kept: list[tuple[Reach, int, str]] = []
        if answered.reach is not Reach.ONCE:
            kept.append((answered.reach, answered.seconds, answered.prefix))
        if not at_execution:
            # The hook sees the same call in a moment, and must not ask again.
            kept.append((Reach.ONCE, 0, ""))
        for reach, seconds, prefix in kept:
            grant = await self.grants.give(
                exchange,
                decision,
                facts,
                content,
                reach=reach,
                seconds=seconds,
                prefix=prefix,
                by=answered.by,
                shown=scrubbed,
            )
            if reach is Reach.ONCE:
                continue
            if grant is None:
                admission.note(
                    Remark("grants", Allow("grant-not-kept", f"the yes could not be kept as a {reach.value}"))
                )
            else:
                text = f"kept as {grant.id}, until {grant.expires_at:%Y-%m-%d %H:%M} UTC: {grant.shown}"
                admission.note(Remark("grants", Allow("grant-made", text)))
