"""Approvals that wait, shown to the person at the editor; the person's answers, taken to the daemon.

The way is a request to the client and its response. There is no command: other extensions could run one.
"""

from __future__ import annotations

import asyncio

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from companion.client import NotRunning, Refused, calls
from companion.contract.codec import WireError, to_plain
from companion.contract.types import Answer, Approval, Event, Status
from companion_lsp.editor import Editor
from companion_lsp.link import Follower, Link, explain
from companion_lsp.protocol import APPROVAL
from companion_lsp.question import APPROVE, DENY, beside, question_for
from companion_lsp.tasks import Tasks

_AT_ONCE = 3
"""Questions on the screen at a time; the others wait for their turn."""

_ENDED = {"already-answered", "unknown-approval"}

_SHOWN_FIELDS = {
    "id": "id",
    "kind": "kind",
    "what": "what",
    "code": "code",
    "reason": "reason",
    "hint": "hint",
    "client": "client",
    "tier": "tier",
    "workspace": "workspace",
    "expires_at": "expiresAt",
    "digest": "digest",
    "cwd": "cwd",
    "reaches": "reaches",
}


class Approvals(Follower):
    """Shows each approval once. No answer, whatever the cause, is no answer: the daemon's deadline denies."""

    def __init__(self, editor: Editor, link: Link, tasks: Tasks) -> None:
        self._editor = editor
        self._link = link
        self._tasks = tasks
        self._seen: set[str] = set()
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Semaphore(_AT_ONCE)

    def found(self, status: Status, *, can_answer: bool) -> None:  # noqa: ARG002 - as Follower has it
        if not can_answer:
            self._editor.log("approvals cannot be answered from this editor. Next: companion pending")

    def hear(self, event: Event) -> None:
        if event.name == "approval.closed":
            self._withdraw(event.id)

    async def refresh(self) -> None:
        waiting = await self._link.operator.do(calls.pending())
        names = {approval.id for approval in waiting}
        for name in self._asking.keys() - names:
            self._withdraw(name)
        self._seen &= names
        for approval in waiting:
            if approval.id not in self._seen:
                self._seen.add(approval.id)
                self._asking[approval.id] = self._tasks.spawn(self._settle(approval), f"approval {approval.id}")

    def _withdraw(self, name: str) -> None:
        if asking := self._asking.pop(name, None):
            asking.cancel()

    async def _settle(self, approval: Approval) -> None:
        try:
            async with self._turn:
                answer = await self._ask(approval)
        except JsonRpcException as error:
            self._editor.log(f"this editor cannot show approval {approval.id}: {error}. Next: companion pending")
            return
        finally:
            # From here on the approval's end is our own doing, and must not cancel the answer on its way.
            self._asking.pop(approval.id, None)
        if answer is not None:
            await self._give(approval, answer)

    async def _ask(self, approval: Approval) -> Answer | None:
        if self._editor.options.approval:
            plain = to_plain(approval)
            params = {theirs: plain[ours] for ours, theirs in _SHOWN_FIELDS.items()}
            params["beside"] = beside(approval)
            return self._read(approval, await self._editor.request(APPROVAL, params))
        question = question_for(approval)
        choices = [types.MessageActionItem(title=choice) for choice in question.choices]
        message = types.ShowMessageRequestParams(types.MessageType.Warning, question.text, choices)
        chosen = await self._editor.request(types.WINDOW_SHOW_MESSAGE_REQUEST, message)
        title = getattr(chosen, "title", None)
        # A client may answer what it was not offered; only what was shown whole can be approved.
        if title not in question.choices or title not in {APPROVE, DENY}:
            return None
        return Answer(approve=title == APPROVE, by="editor", digest=approval.digest)

    def _read(self, approval: Approval, given: object) -> Answer | None:
        if given is None:
            return None
        approve = given.get("approve") if isinstance(given, dict) else None
        reason = given.get("reason") if isinstance(given, dict) else None
        if not isinstance(approve, bool) or not (reason is None or isinstance(reason, str)):
            self._editor.log(f"approval {approval.id}: expected {{approve, reason}} or null; it still waits")
            return None
        reach = given.get("reach") if isinstance(given, dict) else None
        if reach is not None and reach not in approval.reaches:
            self._editor.log(f"approval {approval.id}: a yes to it may reach {', '.join(approval.reaches)}")
            return None
        return Answer(approve=approve, by="editor", reason=reason or "", digest=approval.digest, reach=reach or "once")

    async def _give(self, approval: Approval, answer: Answer) -> None:
        word = "approved" if answer.approve else "denied"
        try:
            await self._link.operator.do(calls.answer(approval.id, answer))
        except (NotRunning, Refused, WireError) as error:
            if isinstance(error, Refused) and error.problem.code in _ENDED:
                self._editor.log(f"approval {approval.id} had ended before it was {word} here")
            else:
                self._editor.warn(f"approval {approval.id} was not {word}: {explain(error)}")
        else:
            self._editor.log(f"approval {approval.id}: {word}")
