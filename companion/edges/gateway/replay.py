"""An answer told again in the other form: an agent that gave up on a stream asks for the same as one document.

Formats: as the dialects' modules name them. What is not known of an event or an item is carried along as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from companion.edges.gateway.dialect import UnclearAnswer
from companion.edges.gateway.jsontext import dump, read_value
from companion.edges.gateway.sse import SseEvent, wrap
from companion.model.action import Dialect

_Object = dict[str, Any]

_GROWING = {
    Dialect.CHAT: tuple(
        b'"%b":%b"' % (key, blank)
        for key in (b"content", b"arguments", b"input", b"reasoning_content", b"refusal")
        for blank in (b"", b" ")
    ),
    Dialect.MESSAGES: tuple(
        b'"%b":%b"' % (key, blank) for key in (b"text", b"thinking", b"partial_json") for blank in (b"", b" ")
    ),
}
"""What joins in the events of a dialect, as it stands before its text."""

_GROWS = {"text_delta": "text", "thinking_delta": "thinking"}
"""Deltas of Messages that add to a text of their block, and which."""


def document_of(dialect: Dialect, events: Sequence[SseEvent]) -> _Object:
    """The document that these events tell, from the first to the last. Raises UnclearAnswer when they tell none."""
    return _told(dialect, [data for event in events if (data := event.json())])


def texts_told(dialect: Dialect, events: Sequence[SseEvent]) -> _Object:
    """As document_of, in a fraction of the time, for who looks at texts: it may tell one where events are no JSON."""
    kept = [data for event in events if (data := event.data.strip()) not in {b"", b"[DONE]"}]
    if dialect in _GROWING:
        kept = _in_runs(kept, _GROWING[dialect])
    try:
        told = read_value(b"[%b]" % b",".join(kept))
    except ValueError:
        return document_of(dialect, events)
    return _told(dialect, [one for one in told if one] if isinstance(told, list) else [])


def _in_runs(events: Sequence[bytes], growing: Sequence[bytes]) -> list[bytes]:
    """The events, with each run of those that differ in one piece of text alone as one event with all of its text.

    `growing` are the keys of what an answer joins.
    """
    found: list[bytes] = []
    begin, pieces, end = b"", list[bytes](), b""
    for data in events:
        if pieces and data.startswith(begin) and data.endswith(end) and len(data) >= len(begin) + len(end):
            piece = data[len(begin) : len(data) - len(end)]
            if b'"' not in piece and b"\\" not in piece:
                pieces.append(piece)
                continue
        if pieces:
            found.append(b"%b%b%b" % (begin, b"".join(pieces), end))
            pieces = []
        # Without a backslash each quote is one of JSON's own.
        grows = [key for key in growing if key in data] if b"\\" not in data and b'delta"' in data else []
        if len(grows) == 1 and data.count(grows[0]) == 1:
            at = data.index(grows[0]) + len(grows[0])
            close = data.find(b'"', at)
            begin, pieces, end = data[:at], [data[at:close]], data[close:]
        else:
            found.append(data)
    if pieces:
        found.append(b"%b%b%b" % (begin, b"".join(pieces), end))
    return found


def _told(dialect: Dialect, told: Sequence[_Object]) -> _Object:
    try:
        return _DOCUMENTS[dialect](told)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as odd:
        raise UnclearAnswer(f"the stream cannot be told as one document ({odd})") from odd


def events_of(dialect: Dialect, document: _Object) -> list[SseEvent]:
    """The document as a stream, in as few events as its agents take."""
    found: list[SseEvent] = []
    for number, event in enumerate(_EVENTS[dialect](document)):
        told = event | {"sequence_number": number} if dialect is Dialect.RESPONSES else event
        found.append(_event(told, "" if dialect is Dialect.CHAT else str(told["type"])))
    if dialect is Dialect.CHAT:
        found.append(SseEvent(wrap(b"[DONE]"), "", b"[DONE]"))
    return found


def _event(data: _Object, name: str) -> SseEvent:
    raw = dump(data)
    return SseEvent(wrap(raw, name), name, raw)


def _message(told: Sequence[_Object]) -> _Object:
    message: _Object = {}
    blocks: dict[int, _Object] = {}
    arguments: dict[int, str] = {}
    for event in told:
        match event.get("type"):
            case "message_start":
                message = dict(event["message"])
            case "content_block_start":
                blocks[event["index"]] = dict(event["content_block"])
            case "content_block_delta":
                _grow(blocks[event["index"]], event["delta"], arguments, event["index"])
            case "message_delta":
                message |= event.get("delta") or {}
                message["usage"] = (message.get("usage") or {}) | (event.get("usage") or {})
            case _:
                pass
    for index, text in arguments.items():
        if text:
            blocks[index]["input"] = json.loads(text)
    return message | {"content": [blocks[index] for index in sorted(blocks)]}


def _grow(block: _Object, delta: _Object, arguments: dict[int, str], index: int) -> None:
    kind = delta.get("type")
    if kind == "input_json_delta":
        arguments[index] = arguments.get(index, "") + delta["partial_json"]
    elif kind in _GROWS:
        block[_GROWS[kind]] = block.get(_GROWS[kind], "") + delta[_GROWS[kind]]
    elif kind == "citations_delta":
        block["citations"] = [*(block.get("citations") or []), delta["citation"]]
    else:
        block |= {key: value for key, value in delta.items() if key != "type"}


def _message_events(message: _Object) -> Iterator[_Object]:
    content = message.get("content") or []
    ends = {key: message.get(key) for key in ("stop_reason", "stop_sequence")}
    yield {"type": "message_start", "message": message | {"content": [], "stop_reason": None, "stop_sequence": None}}
    for index, block in enumerate(content):
        begun, deltas = _pieces(block)
        yield {"type": "content_block_start", "index": index, "content_block": begun}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    output = (message.get("usage") or {}).get("output_tokens", 0)
    yield {"type": "message_delta", "delta": ends, "usage": {"output_tokens": output}}
    yield {"type": "message_stop"}


def _pieces(block: _Object) -> tuple[_Object, list[_Object]]:
    """How a block begins, and what it grows by."""
    match block.get("type"):
        case "text":
            return block | {"text": ""}, [{"type": "text_delta", "text": block.get("text", "")}]
        case "thinking":
            deltas = [{"type": "thinking_delta", "thinking": block.get("thinking", "")}]
            if block.get("signature"):
                deltas.append({"type": "signature_delta", "signature": block["signature"]})
            return block | {"thinking": "", "signature": ""}, deltas
        case "tool_use" | "server_tool_use":
            text = json.dumps(block.get("input") or {}, ensure_ascii=False)
            return block | {"input": {}}, [{"type": "input_json_delta", "partial_json": text}]
        case _:
            return block, []


def _completion(told: Sequence[_Object]) -> _Object:
    found: _Object = {}
    choices: dict[int, _Object] = {}
    for chunk in told:
        found |= {key: value for key, value in chunk.items() if key != "choices" and value is not None}
        for piece in chunk.get("choices") or []:
            index = piece.get("index") or 0
            choice = choices.setdefault(index, {"index": index, "message": {"role": "assistant"}})
            choice |= {key: value for key, value in piece.items() if key not in {"delta", "index"}}
            _add_delta(choice["message"], piece.get("delta") or {})
    for choice in choices.values():
        message = choice["message"]
        message.setdefault("content", None)
        if calls := message.pop("tool_calls", None):
            message["tool_calls"] = [calls[number] for number in sorted(calls)]
    return found | {"object": "chat.completion", "choices": [choices[index] for index in sorted(choices)]}


def _add_delta(message: _Object, delta: _Object) -> None:
    for key, value in delta.items():
        if key == "tool_calls":
            calls = message.setdefault("tool_calls", {})
            for piece in value or []:
                call = calls.setdefault(piece.get("index") or 0, {})
                _add_delta(call, {name: part for name, part in piece.items() if name != "index"})
        elif isinstance(value, dict):
            _add_delta(message.setdefault(key, {}), value)
        elif isinstance(value, str) and key in {"content", "arguments", "input", "reasoning_content", "refusal"}:
            message[key] = (message.get(key) or "") + value
        elif value is not None:
            message[key] = value


def _completion_events(document: _Object) -> Iterator[_Object]:
    head = {key: value for key, value in document.items() if key not in {"choices", "usage"}}
    head["object"] = "chat.completion.chunk"
    for choice in document.get("choices") or []:
        delta = dict(choice.get("message") or {})
        if calls := delta.get("tool_calls"):
            delta["tool_calls"] = [call | {"index": number} for number, call in enumerate(calls)]
        index, finish = choice.get("index", 0), choice.get("finish_reason")
        yield head | {"choices": [{"index": index, "delta": delta, "finish_reason": None}]}
        yield head | {"choices": [{"index": index, "delta": {}, "finish_reason": finish}]}
    if document.get("usage"):
        yield head | {"choices": [], "usage": document["usage"]}


def _response(told: Sequence[_Object]) -> _Object:
    response = dict(told[-1]["response"])
    if not response.get("output"):
        # Some servers tell each item once, and none of them again in the end.
        items = [event for event in told if event.get("type") == "response.output_item.done"]
        response["output"] = [event["item"] for event in sorted(items, key=lambda event: event["output_index"])]
    return response


def _response_events(response: _Object) -> Iterator[_Object]:
    yield {"type": "response.created", "response": response | {"status": "in_progress", "output": []}}
    for index, item in enumerate(response.get("output") or []):
        yield from _item_events(index, item)
    status = response.get("status")
    kind = f"response.{status if status in {'incomplete', 'failed'} else 'completed'}"
    yield {"type": kind, "response": response}


def _item_events(index: int, item: _Object) -> Iterator[_Object]:
    where = {"item_id": item.get("id", ""), "output_index": index}
    match item.get("type"):
        case "message":
            yield {"type": "response.output_item.added", "output_index": index, "item": item | {"content": []}}
            for number, part in enumerate(item.get("content") or []):
                at = where | {"content_index": number}
                if part.get("type") != "output_text":
                    continue
                yield {"type": "response.content_part.added", **at, "part": part | {"text": ""}}
                yield {"type": "response.output_text.delta", **at, "delta": part.get("text", "")}
                yield {"type": "response.output_text.done", **at, "text": part.get("text", "")}
                yield {"type": "response.content_part.done", **at, "part": part}
        case "function_call":
            text = item.get("arguments", "")
            begun = item | {"arguments": "", "status": "in_progress"}
            yield {"type": "response.output_item.added", "output_index": index, "item": begun}
            yield {"type": "response.function_call_arguments.delta", **where, "delta": text}
            yield {"type": "response.function_call_arguments.done", **where, "arguments": text}
        case _:
            yield {"type": "response.output_item.added", "output_index": index, "item": item}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


_DOCUMENTS: dict[Dialect, Callable[[Sequence[_Object]], _Object]] = {
    Dialect.MESSAGES: _message,
    Dialect.CHAT: _completion,
    Dialect.RESPONSES: _response,
}

_EVENTS: dict[Dialect, Callable[[_Object], Iterator[_Object]]] = {
    Dialect.MESSAGES: _message_events,
    Dialect.CHAT: _completion_events,
    Dialect.RESPONSES: _response_events,
}
