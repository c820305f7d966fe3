"""The tool calls of earlier turns, and what came of them, as the bodies of the three dialects tell of them.

| dialect | a call | its result |
|---|---|---|
| Messages | a block `tool_use` | a block `tool_result` with `tool_use_id` |
| Chat Completions | an entry of `tool_calls` | a message of role `tool` with `tool_call_id` |
| its old form | `function_call` of a message | a message of role `function` with the function's `name` |
| Responses | an item `…_call` with `call_id` | an item `…_call_output` with `call_id` |

A result without an id is one of "", which no call has: nobody knows what brought it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from companion.edges.gateway.tools import Unreadable, read_use
from companion.edges.gateway.tooluse import Form, ToolUse
from companion.model.action import CallMade, CallResult, Dialect

_NO_CONTENT = frozenset({"type", "media_type", "cache_control", "detail", "tool_name", "filename", "file_id"})
_ANSWERS = re.compile(rb'"role"\s*:\s*"(?:tool|function)"')
_TEXTS = frozenset({"text", "input_text", "output_text", "tool_result", "tool_reference"})


def may_tell_of_calls(raw: bytes) -> bool:
    """Whether a JSON text may tell of calls. Quick, and True where escapes could spell it."""
    return b"tool_use" in raw or b"tool_calls" in raw or b"_call" in raw or b"\\u00" in raw


def may_tell_of_results(raw: bytes) -> bool:
    """As `may_tell_of_calls`, of results."""
    return (
        b"tool_result" in raw
        or b"tool_use_id" in raw
        or b"tool_call_id" in raw
        or b"_output" in raw
        or b"\\u00" in raw
        or _ANSWERS.search(raw) is not None
    )


def calls_in(value: Any) -> tuple[CallMade, ...]:
    """Every call in a message, an item or a whole body, each id once. Calls that nobody could read have no actions.

    Where several have one id, nobody knows whose result is whose: they are one call that did all of it.
    """
    calls: dict[str, CallMade] = {}
    for one in _objects(value):
        for identity, use in _uses(one):
            # One without an id is still there to be looked through, by a name that no result has.
            made = _made(identity or f"\0{use.name}\0{use.arguments}", use)
            other = calls.get(made.id)
            calls[made.id] = made if other is None else CallMade(made.id, (*other.actions, *made.actions))
    return tuple(calls.values())


def results_in(value: Any) -> tuple[CallResult, ...]:
    """Every result. Strings are counted as `jsontext.strings_within` finds them."""
    found: list[CallResult] = []
    _count(value, 0, found)
    return tuple(found)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _uses(one: dict[str, Any]) -> Iterator[tuple[str, ToolUse]]:
    kind, identity = one.get("type"), _text(one.get("call_id")) or _text(one.get("id"))
    function, custom, old = one.get("function"), one.get("custom"), one.get("function_call")
    if kind == "tool_use":
        yield identity, ToolUse(None, _text(one.get("name")), json.dumps(one.get("input")))
    elif isinstance(function, dict) and kind in (None, "function") and "parameters" not in function:
        yield identity, ToolUse(None, _text(function.get("name")), _text(function.get("arguments")) or "{}")
    elif isinstance(custom, dict) and isinstance(custom.get("input"), str):
        yield identity, ToolUse(None, _text(custom.get("name")), custom["input"], Form.CUSTOM)
    elif kind == "function_call":
        yield identity, ToolUse(None, _text(one.get("name")), _text(one.get("arguments")) or "{}")
    elif kind == "custom_tool_call":
        yield identity, ToolUse(None, _text(one.get("name")), _text(one.get("input")), Form.CUSTOM)
    elif kind == "local_shell_call":
        yield identity, ToolUse(None, "local_shell", json.dumps(one.get("action")), Form.LOCAL_SHELL)
    if isinstance(old, dict):
        name = _text(old.get("name"))
        yield _of_old_form(name), ToolUse(None, name, _text(old.get("arguments")) or "{}")


def _of_old_form(name: str) -> str:
    """What stands for an id where a result says only which function it is of."""
    return f"function {name}" if name else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _made(identity: str, use: ToolUse) -> CallMade:
    try:
        reading = read_use(use)
    except Unreadable:
        return CallMade(identity, ())
    actions = tuple(part.action for part in reading.parts)
    return CallMade(identity, actions, in_entries=bool(reading.list_key))


def _count(value: Any, at: int, found: list[CallResult]) -> int:
    """How many strings there are up to the end of `value`, where `at` came before it; results go to `found`."""
    if isinstance(value, str):
        return at + 1
    if isinstance(value, list):
        for one in value:
            at = _count(one, at, found)
    elif isinstance(value, dict):
        identity, key = _answered(value)
        for name, one in value.items():
            at += 1
            if key and key == name:
                found.append(CallResult(identity, tuple(_content(one, at, name)), _has_media(one)))
            at = _count(one, at, found)
    return at


def _answered(value: dict[str, Any]) -> tuple[str, str]:
    """The call that an object answers, "" where it does not say, and the key under which it does; "" for none."""
    kind = value.get("type")
    if kind == "tool_result" or "tool_use_id" in value:
        return _text(value.get("tool_use_id")), "content"
    if value.get("role") in ("tool", "function"):
        old = _of_old_form(_text(value.get("name"))) if value["role"] == "function" else ""
        return _text(value.get("tool_call_id")) or old, "content"
    if isinstance(kind, str) and kind.endswith("_call_output"):
        return _text(value.get("call_id")) or _text(value.get("id")), "output"
    return "", ""


def _content(value: Any, at: int, key: str) -> Iterator[int]:
    """The numbers of the strings of a result that say something."""
    if isinstance(value, str):
        if key not in _NO_CONTENT:
            yield at
    elif isinstance(value, list):
        for one in value:
            yield from _content(one, at, key)
            at = _count(one, at, [])
    elif isinstance(value, dict):
        for name, one in value.items():
            at += 1
            yield from _content(one, at, name)
            at = _count(one, at, [])


def _has_media(value: Any) -> bool:
    return any("type" in one and _text(one["type"]) not in _TEXTS for one in _objects(value))


def tells_all(dialect: Dialect, body: Mapping[str, Any]) -> bool:
    """Whether the next call of this conversation tells every call and its result anew: no upstream keeps them."""
    return dialect is not Dialect.RESPONSES or (
        body.get("store") is False and not body.get("previous_response_id") and not body.get("conversation")
    )
