"""Tool calls that a model writes into its text, as an agent's prompt has taught it to:

    <execute_command>
    <command>npm test</command>
    </execute_command>

Cline reads them where native tool calls are switched off, and its kin do. Agents differ on what they make of a tag that
stands twice or is not closed, so what is not laid out as above, each tag once, is unclear, to the end of the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

from companion.edges.gateway.tools import KNOWN_TOOLS
from companion.edges.gateway.tooluse import Called, Changes, Rewritten, Said, ToolUse

_MARKS = frozenset(
    {"execute_command", "run_commands", "read_file", "read_files", "write_to_file", "replace_in_file", "apply_diff"}
)
"""A prompt that names one of these as a tag teaches its agent's calls."""

_RAW_MARKS = tuple(name.encode() for name in _MARKS)

_LONG = frozenset({"content", "diff", "new_text", "old_text", "result", "response", "question", "text"})
"""What may hold any letters, and decides nothing."""

_TAG = re.compile(r"<(?P<name>[A-Za-z_][\w.-]*)(?P<more>[^<>]*)>")
_PARAMETER = re.compile(r"\s*<([A-Za-z_]\w*)>")
_TAUGHT = re.compile(r"<([A-Za-z_][\w.-]*)>\s*<([A-Za-z_]\w*)>")
_ENTITY = re.compile(r"&(?:\w{2,6}|#\w{1,6});")
_ANGLES = str.maketrans("<>", "()")

NO_NAMES: frozenset[str] = frozenset()


class Written(Struct, frozen=True):
    """A call at `start:end` of a text."""

    start: int
    end: int
    name: str
    arguments: str
    """A JSON object; of a call that is unclear the text as it stands."""


def taught(instructions: Sequence[str]) -> frozenset[str]:
    """The names of the tools that a prompt teaches to call in text; none where it teaches no such calls."""
    return frozenset().union(*map(_taught_by, instructions)) if instructions else NO_NAMES


@lru_cache(maxsize=64)
def _taught_by(text: str) -> frozenset[str]:
    if not any(f"<{name}>" in text and f"</{name}>" in text for name in _MARKS):
        return NO_NAMES
    known = {name for name in (*_MARKS, *KNOWN_TOOLS) if f"<{name}>" in text}
    # Of others, those that no markup is likely to have.
    others = {name for name, _ in _TAUGHT.findall(text) if "_" in name and f"</{name}>" in text}
    return frozenset(known | others)


def may_teach(raw: bytes) -> bool:
    """Whether a JSON text may teach such calls. Quick."""
    return any(mark in raw for mark in _RAW_MARKS)


def calls_in(text: str, names: frozenset[str]) -> list[Written]:
    """Every call, in order. Nothing comes behind one that is unclear."""
    found: list[Written] = []
    at = 0
    folded = {name.casefold(): name for name in names}
    while (tag := _next_tag(text, at, folded)) is not None:
        name = folded[tag["name"].casefold()]
        block = _block(text, tag.end(), name) if tag[0] == f"<{name}>" else None
        if block is not None and _is_plain(text[tag.start() : block[1]], name, block[0], folded):
            at = block[1]
            found.append(
                Written(tag.start(), at, name, _dump({key: _value(key, one) for key, one in block[0].items()}))
            )
            continue
        found.append(Written(tag.start(), len(text), name, text[tag.start() :]))
        break
    return found


def uses_of(calls: Sequence[Written]) -> list[ToolUse]:
    """The calls as the gate judges them; the key of each is its place among them."""
    return [ToolUse(number, call.name, call.arguments) for number, call in enumerate(calls)]


def changed(text: str, calls: Sequence[Written], changes: Changes, names: frozenset[str]) -> str:
    """The text after the gate's changes."""
    pieces: list[str] = []
    at = 0
    for number, call in enumerate(calls):
        change = changes.by_key.get(number)
        if change is not None:
            pieces += [text[at : call.start], _told(change, call.name, names)]
            at = call.end
    pieces.append(text[at:])
    return "\n".join(["".join(pieces), *(_told(extra, "", names) for extra in changes.extra)])


def _told(change: Rewritten | Called | Said, name: str, names: frozenset[str]) -> str:
    if isinstance(change, Said):
        return change.text.translate(_ANGLES)
    arguments: Mapping[str, Any] = json.loads(change.arguments)
    if isinstance(change, Rewritten):
        told = _laid_out(name, arguments)
        if [call.arguments for call in calls_in(told, names | {name})] == [_dump(arguments)]:
            return told
        return "(companion: this call cannot be told apart from its text any more)"
    # What is printed names files as the model spelt them: a tag in it would be a call of its own.
    return _laid_out(change.name, json.loads(change.arguments.translate(_ANGLES)))


def _laid_out(name: str, arguments: Mapping[str, Any]) -> str:
    lines = [f"<{key}>{one if isinstance(one, str) else _dump(one)}</{key}>" for key, one in arguments.items()]
    return "\n".join([f"<{name}>", *lines, f"</{name}>"])


def _next_tag(text: str, at: int, folded: Mapping[str, str]) -> re.Match[str] | None:
    """The next tag that may begin a call, to whichever reader."""
    return next((tag for tag in _TAG.finditer(text, at) if tag["name"].casefold() in folded), None)


def _block(text: str, at: int, name: str) -> tuple[dict[str, str], int] | None:
    """The parameters of a call whose tag ends at `at`, and where it ends; None for any other layout."""
    found: dict[str, str] = {}
    end = re.compile(rf"\s*</{re.escape(name)}>")
    while (closing := end.match(text, at)) is None:
        opening = _PARAMETER.match(text, at)
        if opening is None or opening[1] in found:
            return None
        close = f"</{opening[1]}>"
        closes = text.find(close, opening.end())
        if closes < 0:
            return None
        found[opening[1]] = text[opening.end() : closes]
        at = closes + len(close)
    return found, closing.end()


def _is_plain(block: str, name: str, parameters: Mapping[str, str], folded: Mapping[str, str]) -> bool:
    """Whether every reader finds the same in a block: each begins once, and no other call is in it."""
    begun = {one.casefold(): 0 for one in parameters}
    for tag in _TAG.finditer(block, 1):
        key = tag["name"].casefold()
        if key in folded:
            return False
        if key in begun and not tag["more"].strip(" /"):
            begun[key] += 1
    if len(begun) != len(parameters) or any(count != 1 for count in begun.values()):
        return False
    # To some readers what is long ends where its tag is closed last.
    if any(block.count(f"</{key}>") != 1 for key in parameters if key in _LONG) or block.count(f"</{name}>") != 1:
        return False
    # An entity is a sign to one reader, and letters to the next.
    return not any(_ENTITY.search(one) for key, one in parameters.items() if key not in _LONG)


def _value(key: str, text: str) -> Any:
    """A parameter as a native call would have it: lists and objects are written as JSON."""
    text = text.strip()
    if key in _LONG or text[:1] not in ("[", "{"):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
