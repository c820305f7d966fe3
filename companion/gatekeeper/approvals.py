"""Actions that wait for a person: asked once, answered once, refused when nobody answers in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from companion.contract.types import Answer, Approval
from companion.gatekeeper.contents import digest_of
from companion.gatekeeper.ports import Listener
from companion.gatekeeper.question import Preview
from companion.model.action import FileAccess, ModelCall, ShellCommand, ToolCall, kind_of
from companion.model.exchange import Exchange
from companion.model.grant import Reach
from companion.model.verdict import Decision


class UnknownApproval(Exception):  # noqa: N818 - an answer that came to nothing
    """No approval has this id, or not any more."""


class AlreadyAnswered(Exception):  # noqa: N818 - the first answer wins
    """Somebody was faster, or the time was over."""


class DifferentAction(Exception):  # noqa: N818 - an answer to something else
    """The answer was given for another action than the one that waits."""


class UnfitAnswer(Exception):  # noqa: N818 - an answer that was not offered
    """A yes that may not reach so far; the message says why."""


TIMEOUT = "timeout"
STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class Answered:
    """How the wait ended. `by` is the face that answered, or TIMEOUT, or STOPPING where the daemon ends."""

    approve: bool
    by: str
    reason: str = ""
    reach: Reach = Reach.ONCE
    seconds: int = 0
    """For how long a kept yes holds; 0 for the usual time."""
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked. `shown` is the action as they may see it; `digest` names all that a yes is bound to."""

    exchange: Exchange
    decision: Decision
    shown: str
    digest: str = ""
    preview: Preview = field(default_factory=Preview)
    reaches: tuple[Reach, ...] = (Reach.ONCE,)
    rule: str = ""
    layer: str = "wire"
    check_prefix: Callable[[str], str] = lambda _: "no rule can be made of this"
    """Why a rule may not be about these first words; "" when it may."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    approval: Approval
    question: Question
    future: asyncio.Future[Answered]
    since: float


class Approvals:
    """The queue. Lives on the event loop; `answer` may be called from any coroutine of it."""

    def __init__(
        self, clock: Callable[[], datetime], listener: Listener, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        """`seconds` counts and never goes back; it measures waits, which no clock that is set may change."""
        self._clock = clock
        self._listener = listener
        self._seconds = seconds
        self._closed = False
        self._open: dict[str, _Waiting] = {}
        self._ended: dict[str, str] = {}

    def pending(self) -> list[Approval]:
        """Oldest first."""
        return [waiting.approval for waiting in self._open.values()]

    @property
    def oldest_seconds(self) -> float:
        """For how long the oldest has waited; 0 when none waits."""
        oldest = next(iter(self._open.values()), None)
        return 0.0 if oldest is None else self._seconds() - oldest.since

    def close(self) -> None:
        """Denies what waits and whatever is asked from now on: the daemon ends, and nobody can answer any more."""
        self._closed = True
        for waiting in self._open.values():
            if not waiting.future.done():
                waiting.future.set_result(_stopping())

    async def ask(self, question: Question, seconds: int) -> Answered:
        """Waits until a person answers or `seconds` are over."""
        if self._closed:
            return _stopping()
        now = self._clock()
        exchange, decision, preview = question.exchange, question.decision, question.preview
        action, origin = exchange.action, exchange.origin
        approval = Approval(
            id=self._fresh_id(exchange),
            exchange=exchange.id,
            asked_at=now.isoformat(),
            expires_at=(now + timedelta(seconds=seconds)).isoformat(),
            client=origin.client,
            workspace=origin.workspace,
            tier=origin.tier,
            kind=kind_of(action),
            what=question.shown,
            code=decision.code,
            reason=decision.reason,
            hint=decision.hint,
            digest=question.digest or digest_of(action, origin.workspace),
            cwd=(action.cwd or origin.workspace) if isinstance(action, ShellCommand) else origin.workspace,
            effects=preview.effects,
            deletes=preview.deletes,
            scripts=preview.scripts,
            environment=preview.environment,
            reaches=[reach.value for reach in question.reaches],
            rule=question.rule,
            layer=question.layer,
        )
        shown = question.shown
        future: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._open[approval.id] = _Waiting(approval, question, future, self._seconds())
        self._listener.notice("approval.opened", approval.id, shown, {"kind": approval.kind, "code": approval.code})
        answered = Answered(approve=False, by="cancelled", reason="the agent went away")
        try:
            answered = await asyncio.wait_for(future, seconds)
        except TimeoutError:
            answered = Answered(approve=False, by=TIMEOUT, reason=f"nobody answered within {seconds} s")
        finally:
            del self._open[approval.id]
            self._remember(approval.id, answered)
            word = "approved" if answered.approve else "denied"
            details = {"kind": approval.kind, "by": answered.by, "approve": answered.approve}
            self._listener.notice("approval.closed", approval.id, f"{word} by {answered.by}", details)
        return answered

    def answer(self, approval_id: str, answer: Answer) -> Approval:
        """Raises UnknownApproval, AlreadyAnswered, DifferentAction or UnfitAnswer."""
        if approval_id not in self._open:
            if approval_id in self._ended:
                raise AlreadyAnswered(self._ended[approval_id])
            raise UnknownApproval(approval_id)
        waiting = self._open[approval_id]
        if answer.digest and answer.digest != waiting.approval.digest:
            raise DifferentAction(approval_id)
        if waiting.future.done():
            raise AlreadyAnswered("answered just now")
        waiting.future.set_result(_answered(answer, waiting.question))
        return waiting.approval

    def _fresh_id(self, exchange: Exchange) -> str:
        """Of the exchange, which may be asked about again when what it would run has changed meanwhile."""
        name = exchange.id[-8:].lower()
        number = 1
        fresh = name
        while fresh in self._open or fresh in self._ended:
            number += 1
            fresh = f"{name}-{number}"
        return fresh

    def _remember(self, approval_id: str, answered: Answered) -> None:
        self._ended[approval_id] = f"{'approved' if answered.approve else 'denied'} by {answered.by}"
        while len(self._ended) > 1000:
            del self._ended[next(iter(self._ended))]


def _answered(answer: Answer, question: Question) -> Answered:
    """Raises UnfitAnswer. A no needs no more than being one."""
    if not answer.approve:
        return Answered(approve=False, by=answer.by, reason=answer.reason)
    offered = [reach.value for reach in question.reaches]
    if answer.reach not in offered:
        raise UnfitAnswer(f"a yes to this may reach: {', '.join(offered)}")
    reach = Reach(answer.reach)
    if answer.seconds < 0 or (answer.prefix and reach is not Reach.RULE):
        raise UnfitAnswer("seconds: expected 0 or more; prefix: only a rule has one")
    if answer.prefix and (problem := question.check_prefix(answer.prefix)):
        raise UnfitAnswer(problem)
    return Answered(True, answer.by, answer.reason, reach, answer.seconds, answer.prefix)


def _stopping() -> Answered:
    return Answered(approve=False, by=STOPPING, reason="companion is stopping, so nobody can be asked")


def text_of(exchange: Exchange) -> str:
    """The action as text, raw: for a person only after redaction and `visible`."""
    match exchange.action:
        case ShellCommand(command=command):
            return command
        case FileAccess(path=path, operation=operation):
            return f"{operation} {path}"
        case ToolCall(tool=tool, arguments=arguments):
            return f"{tool} {arguments}"
        case ModelCall() as call:
            return text_of_call(call.model, call)


def text_of_call(model: str, call: ModelCall) -> str:
    """A model call as text; `model` is its name as it may be shown."""
    return f"{model} ({call.size or sum(map(len, call.texts))} bytes)"
