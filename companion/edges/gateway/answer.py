"""An answer on its way to the agent: read within the admission, judged, and given out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from companion.edges.gateway.cache import Kept
from companion.edges.gateway.dialect import AnswerStream, BadRequest, UnclearAnswer, restore_strings
from companion.edges.gateway.held import Held, HeldAnswers
from companion.edges.gateway.jsontext import dump
from companion.edges.gateway.replay import document_of, events_of, texts_told
from companion.edges.gateway.sse import SseEvent, SseParser, StreamTooLarge
from companion.edges.gateway.tooluse import Changes, ToolUse
from companion.edges.gateway.turn import Turn, parse_object, read_whole
from companion.edges.gateway.written_answers import WrittenStream
from companion.gatekeeper.admission import Admission
from companion.model.money import Usage
from companion.policy.redaction import Lookup
from companion.upstream.sender import Reply

SIGNED_KEYS = frozenset({"thinking", "signature", "encrypted_content"})
"""Values that the provider has signed: a placeholder inside stays, or the signature breaks."""

_LAST_SECONDS = 0.5
_AT_ONCE = 100
_BAD_GATEWAY = 502
_OK = 200

Headers = list[tuple[str, str]]

_OF_ONE_ANSWER = frozenset({"content-type", "content-length", "date", "request-id", "x-request-id"})
"""Headers that another answer must not repeat."""


class Recording(Struct, frozen=True):
    """What the model said, for an agent that comes back for it: as events, or as a document."""

    exchange: str
    headers: Headers
    lookup: Lookup | None
    uses: Sequence[ToolUse]
    """Its calls, as they are judged."""
    events: Sequence[SseEvent] = ()
    document: dict[str, Any] | None = None


Holding = HeldAnswers[Recording]


class StreamedAnswer:
    """An answer that comes as events. Read within the admission, released after it."""

    def __init__(self, turn: Turn, lookup: Lookup | None) -> None:
        """`lookup` knows the placeholders that the model was shown; None where it was shown none."""
        self._turn = turn
        self._lookup = lookup
        self._answer = turn.stream(lookup)
        self._uses: list[ToolUse] = []
        self._headers: Headers = []
        self._events: list[SseEvent] = []
        self._passed = False

    @property
    def asks(self) -> bool:
        """Whether it asks for something that has to be judged."""
        return self._answer.holding

    def to_keep(self, headers: Headers) -> Kept | None:  # noqa: ARG002 - as WholeAnswer
        """Streams are not kept."""
        return None

    def document(self) -> Callable[[], dict[str, Any]]:
        """Tells what the model said, placeholders as they came. It raises UnclearAnswer where the answer broke off."""
        return partial(texts_told, self._turn.module.DIALECT, self._events)

    async def read(self, admission: Admission, reply: Reply, headers: list[tuple[str, str]]) -> None:
        """Passes what may pass and holds the rest, to the end of the upstream's answer."""
        answer, respond = self._answer, self._turn.respond
        self._headers = headers
        await respond.begin(reply.status, headers)

        async def beat() -> bytes:
            return answer.beat() if answer.holding else b""

        parser = SseParser()
        try:
            async with respond.kept_alive(beat):
                async for chunk in reply.chunks:
                    await self._pass(parser.feed(chunk))
                    if answer.over:
                        break
                else:
                    await self._pass(parser.close())
            self._uses = answer.uses
        except (StreamTooLarge, UnclearAnswer) as unclear:
            admission.failure = f"the upstream's answer cannot be read: {unclear}"
        finally:
            admission.usage = answer.usage if answer.complete or answer.failed else self._so_far()
        if answer.failed:
            admission.failure = answer.failed
        elif not answer.complete and not admission.failure:
            admission.failure = "the upstream's answer broke off"
        if answer.over:
            await _let_end(reply.chunks)

    def _so_far(self) -> Usage | None:
        return self._answer.usage_so_far(len(self._turn.prompt.raw))

    async def _pass(self, events: Iterable[SseEvent]) -> None:
        passed: list[bytes] = []
        try:
            for number, event in enumerate(events):
                if self._answer.over:
                    return
                passed += self._answer.feed(event)
                self._events.append(event)
                if passed and not self._passed:
                    # What comes first goes at once: until then nobody knows that there is an answer.
                    self._passed = True
                    await self._turn.respond.write(b"".join(passed))
                    passed.clear()
                if number % _AT_ONCE == _AT_ONCE - 1:
                    # One chunk can hold thousands of events: the loop has others to serve.
                    await asyncio.sleep(0)
        finally:
            await self._turn.respond.write(b"".join(passed))

    async def give(self, admission: Admission, holding: Holding) -> None:
        """Has what is held judged, and gives it out; an answer that failed gives out nothing held."""
        answer, turn = self._answer, self._turn
        if admission.failure:
            told = bool(answer.failed) and not answer.holding
            await turn.respond.finish(
                b"" if told else turn.module.stream_error("answer-broke-off", f"companion: {admission.failure}")
            )
            return
        if not answer.holding:
            await turn.respond.finish()
            return
        recording = Recording(turn.exchange.id, self._headers, self._lookup, self._uses, events=self._events)
        async with turn.respond.kept_alive(partial(_beat, answer)):
            changes = await _judged(turn, holding, recording)
        await turn.respond.finish(b"".join(answer.release(changes)))


class WholeAnswer:
    """An answer that comes as one JSON document."""

    def __init__(self, turn: Turn, lookup: Lookup | None) -> None:
        """As StreamedAnswer."""
        self._turn = turn
        self._lookup = lookup
        self._raw = b""
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._document: dict[str, Any] = {}
        self._uses: list[ToolUse] = []

    @property
    def asks(self) -> bool:
        """Whether it asks for something that has to be judged."""
        return bool(self._uses)

    def to_keep(self, headers: Headers) -> Kept | None:
        """The answer as it came, under its upstream's own headers; None for one that asks for something to be done."""
        if self._uses or self._status != _OK:
            return None
        kept = [(name, value) for name, value in headers if name not in _OF_ONE_ANSWER]
        return Kept(self._status, (*kept, ("content-type", "application/json")), self._raw)

    def document(self) -> Callable[[], dict[str, Any]]:
        """As StreamedAnswer; {} where it could not be read."""
        document = self._document
        return lambda: document

    async def read(self, admission: Admission, reply: Reply, headers: list[tuple[str, str]]) -> None:
        self._headers, self._status = headers, reply.status
        try:
            self._raw = await read_whole(reply.chunks)
            self._document = await parse_object(self._raw)
            admission.usage = self._turn.module.usage_of(self._document)
            self._uses = self._turn.uses_of(self._document, self._raw)
        except (BadRequest, UnclearAnswer) as bad:
            admission.failure = f"the upstream's answer cannot be read: {bad}"
        except (TypeError, AttributeError, KeyError) as odd:
            admission.failure = f"the upstream's answer is not of this dialect ({odd})"

    async def give(self, admission: Admission, holding: Holding) -> None:
        """Has the calls judged, and gives the document out."""
        turn = self._turn
        if admission.failure:
            await turn.fail(_BAD_GATEWAY, "answer-unreadable", admission.failure)
            return
        recording = Recording(turn.exchange.id, self._headers, self._lookup, self._uses, document=self._document)
        changes = Changes()
        if self._uses:
            async with _kept_waiting(turn, self._status, self._headers):
                changes = await _judged(turn, holding, recording)
        await _give_document(turn, self._status, recording, self._document, changes, self._raw)


async def give_again(turn: Turn, held: Held[Recording]) -> None:
    """Gives an answer that is being held to a request that came back for it, in the form that this one asks for."""
    recording = held.recording
    kept = [(name, value) for name, value in recording.headers if name not in {"content-type", "content-length"}]
    kept.append(("x-companion-attached", recording.exchange))
    try:
        if turn.asked.stream:
            await _give_events(turn, held, kept)
        else:
            document = recording.document or document_of(turn.module.DIALECT, recording.events)
            _refuse_others(recording.uses, turn.uses_of(document))
            again = replace(recording, headers=[*kept, ("content-type", "application/json")])
            async with _kept_waiting(turn, _OK, again.headers):
                changes = await held.changes()
            await _give_document(turn, _OK, again, document, changes, dump(document))
    except UnclearAnswer as unclear:
        await turn.fail(_BAD_GATEWAY, "answer-unreadable", f"the answer cannot be told in this form: {unclear}")


async def _give_events(turn: Turn, held: Held[Recording], headers: Headers) -> None:
    """As `give_again`, as a stream. Raises UnclearAnswer before it has begun."""
    recording, respond = held.recording, turn.respond
    answer = turn.stream(recording.lookup)
    events = recording.events or events_of(turn.module.DIALECT, recording.document or {})
    told = b"".join(piece for event in events for piece in answer.feed(event))
    _refuse_others(recording.uses, answer.uses)
    await respond.begin(_OK, [*headers, ("content-type", "text/event-stream")])
    await respond.write(told)
    async with respond.kept_alive(partial(_beat, answer)):
        changes = await held.changes()
    await respond.finish(b"".join(answer.release(changes)))


def _refuse_others(judged: Sequence[ToolUse], told: Sequence[ToolUse]) -> None:
    """Raises UnclearAnswer unless both are the same: what was decided of a call is found by its key."""
    if [replace(use, arguments=_compact(use)) for use in judged] != [
        replace(use, arguments=_compact(use)) for use in told
    ]:
        raise UnclearAnswer("its tool calls are others than those that were judged")


def _compact(use: ToolUse) -> str:
    try:
        return dump(json.loads(use.arguments)).decode()
    except (ValueError, RecursionError):
        return use.arguments


async def _beat(answer: AnswerStream | WrittenStream) -> bytes:
    return answer.beat()


async def _judged(turn: Turn, holding: Holding, recording: Recording) -> Changes:
    judging = turn.gate_for(recording.lookup).judge(
        recording.uses, turn.offered, turn.exchange.origin, turn.exchange.id
    )
    return await holding.judged(recording, judging, turn.question)


@asynccontextmanager
async def _kept_waiting(turn: Turn, status: int, headers: Headers) -> AsyncIterator[None]:
    """While a person decides, blanks before the JSON, which every parser skips, keep the agent waiting."""

    async def beat() -> bytes:
        if not turn.respond.begun:
            await turn.respond.begin(status, headers)
        return b" "

    async with turn.respond.kept_alive(beat):
        yield


async def _give_document(
    turn: Turn, status: int, recording: Recording, document: dict[str, Any], changes: Changes, unchanged: bytes
) -> None:
    raw = dump(turn.change(document, changes)) if changes else unchanged
    if recording.lookup is not None:
        raw = restore_strings(raw, recording.lookup, SIGNED_KEYS)
    if turn.respond.begun:
        await turn.respond.finish(raw)
    else:
        await turn.respond.whole(status, recording.headers, raw)


async def _let_end(chunks: AsyncIterator[bytes]) -> None:
    """Reads what an upstream still sends after its last word, so that the connection can serve again; not for long."""
    # Whatever goes wrong here: the answer is whole.
    with suppress(Exception):
        async with asyncio.timeout(_LAST_SECONDS):
            async for _ in chunks:
                pass
