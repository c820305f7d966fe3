"""OpenAI Responses: `/v1/responses`. Format: https://platform.openai.com/docs/api-reference/responses(-streaming)."""

from __future__ import annotations

import json
import re
from typing import Any

from companion.edges.gateway.chat import with_cached
from companion.edges.gateway.dialect import (
    AnswerStream,
    Asked,
    BadRequest,
    UnclearAnswer,
    index_in,
    last_words,
    objects_in,
    restore_strings,
    strings_in,
    whole_letters,
    whole_number,
)
from companion.edges.gateway.items import PIECES, Items, is_call, refuse_strays
from companion.edges.gateway.jsontext import rewrite_value
from companion.edges.gateway.spelling import refuse_misspelt_in
from companion.edges.gateway.sse import SseEvent, build, wrap
from companion.edges.gateway.tooluse import Change, Changes, Form, Rewritten, Said, ToolUse
from companion.model.action import Dialect
from companion.model.money import Usage
from companion.policy.redaction import Lookup

DIALECT = Dialect.RESPONSES

_SIGNED = frozenset({"encrypted_content"})
_SEQUENCE = re.compile(rb'("sequence_number"\s*:\s*)(\d+)')

_ITEM_EVENTS = frozenset({"response.output_item.added", "response.output_item.done"})
_FIRST_EVENTS = frozenset({"response.created", "response.queued", "response.in_progress"})
_LAST_EVENTS = frozenset({"response.completed", "response.incomplete"})
_EVENTS = _ITEM_EVENTS | _FIRST_EVENTS | _LAST_EVENTS | PIECES.keys()
_KEYS = frozenset(
    {"type", "response", "output", "item", "output_index", "item_id", "delta", "arguments", "input", "name"}
)


def read_request(body: dict[str, Any]) -> Asked:
    """Raises BadRequest."""
    if not isinstance(body.get("model"), str):
        raise BadRequest("model: expected a string")
    given = body.get("input")
    if not isinstance(given, str | list):
        raise BadRequest("input: expected a string or a list")
    items = [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []
    written = [strings_in(item.get("content")) for item in items if item.get("role") in {"developer", "system"}]
    return Asked(
        model=body["model"],
        stream=body.get("stream") is True,
        tools=tuple(_tool_names(body.get("tools"))),
        max_output_tokens=whole_number(body.get("max_output_tokens")) or None,
        instructions=(strings_in(body.get("instructions")), *written),
        context=tuple(
            block["text"]
            for item in items
            if item.get("role") == "user" and isinstance(item.get("content"), list)
            for block in item["content"]
            if isinstance(block, dict) and isinstance(block.get("text"), str)
        ),
        words=last_words(given),
    )


def _tool_names(tools: Any) -> list[str]:
    names: list[str] = []
    for tool in tools if isinstance(tools, list) else []:
        if not isinstance(tool, dict):
            continue
        if tool.get("type") == "namespace":
            names += _tool_names(tool.get("tools"))
        else:
            names.append(str(tool.get("name") or tool.get("type") or ""))
    return names


def usage_of(answer: dict[str, Any]) -> Usage | None:
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return None
    cached = whole_number((usage.get("input_tokens_details") or {}).get("cached_tokens"))
    output = whole_number(usage.get("output_tokens"))
    reasoning = whole_number((usage.get("output_tokens_details") or {}).get("reasoning_tokens"))
    return with_cached(whole_number(usage.get("input_tokens")), cached, output, reasoning)


def _use(key: Any, item: dict[str, Any]) -> ToolUse:
    kind = item.get("type")
    match kind:
        case "function_call":
            return ToolUse(key, _name(item), _text(item, "arguments") or "{}")
        case "custom_tool_call":
            return ToolUse(key, _name(item), _text(item, "input"), Form.CUSTOM)
        case "local_shell_call":
            return ToolUse(key, "local_shell", json.dumps(item.get("action") or {}), Form.LOCAL_SHELL)
        case _:
            return ToolUse(key, str(kind), json.dumps(item))


def _name(item: dict[str, Any]) -> str:
    """The name that the call is judged by. In a namespace a name may be any tool's, so the namespace is part of it."""
    name, space = item.get("name"), item.get("namespace")
    if not isinstance(name, str):
        raise UnclearAnswer("a tool call has no name")
    return f"{space}.{name}" if space else name


def _text(item: dict[str, Any], key: str) -> str:
    value = item.get(key) or ""
    if not isinstance(value, str):
        raise UnclearAnswer(f"a tool call's {key} is not text")
    return whole_letters(value)


def uses_of(answer: dict[str, Any], raw: bytes = b"") -> list[ToolUse]:  # noqa: ARG001 - the answer says it all
    output = objects_in(answer.get("output"), "output")
    refuse_misspelt_in(_KEYS, answer)
    refuse_strays(answer, output)
    return [_use(place, item) for place, item in enumerate(output) if is_call(item)]


def change(answer: dict[str, Any], changes: Changes) -> dict[str, Any]:
    output = [
        item if changes.by_key.get(place) is None else _item(changes.by_key[place], item)
        for place, item in enumerate(answer.get("output") or [])
    ]
    extra = [_item(made, _blank(answer.get("id", ""), number)) for number, made in enumerate(changes.extra)]
    return answer | {"output": output + extra}


def _blank(answer_id: Any, number: int) -> dict[str, Any]:
    tail = f"companion_{str(answer_id)[-12:]}_{number}"
    return {"id": f"fc_{tail}", "call_id": f"call_{tail}", "status": "completed"}


def _item(made: Change, item: dict[str, Any]) -> dict[str, Any]:
    """The item that stands for `item` after the change."""
    if isinstance(made, Said):
        content = [{"type": "output_text", "text": made.text, "annotations": []}]
        message_id = f"msg_{str(item.get('id', ''))[-24:]}"
        return {"type": "message", "id": message_id, "role": "assistant", "status": "completed", "content": content}
    if isinstance(made, Rewritten):
        match item.get("type"):
            case "custom_tool_call":
                return item | {"input": made.arguments}
            case "local_shell_call":
                return item | {"action": json.loads(made.arguments)}
            case "function_call":
                return item | {"arguments": made.arguments}
            case _:
                return json.loads(made.arguments) if isinstance(json.loads(made.arguments), dict) else item
    identity = {key: item[key] for key in ("id", "call_id", "status") if key in item}
    if made.name == "local_shell":
        action = {"type": "exec", "env": {}} | json.loads(made.arguments)
        return identity | {"type": "local_shell_call", "action": action}
    return identity | {"type": "function_call", "name": made.name, "arguments": made.arguments}


def error(status: int, code: str, message: str) -> dict[str, Any]:
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"message": message, "type": kind, "code": code, "param": None}}


def stream_error(code: str, message: str) -> bytes:
    """`invalid_prompt` is the one code whose message Codex shows as it is, after one try."""
    response = {"id": "resp_companion", "object": "response", "status": "failed", "output": []}
    failed = response | {"error": {"code": "invalid_prompt", "message": f"{message} ({code})"}}
    return build({"type": "response.failed", "response": failed, "sequence_number": 0}, "response.failed")


def stream(lookup: Lookup | None) -> AnswerStream:
    return ResponsesStream(lookup)


class ResponsesStream(AnswerStream):
    """Items by output index; each is told three times: as it grows, when it is done, and in the last event."""

    def __init__(self, lookup: Lookup | None) -> None:
        super().__init__(lookup)
        self._usage: Usage | None = None
        self._items = Items()
        self._response: dict[str, Any] = {}
        self._sequence = -1

    @property
    def usage(self) -> Usage | None:
        return self._usage

    @property
    def uses(self) -> list[ToolUse]:
        return [_use(index, item) for index, item in self._items.calls.items()]

    def _observe(self, data: dict[str, Any]) -> None:
        kind, response = data.get("type") or "", data.get("response")
        refuse_misspelt_in(_KEYS, data, response)
        if kind not in _EVENTS and kind.casefold() in _EVENTS:
            raise UnclearAnswer(f"the event {kind!a} is another to agents that are blind to case")
        if isinstance(response, dict):
            self._response = response
            self._usage = usage_of(response) or self._usage
        judged: list[dict[str, Any]] = []
        if kind in _ITEM_EVENTS:
            judged = objects_in([data["item"]], "an item")
            index = index_in(data.get("output_index"), "output_index")
            self._items.add(index, judged[0], done=kind.endswith("done"))
        elif kind in PIECES:
            self._items.grow(index_in(data.get("output_index"), "output_index"), kind, data)
        elif kind in _LAST_EVENTS:
            self.complete = self.over = True
            judged = objects_in(data["response"].get("output"), "output")
            self._items.end(judged)
        elif kind in _FIRST_EVENTS:
            # An agent that starts from what this event lists would count the items that follow otherwise.
            again = kind == "response.created" and self._items.begun
            if again or (isinstance(response, dict) and response.get("output")):
                raise UnclearAnswer("an answer begins that has items already")
        elif kind == "response.failed":
            self.failed = str((self._response.get("error") or {}).get("message", "the model's side failed"))
        elif kind == "error":
            self.failed = str(data.get("message", "the model's side reported an error"))
        refuse_strays(data, judged)
        self.holding = bool(self._items.calls)

    def _restored(self, event: SseEvent, data: dict[str, Any]) -> list[bytes]:
        lookup = self._lookup
        if lookup is None:
            return [self._numbered(event.raw)]
        kind = data.get("type", "")
        key = (data.get("output_index"), data.get("content_index"))
        out: list[bytes] = []
        raw = event.raw
        if kind == "response.output_text.delta":
            text = str(data.get("delta", ""))
            restored = self.restorer(key, lookup).feed(text)
            if restored != text:
                raw = wrap(rewrite_value(event.data, "delta", text, restored), event.name)
        else:
            if kind == "response.output_text.done" and (tail := self.restorer(key, lookup).flush()):
                where: dict[str, Any] = {
                    name: data[name] for name in ("item_id", "output_index", "content_index") if name in data
                }
                out.append(self._own({"type": "response.output_text.delta", **where, "delta": tail}))
            if not kind.startswith("response.reasoning"):
                changed = restore_strings(event.data, lookup, _SIGNED)
                raw = event.raw if changed == event.data else wrap(changed, event.name)
        return [*out, self._numbered(raw)]

    def release(self, changes: Changes) -> list[bytes]:
        out: list[bytes] = []
        # A call whose pieces were cut within a letter is told anew, so that who reads piece by piece has it whole.
        anew: dict[Any, Change] = {
            index: Rewritten(_use(index, self._items.calls[index]).arguments) for index in self._items.cut
        }
        by_index = anew | dict(changes.by_key)
        places = self._items.places.items()
        listed = Changes({place: by_index[index] for place, index in places if index in by_index}, changes.extra)
        for event in self._held:
            data = event.json()
            kind, index = data.get("type", ""), data.get("output_index")
            made = by_index.get(index) if isinstance(index, int) else None
            if kind in _LAST_EVENTS and changes:
                out += self._extras(changes)
                if self._lookup is not None:
                    data = json.loads(restore_strings(event.data, self._lookup, _SIGNED))
                out.append(self._own(data | {"response": change(data["response"], listed)}))
            elif made is None:
                out += self._restored(event, data)
            elif kind == "response.output_item.done":
                out += self._told(_item(made, data["item"]), int(data["output_index"]))
        return out

    def _extras(self, changes: Changes) -> list[bytes]:
        out: list[bytes] = []
        for number, made in enumerate(changes.extra):
            out += self._told(
                _item(made, _blank(self._response.get("id", ""), number)), self._items.last_index + 1 + number
            )
        return out

    def _told(self, item: dict[str, Any], index: int) -> list[bytes]:
        """A whole item as a stream tells it."""
        begun = item | {"status": "in_progress"}
        where = {"item_id": item.get("id", ""), "output_index": index}
        middle: list[dict[str, Any]] = []
        match item["type"]:
            case "message":
                begun |= {"content": []}
                text, spot = item["content"][0]["text"], where | {"content_index": 0}
                blank = {"type": "output_text", "text": "", "annotations": []}
                middle = [
                    {"type": "response.content_part.added", **spot, "part": blank},
                    {"type": "response.output_text.delta", **spot, "delta": text},
                    {"type": "response.output_text.done", **spot, "text": text},
                    {"type": "response.content_part.done", **spot, "part": item["content"][0]},
                ]
            case "function_call":
                begun |= {"arguments": ""}
                told = item["arguments"]
                middle = [
                    {"type": "response.function_call_arguments.delta", **where, "delta": told},
                    {"type": "response.function_call_arguments.done", **where, "arguments": told},
                ]
            case "custom_tool_call":
                begun |= {"input": ""}
                middle = [
                    {"type": "response.custom_tool_call_input.delta", **where, "delta": item["input"]},
                    {"type": "response.custom_tool_call_input.done", **where, "input": item["input"]},
                ]
            case _:
                pass
        events = [
            {"type": "response.output_item.added", "output_index": index, "item": begun},
            *middle,
            {"type": "response.output_item.done", "output_index": index, "item": item},
        ]
        return [self._own(event) for event in events]

    def _own(self, data: dict[str, Any]) -> bytes:
        """An event of companion's, numbered to follow the last one that went out."""
        self._sequence += 1
        return build(data | {"sequence_number": self._sequence}, data["type"])

    def _numbered(self, raw: bytes) -> bytes:
        """The event under the next number, in its own bytes when it has that number already."""
        found = _SEQUENCE.search(raw)
        if found is None:
            return raw
        self._sequence += 1
        if int(found[2]) == self._sequence:
            return raw
        if self._sequence == 0:
            self._sequence = int(found[2])
            return raw
        return raw[: found.start(2)] + str(self._sequence).encode() + raw[found.end(2) :]

    def beat(self) -> bytes:
        """`response.in_progress`: comments do not keep Codex from giving up, this does."""
        response = {
            key: self._response[key] for key in ("id", "object", "created_at", "model") if key in self._response
        }
        data = {"type": "response.in_progress", "response": response | {"status": "in_progress", "output": []}}
        return self._own(data)
