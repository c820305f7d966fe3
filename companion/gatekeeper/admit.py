"""Admission: the one way through the middle, and the only place of it that waits.

Laws (tests/gatekeeper/test_admit.py): one exchange has exactly one opening and one closing line, whatever happens;
nothing awaits between reading the counters and reserving against them; closing never awaits; a scan or a guard that
fails denies, and the denial is recorded; no raw action reaches a sink.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from companion.gatekeeper.admission import BYTES_A_TOKEN, Admission, Refusal, recorded
from companion.gatekeeper.approvals import text_of, text_of_call
from companion.gatekeeper.asking import Asking
from companion.gatekeeper.cloudlog import cloud_records
from companion.gatekeeper.facts import Gatherer
from companion.gatekeeper.limits import LimitReached, Limits, Passed
from companion.gatekeeper.meter import BudgetExceeded, Meter, Reservation
from companion.gatekeeper.ports import Ledger, Listener, Prices, SecretScanner
from companion.gatekeeper.sessions import Sessions
from companion.model.action import FileAccess, ModelCall, ShellCommand, kind_of
from companion.model.exchange import NOWHERE, Exchange, Route
from companion.model.facts import Facts
from companion.model.money import Cost, Usage
from companion.model.policy import Policy
from companion.model.record import Closing, Ending, Opening, RemarkRecord
from companion.model.scope import Subject
from companion.model.verdict import Amend, Ask, Decision, Deny, Outcome, Remark
from companion.policy.display import one_line
from companion.policy.evaluate import Guard, evaluate
from companion.policy.guards.excerpts import IGNORED_TEXT, hidden
from companion.policy.privilege import is_privileged

_MOST_NAMES = 1000
_FIRST_ERROR_STATUS = 400


@dataclass(frozen=True, slots=True)
class Gatekeeper:
    """Everything that admitting needs; built once by the composition root."""

    guards: Sequence[tuple[str, Guard]]
    gatherer: Gatherer
    scanner: SecretScanner
    ledger: Ledger
    prices: Prices
    meter: Meter
    limits: Limits
    asking: Asking
    listener: Listener
    clock: Callable[[], datetime]
    denies_unpriced: Callable[[], bool] = lambda: False
    """Whether a call of unknown price is refused where a budget would count it."""
    names: dict[str, str] = field(default_factory=dict[str, str])
    """Names that agents gave, and how they are written down."""
    sessions: Sessions = field(default_factory=Sessions)

    def admit(
        self,
        exchange: Exchange,
        route: Route = NOWHERE,
        objection: Deny | None = None,
        noted: Sequence[Remark] = (),
        *,
        at_execution: bool = False,
    ) -> AbstractAsyncContextManager[Admission]:
        """Judges `exchange`, waits for a person where a guard asked, and keeps its ledger line.

        `objection` is an edge's own denial, of something that it could not even read; `noted` is what an edge decided
        on the way and the record should say. `at_execution`: the effect comes at once, so a yes that was given while
        the call was still on its way serves here, once.

        Inside the context `admission.refusal` says whether the effect may happen. The caller notes on the admission
        what came of it; leaving the context closes the line, also by an exception or a cancellation.
        """
        return _Admitting(self, exchange, route, objection, noted, at_execution)

    async def begin(
        self,
        exchange: Exchange,
        route: Route,
        objection: Deny | None,
        noted: Sequence[Remark],
        at_execution: bool = False,
    ) -> Admission:
        """As entering `admit`. Where it raises, the line is closed; else `end` closes it."""
        action, session = exchange.action, exchange.origin.session
        if isinstance(action, ModelCall):
            self.sessions.note(exchange.origin)
        if isinstance(action, ModelCall) and (named := self.names.get(action.model)):
            summary = one_line(text_of_call(named, action))
        else:
            summary = one_line(await self._safe_text(exchange))
        if session:
            session = await self._safe_name(session)
        admission = Admission(exchange, Decision(exchange.action), route)
        # The line is being written while the action is judged. From here on it is opened, so it will be closed.
        writing = self._open(admission, summary, session)
        try:
            facts, decision = await self._judge(exchange)
            if objection is not None:
                decision = _with(decision, "edge", objection)
            admission.decision = replace(decision, remarks=(*noted, *decision.remarks)) if noted else decision
            if isinstance(exchange.action, ShellCommand) and any(effect.call for effect in facts.effects):
                scrub = self.scanner.scrub
                admission.cloud = await asyncio.to_thread(cloud_records, exchange.action, facts.effects, scrub)
            if facts.findings:
                admission.found = recorded(facts.findings)
            if any(isinstance(remark.verdict, Amend) for remark in decision.remarks):
                types = (finding.type for finding in facts.findings)
                admission.redacted = dict(Counter([*types, *[IGNORED_TEXT] * hidden(facts)]))
            if not self.prices.ready and isinstance(exchange.action, ModelCall):
                await self.prices.load()
            if isinstance(action, ModelCall) and admission.decision.outcome is not Outcome.DENY:
                subject = self._subject(admission)
                admission.passed = await self._wait_for_turn(admission, action, subject)
                if admission.passed is not None:
                    self._reserve(admission, subject)
            if writing is not None:
                await self._written(admission, writing)
            await self._ask(admission, facts, at_execution=at_execution)
            is_returned = exchange.returns and isinstance(exchange.action, FileAccess | ShellCommand)
            if is_returned and not at_execution and admission.refusal is None:
                self.sessions.passed(exchange.action, exchange.origin, self.clock())
        except BaseException as error:
            self.end(admission, error)
            raise
        return admission

    def end(self, admission: Admission, error: BaseException | None) -> None:
        """The effect has happened, or has not: `error` is what was raised meanwhile."""
        ending = admission.ending if error is None else Ending.CANCELLED
        if isinstance(error, Exception):
            admission.failure = admission.failure or f"{type(error).__name__}: {error}"
            ending = Ending.FAILED
        if admission.passed is not None:
            admission.passed.settle(admission.tokens)
            admission.passed.leave()
        self._close(admission, ending)

    def rebook(self, admission: Admission, route: Route) -> None:
        """The call goes by another route than was thought: its money is set aside anew, for that one.

        Raises BudgetExceeded, and then nothing is set aside any more.
        """
        if route == admission.route:
            return
        admission.route = route
        if admission.reservation is not None:
            self.meter.settle(admission.reservation, 0)
            admission.reservation = None
            admission.reservation = self._set_aside(admission, self._subject(admission))

    async def _judge(self, exchange: Exchange) -> tuple[Facts, Decision]:
        try:
            action, facts = await self.gatherer.gather(exchange)
        except Exception as error:  # noqa: BLE001 - fail closed, whatever it was
            reason = f"companion could not examine this ({type(error).__name__}), so the answer is no"
            denial = Deny("examination-failed", reason, "companion doctor")
            self.listener.notice("failure", "examination", str(error), {"error": error})
            return Facts(exchange.origin, Policy()), Decision(exchange.action, (Remark("examination", denial),))
        return facts, evaluate(self.guards, action, facts, self._guard_failed)

    def _guard_failed(self, name: str, error: Exception) -> None:
        self.listener.notice("failure", f"guard {name}", str(error), {"error": error})

    async def _wait_for_turn(self, admission: Admission, action: ModelCall, subject: Subject) -> Passed | None:
        """Only what goes to a model is limited. None where no turn came, which is a denial."""
        try:
            return await self.limits.acquire(subject, action.size // BYTES_A_TOKEN)
        except LimitReached as reached:
            hint = f"try again in {reached.retry_after_seconds} s, or raise the limit in companion.toml"
            admission.decision = _with(admission.decision, "limits", Deny(reached.code, str(reached), hint))
            return None

    def _reserve(self, admission: Admission, subject: Subject) -> None:
        try:
            admission.reservation = self._set_aside(admission, subject)
        except BudgetExceeded as exceeded:
            denial = Deny("budget-exceeded", str(exceeded), "companion spend, or raise the budget in companion.toml")
            admission.decision = _with(admission.decision, "budget", denial)

    def _set_aside(self, admission: Admission, subject: Subject) -> Reservation:
        """Nothing awaits between reading the counters and adding to them. Raises BudgetExceeded."""
        action, route = admission.action, admission.route
        assert isinstance(action, ModelCall)
        if not action.dialect.is_billed:
            return self.meter.reserve(subject, 0)
        # No character takes more than four bytes; most take one, so this is an upper bound that costs no encoding.
        size = action.size or sum(len(text) if text.isascii() else 4 * len(text) for text in action.texts)
        at = admission.exchange.at
        most = self.prices.ceiling(route.provider, route.model, size, action.max_output_tokens, at)
        if not most and self.denies_unpriced() and self.meter.counts(subject) and not self._is_priced(route):
            denial = Deny(
                "unpriced-call",
                f"the price of {one_line(route.model, 80)} is unknown, so no budget can count this call",
                'name another model, or set budgets.unpriced = "allow" in companion.toml',
            )
            admission.decision = _with(admission.decision, "budget", denial)
        return self.meter.reserve(subject, most)

    def _subject(self, admission: Admission) -> Subject:
        """With names that people may see: the model's is the agent's choice."""
        return admission.exchange.origin.subject(self._shown_model(admission), admission.route.tier)

    def _shown_model(self, admission: Admission) -> str:
        """The model that is asked of the upstream. What the agent named is shown as it is written down."""
        asked, named = admission.exchange.action, admission.route.model
        if isinstance(asked, ModelCall) and asked.model == named:
            return self.names.get(named, "(withheld)")
        return named

    def _is_priced(self, route: Route) -> bool:
        return self.prices.price(route.provider, route.model, Usage(), self.clock()).picodollars is not None

    def _open(self, admission: Admission, summary: str, session: str) -> Awaitable[None] | None:
        exchange, action = admission.exchange, admission.exchange.action
        opening = Opening(
            id=exchange.id,
            parent=exchange.parent,
            at_ns=_ns(exchange.at),
            kind=kind_of(action),
            client=exchange.origin.client,
            session=session,
            workspace=exchange.origin.workspace,
            key_id=exchange.origin.key_id,
            tier=admission.route.tier or exchange.origin.tier,
            dialect=action.dialect if isinstance(action, ModelCall) else "",
            model=self.names.get(action.model, "(withheld)") if isinstance(action, ModelCall) else "",
            summary=summary,
        )
        self.listener.notice("exchange.opened", exchange.id, opening.summary, {"kind": opening.kind})
        opened = self.ledger.open(opening)
        if opened is None:
            return None
        writing = asyncio.ensure_future(opened)
        # Whoever is cancelled before the line is written does not ask what became of it.
        writing.add_done_callback(lambda done: done.cancelled() or done.exception())
        return writing

    async def _written(self, admission: Admission, writing: Awaitable[None]) -> None:
        """What cannot be written down does not happen."""
        try:
            await writing
        except Exception as error:  # noqa: BLE001 - whatever it was
            denial = Deny("ledger-unavailable", f"the ledger cannot be written: {error}", "companion doctor")
            admission.decision = _with(admission.decision, "ledger", denial)

    async def _ask(self, admission: Admission, facts: Facts, *, at_execution: bool) -> None:
        decision = admission.decision
        admission.privileged = decision.outcome is not Outcome.ALLOW and is_privileged(facts, decision)
        if decision.outcome is Outcome.DENY:
            admission.refusal = Refusal(decision.code, decision.reason, decision.hint)
        elif decision.outcome is Outcome.ASK:
            scrubbed = await self._safe_text(admission.exchange)
            await self.asking.settle(admission, facts, scrubbed, at_execution=at_execution)
            if admission.refusal is None:
                self.gatherer.grant(facts)

    async def _safe_text(self, exchange: Exchange) -> str:
        if isinstance(exchange.action, ModelCall):
            return text_of_call(await self._safe_name(exchange.action.model), exchange.action)
        try:
            return await asyncio.to_thread(self.scanner.scrub, text_of(exchange))
        except Exception as error:  # noqa: BLE001 - what cannot be examined is not shown and not written down
            self.listener.notice("failure", "scrubbing", str(error), {"error": error})
            return f"({kind_of(exchange.action)} withheld: it could not be searched for secrets)"

    async def _safe_name(self, name: str) -> str:
        """A model or a session as the agent named it, without secrets. The same few come again and again."""
        if not name or name in self.names:
            return self.names.get(name, "")
        try:
            safe = await asyncio.to_thread(self.scanner.scrub, name)
        except Exception as error:  # noqa: BLE001 - as in _safe_text
            self.listener.notice("failure", "scrubbing", str(error), {"error": error})
            return "(withheld)"
        while len(self.names) >= _MOST_NAMES:
            del self.names[next(iter(self.names))]
        self.names[name] = safe
        return safe

    def _close(self, admission: Admission, ending: Ending) -> None:
        decision = admission.decision
        cost = self._cost(admission)
        if admission.reservation is not None:
            self.meter.settle(admission.reservation, (cost.picodollars or 0) if cost else 0)
        decisive = decision.decisive
        closing = Closing(
            id=admission.exchange.id,
            # A clock that was set back must not make an exchange end before it began.
            at_ns=max(time.time_ns(), _ns(admission.exchange.at)),
            ending=ending,
            outcome=decision.outcome,
            code=admission.refusal.code if admission.refusal else decision.code,
            reason=one_line(admission.failure or (admission.refusal or decision).reason, 500),
            guard=decisive.guard if decisive else "",
            remarks=tuple(_remark_record(remark) for remark in decision.remarks),
            approver=admission.answered.by if admission.answered else "",
            upstream=admission.route.upstream if admission.calls else "",
            model=self._shown_model(admission) if admission.calls else "",
            calls=admission.calls,
            status=admission.status,
            usage=admission.usage,
            cost=cost,
            redactions=sum(admission.redacted.values()),
            day=admission.reservation.day.isoformat() if admission.reservation else "",
            findings=admission.found,
            cloud=admission.cloud,
        )
        self.ledger.close(closing)
        details = {
            "kind": kind_of(admission.exchange.action),
            "client": admission.exchange.origin.client,
            "ending": ending,
            "outcome": closing.outcome,
            "code": closing.code,
            "picodollars": cost.picodollars if cost else None,
            "priced": cost is None or cost.picodollars is not None,
            "redacted": admission.redacted,
            "guard": closing.guard,
            "upstream": closing.upstream,
            "model": closing.model,
            "status": closing.status,
            "privileged": admission.privileged,
        }
        self.listener.notice("exchange.closed", closing.id, f"{ending}: {closing.code} {closing.reason}", details)

    def _cost(self, admission: Admission) -> Cost | None:
        """None where no money is due: nothing went upstream, or this is no model call."""
        action = admission.action
        if admission.unbilled:
            return Cost(0, source=admission.unbilled)
        if not admission.calls or not isinstance(action, ModelCall):
            return None
        if not action.dialect.is_billed:
            return Cost(0, source="providers do not bill it")
        if admission.usage is None and admission.status >= _FIRST_ERROR_STATUS:
            return Cost(0, source="providers do not bill errors")
        if admission.usage is None:
            return Cost(None, "the answer carried no usage")
        return self.prices.price(admission.route.provider, admission.route.model, admission.usage, self.clock())


class _Admitting(AbstractAsyncContextManager[Admission]):
    """What `Gatekeeper.admit` gives out. A class, since a generator costs every call more than all guards together."""

    __slots__ = ("_admission", "_gatekeeper", "_given")

    def __init__(
        self,
        gatekeeper: Gatekeeper,
        exchange: Exchange,
        route: Route,
        objection: Deny | None,
        noted: Sequence[Remark],
        at_execution: bool,
    ) -> None:
        self._gatekeeper = gatekeeper
        self._given = exchange, route, objection, noted, at_execution

    async def __aenter__(self) -> Admission:
        self._admission = await self._gatekeeper.begin(*self._given)
        return self._admission

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._gatekeeper.end(self._admission, error)


def _ns(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000_000)


def _with(decision: Decision, guard: str, denial: Deny) -> Decision:
    return replace(decision, remarks=(*decision.remarks, Remark(guard, denial)))


def _remark_record(remark: Remark) -> RemarkRecord:
    words = {Deny: Outcome.DENY, Ask: Outcome.ASK, Amend: Outcome.AMEND}
    outcome = words.get(type(remark.verdict), Outcome.ALLOW)
    return RemarkRecord(remark.guard, outcome, remark.verdict.code, one_line(remark.verdict.reason, 500))
