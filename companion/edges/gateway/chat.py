"""OpenAI Chat Completions: `/v1/chat/completions`. Format: https://platform.openai.com/docs/api-reference/chat."""

from __future__ import annotations

from dataclasses import replace
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
    strings_in,
    whole_number,
)
from companion.edges.gateway.jsontext import dump, rewrite_value
from companion.edges.gateway.sse import SseEvent, build, wrap
from companion.edges.gateway.tooluse import Called, Change, Changes, Form, Said, ToolUse
from companion.model.action import Dialect
from companion.model.money import Usage
from companion.policy.redaction import Lookup

DIALECT = Dialect.CHAT

_Key = tuple[int, int]
"""Choice index, call index."""

_LEGACY = -1
"""The call index of the old `function_call` field."""


def read_request(body: dict[str, Any]) -> Asked:
    """Raises BadRequest."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        raise BadRequest("messages: expected a list")
    if not isinstance(body.get("model"), str):
        raise BadRequest("model: expected a string")
    tools = body.get("tools") if isinstance(body.get("tools"), list) else []
    names = [
        str(tool["function"].get("name", ""))
        if isinstance(tool.get("function"), dict)
        else str((tool.get("custom") or tool).get("name", ""))
        for tool in tools or []
        if isinstance(tool, dict)
    ]
    return Asked(
        model=body["model"],
        stream=body.get("stream") is True,
        tools=tuple(names),
        max_output_tokens=whole_number(body.get("max_completion_tokens") or body.get("max_tokens")) or None,
        instructions=tuple(
            strings_in(message.get("content"))
            for message in messages
            if isinstance(message, dict) and message.get("role") in {"system", "developer"}
        ),
        words=last_words(messages),
    )


def usage_of(answer: dict[str, Any]) -> Usage | None:
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return None
    prompt = whole_number(usage.get("prompt_tokens"))
    cached = whole_number((usage.get("prompt_tokens_details") or {}).get("cached_tokens"))
    output = whole_number(usage.get("completion_tokens"))
    reasoning = whole_number((usage.get("completion_tokens_details") or {}).get("reasoning_tokens"))
    return with_cached(prompt, cached, output, reasoning)


def with_cached(prompt: int, cached: int, output: int, reasoning: int) -> Usage:
    """OpenAI counts cached tokens within the prompt; more of them than prompt tokens is flagged and clamped."""
    flags = ("cached-exceeds-prompt",) if cached > prompt else ()
    read = min(cached, prompt)
    return Usage(prompt - read, read, output=output, reasoning=reasoning, flags=flags)


def _calls_of(message: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    calls = list(enumerate(objects_in(message.get("tool_calls"), "tool_calls")))
    if message.get("function_call"):
        calls.append((_LEGACY, {"function": message["function_call"]}))
    return calls


def _holds_calls(value: dict[str, Any]) -> bool:
    return bool(value.get("tool_calls") or value.get("function_call"))


def _use(key: _Key, call: dict[str, Any]) -> ToolUse:
    parts = [call[part] for part in ("function", "custom") if call.get(part)]
    if len(parts) != 1 or not isinstance(parts[0], dict):
        raise UnclearAnswer("a tool call is not exactly one of function and custom")
    name, text = parts[0].get("name"), parts[0].get("input" if "custom" in call else "arguments") or ""
    if not isinstance(name, str) or not isinstance(text, str):
        raise UnclearAnswer("a tool call has no name, or arguments that are not text")
    return ToolUse(key, name, text, Form.CUSTOM) if call.get("custom") else ToolUse(key, name, text or "{}")


def uses_of(answer: dict[str, Any]) -> list[ToolUse]:
    choices = objects_in(answer.get("choices"), "choices")
    messages = [choice.get("message") or {} for choice in choices]
    refuse_elsewhere(answer, _holds_calls, messages)
    return [
        _use((place, number), call) for place, message in enumerate(messages) for number, call in _calls_of(message)
    ]


def change(answer: dict[str, Any], changes: Changes) -> dict[str, Any]:
    choices = []
    for place, choice in enumerate(answer.get("choices") or []):
        message = dict(choice.get("message") or {})
        calls, said = _changed(place, _calls_of(message), changes, str(answer.get("id", "")))
        message.pop("tool_calls", None)
        message.pop("function_call", None)
        if calls:
            message["tool_calls"] = calls
        if said:
            message["content"] = "\n".join([message.get("content") or "", *said]).strip()
        finish = choice.get("finish_reason")
        ended = finish in {"tool_calls", "function_call"} and not calls
        choices.append(choice | {"message": message, "finish_reason": "stop" if ended else finish})
    return answer | {"choices": choices}


def _changed(
    choice: int, calls: list[tuple[int, dict[str, Any]]], changes: Changes, answer_id: str
) -> tuple[list[dict[str, Any]], list[str]]:
    """The calls of one choice after the changes, and what became text."""
    made: list[dict[str, Any]] = []
    said: list[str] = []
    for number, call in calls:
        become = changes.by_key.get((choice, number))
        if isinstance(become, Said):
            said.append(become.text)
        else:
            made.append(_call(call, become))
    for number, extra in enumerate(changes.extra if choice == 0 else ()):
        if isinstance(extra, Said):
            said.append(extra.text)
        else:
            made.append(_call({"id": f"call_companion_{answer_id[-12:]}_{number}"}, extra))
    return made, said


def _call(call: dict[str, Any], become: Change | None) -> dict[str, Any]:
    if become is None or isinstance(become, Said):
        return call
    if not isinstance(become, Called) and isinstance(call.get("custom"), dict):
        return call | {"custom": call["custom"] | {"input": become.arguments}}
    name = become.name if isinstance(become, Called) else str((call.get("function") or {}).get("name", ""))
    kept = {key: value for key, value in call.items() if key not in {"custom", "function", "type"}}
    return kept | {"type": "function", "function": {"name": name, "arguments": become.arguments}}


def error(status: int, code: str, message: str) -> dict[str, Any]:
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"message": message, "type": kind, "code": code, "param": None}}


def stream_error(code: str, message: str) -> bytes:
    return build(error(500, code, message))


def stream(lookup: Lookup | None) -> AnswerStream:
    return ChatStream(lookup)


class ChatStream(AnswerStream):
    """Chunks of deltas; a call's arguments come in pieces by (choice, call) index."""

    def __init__(self, lookup: Lookup | None) -> None:
        super().__init__(lookup)
        self._usage: Usage | None = None
        self._calls: dict[_Key, dict[str, Any]] = {}
        self._envelope: dict[str, Any] = {}

    @property
    def usage(self) -> Usage | None:
        return self._usage

    @property
    def uses(self) -> list[ToolUse]:
        return [_use(key, call) for key, call in self._calls.items()]

    def feed(self, event: SseEvent) -> list[bytes]:
        if event.data.strip() == b"[DONE]":
            self.complete = self.over = True
        return super().feed(event)

    @staticmethod
    def _agreeing(event: SseEvent, data: dict[str, Any]) -> SseEvent:  # noqa: ARG004 - chunks carry no type
        return event

    def _is_plain(self, event: SseEvent) -> bool:
        data = event.data
        # Without an escaped letter no key can be spelt in another way than these.
        return (
            b"\\u" not in data
            and b"_call" not in data
            and b"error" not in data
            and (b"usage" not in data or b'"usage":null' in data)
            and (b"finish_reason" not in data or b'"finish_reason":null' in data or b'"finish_reason": null' in data)
            and b'"finish_reason":"' not in data
            and b'"finish_reason": "' not in data
            and data.startswith(b"{")
        )

    def _observe(self, data: dict[str, Any]) -> None:
        if isinstance(data.get("error"), dict):
            self.failed = str(data["error"].get("message", "the model's side reported an error"))
        if isinstance(data.get("usage"), dict):
            self._usage = usage_of(data)
        choices = objects_in(data.get("choices"), "choices")
        if choices:
            self._envelope = {key: value for key, value in data.items() if key not in {"choices", "usage"}}
        refuse_elsewhere(data, _holds_calls, [choice.get("delta") for choice in choices])
        for choice in choices:
            # Not every server closes with [DONE].
            self.complete = self.complete or bool(choice.get("finish_reason"))
            delta = choice.get("delta") or {}
            pieces = list(objects_in(delta.get("tool_calls"), "tool_calls"))
            if delta.get("function_call"):
                pieces.append({"index": _LEGACY, "function": delta["function_call"]})
            for piece in pieces:
                self.holding = True
                number = piece.get("index", 0)
                place = number if number == _LEGACY else index_in(number, "a call's index")
                self._join((index_in(choice.get("index", 0), "a choice's index"), place), piece)

    def _join(self, key: _Key, piece: dict[str, Any]) -> None:
        """Raises UnclearAnswer where a later piece says otherwise: some agents take the first word, some the last."""
        call = self._calls.setdefault(key, {})
        for name, value in piece.items():
            if name in {"index", "function", "custom"} or not value:
                continue
            if call.setdefault(name, value) != value:
                raise UnclearAnswer(f"the pieces of one tool call differ in {name}")
        for part, text in (("function", "arguments"), ("custom", "input")):
            if piece.get(part) is None:
                continue
            whole = call.setdefault(part, {"name": "", text: ""})
            named = piece[part].get("name") or ""
            whole["name"] = whole["name"] or named
            if named not in {"", whole["name"]}:
                raise UnclearAnswer("the pieces of one tool call differ in name")
            whole[text] += piece[part].get(text) or ""

    def _restored(self, event: SseEvent, data: dict[str, Any]) -> list[bytes]:
        lookup = self._lookup
        if lookup is None:
            return [event.raw]
        out: list[bytes] = []
        swaps: dict[str, str] = {}
        for choice in data.get("choices") or []:
            index = choice.get("index", 0)
            text = (choice.get("delta") or {}).get("content")
            if isinstance(text, str) and text:
                swaps[text] = self.restorer(index, lookup).feed(text)
            if choice.get("finish_reason") and (tail := self.restorer(index, lookup).flush()):
                out.append(self._chunk(index, {"content": tail}))
        if all(text == restored for text, restored in swaps.items()):
            return [*out, event.raw]
        changed = event.data
        for text, restored in swaps.items():
            changed = rewrite_value(changed, "content", text, restored)
        return [*out, wrap(changed, event.name)]

    def release(self, changes: Changes) -> list[bytes]:
        if not changes:
            return [raw for event in self._held for raw in self._restored(event, event.json())]
        out: list[bytes] = []
        begun = False
        left: dict[int, bool] = {}
        for event in self._held:
            data = event.json()
            if not begun:
                begun = True
                out += self._changed_calls(changes, left)
            stripped = _without_calls(data, left)
            if stripped == data:
                out += self._restored(event, data)
            elif stripped is not None:
                body = dump(stripped)
                out += self._restored(replace(event, raw=wrap(body, event.name), data=body), stripped)
        return out

    def _changed_calls(self, changes: Changes, left: dict[int, bool]) -> list[bytes]:
        out: list[bytes] = []
        for choice in sorted({choice for choice, _ in self._calls}):
            calls = [(number, call) for (owner, number), call in self._calls.items() if owner == choice]
            made, said = _changed(choice, calls, changes, str(self._envelope.get("id", "")))
            left[choice] = bool(made)
            out += [self._chunk(choice, {"content": text}) for text in said]
            out += [self._chunk(choice, {"tool_calls": [call | {"index": number}]}) for number, call in enumerate(made)]
        return out

    def _chunk(self, choice: int, delta: dict[str, Any]) -> bytes:
        return build(self._envelope | {"choices": [{"index": choice, "delta": delta, "finish_reason": None}]})

    def beat(self) -> bytes:
        """A chunk with an empty delta."""
        return self._chunk(0, {})


def _without_calls(data: dict[str, Any], left: dict[int, bool]) -> dict[str, Any] | None:
    """The chunk without its pieces of calls; None when nothing else was in it."""
    choices = []
    for choice in data.get("choices") or []:
        delta = choice.get("delta") or {}
        kept = {key: value for key, value in delta.items() if key not in {"tool_calls", "function_call"}}
        finish = choice.get("finish_reason")
        if finish in {"tool_calls", "function_call"} and not left.get(choice.get("index", 0), True):
            finish = "stop"
        if kept != delta and finish is None and not any(value for key, value in kept.items() if key != "role"):
            continue
        choices.append(choice | {"delta": kept, "finish_reason": finish})
    if data.get("choices") and not choices and "usage" not in data:
        return None
    return data | {"choices": choices} if "choices" in data else data


def asks_usage(body: dict[str, Any]) -> bool:
    """Whether a streamed call asks for its usage itself."""
    options = body.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def is_usage_only(event: SseEvent) -> bool:
    """Whether a chunk exists only because usage was asked for."""
    data = event.json()
    return data.get("choices") == [] and isinstance(data.get("usage"), dict)
