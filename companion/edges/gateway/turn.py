"""One model call on its way: what it asked, where it goes, and how its answer comes back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from typing import Any

from companion.edges.gateway import chat
from companion.edges.gateway.dialect import (
    AnswerStream,
    Asked,
    BadRequest,
    DialectModule,
    UnclearAnswer,
    restore_strings,
)
from companion.edges.gateway.envelope import Envelope
from companion.edges.gateway.gate import WireGate
from companion.edges.gateway.jsontext import dump, read_object
from companion.edges.gateway.prompt import Prompt
from companion.edges.gateway.respond import Responder
from companion.edges.gateway.sse import SseEvent, SseParser, StreamTooLarge
from companion.edges.gateway.tooluse import ToolUse
from companion.gatekeeper.admit import Admission
from companion.model.action import Dialect
from companion.model.exchange import Exchange
from companion.policy.redaction import Lookup
from companion.upstream.sender import Reply

SIGNED_KEYS = frozenset({"thinking", "signature", "encrypted_content"})
"""Values that the provider has signed: a placeholder inside stays, or the signature breaks."""

_LARGEST_ANSWER = 64 * 1024 * 1024
_LARGE = 256 * 1024
_LAST_SECONDS = 0.5
_AT_ONCE = 100
_BAD_GATEWAY = 502


@dataclass(frozen=True, slots=True)
class Turn:
    """Everything about one call that does not change while it runs."""

    module: DialectModule
    body: dict[str, Any]
    asked: Asked
    prompt: Prompt
    envelope: Envelope
    exchange: Exchange
    respond: Responder
    gate: WireGate

    @property
    def adds_usage(self) -> bool:
        """Whether companion asks for the usage of a stream because the agent did not."""
        return self.module.DIALECT is Dialect.CHAT and self.asked.stream and not chat.asks_usage(self.body)

    def outgoing(self, texts: tuple[str, ...], model: str) -> bytes:
        """The body as it leaves: amended texts, the tier's model, usage asked for."""
        return self.prompt.amended(texts, model, with_usage=self.adds_usage)

    def gate_for(self, lookup: Lookup | None) -> WireGate:
        """The gate that restores what the model was shown, and no placeholder that it only guesses."""
        return replace(self.gate, lookup=lookup or (lambda _: None))

    async def fail(self, status: int, code: str, message: str) -> None:
        """Tells the agent of a failure, in the stream where one has begun."""
        text = message if message.startswith("companion") else f"companion: {message}"
        if self.respond.begun:
            await self.respond.finish(self.module.stream_error(code, text))
        else:
            await self.respond.send_json(status, self.module.error(status, code, text))


class StreamedAnswer:
    """An answer that comes as events. Read within the admission, released after it."""

    def __init__(self, turn: Turn, lookup: Lookup | None) -> None:
        """`lookup` knows the placeholders that the model was shown; None where it was shown none."""
        self._turn = turn
        self._lookup = lookup
        self._answer: AnswerStream = turn.module.stream(lookup)
        self._uses: list[ToolUse] = []

    async def read(self, admission: Admission, reply: Reply, headers: list[tuple[str, str]]) -> None:
        """Passes what may pass and holds the rest, to the end of the upstream's answer."""
        answer, respond = self._answer, self._turn.respond
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
            admission.usage = answer.usage
        if answer.failed:
            admission.failure = answer.failed
        elif not answer.complete and not admission.failure:
            admission.failure = "the upstream's answer broke off"
        if answer.over:
            await _let_end(reply.chunks)

    async def _pass(self, events: Iterable[SseEvent]) -> None:
        passed: list[bytes] = []
        try:
            for number, event in enumerate(events):
                if self._answer.over:
                    return
                told = self._answer.feed(event)
                if not (self._turn.adds_usage and chat.is_usage_only(event)):
                    passed += told
                if number % _AT_ONCE == _AT_ONCE - 1:
                    # One chunk can hold thousands of events: the loop has others to serve.
                    await asyncio.sleep(0)
        finally:
            await self._turn.respond.write(b"".join(passed))

    async def give(self, admission: Admission) -> None:
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

        async def beat() -> bytes:
            return answer.beat()

        gate = turn.gate_for(self._lookup)
        async with turn.respond.kept_alive(beat):
            changes = await gate.judge(self._uses, turn.asked.tools, turn.exchange.origin, turn.exchange.id)
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

    async def read(self, admission: Admission, reply: Reply, headers: list[tuple[str, str]]) -> None:
        self._headers, self._status = headers, reply.status
        try:
            self._raw = await read_whole(reply.chunks)
            self._document = await parse_object(self._raw)
            admission.usage = self._turn.module.usage_of(self._document)
            self._uses = self._turn.module.uses_of(self._document)
        except (BadRequest, UnclearAnswer) as bad:
            admission.failure = f"the upstream's answer cannot be read: {bad}"
        except (TypeError, AttributeError, KeyError) as odd:
            admission.failure = f"the upstream's answer is not of this dialect ({odd})"

    async def give(self, admission: Admission) -> None:
        """While a person decides, blanks before the JSON, which every parser skips, keep the agent waiting."""
        turn, respond = self._turn, self._turn.respond
        if admission.failure:
            await turn.fail(_BAD_GATEWAY, "answer-unreadable", admission.failure)
            return

        async def beat() -> bytes:
            if not respond.begun:
                await respond.begin(self._status, self._headers)
            return b" "

        gate = turn.gate_for(self._lookup)
        async with respond.kept_alive(beat):
            changes = await gate.judge(self._uses, turn.asked.tools, turn.exchange.origin, turn.exchange.id)
        raw = dump(turn.module.change(self._document, changes)) if changes else self._raw
        if self._lookup is not None:
            raw = restore_strings(raw, self._lookup, SIGNED_KEYS)
        if not respond.begun:
            await respond.begin(self._status, [*self._headers, ("content-length", str(len(raw)))])
        await respond.finish(raw)


async def _let_end(chunks: AsyncIterator[bytes]) -> None:
    """Reads what an upstream still sends after its last word, so that the connection can serve again; not for long."""
    # Whatever goes wrong here: the answer is whole.
    with contextlib.suppress(Exception):
        async with asyncio.timeout(_LAST_SECONDS):
            async for _ in chunks:
                pass


async def read_whole(chunks: AsyncIterator[bytes]) -> bytes:
    """A body, whole. Raises BadRequest past 64 MiB."""
    parts: list[bytes] = []
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > _LARGEST_ANSWER:
            raise BadRequest(f"more than {_LARGEST_ANSWER} bytes")
        parts.append(chunk)
    return b"".join(parts)


async def parse_object(raw: bytes) -> dict[str, Any]:
    """A JSON object that every reader reads alike. Raises BadRequest."""
    try:
        # A large one is read in a thread, so that the loop goes on serving others.
        return read_object(raw) if len(raw) < _LARGE else await asyncio.to_thread(read_object, raw)
    except ValueError as error:
        raise BadRequest(f"the body cannot be read as JSON ({error})") from error
