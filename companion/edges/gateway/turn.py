"""One model call on its way: what it asked, where it goes, and how it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace
from typing import Any

from msgspec import Struct

from companion.edges.gateway import chat
from companion.edges.gateway.dialect import AnswerStream, Asked, BadRequest, DialectModule, UnclearAnswer
from companion.edges.gateway.envelope import Envelope
from companion.edges.gateway.gate import WireGate
from companion.edges.gateway.held import OF_THE_FORM, Question
from companion.edges.gateway.jsontext import read_object
from companion.edges.gateway.prompt import Prompt
from companion.edges.gateway.respond import Responder
from companion.edges.gateway.tooluse import Changes, ToolUse
from companion.edges.gateway.written import NO_NAMES
from companion.edges.gateway.written_answers import WrittenStream, change_in, uses_in
from companion.model.action import Dialect, ModelCall
from companion.model.exchange import Exchange
from companion.model.verdict import Remark
from companion.policy.redaction import Lookup
from companion.upstream.routes import Way

_LARGEST_ANSWER = 64 * 1024 * 1024
_LARGE = 256 * 1024


class Turn(Struct, frozen=True):
    """Everything about one call that does not change while it runs."""

    module: DialectModule
    asked: Asked
    prompt: Prompt
    envelope: Envelope
    exchange: Exchange
    respond: Responder
    gate: WireGate
    way: Way
    noted: tuple[Remark, ...] = ()
    """What was decided on the way here, for the record."""
    written: frozenset[str] = NO_NAMES
    """The tools that the agent's prompt teaches to call in text; none for agents that offer them natively."""

    @property
    def offered(self) -> Collection[str]:
        """The tools that the agent has, by name."""
        return self.written or self.asked.tools

    def uses_of(self, document: dict[str, Any], raw: bytes = b"") -> list[ToolUse]:
        """The calls of a whole answer, as `DialectModule.uses_of`. Raises UnclearAnswer."""
        if not self.written:
            return self.module.uses_of(document, raw)
        if self.module.uses_of(document, raw):
            raise UnclearAnswer("a native tool call comes where none was offered")
        return uses_in(self.module, document, self.written)

    def change(self, document: dict[str, Any], changes: Changes) -> dict[str, Any]:
        """A whole answer after the gate's changes."""
        if self.written:
            return change_in(self.module, document, changes, self.written)
        return self.module.change(document, changes)

    def stream(self, lookup: Lookup | None) -> AnswerStream | WrittenStream:
        """What reads the answer's events."""
        answer = WrittenStream(self.module, self.written, lookup) if self.written else self.module.stream(lookup)
        answer.passes_usage = not self.adds_usage
        return answer

    @property
    def adds_usage(self) -> bool:
        """Whether companion asks for the usage of a stream because the agent did not."""
        return adds_usage(self.module, self.asked, self.prompt)

    def outgoing(self, action: ModelCall, model: str) -> bytes:
        """The body as it leaves: amended texts, `model` asked for, usage asked for."""
        texts, examined = action.texts, action.examined
        if len(self.prompt.parts) in examined:
            texts, examined = texts[: -len(self.envelope.texts())], examined[:-1]
        return self.prompt.amended(texts, examined, model, with_usage=self.adds_usage)

    def told_beside(self, action: ModelCall) -> tuple[str, Mapping[str, str]]:
        """Path with query, and headers, as they leave."""
        if len(self.prompt.parts) not in action.examined:
            return self.envelope.path_with_query, self.envelope.headers
        return self.envelope.amended(action.texts[-len(self.envelope.texts()) :])

    def question(self) -> Question:
        """What makes another request the same as this one."""
        return Question(self.envelope.path_with_query, self.exchange.origin, self.prompt.digest(OF_THE_FORM))

    def gate_for(self, lookup: Lookup | None) -> WireGate:
        """The gate that restores what the model was shown, and no placeholder that it only guesses."""
        # What comes of a call in text comes back as text, and nobody can say of which.
        returns = self.exchange.returns and not self.written
        return replace(self.gate, lookup=lookup or (lambda _: None), returns=returns)

    async def fail(self, status: int, code: str, message: str) -> None:
        """Tells the agent of a failure, in the stream where one has begun."""
        text = message if message.startswith("companion") else f"companion: {message}"
        if self.respond.begun:
            await self.respond.finish(self.module.stream_error(code, text))
        else:
            await self.respond.send_json(status, self.module.error(status, code, text))


def adds_usage(module: DialectModule, asked: Asked, prompt: Prompt) -> bool:
    """As Turn.adds_usage."""
    return module.DIALECT is Dialect.CHAT and asked.stream and not chat.asks_usage(prompt.skeleton)


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
