"""Serves a model call: reads it, has it admitted, sends it, and gives the judged answer back."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from msgspec import Struct

from companion.edges.gateway.afterwards import AnswerScan
from companion.edges.gateway.agents import Modes, workspace_of
from companion.edges.gateway.answer import Holding, StreamedAnswer, WholeAnswer, give_again
from companion.edges.gateway.cache import AnswerCache, Kept
from companion.edges.gateway.dialect import Asked, BadRequest, DialectModule
from companion.edges.gateway.gate import WireGate
from companion.edges.gateway.heads import Head
from companion.edges.gateway.held import HeldAnswers
from companion.edges.gateway.history import tells_all
from companion.edges.gateway.prompt import Prompt, PromptReader
from companion.edges.gateway.refusal import words
from companion.edges.gateway.respond import Responder
from companion.edges.gateway.turn import Turn, read_whole
from companion.edges.gateway.written import NO_NAMES, may_teach, taught
from companion.edges.gateway.written_answers import DIALECTS as WITH_CALLS_AS_TEXT
from companion.gatekeeper.admission import Admission, Refusal
from companion.gatekeeper.admit import Gatekeeper
from companion.gatekeeper.meter import BudgetExceeded
from companion.gatekeeper.runaway import RunawayBrake
from companion.model.action import Dialect, ModelCall, Tier
from companion.model.exchange import Exchange, Origin
from companion.model.scope import KeyScope, VirtualKey
from companion.model.verdict import Allow, Amend, Remark
from companion.policy.auto import AutoRules, Choice, choose
from companion.policy.redaction import PLACEHOLDER, Lookup
from companion.upstream.dispatch import Dispatcher
from companion.upstream.failures import Again
from companion.upstream.routes import ALIAS_PREFIX, NoRoute, Routes
from companion.upstream.sender import Reply, UpstreamUnreachable
from companion.upstream.tries import Candidate

_ANSWERED = range(200, 300)
_FIRST_ERROR_STATUS = 400
_RETRIED_BY_AGENTS = frozenset({408, 409, 429, *range(500, 600)})
_MARK = "SECRET_"
_MOST_NOTED = 20
_LARGE = 1024 * 1024
_MODEL_NAME = re.compile(r"[!-~]{1,200}")


class Incoming(Struct, frozen=True):
    """A request as the server read it."""

    head: Head
    body: bytes
    key: VirtualKey


@dataclass(frozen=True, slots=True)
class ModelCalls:
    """Serves the three dialects alike."""

    gatekeeper: Gatekeeper
    gate: WireGate
    dispatcher: Dispatcher
    routes: Routes
    lookup: Lookup
    next_id: Callable[[], str]
    clock: Callable[[], datetime]
    brake: RunawayBrake
    reader: PromptReader = field(default_factory=PromptReader)
    modes: Modes = field(default_factory=Modes)
    held: Holding = field(default_factory=HeldAnswers)
    cache: AnswerCache = field(default_factory=lambda: AnswerCache(0, 0, time.monotonic))
    auto: Callable[[], AutoRules] = AutoRules
    """The rules of `companion/auto` in force."""
    afterwards: AnswerScan | None = None
    """What looks at answers once they are given; None looks at none."""

    async def serve(self, incoming: Incoming, module: DialectModule, respond: Responder) -> None:
        """Answers every request, also a bad one, in the dialect's own shape."""
        try:
            if len(incoming.body) < _LARGE:
                turn = self._read(incoming, module, respond)
            else:
                turn = await asyncio.to_thread(self._read, incoming, module, respond)
        except BadRequest as bad:
            await respond.send_json(400, module.error(400, "bad-request", f"companion: {bad}"))
            return
        except NoRoute as missing:
            await respond.send_json(400, module.error(400, "no-route", f"companion: {missing}"))
            return
        if self.held and (held := self.held.find(turn.question())) is not None:
            self.gatekeeper.listener.notice("call.attached", held.recording.exchange, "asked again while held", {})
            await give_again(turn, held)
            return
        answer: StreamedAnswer | WholeAnswer | None = None
        objection = self.brake.judge(turn.exchange.origin)
        failed: BaseException | None = None
        async with self.gatekeeper.admit(turn.exchange, turn.way.route(), objection, turn.noted) as admission:
            if admission.refusal is not None:
                await _refuse(turn, admission.refusal)
                return
            try:
                answer = await self._exchange(turn, admission)
                if answer is not None and not answer.asks:
                    # It keeps nobody waiting, so the agent has it before the line is closed.
                    given, answer = answer, None
                    failed = await _failure(given.give(admission, self.held))
                    self._look_at(turn, given)
            except BudgetExceeded as exceeded:
                admission.refusal = Refusal("budget-exceeded", str(exceeded), "companion spend")
                await _refuse(turn, admission.refusal)
            except UpstreamUnreachable as unreachable:
                admission.failure = str(unreachable)
                await turn.fail(502, f"upstream-{unreachable.kind}", str(unreachable))
        # The call went well even where its answer found nobody any more.
        if failed is not None:
            raise failed
        # The line of the model call is closed: what the answer asks for are exchanges of their own.
        if answer is not None:
            self._look_at(turn, answer)
            await answer.give(admission, self.held)

    def _look_at(self, turn: Turn, answer: StreamedAnswer | WholeAnswer) -> None:
        if self.afterwards is not None:
            self.afterwards.offer(turn.exchange, turn.module.DIALECT, answer.document())

    def _read(self, incoming: Incoming, module: DialectModule, respond: Responder) -> Turn:
        """Raises BadRequest or NoRoute."""
        try:
            prompt = self.reader.read(incoming.body)
        except ValueError as error:
            raise BadRequest(f"the body cannot be read as JSON ({error})") from error
        asked = module.read_request(prompt.skeleton)
        if not _MODEL_NAME.fullmatch(asked.model):
            raise BadRequest("model: expected at most 200 letters, digits and signs")
        tier = self.modes.tier_of(incoming.head.headers, asked)
        chosen = self._chosen(asked, tier, prompt, incoming.key.scope)
        way = self.routes.way(chosen.tier if chosen else tier, asked.model)
        if incoming.key.scope.models:
            way = way.among(incoming.key.scope.permits_model)
        origin = Origin(
            client=incoming.head.client,
            key_id=incoming.key.id,
            session=incoming.head.session,
            workspace=workspace_of(incoming.head.headers, asked),
            tier=tier,
            scope=incoming.key.scope,
        )
        envelope = incoming.head.envelope
        action = ModelCall(
            module.DIALECT,
            asked.model,
            stream=asked.stream,
            tools=asked.tools,
            max_output_tokens=asked.max_output_tokens,
            served=way.route().model,
            parts=(*prompt.parts, envelope),
            size=len(incoming.body),
        )
        exchange = Exchange(
            self.next_id(), self.clock(), origin, action, returns=tells_all(module.DIALECT, prompt.skeleton)
        )
        noted = (Remark("auto", Allow(chosen.code, chosen.reason)),) if chosen else ()
        written = _written(module.DIALECT, asked, prompt)
        return Turn(module, asked, prompt, envelope, exchange, respond, self.gate, way, noted, written)

    def _chosen(self, asked: Asked, tier: Tier, prompt: Prompt, scope: KeyScope) -> Choice | None:
        """What the rules of `companion/auto` choose, where this call asks for it, nobody plans and the key may."""
        if asked.model != f"{ALIAS_PREFIX}auto" or tier is not Tier.ACT or not self.auto().enabled:
            return None
        chosen = choose(self.auto(), len(prompt.raw), asked.tools, asked.words)
        return chosen if scope.permits_tier(chosen.tier) else None

    async def _exchange(self, turn: Turn, admission: Admission) -> StreamedAnswer | WholeAnswer | None:
        """Sends the call and reads its answer; None when the agent has had it already.

        Raises UpstreamUnreachable, and BudgetExceeded where only an upstream that is too dear is left.
        """
        action, way = _called(admission), turn.way
        path, headers = turn.told_beside(action)

        def attempting(candidate: Candidate) -> None:
            self.gatekeeper.rebook(admission, way.route(candidate))
            admission.calls += 1

        def unsent() -> None:
            admission.calls -= 1

        bodies: dict[str, bytes] = {}

        def body_for(candidate: Candidate) -> bytes:
            if candidate.model not in bodies:
                bodies[candidate.model] = turn.outgoing(action, candidate.model)
            return bodies[candidate.model]

        question: bytes | None = None
        if self.cache.keeps(turn):
            outgoing = body_for(way.candidates[0])
            question = self.cache.key(turn, outgoing, headers)
            if (known := self.cache.get(question)) is not None:
                return await self._known(turn, admission, known, outgoing, headers)
        dialect = Dialect.MESSAGES if turn.module.DIALECT.is_anthropic else turn.module.DIALECT
        async with self.dispatcher.send(
            way.candidates, way.balance, "POST", path, headers, body_for, dialect, attempting, unsent
        ) as served:
            reply = served.reply
            admission.status = reply.status
            told = [*reply.headers, *_told(turn, admission)]
            if reply.status >= _FIRST_ERROR_STATUS:
                final = served.failure is not None and served.failure.again is Again.NEVER
                await _pass_error(turn, admission, reply, told, final=final)
                return None
            kind = reply.header("content-type").partition(";")[0].strip().lower()
            streamed = kind == "text/event-stream"
            if reply.status not in _ANSWERED or (streamed and not turn.asked.stream):
                admission.failure = f"the upstream answered {reply.status} {kind}, which is no answer to this call"
                await turn.fail(502, "answer-unreadable", admission.failure)
                return None
            # One word for what it is: an agent that reads the type otherwise would read another answer.
            kept = [(name, value) for name, value in told if name != "content-type"]
            kept.append(("content-type", "text/event-stream" if streamed else "application/json"))
            lookup = self._lookup_of(turn, admission, partial(body_for, served.candidate), headers)
            answer = StreamedAnswer(turn, lookup) if streamed else WholeAnswer(turn, lookup)
            await answer.read(admission, reply, kept)
            if admission.failure:
                served.broken()
            elif question is not None and (whole := answer.to_keep(reply.headers)) is not None:
                self.cache.put(question, whole)
            return answer

    async def _known(
        self, turn: Turn, admission: Admission, known: Kept, outgoing: bytes, headers: Mapping[str, str]
    ) -> WholeAnswer:
        """An answer that was given before. Nothing leaves, and nothing is due."""
        admission.unbilled, admission.status = "answered from the cache", known.status
        admission.note(Remark("cache", Allow("cache-hit", "the same was asked before, and its answer is kept")))
        told = [*known.headers, *_told(turn, admission), ("x-companion-cache", "hit")]
        answer = WholeAnswer(turn, self._lookup_of(turn, admission, lambda: outgoing, headers))
        await answer.read(admission, Reply(known.status, list(known.headers), _in_one(known.raw)), told)
        admission.usage = None
        return answer

    def _lookup_of(
        self, turn: Turn, admission: Admission, outgoing: Callable[[], bytes], headers: Mapping[str, str]
    ) -> Lookup | None:
        """Knows the placeholders that this call shows to the model: one that it only guesses stays what it is."""
        body = turn.prompt.skeleton
        if body.get("previous_response_id") or body.get("conversation"):
            # The upstream keeps the conversation: what the model was shown earlier is not in this call.
            return self._noting(turn.exchange.id)
        texts = [*headers.values()]
        # Else no placeholder can stand in the body, which may be long.
        remarks = admission.decision.remarks
        if turn.prompt.marked or (remarks and any(isinstance(remark.verdict, Amend) for remark in remarks)):
            texts.append(outgoing().decode("latin-1"))
        shown: set[str] = set()
        for text in texts:
            if _MARK in text:
                shown.update(PLACEHOLDER.findall(text))
        return self._noting(turn.exchange.id, shown) if shown else None

    def _noting(self, exchange: str, shown: AbstractSet[str] | None = None) -> Lookup:
        """Knows what was shown, everything for None, and says once of each other placeholder that it stays."""
        unknown: set[str] = set()

        def lookup(placeholder: str) -> str | None:
            secret = self.lookup(placeholder) if shown is None or placeholder in shown else None
            if secret is None and placeholder not in unknown and len(unknown) < _MOST_NOTED:
                unknown.add(placeholder)
                why = "its secret is not known" if shown is None or placeholder in shown else "the model made it up"
                text = f"{placeholder} stays as it is: {why}"
                self.gatekeeper.listener.notice("placeholder.unknown", exchange, text, {"placeholder": placeholder})
            return secret

        return lookup


def _written(dialect: Dialect, asked: Asked, prompt: Prompt) -> frozenset[str]:
    """The tools whose calls the agent reads in text. Raises BadRequest where nobody could judge them."""
    if asked.tools:
        return NO_NAMES
    names = taught(asked.instructions)
    if not asked.instructions:
        # Some models take no instructions, and have them as what the user said first.
        first = next((part for part in prompt.parts if part.place.entry or not part.place.key), None)
        names = taught(first.texts()) if first is not None and may_teach(first.raw) else NO_NAMES
    if names and dialect is Dialect.RESPONSES:
        raise BadRequest(
            "this prompt teaches tool calls as text, which companion cannot judge on this path: switch the agent to "
            "native tool calls, or to /v1/chat/completions"
        )
    return names if dialect in WITH_CALLS_AS_TEXT else NO_NAMES


def _called(admission: Admission) -> ModelCall:
    action = admission.action
    assert isinstance(action, ModelCall)
    return action


async def _failure(doing: Awaitable[None]) -> BaseException | None:
    try:
        await doing
    except BaseException as error:  # noqa: BLE001 - the caller raises it
        return error
    return None


async def _in_one(raw: bytes) -> AsyncIterator[bytes]:
    yield raw


def _told(turn: Turn, admission: Admission) -> list[tuple[str, str]]:
    """What companion adds to the answer's head: who served, under which exchange."""
    return [
        ("x-companion-exchange", turn.exchange.id),
        ("x-companion-tier", admission.route.tier or turn.exchange.origin.tier),
        ("x-companion-upstream", admission.route.upstream),
        ("x-companion-model", admission.route.model),
    ]


async def _pass_error(
    turn: Turn, admission: Admission, reply: Reply, headers: list[tuple[str, str]], *, final: bool
) -> None:
    """An upstream's error goes to the agent as it came: status, retry-after and body."""
    raw = await read_whole(reply.chunks)
    admission.failure = f"the upstream answered {reply.status}"
    # An upstream that is busy or down may be well when the agent asks again: only what no patience helps is final.
    if final and reply.status in _RETRIED_BY_AGENTS and not any(name == "x-should-retry" for name, _ in headers):
        headers = [*headers, ("x-should-retry", "false")]
    await turn.respond.whole(reply.status, headers, raw)


async def _refuse(turn: Turn, refusal: Refusal) -> None:
    """A refused call, in the form that makes this client stop and show the message (measured, docs/agents.md)."""
    text = words(refusal)
    if turn.module.DIALECT is Dialect.RESPONSES and turn.asked.stream:
        await turn.respond.begin(200, [("content-type", "text/event-stream"), ("cache-control", "no-cache")])
        await turn.respond.finish(turn.module.stream_error(refusal.code, text))
        return
    status = 402 if refusal.code == "budget-exceeded" else 400
    body = turn.module.error(status, refusal.code, text)
    await turn.respond.send_json(status, body, [("x-should-retry", "false")])
