"""The scripted agent: plays the agent's part against a gateway, over the chat dialect, streaming."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from companion.demo.costume import USER_AGENT, Mode, system_prompt, tool_list
from companion.demo.hands import Hands

# No limit between two bytes: a held call waits for a person as long as the gateway lets it.
_TIMEOUT = httpx.Timeout(10.0, read=None)
_MOST_TURNS = 40


@dataclass(frozen=True, slots=True)
class StepStarted:
    """The model called a tool; `step` counts from 1."""

    step: int
    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What the tool gave back; `code` is the exit code where a command ran."""

    step: int
    tool: str
    output: str
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """What the model said in one turn."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """The end of a run. `error` says what stopped it, "" when the model had finished."""

    steps: int
    text: str = ""
    error: str = ""


SessionEvent = StepStarted | ToolResult | Text | Done


class BrokenStreamError(ValueError):
    """An answer that an agent could not read; the message says where."""


def _ignore(_: SessionEvent) -> None:
    """For callers that only want the end."""


class ScriptedAgent:
    """One agent in one workspace. `base_url` is without /v1; `key` is the virtual key.

    `listener` hears every event as it happens. Raises ValueError for a client whose costume it does not have.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        workspace: Path,
        client: str = "cline",
        *,
        listener: Callable[[SessionEvent], None] = _ignore,
        command_seconds: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        if client != "cline":
            raise ValueError(f"the scripted agent can only pass for cline, not for {client!r}")
        self._url = f"{base_url.rstrip('/')}/v1/chat/completions"
        self._headers = {"authorization": f"Bearer {key}", "user-agent": USER_AGENT}
        self._workspace = workspace.resolve()
        self._listener = listener
        self._hands = Hands(self._workspace, command_seconds)
        self._transport = transport

    async def run(self, prompt: str, mode: Mode = "act", model: str = "") -> Done:
        """Plays one conversation to its end. Without `model` it asks for the scripted model of the mode."""
        messages: list[dict[str, Any]] = [
            {"role": "system", "content": system_prompt(self._workspace, mode)},
            {"role": "user", "content": prompt},
        ]
        request = {
            "model": model or f"scripted-{mode}",
            "messages": messages,
            "tools": tool_list(mode),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        # The surroundings' proxy settings would lead a loopback address astray.
        async with httpx.AsyncClient(timeout=_TIMEOUT, transport=self._transport, trust_env=False) as http:
            done = await self._converse(http, request, messages)
        self._listener(done)
        return done

    async def _converse(self, http: httpx.AsyncClient, request: dict[str, Any], messages: list[dict[str, Any]]) -> Done:
        steps = 0
        for _ in range(_MOST_TURNS):
            try:
                said = await self._ask(http, request)
            except (httpx.HTTPError, BrokenStreamError) as error:
                return Done(steps, error=str(error) or type(error).__name__)
            if said.text:
                self._listener(Text(said.text))
            if not said.calls:
                return Done(steps, said.text)
            messages.append(said.message())
            for call in said.calls.values():
                steps += 1
                messages.append(await self._carry_out(steps, call))
        return Done(steps, error=f"the model had not finished after {_MOST_TURNS} turns")

    async def _carry_out(self, step: int, call: _Call) -> dict[str, Any]:
        arguments = call.read()
        self._listener(StepStarted(step, call.name, arguments))
        outcome = await self._hands.carry_out(call.name, arguments)
        self._listener(ToolResult(step, call.name, outcome.text, outcome.code))
        return {"role": "tool", "tool_call_id": call.id, "content": outcome.text}

    async def _ask(self, http: httpx.AsyncClient, request: dict[str, Any]) -> _Said:
        async with http.stream("POST", self._url, json=request, headers=self._headers) as response:
            if not response.is_success:
                raise BrokenStreamError(f"HTTP {response.status_code}: {_message(await response.aread())}")
            said = _Said()
            async for data in _data_lines(response):
                said.feed(data)
        said.check()
        return said


@dataclass(slots=True)
class _Call:
    """A tool call as its pieces come in."""

    id: str
    name: str
    arguments: str = ""

    def read(self) -> dict[str, Any]:
        found = _json(self.arguments, f"the arguments of {self.name}")
        if not isinstance(found, dict):
            raise BrokenStreamError(f"the arguments of {self.name} are not a JSON object")
        return found

    def plain(self) -> dict[str, Any]:
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": self.arguments}}


@dataclass(slots=True)
class _Said:
    """One streamed answer, put together and checked."""

    text: str = ""
    calls: dict[int, _Call] = field(default_factory=dict[int, _Call])
    finish: str = ""
    closed: bool = False

    def feed(self, data: str) -> None:
        if data == "[DONE]":
            self.closed = True
            return
        chunk = _json(data, "a chunk")
        if not isinstance(chunk, dict):
            raise BrokenStreamError("a chunk is not a JSON object")
        if chunk.get("error"):
            raise BrokenStreamError(_message(data.encode()))
        try:
            self._take(chunk)
        except (AttributeError, KeyError, TypeError) as error:
            raise BrokenStreamError(f"a chunk has another shape than the chat dialect's: {error}") from error

    def _take(self, chunk: dict[str, Any]) -> None:
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            self.text += delta.get("content") or ""
            for piece in delta.get("tool_calls") or ():
                self._add(piece)
            self.finish = choice.get("finish_reason") or self.finish

    def _add(self, piece: dict[str, Any]) -> None:
        index = piece.get("index", 0)
        function = piece.get("function") or {}
        if index not in self.calls:
            if not piece.get("id") or not function.get("name"):
                raise BrokenStreamError(f"tool call {index} begins without an id or a name")
            self.calls[index] = _Call(piece["id"], function["name"])
        self.calls[index].arguments += function.get("arguments") or ""

    def check(self) -> None:
        """The answer must be whole before anything of it is carried out."""
        if not self.closed or not self.finish:
            raise BrokenStreamError("the answer broke off before its end")
        for call in self.calls.values():
            call.read()

    def message(self) -> dict[str, Any]:
        calls = [call.plain() for call in self.calls.values()]
        return {"role": "assistant", "content": self.text or None, "tool_calls": calls}


async def _data_lines(response: httpx.Response) -> AsyncIterator[str]:
    """The data of each event; comments, which keep a held stream alive, are passed over."""
    async for line in response.aiter_lines():
        if line.startswith("data:"):
            yield line[5:].strip()


def _json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BrokenStreamError(f"{what}: not JSON, {error}") from error


def _message(raw: bytes) -> str:
    """The message of an error body, or the body itself."""
    try:
        error = json.loads(raw)["error"]
        return str(error["message"]) if isinstance(error, dict) else str(error)
    except (KeyError, TypeError, ValueError):
        return raw.decode("utf-8", "replace")[:500]
