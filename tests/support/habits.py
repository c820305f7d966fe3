"""What agents run of a streamed answer, each after its own habit. Where agents agree there is one answer, else many.

None of them is kind: what cannot be read ends the reading, and what was run until then was run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.support.wire import events

Run = tuple[str, str]
"""A tool's name and its arguments, as JSON with sorted keys; free text as it is."""

Habit = Callable[[Iterator[dict[str, Any]]], Iterator[Run]]

_BROKEN = (KeyError, IndexError, TypeError, AttributeError, ValueError)


def runs(habit: Habit, raw: bytes, *, by_event_line: bool = False) -> Counter[Run]:
    """What an agent of this habit runs. Some go by the event's line instead of the type within."""
    found: Counter[Run] = Counter()
    try:
        for run in habit(_told(raw, by_event_line=by_event_line)):
            found[run] += 1
    except _BROKEN:
        pass
    return found


def _told(raw: bytes, *, by_event_line: bool) -> Iterator[dict[str, Any]]:
    for name, data in events(raw):
        event = json.loads(data)
        yield event | {"type": name} if by_event_line and name else event


def as_run(name: str, arguments: str) -> Run:
    """Raises ValueError for arguments that are no JSON object: no agent runs these."""
    read = json.loads(arguments or "{}")
    if not isinstance(read, dict):
        raise ValueError("no object")  # noqa: TRY004 - as json does
    return name, json.dumps(read, sort_keys=True)


def _tried(name: object, arguments: str) -> Iterator[Run]:
    try:
        if isinstance(name, str):
            yield as_run(name, arguments)
    except ValueError:
        pass


def folded(value: Any) -> Any:
    """As an agent reads it that is blind to case: the last of two keys counts."""
    if isinstance(value, list):
        return [folded(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    made = {key.casefold(): folded(entry) for key, entry in value.items()}
    if isinstance(made.get("type"), str):
        made["type"] = made["type"].casefold()
    return made


def blind_to_case(habit: Habit) -> Habit:
    return lambda told: habit(folded(event) for event in told)


# Messages.


def _by_index_at_its_end(told: Iterator[dict]) -> Iterator[Run]:
    """Claude Code: the input at the beginning counts for nothing."""
    blocks: dict[Any, dict] = {}
    for event in told:
        match event["type"]:
            case "content_block_start":
                blocks[event["index"]] = {**event["content_block"], "input": ""}
            case "content_block_delta" if event["delta"]["type"] == "input_json_delta":
                blocks[event["index"]]["input"] += event["delta"]["partial_json"]
            case "content_block_stop":
                block = blocks[event["index"]]
                if block["type"] == "tool_use":
                    yield from _tried(block["name"], block["input"])


def _by_index_behind_what_was_given(told: Iterator[dict]) -> Iterator[Run]:
    """The AI SDK."""
    blocks: dict[Any, dict] = {}
    for event in told:
        match event["type"]:
            case "content_block_start":
                block = event["content_block"]
                given = block.get("input")
                blocks[event["index"]] = {**block, "input": json.dumps(given) if given else ""}
            case "content_block_delta" if event["delta"]["type"] == "input_json_delta":
                blocks[event["index"]]["input"] += event["delta"]["partial_json"]
            case "content_block_stop":
                block = blocks.pop(event["index"])
                if block["type"] == "tool_use":
                    yield from _tried(block["name"], block["input"])


def _pushed(told: Iterator[dict], *, at_each_end: bool) -> Iterator[Run]:
    """Anthropic's SDKs: blocks in the order in which they began, an index is a place among them."""
    content: list[dict] = []
    for event in told:
        match event["type"]:
            case "message_start":
                content = [dict(block) for block in event["message"].get("content") or []]
            case "content_block_start":
                content.append(dict(event["content_block"]))
            case "content_block_delta" if event["delta"]["type"] == "input_json_delta":
                block = content[event["index"]]
                if block["type"] == "tool_use":
                    block["grown"] = block.get("grown", "") + event["delta"]["partial_json"]
            case "content_block_stop" if at_each_end:
                yield from _of_block(content[-1])
            case "message_stop" if not at_each_end:
                for block in content:
                    yield from _of_block(block)
                return


def _of_block(block: dict) -> Iterator[Run]:
    if block["type"] == "tool_use":
        yield from _tried(block["name"], block.get("grown") or json.dumps(block.get("input") or {}))


def _last_begun(told: Iterator[dict], *, tools_only: bool) -> Iterator[Run]:
    blocks: list[dict] = []
    for event in told:
        match event["type"]:
            case "content_block_start":
                if not tools_only or event["content_block"]["type"] == "tool_use":
                    blocks.append({**event["content_block"], "grown": ""})
            case "content_block_delta":
                if blocks and "partial_json" in event["delta"]:
                    blocks[-1]["grown"] += event["delta"]["partial_json"]
            case "message_stop":
                for block in blocks:
                    yield from _of_block(block)
                return


def _by_id(told: Iterator[dict]) -> Iterator[Run]:
    calls: dict[Any, dict] = {}
    names: dict[Any, Any] = {}
    for event in told:
        match event["type"]:
            case "content_block_start" if event["content_block"]["type"] == "tool_use":
                names[event["index"]] = event["content_block"]["id"]
                calls.setdefault(event["content_block"]["id"], {**event["content_block"], "grown": ""})
            case "content_block_delta" if event["delta"]["type"] == "input_json_delta":
                calls[names[event["index"]]]["grown"] += event["delta"]["partial_json"]
            case "message_stop":
                for block in calls.values():
                    yield from _of_block(block)
                return


def _nested(told: Iterator[dict]) -> Iterator[Run]:
    """Every call with an input of its own, wherever it stands but in another's input."""
    waiting: list[Any] = list(told)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if value.get("type") == "tool_use" and value.get("input"):
                yield from _tried(value["name"], json.dumps(value["input"]))
            waiting += [inner for key, inner in value.items() if key != "input"]
        elif isinstance(value, list):
            waiting += value


MESSAGES: Mapping[str, Habit] = {
    "by index, when the block ends": _by_index_at_its_end,
    "by index, behind what was given": _by_index_behind_what_was_given,
    "by index, blind to case": blind_to_case(_by_index_at_its_end),
    "by place": lambda told: _pushed(told, at_each_end=False),
    "by place, the last block at each end": lambda told: _pushed(told, at_each_end=True),
    "by place, blind to case": blind_to_case(lambda told: _pushed(told, at_each_end=False)),
    "by id": _by_id,
    "the block that began last": lambda told: _last_begun(told, tools_only=False),
    "the tool that began last": lambda told: _last_begun(told, tools_only=True),
    "wherever it stands": _nested,
    "wherever it stands, blind to case": blind_to_case(_nested),
}


# Responses.

_TEXT = {"function_call": "arguments", "custom_tool_call": "input"}
_DELTAS = {"response.function_call_arguments.delta", "response.custom_tool_call_input.delta"}
_WHOLE = {
    "response.function_call_arguments.done": "arguments",
    "response.custom_tool_call_input.done": "input",
}
_LAST = {"response.completed", "response.incomplete"}


def of_item(item: dict, text: str | None = None) -> Iterator[Run]:
    """What an agent runs for this item; `text` in place of its arguments."""
    kind = item["type"]
    if kind in _TEXT:
        told = (item.get(_TEXT[kind]) or "") if text is None else text
        if kind == "custom_tool_call":
            yield item["name"], told
        else:
            yield from _tried(item["name"], told)


def _when_done(told: Iterator[dict]) -> Iterator[Run]:
    """Codex."""
    for event in told:
        if event["type"] == "response.output_item.done":
            yield from of_item(event["item"])


def _at_the_end(told: Iterator[dict]) -> Iterator[Run]:
    for event in told:
        if event["type"] in _LAST:
            for item in event["response"]["output"]:
                yield from of_item(item)
            return


def _joined(told: Iterator[dict], name_of: Callable[[dict], Any]) -> Iterator[Run]:
    """Items by a name, grown piece by piece from nothing, run when the answer ends. No agent runs what never grew."""
    items: dict[Any, dict] = {}
    for event in told:
        if event["type"] == "response.output_item.added":
            items[name_of(event)] = {**event["item"], "grown": ""}
        elif event["type"] in _DELTAS:
            items[name_of(event)]["grown"] += event["delta"]
        elif event["type"] in _LAST:
            for item in items.values():
                if item["type"] in _TEXT and item["grown"]:
                    yield from of_item(item, item["grown"])
            return


def _when_told_whole(told: Iterator[dict], name_of: Callable[[dict], Any]) -> Iterator[Run]:
    items: dict[Any, dict] = {}
    for event in told:
        if event["type"] == "response.output_item.added":
            items[name_of(event)] = event["item"]
        elif event["type"] in _WHOLE:
            item = items[name_of(event)]
            named = item | {"name": event.get("name") or item["name"]}
            yield from of_item(named, event[_WHOLE[event["type"]]])


def _by_place(told: Iterator[dict]) -> Iterator[Run]:
    """OpenAI's SDKs: items in the order in which they began, an index is a place among them."""
    output: list[dict] = []
    for event in told:
        if event["type"] == "response.created":
            output = [dict(item) for item in (event.get("response") or {}).get("output") or []]
        elif event["type"] == "response.output_item.added":
            output.append(dict(event["item"]))
        elif event["type"] in _DELTAS:
            item = output[event["output_index"]]
            if item["type"] in _TEXT:
                key = _TEXT[item["type"]]
                item[key] = (item.get(key) or "") + event["delta"]
        elif event["type"] in _LAST:
            for item in output:
                if item["type"] in _TEXT and item.get(_TEXT[item["type"]]):
                    yield from of_item(item)
            return


def _begun_last(told: Iterator[dict]) -> Iterator[Run]:
    items: list[dict] = []
    for event in told:
        if event["type"] == "response.output_item.added":
            items.append({**event["item"], "grown": ""})
        elif event["type"] in _DELTAS:
            items[-1]["grown"] += event["delta"]
        elif event["type"] in _LAST:
            for item in items:
                if item["type"] in _TEXT and item["grown"]:
                    yield from of_item(item, item["grown"])
            return


def _index(event: dict) -> Any:
    return event["output_index"]


def _id(event: dict) -> Any:
    return event["item"].get("id") if "item" in event else event.get("item_id")


def _id_of_some_kind(event: dict) -> Any:
    return _id(event) or event.get("item", {}).get("call_id")


def _items_anywhere(told: Iterator[dict]) -> Iterator[Run]:
    """Every call that is whole when it is told, wherever it stands."""
    waiting: list[Any] = list(told)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if value.get("type") in _TEXT and value.get(_TEXT[value["type"]]):
                yield from of_item(value)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


RESPONSES: Mapping[str, Habit] = {
    "when it is done": _when_done,
    "when it is done, blind to case": blind_to_case(_when_done),
    "at the end": _at_the_end,
    "at the end, blind to case": blind_to_case(_at_the_end),
    "pieces by index": lambda told: _joined(told, _index),
    "pieces by id": lambda told: _joined(told, _id),
    "pieces by id, or by the call's id": lambda told: _joined(told, _id_of_some_kind),
    "pieces by index, blind to case": blind_to_case(lambda told: _joined(told, _index)),
    "told whole, by index": lambda told: _when_told_whole(told, _index),
    "told whole, by id": lambda told: _when_told_whole(told, _id),
    "by place": _by_place,
    "by place, blind to case": blind_to_case(_by_place),
    "the item that began last": _begun_last,
}

ANYWHERE: Mapping[str, Habit] = {
    "wherever it stands": _items_anywhere,
    "wherever it stands, blind to case": blind_to_case(_items_anywhere),
}
"""Habits that find one call many times."""
