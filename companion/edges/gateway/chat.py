"""OpenAI Chat Completions: `/v1/chat/completions`. Format: https://platform.openai.com/docs/api-reference/chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from companion.edges.gateway.dialect import (
    AnswerStream,
    Asked,
    BadRequest,
    UnclearAnswer,
    last_words,
    objects_in,
    refuse_elsewhere,
    strings_in,
    whole_letters,
    whole_number,
)
from companion.edges.gateway.pieces import CALLS, NAMES, OLD, TEXTS, JoinedCalls, holds_calls, index_of
from companion.edges.gateway.spelling import refuse_misspelt_in
from companion.edges.gateway.sse import SseEvent, build, wrap
from companion.edges.gateway.tooluse import Called, Change, Changes, Form, Rewritten, Said, ToolUse
from companion.model.action import Dialect
from companion.model.money import Usage
from companion.policy.redaction import Lookup

DIALECT = Dialect.CHAT

_Key = tuple[int, int]
"""Choice index, call number."""


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
        calls.append((OLD, {"function": message["function_call"]}))
    return calls


def _use(key: _Key, call: dict[str, Any]) -> ToolUse:
    forms = [form for form in TEXTS if call.get(form)]
    if len(forms) != 1 or not isinstance(call[forms[0]], dict):
        raise UnclearAnswer("a tool call is not exactly one of function and custom")
    [form] = forms
    refuse_misspelt_in(NAMES, call, call[form])
    name, text = call[form].get("name"), call[form].get(TEXTS[form]) or ""
    if not isinstance(name, str) or not isinstance(text, str) or not isinstance(call.get("id") or "", str):
        raise UnclearAnswer("a tool call has no name, or an id or arguments that are not text")
    text = whole_letters(text)
    return ToolUse(key, name, text, Form.CUSTOM) if form == "custom" else ToolUse(key, name, text or "{}")


def uses_of(answer: dict[str, Any], raw: bytes = b"") -> list[ToolUse]:
    choices = objects_in(answer.get("choices"), "choices")
    if raw and b"_call" not in raw.lower() and b"\\u" not in raw:
        # Spelt in whatever case, without an escaped letter no key can be one that holds calls.
        return []
    messages = [choice.get("message") or {} for choice in choices]
    refuse_elsewhere(answer, holds_calls, messages)
    for message in messages:
        refuse_elsewhere([*message.values()], holds_calls, [])
    if any(map(holds_calls, messages)):
        refuse_misspelt_in(NAMES, answer, *choices, *messages)
    return [
        _use((place, number), call) for place, message in enumerate(messages) for number, call in _calls_of(message)
    ]


def change(answer: dict[str, Any], changes: Changes) -> dict[str, Any]:
    choices = []
    extra = changes.extra
    for place, choice in enumerate(answer.get("choices") or []):
        message = choice.get("message") or {}
        calls = _calls_of(message)
        if not calls:
            choices.append(choice)
            continue
        made = _changed(place, calls, changes.by_key, extra, str(answer.get("id", "")))
        extra = ()
        message = {key: value for key, value in message.items() if key not in CALLS} | made.fields()
        if made.said:
            message["content"] = _with_words(message.get("content"), made.said)
        choices.append(choice | {"message": message, "finish_reason": made.finish(choice.get("finish_reason"))})
    return answer | {"choices": choices}


def _with_words(content: Any, said: Sequence[str]) -> Any:
    if isinstance(content, list):
        return [*content, *({"type": "text", "text": text} for text in said)]
    return "\n".join([content if isinstance(content, str) else "", *said]).strip()


@dataclass(frozen=True, slots=True)
class _Made:
    """The calls of one choice after the changes."""

    calls: list[dict[str, Any]]
    old: dict[str, Any] | None
    """What stands in the old field: an agent that asked in the old way reads no other."""
    said: list[str]
    """Calls that became text."""

    def fields(self) -> dict[str, Any]:
        """As they stand in a message."""
        calls = {"tool_calls": self.calls} if self.calls else {}
        return calls | ({"function_call": self.old} if self.old else {})

    def finish(self, reason: Any) -> Any:
        """The reason to stop, where `reason` was told before the changes."""
        gone = reason in ("tool_calls", "function_call") and not self.fields()
        return "stop" if gone else reason


def _changed(
    choice: int,
    calls: Sequence[tuple[int, dict[str, Any]]],
    by_key: Mapping[_Key, Change],
    extra: Sequence[Called | Said],
    answer_id: str,
) -> _Made:
    made: list[dict[str, Any]] = []
    old: dict[str, Any] | None = None
    said: list[str] = []
    for number, call in calls:
        become = by_key.get((choice, number))
        if isinstance(become, Said):
            said.append(become.text)
        elif number == OLD and not isinstance(become, Called):
            old = call["function"] | ({"arguments": become.arguments} if become else {})
        else:
            made.append(_call(call, become))
    said += [one.text for one in extra if isinstance(one, Said)]
    made += [_call({}, one) for one in extra if isinstance(one, Called)]
    return _Made(_told_apart(made, answer_id), old, said)


def _told_apart(calls: Sequence[dict[str, Any]], answer_id: str) -> list[dict[str, Any]]:
    """The calls, each with an id of its own: some agents find a call by it."""
    found: dict[str, dict[str, Any]] = {}
    for place, call in enumerate(calls):
        name = call.get("id") or f"call_companion_{answer_id[-12:]}_{place}"
        while name in found:
            name += "_"
        kind = call.get("type") or ("custom" if call.get("custom") else "function")
        found[name] = call | {"id": name, "type": kind}
    return list(found.values())


def _call(call: dict[str, Any], become: Rewritten | Called | None) -> dict[str, Any]:
    if become is None:
        return call
    if isinstance(become, Rewritten):
        form = "custom" if call.get("custom") else "function"
        return call | {form: call[form] | {TEXTS[form]: become.arguments}}
    kept = {key: value for key, value in call.items() if key not in {"custom", "function", "type"}}
    return kept | {"type": "function", "function": {"name": become.name, "arguments": become.arguments}}


def error(status: int, code: str, message: str) -> dict[str, Any]:
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"message": message, "type": kind, "code": code, "param": None}}


def stream_error(code: str, message: str) -> bytes:
    return build(error(500, code, message))


def stream(lookup: Lookup | None) -> AnswerStream:
    return ChatStream(lookup)


class ChatStream(AnswerStream):
    """Chunks of deltas, a call's arguments in pieces: see JoinedCalls."""

    def __init__(self, lookup: Lookup | None) -> None:
        super().__init__(lookup)
        self._usage: Usage | None = None
        self._joined = JoinedCalls()
        self._envelope: dict[str, Any] = {}
        self._ended: set[Any] = set()
        """Choices whose reason to stop has come."""
        self._began: set[Any] = set()
        """Choices whose role has been told."""
        self._may_call = True

    @property
    def usage(self) -> Usage | None:
        return self._usage

    @property
    def uses(self) -> list[ToolUse]:
        return [_use((self._joined.choice, number), call) for number, call in self._joined.whole()]

    def feed(self, event: SseEvent) -> list[bytes]:
        if _is_done(event):
            self.complete = self.over = True
        # Spelt in whatever case, without an escaped letter no key can be one that holds calls.
        self._may_call = b"_call" in event.data.lower() or b"\\u" in event.data
        return super().feed(event)

    @staticmethod
    def _agreeing(event: SseEvent, data: dict[str, Any]) -> SseEvent:  # noqa: ARG004 - chunks carry no type
        """The event without a name: agents that go by names would not take it for a chunk."""
        return replace(event, raw=wrap(event.data), name="") if event.name and event.data else event

    def _is_plain(self, event: SseEvent) -> bool:
        data = event.data
        # Without an escaped letter no key can be spelt in another way than these, but for their case.
        return (
            b"\\u" not in data
            and b"_call" not in data.lower()
            and b"error" not in data
            and (b"usage" not in data or b'"usage":null' in data)
            and (b"finish_reason" not in data or b'"finish_reason":null' in data or b'"finish_reason": null' in data)
            and b'"finish_reason":"' not in data
            and b'"finish_reason": "' not in data
            and data.startswith(b"{")
            # Else it may be cut short; text with one brace only is read as any other event.
            and data.count(b"{") == data.count(b"}")
        )

    @staticmethod
    def _tells_only_usage(data: dict[str, Any]) -> bool:
        return data.get("choices") == [] and isinstance(data.get("usage"), dict)

    def _observe(self, data: dict[str, Any]) -> None:
        if isinstance(data.get("error"), dict):
            self.failed = str(data["error"].get("message", "the model's side reported an error"))
        if isinstance(data.get("usage"), dict):
            self._usage = usage_of(data)
        if self._may_call:
            self.holding = self._joined.take(data) or self.holding
        else:
            self._joined.pass_by(data)
        choices = data.get("choices") or []
        if choices:
            self._envelope = {key: value for key, value in data.items() if key not in {"choices", "usage"}}
        for choice in choices:
            # Not every server closes with [DONE].
            self.complete = self.complete or bool(choice.get("finish_reason"))
            if not self.holding and (choice.get("delta") or {}).get("role"):
                self._began.add(index_of(choice))

    def _restored(self, event: SseEvent, data: dict[str, Any]) -> list[bytes]:
        lookup = self._lookup
        if lookup is None:
            return [event.raw]
        if _is_done(event):
            tails = {index: restorer.flush() for index, restorer in self._filters.items()}
            return [*(self._chunk(index, {"content": tail}) for index, tail in tails.items() if tail), event.raw]
        before: list[bytes] = []
        choices: list[dict[str, Any]] = []
        for choice in data.get("choices") or []:
            index, delta = index_of(choice), choice.get("delta") or {}
            text = delta.get("content")
            text = text if isinstance(text, str) else ""
            restored = self.restorer(index, lookup).feed(text)
            if choice.get("finish_reason"):
                self._ended.add(index)
            if index in self._ended:
                restored += self.restorer(index, lookup).flush()
            if restored and not text:
                before.append(self._chunk(index, {"content": restored}))
            choices.append(choice | {"delta": delta | {"content": restored}} if restored != text and text else choice)
        if choices == (data.get("choices") or []):
            return [*before, event.raw]
        return [*before, build(data | {"choices": choices})]

    def release(self, changes: Changes) -> list[bytes]:
        if not changes and self._joined.tidy:
            return [raw for event in self._held for raw in self._restored(event, event.json())]
        answer_id = str(self._envelope.get("id", ""))
        made = _changed(self._joined.choice, self._joined.whole(), changes.by_key, changes.extra, answer_id)
        out: list[bytes] = []
        told = False
        for event in self._held:
            data = event.json()
            choices = data.get("choices") or []
            if any(holds_calls(one.get("delta") or {}) for one in choices):
                rest, end = self._parted(data, made)
                out += self._given(event, rest)
                out += [] if told else self._told(made)
                told = True
                out += self._given(event, end)
            elif choices and (ended := [_ended(one, self._joined.choice, made) for one in choices]) != choices:
                out += self._given(event, data | {"choices": ended})
            else:
                out += self._restored(event, data)
        return out

    def _given(self, event: SseEvent, data: dict[str, Any]) -> list[bytes]:
        return self._restored(replace(event, raw=build(data)), data) if data else []

    def _parted(self, data: dict[str, Any], made: _Made) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a chunk says beside its calls, and its reasons to stop; {} for nothing."""
        rest, ends = [], []
        says = False
        for choice in data["choices"]:
            delta = {key: value for key, value in (choice.get("delta") or {}).items() if key not in CALLS}
            index = index_of(choice)
            says = says or any(value for key, value in delta.items() if key != "role" or index not in self._began)
            if delta.get("role"):
                self._began.add(index)
            rest.append(choice | {"delta": delta, "finish_reason": None})
            if choice.get("finish_reason"):
                ends.append(_ended(choice, self._joined.choice, made) | {"delta": {}})
        if not ends:
            return (data | {"choices": rest} if says or data.get("usage") else {}), {}
        beside = {key: value for key, value in data.items() if key != "usage"}
        return (beside | {"choices": rest} if says else {}), data | {"choices": ends}

    def _told(self, made: _Made) -> list[bytes]:
        choice, said = self._joined.choice, list(made.said)
        if said and choice in self._filters:
            said.insert(0, self._filters[choice].flush())
        deltas: list[dict[str, Any]] = [{"content": text} for text in said if text]
        deltas += [{"tool_calls": [call | {"index": number}]} for number, call in enumerate(made.calls)]
        deltas += [{"function_call": made.old}] if made.old else []
        return [self._chunk(choice, delta) for delta in deltas]

    def _chunk(self, choice: int, delta: dict[str, Any]) -> bytes:
        return build(self._envelope | {"choices": [{"index": choice, "delta": delta, "finish_reason": None}]})

    def beat(self) -> bytes:
        """A chunk with an empty delta."""
        return self._chunk(0, {})


def _is_done(event: SseEvent) -> bool:
    return event.data.strip() == b"[DONE]"


def _ended(choice: dict[str, Any], changed: int, made: _Made) -> dict[str, Any]:
    """A choice of a chunk, with its reason to stop as it is after the changes of the one that holds the calls."""
    if not choice.get("finish_reason") or index_of(choice) != changed:
        return choice
    return choice | {"finish_reason": made.finish(choice["finish_reason"])}


def asks_usage(body: dict[str, Any]) -> bool:
    """Whether a streamed call asks for its usage itself."""
    options = body.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True
