"""Streamed answers as providers send them, built from text and calls; pieces are cut where the test says."""

from __future__ import annotations

import json
from collections.abc import Sequence

Call = tuple[str, str]


def cut(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)] or [""]


def chat_stream(text: str, calls: Sequence[Call], size: int = 7) -> bytes:
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}

    def chunk(delta: dict, finish: str | None = None) -> bytes:
        body = base | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        return f"data: {json.dumps(body)}\n\n".encode()

    out = [chunk({"role": "assistant", "content": ""})]
    out += [chunk({"content": piece}) for piece in cut(text, size) if piece]
    for index, (name, arguments) in enumerate(calls):
        head = {"index": index, "id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": ""}}
        out.append(chunk({"tool_calls": [head]}))
        for piece in cut(arguments, size):
            out.append(chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}))
    out.append(chunk({}, "tool_calls" if calls else "stop"))
    usage = {"prompt_tokens": 100, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 40}}
    out.append(f"data: {json.dumps(base | {'choices': [], 'usage': usage})}\n\n".encode())
    out.append(b"data: [DONE]\n\n")
    return b"".join(out)


def messages_stream(text: str, calls: Sequence[Call], size: int = 7) -> bytes:
    usage = {"input_tokens": 60, "cache_read_input_tokens": 40, "cache_creation_input_tokens": 0, "output_tokens": 1}
    events: list[dict] = [
        {"type": "message_start", "message": {"id": "msg_1", "role": "assistant", "content": [], "usage": usage}},
        {"type": "ping"},
    ]
    blocks: list[tuple[dict, list[dict]]] = []
    if text:
        deltas = [{"type": "text_delta", "text": piece} for piece in cut(text, size)]
        blocks.append(({"type": "text", "text": ""}, deltas))
    for number, (name, arguments) in enumerate(calls):
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in cut(arguments, size)]
        blocks.append(({"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": {}}, deltas))
    for index, (block, deltas) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    stop = {"stop_reason": "tool_use" if calls else "end_turn", "stop_sequence": None}
    events.append({"type": "message_delta", "delta": stop, "usage": {"output_tokens": 5}})
    events.append({"type": "message_stop"})
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


def responses_stream(text: str, calls: Sequence[Call], size: int = 7) -> bytes:
    response = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "m",
        "status": "in_progress",
        "output": [],
    }
    events: list[dict] = [{"type": "response.created", "response": response}]
    items: list[dict] = []
    if text:
        where = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        part = {"type": "output_text", "text": text, "annotations": []}
        item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}
        events.append({"type": "response.output_item.added", "output_index": 0, "item": item | {"content": []}})
        events.append({"type": "response.content_part.added", **where, "part": part | {"text": ""}})
        events += [{"type": "response.output_text.delta", **where, "delta": piece} for piece in cut(text, size)]
        events.append({"type": "response.output_text.done", **where, "text": text})
        events.append({"type": "response.content_part.done", **where, "part": part})
        events.append({"type": "response.output_item.done", "output_index": 0, "item": item})
        items.append(item)
    for number, (name, arguments) in enumerate(calls):
        index = len(items)
        item = {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}", "name": name}
        item |= {"arguments": arguments, "status": "completed"}
        where = {"item_id": item["id"], "output_index": index}
        begun = item | {"arguments": "", "status": "in_progress"}
        events.append({"type": "response.output_item.added", "output_index": index, "item": begun})
        for piece in cut(arguments, size):
            events.append({"type": "response.function_call_arguments.delta", **where, "delta": piece})
        events.append({"type": "response.function_call_arguments.done", **where, "arguments": arguments})
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
        items.append(item)
    usage = {"input_tokens": 100, "input_tokens_details": {"cached_tokens": 40}, "output_tokens": 5}
    usage |= {"output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 105}
    events.append(
        {"type": "response.completed", "response": response | {"status": "completed", "output": items, "usage": usage}}
    )
    for number, event in enumerate(events):
        event["sequence_number"] = number
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


STREAMS = {"chat": chat_stream, "messages": messages_stream, "responses": responses_stream}
