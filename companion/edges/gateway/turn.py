"""One model call on its way: what it asked, where it goes, and how its answer comes back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from companion.edges.gateway import chat
from companion.edges.gateway.dialect import AnswerStream, Asked, BadRequest, DialectModule, restore_strings
from companion.edges.gateway.gate import WireGate
from companion.edges.gateway.jsontext import dump
from companion.edges.gateway.prompt import Prompt
from companion.edges.gateway.respond import Responder
from companion.edges.gateway.sse import SseEvent, SseParser, StreamTooLarge
from companion.gatekeeper.admit import Admission
from companion.model.action import Dialect
from companion.model.exchange import Exchange
from companion.policy.redaction import Lookup
from companion.upstream.sender import Reply

SIGNED_KEYS = frozenset({"thinking", "signature", "encrypted_content"})
"""Values that the provider has signed: a placeholder inside stays, or the signature breaks."""

_LARGEST_ANSWER = 64 * 1024 * 1024
_BAD_GATEWAY = 502


@dataclass(frozen=True, slots=True)
class Turn:
    """Everything about one call that does not change while it runs."""

    module: DialectModule
    body: dict[str, Any]
    asked: Asked
    prompt: Prompt
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
        """`lookup` is None where the model sees no placeholder, and so can name none."""
        self._turn = turn
        self._answer: AnswerStream = turn.module.stream(lookup)

    async def read(self, admission: Admission, reply: Reply, headers: list[tuple[str, str]]) -> None:
        """Passes what may pass and holds the rest, to the end of the upstream's answer."""
        answer, respond = self._answer, self._turn.respond
        await respond.begin(reply.status, headers)

        async def beat() -> bytes:
            return answer.beat() if answer.holding else b""

        try:
            async with respond.kept_alive(beat):
                async for event in _events(reply.chunks):
                    passed = answer.feed(event)
                    if not (self._turn.adds_usage and chat.is_usage_only(event)):
                        await respond.write(b"".join(passed))
        except StreamTooLarge as large:
            admission.failure = f"the upstream's answer cannot be read: {large}"
        finally:
            admission.usage = answer.usage
        if answer.failed:
            admission.failure = answer.failed
        elif not answer.complete and not admission.failure:
            admission.failure = "the upstream's answer broke off"

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

        async with turn.respond.kept_alive(beat):
            changes = await turn.gate.judge(answer.uses, turn.asked.tools, turn.exchange.origin, turn.exchange.id)
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

    async def read(self, admission: Admission, reply: Reply, headers: list[tuple[str, str]]) -> None:
        self._headers, self._status = headers, reply.status
        try:
            self._raw = await read_whole(reply.chunks)
            self._document = parse_object(self._raw)
        except BadRequest as bad:
            admission.failure = f"the upstream's answer cannot be read: {bad}"
            return
        admission.usage = self._turn.module.usage_of(self._document)

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

        uses = turn.module.uses_of(self._document)
        async with respond.kept_alive(beat):
            changes = await turn.gate.judge(uses, turn.asked.tools, turn.exchange.origin, turn.exchange.id)
        raw = dump(turn.module.change(self._document, changes)) if changes else self._raw
        if self._lookup is not None:
            raw = restore_strings(raw, self._lookup, SIGNED_KEYS)
        if not respond.begun:
            await respond.begin(self._status, [*self._headers, ("content-length", str(len(raw)))])
        await respond.finish(raw)


async def _events(chunks: AsyncIterator[bytes]) -> AsyncIterator[SseEvent]:
    parser = SseParser()
    async for chunk in chunks:
        for event in parser.feed(chunk):
            yield event
    for event in parser.close():
        yield event


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


def parse_object(raw: bytes) -> dict[str, Any]:
    """Raises BadRequest."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is not JSON ({error})") from error
    if not isinstance(body, dict):
        raise BadRequest("the body is not a JSON object")
    return body
