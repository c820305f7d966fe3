"""Whether secrets come back right, however an answer is cut into pieces.

    python benchmarks/restore.py [--runs 100000] [--seed 1]

Each run makes an answer of one of the dialects, streamed or whole: text and calls of tools in which placeholders stand
beside unknown ones, halves of some and ordinary words. What a model says in one delta, and what arrives in one read, is
drawn at random. The answer goes the way of a real one (parser, stream of its dialect, arguments as the gate restores
them), and what the agent gets must be what was meant, byte for byte. Anything else is counted, shown and ends in exit
code 1.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from companion.edges.gateway import chat, messages, responses
from companion.edges.gateway.answer import SIGNED_KEYS
from companion.edges.gateway.dialect import DialectModule, restore_arguments, restore_strings
from companion.edges.gateway.jsontext import dump
from companion.edges.gateway.sse import SseEvent, SseParser, build
from companion.edges.gateway.tooluse import Changes, Rewritten, ToolUse
from companion.policy.redaction import LONGEST_PLACEHOLDER, placeholder_for, restore
from companion.policy.stream import RestoreFilter

_KEY = b"benchmark of companion, not a key"
_LETTERS = "abcXYZ019-_/+= \n\r\t\"'\\{}[]:,é漢😀\u2028$`"
_TYPES = ("AWS", "GITHUB", "PEM", "GENERIC", "X" * 32, "SECRET")
_FILLERS = (
    "",
    " ",
    "\n",
    "SECRET_",
    "SECRET",
    "S",
    "_",
    "SECRET_AWS_",
    "SECRET_AWS_1A2B3C4",
    "A1B2C3D4",
    "é",
    "😀",
    '"',
    "\\",
)


class Wrong(Exception):  # noqa: N818 - a result
    """What came out is not what was meant."""


def _vault(chance: random.Random) -> dict[str, str]:
    secrets = ["".join(chance.choices(_LETTERS, k=chance.randint(1, 60))) for _ in range(3)]
    return {placeholder_for(secret, chance.choice(_TYPES), _KEY): secret for secret in secrets}


def _text(chance: random.Random, known: Sequence[str]) -> str:
    pieces = []
    for _ in range(chance.randint(0, 8)):
        match chance.randrange(4):
            case 0 | 1:
                pieces.append(chance.choice(known))
            case 2:
                pieces.append(chance.choice(_FILLERS))
            case _:
                pieces.append("".join(chance.choices(_LETTERS, k=chance.randint(0, 12))))
    return "".join(pieces)


def _cut(chance: random.Random, text: str) -> list[str]:
    """Pieces, some of them empty."""
    most = chance.choice((1, 4, 12, 12, 40, 80))
    pieces, at = [], 0
    while at < len(text):
        size = chance.randint(0, most)
        pieces.append(text[at : at + size])
        at += size
    return pieces or [""]


def _chat(text: list[str], calls: list[tuple[str, list[str]]]) -> Iterator[bytes]:
    def chunk(delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return build({"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice]})

    yield chunk({"role": "assistant", "content": ""})
    yield from (chunk({"content": piece}) for piece in text)
    for number, (name, pieces) in enumerate(calls):
        begun = {
            "index": number,
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": name, "arguments": ""},
        }
        yield chunk({"tool_calls": [begun]})
        for piece in pieces:
            yield chunk({"tool_calls": [{"index": number, "function": {"arguments": piece}}]})
    yield chunk({}, "tool_calls" if calls else "stop")
    yield b"data: [DONE]\n\n"


def _messages(text: list[str], calls: list[tuple[str, list[str]]]) -> Iterator[bytes]:
    def event(kind: str, **more: Any) -> bytes:
        return build({"type": kind, **more}, kind)

    begun = {
        "id": "msg",
        "type": "message",
        "role": "assistant",
        "content": [],
        "model": "m",
        "usage": {"input_tokens": 1},
    }
    yield event("message_start", message=begun)
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for piece in text:
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
    yield event("content_block_stop", index=0)
    for number, (name, pieces) in enumerate(calls, start=1):
        block = {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": {}}
        yield event("content_block_start", index=number, content_block=block)
        for piece in pieces:
            yield event("content_block_delta", index=number, delta={"type": "input_json_delta", "partial_json": piece})
        yield event("content_block_stop", index=number)
    yield event("message_delta", delta={"stop_reason": "tool_use" if calls else "end_turn"}, usage={"output_tokens": 1})
    yield event("message_stop")


def _responses(text: list[str], calls: list[tuple[str, list[str]]]) -> Iterator[bytes]:
    numbers = iter(range(1_000_000))

    def event(kind: str, **more: Any) -> bytes:
        return build({"type": kind, "sequence_number": next(numbers), **more}, kind)

    yield event("response.created", response={"id": "r", "status": "in_progress", "output": []})
    whole = "".join(text)
    part = {"type": "output_text", "text": whole, "annotations": []}
    said = {"type": "message", "id": "msg", "role": "assistant", "status": "completed", "content": [part]}
    where = {"item_id": "msg", "output_index": 0, "content_index": 0}
    yield event("response.output_item.added", output_index=0, item=said | {"content": [], "status": "in_progress"})
    yield event("response.content_part.added", **where, part=part | {"text": ""})
    for piece in text:
        yield event("response.output_text.delta", **where, delta=piece)
    yield event("response.output_text.done", **where, text=whole)
    yield event("response.content_part.done", **where, part=part)
    yield event("response.output_item.done", output_index=0, item=said)
    items: list[dict[str, Any]] = [said]
    for number, (name, pieces) in enumerate(calls, start=1):
        arguments = "".join(pieces)
        item = {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}", "name": name}
        item |= {"status": "completed", "arguments": arguments}
        of_item = {"item_id": item["id"], "output_index": number}
        begun = item | {"arguments": "", "status": "in_progress"}
        yield event("response.output_item.added", output_index=number, item=begun)
        for piece in pieces:
            yield event("response.function_call_arguments.delta", **of_item, delta=piece)
        yield event("response.function_call_arguments.done", **of_item, arguments=arguments)
        yield event("response.output_item.done", output_index=number, item=item)
        items.append(item)
    yield event("response.completed", response={"id": "r", "status": "completed", "output": items})


_Read = tuple[list[str], list[list[str]]]
"""Every telling of the text, and of the arguments of each call."""


def _read_chat(events: Sequence[SseEvent]) -> _Read:
    text: list[str] = []
    calls: dict[int, list[str]] = {}
    for event in events:
        if event.data.strip() == b"[DONE]":
            continue
        for choice in event.json()["choices"]:
            text.append(choice["delta"].get("content") or "")
            for call in choice["delta"].get("tool_calls") or []:
                calls.setdefault(call["index"], []).append(call["function"].get("arguments") or "")
    return ["".join(text)], [["".join(pieces)] for pieces in calls.values()]


def _read_messages(events: Sequence[SseEvent]) -> _Read:
    text: list[str] = []
    calls: dict[int, list[str]] = {}
    for data in (event.json() for event in events):
        match data["type"]:
            case "content_block_start" if data["content_block"]["type"] == "tool_use":
                calls[data["index"]] = []
            case "content_block_delta" if data["index"] in calls:
                calls[data["index"]].append(data["delta"]["partial_json"])
            case "content_block_delta":
                text.append(data["delta"]["text"])
            case _:
                pass
    return ["".join(text)], [["".join(pieces)] for pieces in calls.values()]


def _read_responses(events: Sequence[SseEvent]) -> _Read:
    pieces: list[str] = []
    told: list[str] = []
    calls: dict[int, list[str]] = {}
    grown: dict[int, list[str]] = {}
    for data in (event.json() for event in events):
        match data["type"]:
            case "response.output_text.delta":
                pieces.append(data["delta"])
            case "response.output_text.done":
                told.append(data["text"])
            case "response.function_call_arguments.delta":
                grown.setdefault(data["output_index"], []).append(data["delta"])
            case "response.function_call_arguments.done":
                calls.setdefault(data["output_index"], []).append(data["arguments"])
            case "response.output_item.done" if data["item"]["type"] == "message":
                told.append(data["item"]["content"][0]["text"])
            case "response.output_item.done":
                calls[data["output_index"]].append(data["item"]["arguments"])
            case "response.completed":
                for place, item in enumerate(data["response"]["output"]):
                    if item["type"] == "message":
                        told.append(item["content"][0]["text"])
                    else:
                        calls[place].append(item["arguments"])
            case _:
                pass
    for place, parts in grown.items():
        calls[place].append("".join(parts))
    return ["".join(pieces), *told], list(calls.values())


_DIALECTS: dict[str, tuple[DialectModule, Callable[..., Iterator[bytes]], Callable[[Sequence[SseEvent]], _Read]]] = {
    "chat": (chat, _chat, _read_chat),
    "messages": (messages, _messages, _read_messages),
    "responses": (responses, _responses, _read_responses),
}


def _document(name: str, text: str, calls: Sequence[tuple[str, str]]) -> dict[str, Any]:
    match name:
        case "chat":
            made = [
                {"id": f"call_{n}", "type": "function", "function": {"name": tool, "arguments": arguments}}
                for n, (tool, arguments) in enumerate(calls)
            ]
            message: dict[str, Any] = {"role": "assistant", "content": text} | ({"tool_calls": made} if made else {})
            return {"id": "c", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
        case "messages":
            blocks = [
                {"type": "tool_use", "id": f"toolu_{n}", "name": tool, "input": json.loads(arguments)}
                for n, (tool, arguments) in enumerate(calls)
            ]
            return {"id": "msg", "type": "message", "content": [{"type": "text", "text": text}, *blocks]}
        case _:
            items = [
                {"type": "function_call", "id": f"fc_{n}", "call_id": f"call_{n}", "name": tool, "arguments": arguments}
                for n, (tool, arguments) in enumerate(calls)
            ]
            said = {"type": "message", "id": "m", "content": [{"type": "output_text", "text": text}]}
            return {"id": "r", "output": [said, *items]}


def _read_document(name: str, document: dict[str, Any]) -> _Read:
    match name:
        case "chat":
            message = document["choices"][0]["message"]
            return [message["content"]], [[call["function"]["arguments"]] for call in message.get("tool_calls") or []]
        case "messages":
            text, *blocks = document["content"]
            return [text["text"]], [[json.dumps(block["input"])] for block in blocks]
        case _:
            said, *items = document["output"]
            return [said["content"][0]["text"]], [[item["arguments"]] for item in items]


def _gate(uses: Sequence[ToolUse], lookup: Callable[[str], str | None]) -> Changes:
    """As the gate changes calls that are allowed."""
    restored = {use.key: restore_arguments(use, lookup) for use in uses}
    return Changes({use.key: Rewritten(restored[use.key]) for use in uses if restored[use.key] != use.arguments})


def one_run(chance: random.Random) -> str:
    """One answer; gives its kind. Raises Wrong."""
    vault = _vault(chance)
    known = [*vault, "SECRET_AWS_00000000", "SECRET_" + "Y" * 32 + "_FFFFFFFF"]
    name = chance.choice([*_DIALECTS])
    module, write, read = _DIALECTS[name]
    text = _text(chance, known)
    plain = chance.random() < 0.5
    values = [
        {"x": _text(chance, known), _text(chance, known): [1, _text(chance, known)]} for _ in range(chance.randrange(3))
    ]
    calls = [(f"tool_{number}", json.dumps(value, ensure_ascii=plain)) for number, value in enumerate(values)]
    streamed = chance.random() < 0.8
    if streamed:
        raw = b"".join(write(_cut(chance, text), [(tool, _cut(chance, told)) for tool, told in calls]))
        got = read(_streamed(chance, module, vault, raw))
    else:
        document = _document(name, text, calls)
        changed = module.change(document, _gate(module.uses_of(document), vault.get))
        got = _read_document(name, json.loads(restore_strings(dump(changed), vault.get, SIGNED_KEYS)))
    _compare(got, restore(text, vault.get), [_restored(value, vault) for value in values], name)
    return f"{name} {'streamed' if streamed else 'whole'}"


def _streamed(chance: random.Random, module: DialectModule, vault: dict[str, str], raw: bytes) -> list[SseEvent]:
    answer, parser, out, at = module.stream(vault.get), SseParser(), b"", 0
    # A read of a few bytes at a time takes long, and finds nothing else than one of some more.
    most = chance.choice((3, 40, 400, 400, 4_000, 4_000, len(raw), len(raw)))
    while at < len(raw):
        size = chance.randint(1, most)
        for event in parser.feed(raw[at : at + size]):
            out += b"".join(answer.feed(event))
        at += size
    for event in parser.close():
        out += b"".join(answer.feed(event))
    if answer.holding:
        out += b"".join(answer.release(_gate(answer.uses, vault.get)))
    reader = SseParser()
    return [*reader.feed(out), *reader.close()]


def _restored(value: Any, vault: dict[str, str]) -> Any:
    match value:
        case str():
            return restore(value, vault.get)
        case dict():
            return {restore(key, vault.get): _restored(inner, vault) for key, inner in value.items()}
        case list():
            return [_restored(inner, vault) for inner in value]
        case _:
            return value


def _compare(got: _Read, text: str, values: list[Any], name: str) -> None:
    texts, calls = got
    if any(told != text for told in texts):
        raise Wrong(f"{name}: text {texts!r} instead of {text!r}")
    if len(calls) != len(values):
        raise Wrong(f"{name}: {len(calls)} calls instead of {len(values)}")
    for tellings, value in zip(calls, values, strict=True):
        for told in tellings:
            if json.loads(told) != value:
                raise Wrong(f"{name}: arguments {told!r} instead of {value!r}")


def held_back(chance: random.Random, runs: int = 2_000) -> int:
    """The most characters that a filter ever kept to itself."""
    most = 0
    for _ in range(runs):
        vault = _vault(chance)
        stream, fed, given = RestoreFilter(lambda _: None), 0, 0
        for piece in _cut(chance, _text(chance, [*vault])):
            fed += len(piece)
            given += len(stream.feed(piece))
            most = max(most, fed - given)
    return most


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    counts: dict[str, int] = {}
    wrong = 0
    began = time.perf_counter()
    for number in range(given.runs):
        try:
            kind = one_run(random.Random(f"{given.seed} {number}"))
        except Wrong as found:
            wrong += 1
            print(f"run {number}: {found}", file=sys.stderr)
            continue
        counts[kind] = counts.get(kind, 0) + 1
    seconds = time.perf_counter() - began
    for kind, count in sorted(counts.items()):
        print(f"{kind:<20} {count:>8}")
    most = held_back(random.Random(given.seed))
    print(f"wrong {wrong} of {given.runs} ({seconds:.0f} s)")
    print(f"at most {most} characters held back; a placeholder has at most {LONGEST_PLACEHOLDER}")
    return 1 if wrong or most >= LONGEST_PLACEHOLDER else 0


if __name__ == "__main__":
    raise SystemExit(main())
