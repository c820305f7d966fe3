"""Anthropic Messages: `/v1/messages`. Format: https://docs.anthropic.com/en/api/messages and .../streaming."""

from __future__ import annotations

import json
import re
from typing import Any

from companion.edges.gateway.blocks import KEYS, Blocks, is_call, name_of, refuse_strays, told
from companion.edges.gateway.dialect import (
    AnswerStream,
    Asked,
    BadRequest,
    UnclearAnswer,
    index_in,
    last_words,
    objects_in,
    texts_in,
    whole_number,
)
from companion.edges.gateway.jsontext import dump, rewrite_value
from companion.edges.gateway.spelling import refuse_misspelt_in
from companion.edges.gateway.sse import SseEvent, build, wrap
from companion.edges.gateway.tooluse import Called, Change, Changes, Rewritten, Said, ToolUse
from companion.model.action import Dialect
from companion.model.money import Usage
from companion.policy.redaction import Lookup

DIALECT = Dialect.MESSAGES

# A piece of text or of thinking, and nothing else in it, whatever it is spelt like.
_PLAIN = re.compile(
    rb'\{\s*+"type"\s*+:\s*+"content_block_delta"\s*+,\s*+"index"\s*+:\s*+(0|[1-9]\d{0,8})\s*+,'
    rb'\s*+"delta"\s*+:\s*+\{\s*+"type"\s*+:\s*+'
    rb'(?:"text_delta"\s*+,\s*+"text"|"thinking_delta"\s*+,\s*+"thinking")\s*+:\s*+'
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"\s*+\}\s*+\}\s*+',
    re.DOTALL,
)

_EVENTS = frozenset(
    {
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    }
)


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


def uses_of(answer: dict[str, Any], raw: bytes = b"") -> list[ToolUse]:  # noqa: ARG001 - the answer says it all
    content = objects_in(answer.get("content"), "content")
    refuse_misspelt_in(KEYS, answer)
    refuse_strays(answer, content)
    calls = [(place, block) for place, block in enumerate(content) if is_call(block)]
    return [ToolUse(place, name_of(block), told(block.get("input", {}))) for place, block in calls]


def change(answer: dict[str, Any], changes: Changes) -> dict[str, Any]:
    content: list[Any] = []
    for place, block in enumerate(answer.get("content") or []):
        made = changes.by_key.get(place)
        content.append(block if made is None else _block(made, block))
    extras = enumerate(changes.extra)
    content += [_block(made, {"id": _extra_id(answer.get("id", ""), number)}) for number, made in extras]
    called = any(isinstance(block, dict) and is_call(block) for block in content)
    stop = answer.get("stop_reason")
    return answer | {"content": content, "stop_reason": "end_turn" if stop == "tool_use" and not called else stop}


def _block(made: Change, block: dict[str, Any]) -> dict[str, Any]:
    """The block that stands for `block` after the change. What is only rewritten stays the kind of call it is."""
    if isinstance(made, Said):
        return {"type": "text", "text": made.text}
    called = block if isinstance(made, Rewritten) else _called(made, block)
    return called | {"input": json.loads(made.arguments)}


def _called(made: Called, block: dict[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "id": block.get("id", ""), "name": made.name}


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
        self._blocks = Blocks()
        self._passing: list[bytes] = []
        self._dropped = False
        self._message_id = ""
        self._beat_index: int | None = None

    @property
    def usage(self) -> Usage | None:
        return _usage(self._usage) if self._usage else None

    @property
    def uses(self) -> list[ToolUse]:
        return self._blocks.uses

    def feed(self, event: SseEvent) -> list[bytes]:
        self._passing, self._dropped = [], False
        out = super().feed(event)
        if self._dropped:
            self._held.pop()
        return self._passing + out

    def _is_plain(self, event: SseEvent) -> bool:
        found = _PLAIN.fullmatch(event.data) if event.name == "content_block_delta" else None
        return found is not None and self._blocks.is_open_text(int(found[1]))

    def _observe(self, data: dict[str, Any]) -> None:
        kind = data.get("type") or ""
        if kind not in _EVENTS and kind.casefold() in _EVENTS:
            raise UnclearAnswer(f"the event {kind!a} is another to agents that are blind to case")
        refuse_misspelt_in(KEYS, data, data.get("delta"), data.get("message"))
        begun = objects_in([data["content_block"]], "a block") if kind == "content_block_start" else []
        refuse_strays(data, begun)
        match kind:
            case "message_start":
                message = data.get("message", {})
                # An agent that counts blocks from there on would count otherwise.
                if message.get("content") or self._blocks.begun:
                    raise UnclearAnswer("a message begins that has blocks already")
                self._message_id = str(message.get("id", ""))
                self._merge(message.get("usage"))
            case "content_block_start":
                for other in self._blocks.begin(index_in(data.get("index"), "a block's index"), begun[0]):
                    self._end(other)
                self.holding = bool(self._blocks.calls)
            case "content_block_delta":
                self._dropped = not self._blocks.grow(index_in(data.get("index"), "a block's index"), data["delta"])
            case "content_block_stop":
                self._dropped = not self._blocks.end(index_in(data.get("index"), "a block's index"))
            case "message_delta":
                self._merge(data.get("usage"))
            case "message_stop":
                self._blocks.close()
                self.complete = self.over = True
            case "error":
                self.failed = str(data.get("error", {}).get("message", "the model's side reported an error"))
            case _:
                pass

    def _end(self, index: int) -> None:
        """Ends a block before its upstream does."""
        data = {"type": "content_block_stop", "index": index}
        event = SseEvent(build(data, "content_block_stop"), "content_block_stop", dump(data))
        if self.holding:
            self._held.append(event)
        else:
            self._passing += self._restored(event, data)

    def _merge(self, usage: Any) -> None:
        if isinstance(usage, dict):
            self._usage |= {name: value for name, value in usage.items() if value is not None}

    def _restored(self, event: SseEvent, data: dict[str, Any]) -> list[bytes]:
        lookup = self._lookup
        if lookup is None:
            return [event.raw]
        kind, index = data.get("type"), data.get("index", -1)
        # A block may begin with some of its text.
        begun = data["content_block"] if kind == "content_block_start" else {}
        delta = data.get("delta", {}) if kind == "content_block_delta" else {}
        if (delta.get("type") == "text_delta") or (begun.get("type") == "text" and begun.get("text")):
            text = str((delta or begun).get("text", ""))
            restored = self.restorer(index, lookup).feed(text)
            if restored == text:
                return [event.raw]
            if not restored and not begun:
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
        by_index = self._blocks.told_anew() | dict(changes.by_key)
        left = any(not isinstance(by_index.get(index), Said) for index in self._blocks.calls)
        left = left or any(isinstance(extra, Called) for extra in changes.extra)
        for event in self._held:
            data = event.json()
            kind, index = data.get("type"), data.get("index", -1)
            made = by_index.get(index) if isinstance(index, int) else None
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
            out += self._changed_block(made, block, self._blocks.last_index + 1 + shift + number)
        return out

    def _changed_block(self, made: Change, block: dict[str, Any], index: int) -> list[bytes]:
        stop = build({"type": "content_block_stop", "index": index}, "content_block_stop")
        if isinstance(made, Said):
            start = {"type": "text", "text": ""}
            return [_start(index, start), _text_delta(index, made.text), stop]
        if isinstance(made, Rewritten) and block.get("type") != "tool_use" and block.get("input"):
            # Whoever knows this kind of call looks for its input where the upstream put it.
            return [_start(index, _block(made, block)), stop]
        start = (block if isinstance(made, Rewritten) else _called(made, block)) | {"input": {}}
        delta = {"type": "input_json_delta", "partial_json": made.arguments}
        body = build({"type": "content_block_delta", "index": index, "delta": delta}, "content_block_delta")
        return [_start(index, start), body, stop]

    def beat(self) -> bytes:
        """An empty text delta: pings do not keep Claude Code from giving up, this does."""
        if self._beat_index is None:
            self._beat_index = min(self._blocks.calls)
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
