"""Anthropic Messages: `/v1/messages`. Format: https://docs.anthropic.com/en/api/messages and .../streaming."""

from __future__ import annotations

import json
import re
from typing import Any

from companion.edges.gateway.dialect import (
    AnswerStream,
    Asked,
    BadRequest,
    UnclearAnswer,
    index_in,
    last_words,
    objects_in,
    refuse_elsewhere,
    texts_in,
    whole_number,
)
from companion.edges.gateway.jsontext import rewrite_value
from companion.edges.gateway.sse import SseEvent, build, wrap
from companion.edges.gateway.tooluse import Called, Changes, Rewritten, Said, ToolUse
from companion.model.action import Dialect
from companion.model.money import Usage
from companion.policy.redaction import Lookup

DIALECT = Dialect.MESSAGES

_TEXT_DELTA = re.compile(rb'\{\s*"type"\s*:\s*"content_block_delta"')
_INDEX = re.compile(rb'"index"\s*:\s*(\d{1,9})(?=[,}\s])')

_SERVER_TOOLS = frozenset(
    {
        "web_search",
        "web_fetch",
        "code_execution",
        "bash_code_execution",
        "text_editor_code_execution",
        "tool_search_tool_regex",
        "tool_search_tool_bm25",
    }
)
"""Tools that the provider carries out itself. Any other server tool counts as the agent's, and is asked about."""


def read_request(body: dict[str, Any]) -> Asked:
    """Raises BadRequest."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        raise BadRequest("messages: expected a list")
    if not isinstance(body.get("model"), str):
        raise BadRequest("model: expected a string")
    instructions = [*texts_in(body.get("system"))]
    for message in messages:
        if isinstance(message, dict) and message.get("role") == "system":
            instructions += texts_in(message.get("content"))
    tools = body.get("tools") if isinstance(body.get("tools"), list) else []
    return Asked(
        model=body["model"],
        stream=body.get("stream") is True,
        tools=tuple(str(tool.get("name", "")) for tool in tools or [] if isinstance(tool, dict)),
        max_output_tokens=whole_number(body.get("max_tokens")) or None,
        instructions=tuple(instructions),
        words=last_words(messages),
    )


def usage_of(answer: dict[str, Any]) -> Usage | None:
    return _usage(answer["usage"]) if isinstance(answer.get("usage"), dict) else None


def _usage(usage: dict[str, Any]) -> Usage:
    written = whole_number(usage.get("cache_creation_input_tokens"))
    split = usage.get("cache_creation")
    flags: tuple[str, ...] = ()
    hour = 0
    if isinstance(split, dict):
        hour = whole_number(split.get("ephemeral_1h_input_tokens"))
        if whole_number(split.get("ephemeral_5m_input_tokens")) + hour != written:
            flags = ("cache-write-split-differs",)
            written = whole_number(split.get("ephemeral_5m_input_tokens")) + hour
    return Usage(
        input=whole_number(usage.get("input_tokens")),
        cache_read=whole_number(usage.get("cache_read_input_tokens")),
        cache_write_5m=written - hour,
        cache_write_1h=hour,
        output=whole_number(usage.get("output_tokens")),
        flags=flags,
    )


def _is_call(block: dict[str, Any]) -> bool:
    kind = str(block.get("type", ""))
    if kind == "server_tool_use":
        return block.get("name") not in _SERVER_TOOLS
    return kind.endswith("tool_use") and kind != "mcp_tool_use"


def _name(block: dict[str, Any]) -> str:
    """The name that the call is judged by; a kind of call that is not known is part of it."""
    kind, name = block.get("type"), block.get("name")
    if not isinstance(name, str):
        raise UnclearAnswer("a tool call has no name")
    return name if kind == "tool_use" else f"{kind} {name}"


def uses_of(answer: dict[str, Any]) -> list[ToolUse]:
    content = objects_in(answer.get("content"), "content")
    calls = [(place, block) for place, block in enumerate(content) if _is_call(block)]
    refuse_elsewhere(answer, _is_call, [block for _, block in calls])
    return [
        ToolUse(place, _name(block), json.dumps(block.get("input", {}), ensure_ascii=False)) for place, block in calls
    ]


def change(answer: dict[str, Any], changes: Changes) -> dict[str, Any]:
    content: list[Any] = []
    for place, block in enumerate(answer.get("content") or []):
        made = changes.by_key.get(place)
        content.append(block if made is None else _block(made, block.get("id", ""), block.get("name", "")))
    content += [_block(made, _extra_id(answer.get("id", ""), number)) for number, made in enumerate(changes.extra)]
    called = any(isinstance(block, dict) and block.get("type") == "tool_use" for block in content)
    stop = answer.get("stop_reason")
    return answer | {"content": content, "stop_reason": "end_turn" if stop == "tool_use" and not called else stop}


def _block(made: Rewritten | Called | Said, call_id: str, name: str = "") -> dict[str, Any]:
    if isinstance(made, Said):
        return {"type": "text", "text": made.text}
    name = made.name if isinstance(made, Called) else name
    return {"type": "tool_use", "id": call_id, "name": name, "input": json.loads(made.arguments)}


def _extra_id(message_id: str, number: int) -> str:
    return f"toolu_companion_{message_id[-12:]}_{number}"


def error(status: int, code: str, message: str) -> dict[str, Any]:
    kinds = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "invalid_request_error" if status < 500 else "api_error")
    return {"type": "error", "error": {"type": kind, "message": message, "code": code}}


def stream_error(code: str, message: str) -> bytes:
    return build(error(500, code, message), "error")


def stream(lookup: Lookup | None) -> AnswerStream:
    return MessagesStream(lookup)


class MessagesStream(AnswerStream):
    """Blocks come one after another by index; tool_use blocks run in the agent, server tools do not."""

    def __init__(self, lookup: Lookup | None) -> None:
        super().__init__(lookup)
        self._usage: dict[str, Any] = {}
        self._seen: set[int] = set()
        self._open: set[int] = set()
        self._names: dict[int, str] = {}
        self._arguments: dict[int, str] = {}
        self._message_id = ""
        self._last_index = -1
        self._beat_index: int | None = None

    @property
    def usage(self) -> Usage | None:
        return _usage(self._usage) if self._usage else None

    @property
    def uses(self) -> list[ToolUse]:
        return [ToolUse(index, name, self._arguments[index] or "{}") for index, name in self._names.items()]

    def _is_plain(self, event: SseEvent) -> bool:
        data = event.data
        # Without an escaped letter no key and no kind can be spelt in another way than these.
        if (
            event.name != "content_block_delta"
            or b"\\u" in data
            or b"tool" in data
            or b"json" in data
            or b"content_block_s" in data
            or b"message_" in data
            or b'"error"' in data
            or not _TEXT_DELTA.match(data)
        ):
            return False
        places = _INDEX.findall(data)
        return len(places) == 1 and int(places[0]) in self._open and int(places[0]) not in self._names

    def _observe(self, data: dict[str, Any]) -> None:
        kind = data.get("type")
        refuse_elsewhere(data, _is_call, [data.get("content_block")] if kind == "content_block_start" else [])
        if kind == "message_start":
            message = data.get("message", {})
            self._message_id = str(message.get("id", ""))
            self._merge(message.get("usage"))
        elif kind == "content_block_start":
            self._begin(index_in(data.get("index"), "a block's index"), data["content_block"])
        elif kind in {"content_block_delta", "content_block_stop"}:
            index = index_in(data.get("index"), "a block's index")
            if index not in self._open:
                raise UnclearAnswer(f"block {index} is spoken of while it is not open")
            if kind == "content_block_stop":
                self._open.remove(index)
            elif index in self._names:
                self._grow(index, data["delta"])
        elif kind == "message_delta":
            self._merge(data.get("usage"))
        elif kind == "message_stop":
            self.complete = self.over = True
        elif kind == "error":
            self.failed = str(data.get("error", {}).get("message", "the model's side reported an error"))

    def _begin(self, index: int, block: dict[str, Any]) -> None:
        if index in self._seen:
            raise UnclearAnswer(f"block {index} begins twice")
        self._seen.add(index)
        self._open.add(index)
        self._last_index = max(self._last_index, index)
        if _is_call(block):
            self.holding = True
            self._names[index] = _name(block)
            given = block.get("input")
            self._arguments[index] = json.dumps(given, ensure_ascii=False) if given else ""

    def _grow(self, index: int, delta: dict[str, Any]) -> None:
        piece = delta.get("partial_json")
        if delta.get("type") != "input_json_delta" or not isinstance(piece, str):
            raise UnclearAnswer("a tool call grows by something else than arguments")
        self._arguments[index] += piece

    def _merge(self, usage: Any) -> None:
        if isinstance(usage, dict):
            self._usage |= {name: value for name, value in usage.items() if value is not None}

    def _restored(self, event: SseEvent, data: dict[str, Any]) -> list[bytes]:
        lookup = self._lookup
        if lookup is None:
            return [event.raw]
        kind, index = data.get("type"), data.get("index", -1)
        if kind == "content_block_delta" and data.get("delta", {}).get("type") == "text_delta":
            text = str(data["delta"].get("text", ""))
            restored = self.restorer(index, lookup).feed(text)
            if restored == text:
                return [event.raw]
            if not restored:
                return []
            return [wrap(rewrite_value(event.data, "text", text, restored), event.name)]
        if kind == "content_block_stop" and (tail := self.restorer(index, lookup).flush()):
            return [_text_delta(index, tail), event.raw]
        return [event.raw]

    def release(self, changes: Changes) -> list[bytes]:
        out: list[bytes] = []
        if self._beat_index is not None:
            out.append(build({"type": "content_block_stop", "index": self._beat_index}, "content_block_stop"))
        shift = 1 if self._beat_index is not None else 0
        begun: set[int] = set()
        left = any(not isinstance(changes.by_key.get(index), Said) for index in self._names)
        left = left or any(isinstance(extra, Called) for extra in changes.extra)
        for event in self._held:
            data = event.json()
            kind, index = data.get("type"), data.get("index", -1)
            made = changes.by_key.get(index) if isinstance(index, int) else None
            if kind == "content_block_start" and made is not None:
                out += self._changed_block(made, data["content_block"], index + shift)
                begun.add(index)
            elif index in begun:
                continue
            elif kind == "message_delta":
                out += self._extras(changes, shift)
                out.append(event.raw if left else _without_tool_stop(event))
            else:
                out += [_shifted(raw, shift) for raw in self._restored(event, data)]
        return out

    def _extras(self, changes: Changes, shift: int) -> list[bytes]:
        out: list[bytes] = []
        for number, made in enumerate(changes.extra):
            block = {"id": _extra_id(self._message_id, number)}
            out += self._changed_block(made, block, self._last_index + 1 + shift + number)
        return out

    def _changed_block(self, made: Rewritten | Called | Said, block: dict[str, Any], index: int) -> list[bytes]:
        stop = build({"type": "content_block_stop", "index": index}, "content_block_stop")
        if isinstance(made, Said):
            start = {"type": "text", "text": ""}
            return [_start(index, start), _text_delta(index, made.text), stop]
        name = made.name if isinstance(made, Called) else block.get("name", "")
        start = block | {"type": "tool_use", "name": name, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": made.arguments}
        body = build({"type": "content_block_delta", "index": index, "delta": delta}, "content_block_delta")
        return [_start(index, start), body, stop]

    def beat(self) -> bytes:
        """An empty text delta: pings do not keep Claude Code from giving up, this does."""
        if self._beat_index is None:
            self._beat_index = min(self._names)
            return _start(self._beat_index, {"type": "text", "text": ""}) + _text_delta(self._beat_index, "")
        return _text_delta(self._beat_index, "")


def _start(index: int, block: dict[str, Any]) -> bytes:
    return build({"type": "content_block_start", "index": index, "content_block": block}, "content_block_start")


def _text_delta(index: int, text: str) -> bytes:
    delta = {"type": "text_delta", "text": text}
    return build({"type": "content_block_delta", "index": index, "delta": delta}, "content_block_delta")


def _shifted(raw: bytes, shift: int) -> bytes:
    """The event with its block index moved up, where a keep-alive block took an index."""
    if not shift:
        return raw
    lines = raw.splitlines()
    name = next((line[6:].strip().decode() for line in lines if line.startswith(b"event:")), "")
    data = json.loads(b"\n".join(line[5:].strip() for line in lines if line.startswith(b"data:")))
    if not isinstance(data.get("index"), int):
        return raw
    return build(data | {"index": data["index"] + shift}, name)


def _without_tool_stop(event: SseEvent) -> bytes:
    return wrap(rewrite_value(event.data, "stop_reason", "tool_use", "end_turn"), event.name)
