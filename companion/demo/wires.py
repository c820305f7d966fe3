"""The scripted model's answers on the wire: one JSON body, or the same answer as server-sent events in small deltas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from companion.demo.offered import Call
from companion.model.action import Dialect
from companion.model.money import Usage

_LONGEST_WORD = 12
_ARGUMENT_PIECE = 7
_CREATED = 1_767_225_600  # no clock: the same request gets the same bytes
_WORD = re.compile(r"\s*\S+\s*|\s+")


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer of the model. `id` is hex and differs from request to request; text, call or both are given."""

    id: str
    model: str
    text: str
    call: Call | None
    usage: Usage


def body_of(dialect: Dialect, turn: Turn) -> dict[str, Any]:
    """The answer in one piece."""
    match dialect:
        case Dialect.CHAT:
            return _chat_body(turn)
        case Dialect.MESSAGES:
            return _messages_body(turn)
        case Dialect.RESPONSES:
            return _response(turn, "completed")
        case _:
            raise ValueError(f"nobody answers in {dialect}")


def frames_of(dialect: Dialect, turn: Turn, *, include_usage: bool = False) -> Iterator[bytes]:
    """The answer as events, one event a frame. `include_usage` is the chat dialect's stream option."""
    match dialect:
        case Dialect.CHAT:
            yield from (_frame(chunk) for chunk in _chat_chunks(turn, include_usage=include_usage))
            yield b"data: [DONE]\n\n"
        case Dialect.MESSAGES:
            yield from (_frame(event, event["type"]) for event in _messages_events(turn))
        case Dialect.RESPONSES:
            for number, event in enumerate(_response_events(turn)):
                yield _frame({**event, "sequence_number": number}, event["type"])
        case _:
            raise ValueError(f"nobody answers in {dialect}")


def error_body(dialect: Dialect | None, kind: str, message: str) -> dict[str, Any]:
    """An error in the dialect's shape; OpenAI's where no dialect is known."""
    if dialect is Dialect.MESSAGES:
        return {"type": "error", "error": {"type": kind, "message": message}}
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


def _frame(data: dict[str, Any], name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


def _words(text: str) -> Iterator[str]:
    for word in _WORD.findall(text):
        yield from (word[at : at + _LONGEST_WORD] for at in range(0, len(word), _LONGEST_WORD))


def _pieces(arguments: str) -> Iterator[str]:
    return (arguments[at : at + _ARGUMENT_PIECE] for at in range(0, len(arguments), _ARGUMENT_PIECE))


def _chat_body(turn: Turn) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": turn.text or None, "refusal": None}
    if turn.call:
        message["tool_calls"] = [_chat_call(turn, turn.call, turn.call.arguments)]
    return {
        "id": f"chatcmpl-{turn.id}",
        "object": "chat.completion",
        "created": _CREATED,
        "model": turn.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": _chat_finish(turn)}],
        "usage": _chat_usage(turn.usage),
    }


def _chat_call(turn: Turn, call: Call, arguments: str) -> dict[str, Any]:
    return {"id": f"call_{turn.id}", "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _chat_finish(turn: Turn) -> str:
    return "tool_calls" if turn.call else "stop"


def _chat_usage(usage: Usage) -> dict[str, Any]:
    """OpenAI counts cached tokens inside the prompt's."""
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.output,
        "total_tokens": usage.prompt + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning, "audio_tokens": 0},
    }


def _chat_chunks(turn: Turn, *, include_usage: bool) -> Iterator[dict[str, Any]]:
    base = {
        "id": f"chatcmpl-{turn.id}",
        "object": "chat.completion.chunk",
        "created": _CREATED,
        "model": turn.model,
        **({"usage": None} if include_usage else {}),
    }

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**base, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}

    yield chunk({"role": "assistant", "content": ""})
    yield from (chunk({"content": word}) for word in _words(turn.text))
    if turn.call:
        yield chunk({"tool_calls": [{"index": 0, **_chat_call(turn, turn.call, "")}]})
        for piece in _pieces(turn.call.arguments):
            yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    yield chunk({}, _chat_finish(turn))
    if include_usage:
        yield {**base, "choices": [], "usage": _chat_usage(turn.usage)}


def _messages_body(turn: Turn) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": turn.text}] if turn.text else []
    if turn.call:
        content.append({**_tool_use(turn, turn.call), "input": json.loads(turn.call.arguments)})
    return {**_message(turn), "content": content, "stop_reason": _stop_reason(turn)}


def _message(turn: Turn) -> dict[str, Any]:
    return {
        "id": f"msg_{turn.id}",
        "type": "message",
        "role": "assistant",
        "model": turn.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _messages_usage(turn.usage),
    }


def _tool_use(turn: Turn, call: Call) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{turn.id}", "name": call.name, "input": {}}


def _stop_reason(turn: Turn) -> str:
    return "tool_use" if turn.call else "end_turn"


def _messages_usage(usage: Usage) -> dict[str, Any]:
    """Anthropic counts cached tokens beside the prompt's."""
    written = {
        "ephemeral_5m_input_tokens": usage.cache_write_5m,
        "ephemeral_1h_input_tokens": usage.cache_write_1h,
    }
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write_5m + usage.cache_write_1h,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": written,
        "output_tokens": usage.output,
    }


def _messages_events(turn: Turn) -> Iterator[dict[str, Any]]:
    message = _message(turn)
    message["usage"]["output_tokens"] = 1
    yield {"type": "message_start", "message": message}
    yield {"type": "ping"}
    index = 0
    if turn.text:
        yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        for word in _words(turn.text):
            yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
        yield {"type": "content_block_stop", "index": 0}
        index = 1
    if turn.call:
        yield {"type": "content_block_start", "index": index, "content_block": _tool_use(turn, turn.call)}
        for piece in ("", *_pieces(turn.call.arguments)):
            delta = {"type": "input_json_delta", "partial_json": piece}
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": _stop_reason(turn), "stop_sequence": None},
        "usage": {"output_tokens": turn.usage.output},
    }
    yield {"type": "message_stop"}


def _response(turn: Turn, status: str) -> dict[str, Any]:
    done = status == "completed"
    return {
        "id": f"resp_{turn.id}",
        "object": "response",
        "created_at": _CREATED,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": turn.model,
        "output": _items(turn) if done else [],
        "usage": _response_usage(turn.usage) if done else None,
    }


def _response_usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cache_read},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.prompt + usage.output,
    }


def _items(turn: Turn) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if turn.text:
        part = {"type": "output_text", "text": turn.text, "annotations": []}
        items.append(
            {
                "type": "message",
                "id": f"msg_{turn.id}",
                "role": "assistant",
                "status": "completed",
                "content": [part],
            }
        )
    if turn.call:
        custom = turn.call.custom
        item = {
            "type": "custom_tool_call" if custom else "function_call",
            "id": f"{'ctc' if custom else 'fc'}_{turn.id}",
            "call_id": f"call_{turn.id}",
            "name": turn.call.name,
            "input" if custom else "arguments": turn.call.arguments,
            "status": "completed",
        }
        items.append({**item, "namespace": turn.call.namespace} if turn.call.namespace else item)
    return items


def _response_events(turn: Turn) -> Iterator[dict[str, Any]]:
    yield {"type": "response.created", "response": _response(turn, "in_progress")}
    yield {"type": "response.in_progress", "response": _response(turn, "in_progress")}
    for index, item in enumerate(_items(turn)):
        at = {"item_id": item["id"], "output_index": index}
        opened = {**item, "status": "in_progress"}
        match item["type"]:
            case "message":
                opened["content"] = []
                inner = _text_events(item["content"][0], {**at, "content_index": 0})
            case "custom_tool_call":
                opened["input"] = ""
                inner = _input_events("response.custom_tool_call_input", "input", item["input"], at)
            case _:
                opened["arguments"] = ""
                inner = _input_events("response.function_call_arguments", "arguments", item["arguments"], at)
        yield {"type": "response.output_item.added", "output_index": index, "item": opened}
        yield from inner
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    yield {"type": "response.completed", "response": _response(turn, "completed")}


def _text_events(part: dict[str, Any], at: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {"type": "response.content_part.added", **at, "part": {**part, "text": ""}}
    yield from ({"type": "response.output_text.delta", **at, "delta": word} for word in _words(part["text"]))
    yield {"type": "response.output_text.done", **at, "text": part["text"]}
    yield {"type": "response.content_part.done", **at, "part": part}


def _input_events(name: str, field: str, value: str, at: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from ({"type": f"{name}.delta", **at, "delta": piece} for piece in _pieces(value))
    yield {"type": f"{name}.done", **at, field: value}
