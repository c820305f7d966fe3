"""The three dialects as an agent reads them: strict where a client is strict. Independent of the gateway's code."""

from __future__ import annotations

import json
from dataclasses import dataclass, field


@dataclass
class Read:
    """An answer as the agent has it in the end."""

    text: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Name and arguments, in order."""
    stop: str = ""
    error: str = ""
    done: bool = False


def events(raw: bytes) -> list[tuple[str, str]]:
    found = []
    for block in raw.replace(b"\r\n", b"\n").split(b"\n\n"):
        name, data = "", []
        for line in block.split(b"\n"):
            if line.startswith(b"event:"):
                name = line[6:].strip().decode()
            elif line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" ").decode())
        if data:
            found.append((name, "\n".join(data)))
    return found


def read_chat(raw: bytes) -> Read:
    read, calls = Read(), {}
    for _, data in events(raw):
        if data == "[DONE]":
            read.done = True
            continue
        chunk = json.loads(data)
        if "error" in chunk:
            read.error = chunk["error"]["message"]
            continue
        for choice in chunk["choices"]:
            delta = choice["delta"]
            read.text += delta.get("content") or ""
            for piece in delta.get("tool_calls") or []:
                call = calls.setdefault(piece["index"], {"id": "", "name": "", "arguments": ""})
                call["id"] = call["id"] or piece.get("id", "")
                call["name"] = call["name"] or piece.get("function", {}).get("name") or ""
                call["arguments"] += piece.get("function", {}).get("arguments") or ""
            if choice.get("finish_reason"):
                read.stop = choice["finish_reason"]
    assert all(call["id"] for call in calls.values()), "every call has an id"
    assert sorted(calls) == list(range(len(calls))), "call indexes have no gap"
    read.calls = [(call["name"], call["arguments"]) for _, call in sorted(calls.items())]
    return read


def read_messages(raw: bytes) -> Read:
    read, blocks, open_block = Read(), {}, None
    for name, data in events(raw):
        event = json.loads(data)
        assert name == event["type"], "the event line names the type"
        match event["type"]:
            case "content_block_start":
                assert open_block is None, "blocks do not nest"
                open_block = event["index"]
                assert open_block == len(blocks), "block indexes follow each other"
                block = event["content_block"]
                blocks[open_block] = {"type": block["type"], "text": block.get("text", ""), "json": "", **block}
            case "content_block_delta":
                assert event["index"] == open_block, "a delta belongs to the open block"
                delta = event["delta"]
                if delta["type"] == "text_delta":
                    blocks[open_block]["text"] += delta["text"]
                elif delta["type"] == "input_json_delta":
                    blocks[open_block]["json"] += delta["partial_json"]
            case "content_block_stop":
                assert event["index"] == open_block
                open_block = None
            case "message_delta":
                read.stop = event["delta"]["stop_reason"]
            case "message_stop":
                read.done = True
            case "error":
                read.error = event["error"]["message"]
    for block in blocks.values():
        if block["type"] == "text":
            read.text += block["text"]
        elif block["type"] == "tool_use":
            read.calls.append((block["name"], block["json"] or "{}"))
    return read


def read_responses(raw: bytes) -> Read:
    read, sequence, items, final = Read(), -1, {}, None
    for name, data in events(raw):
        event = json.loads(data)
        assert name == event["type"], "the event line names the type"
        if "sequence_number" in event and event["type"] != "response.failed":
            assert event["sequence_number"] == sequence + 1, "events are numbered without a gap"
            sequence = event["sequence_number"]
        match event["type"]:
            case "response.output_item.added":
                items[event["output_index"]] = {"deltas": "", "done": None}
            case (
                "response.output_text.delta"
                | "response.function_call_arguments.delta"
                | ("response.custom_tool_call_input.delta")
            ):
                items[event["output_index"]]["deltas"] += event["delta"]
            case "response.output_item.done":
                items[event["output_index"]]["done"] = event["item"]
            case "response.completed":
                final, read.done = event["response"], True
            case "response.failed":
                read.error = event["response"]["error"]["message"]
    for _, item in sorted(items.items()):
        done = item["done"]
        if done is None:
            continue
        match done["type"]:
            case "message":
                text = "".join(part["text"] for part in done["content"])
                assert item["deltas"] == text, "what streamed is what is said to be done"
                read.text += text
            case "function_call":
                assert item["deltas"] == done["arguments"]
                read.calls.append((done["name"], done["arguments"]))
            case "custom_tool_call":
                assert item["deltas"] in ("", done["input"])
                read.calls.append((done["name"], done["input"]))
            case "local_shell_call":
                read.calls.append(("local_shell", json.dumps(done["action"])))
    if final is not None:
        told = [item["done"] for _, item in sorted(items.items())]
        assert final["output"] == told, "the last event lists the items as they were told"
    return read


READERS = {"chat": read_chat, "messages": read_messages, "responses": read_responses}
