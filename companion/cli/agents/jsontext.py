"""Changes single entries of a JSON text: order, indentation and every other byte stay."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from companion.cli.agents.errors import Unfit, Unparseable
from companion.cli.agents.syntax import KeyPath, canonical

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SCALAR = re.compile(r"[^\s,\]}]+")
_BRACKET_OR_STRING = re.compile(rf"[\[\]{{}}]|{_STRING.pattern}", re.DOTALL)
_FIRST_INDENT = re.compile(r"\{[ \t]*\r?\n([ \t]+)\"")

_Write = Callable[[str], str]
"""Gives the text of a value for the indentation of its line."""


@dataclass(frozen=True, slots=True)
class _Member:
    key: str
    at: int
    start: int
    end: int


class Json:
    """Plain JSON: no comments, an object at the root. Of a key that stands twice the last one counts."""

    def parse(self, text: str) -> dict[str, Any]:
        try:
            found = json.loads(text, parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            raise Unparseable(error.msg, error.lineno, error.colno) from error
        except (ValueError, RecursionError) as error:
            raise Unparseable(str(error)) from error
        if not isinstance(found, dict):
            raise Unparseable("expected an object", 1, 1)
        return found

    def put(self, text: str, path: KeyPath, value: Any) -> str:
        def write_at(depth: int) -> _Write:
            nested = value
            for key in reversed(path[depth:]):
                nested = {key: nested}
            return lambda prefix: _render(nested, text, prefix)

        at = _skip_space(text, 0)
        for depth, key in enumerate(path, 1):
            members, close = _members(text, at)
            member = _last(members, key)
            if member is None:
                return _insert(text, at, close, members, key, write_at(depth))
            if depth == len(path):
                return text[: member.start] + write_at(depth)(_indent_of(text, member.at)) + text[member.end :]
            at = member.start
            if text[at] != "{":
                line = text.count("\n", 0, at) + 1
                raise Unfit(f"line {line}: {'.'.join(path[:depth])}: expected an object")
        raise AssertionError(path)

    def drop(self, text: str, path: KeyPath) -> str:
        found = _find(text, path)
        if found is None:
            return text
        members, index, opened, close = found
        if len(members) == 1:
            return f"{text[: opened + 1]}{text[close:]}"
        if index:
            return text[: members[index - 1].end] + text[members[index].end :]
        return text[: members[0].at] + text[members[1].at :]

    def restore(self, text: str, path: KeyPath, source: str) -> str:
        before = _find(source, path)
        if before is None:
            return self.drop(text, path)
        members, index, _, _ = before
        raw = source[members[index].start : members[index].end]
        found = _find(text, path)
        if found is None:
            return self.put(text, path, json.loads(raw))
        members, index, _, _ = found
        return text[: members[index].start] + raw + text[members[index].end :]

    def same(self, one: str, other: str) -> bool:
        # JSON has no comments: agents that write their settings anew lay them out anew, and lose nothing.
        return canonical(self.parse(one)) == canonical(self.parse(other))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _skip_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()


def _end_of_value(text: str, at: int) -> int:
    """Where the value that begins at `at` ends; the text is known to be JSON."""
    if text[at] not in "{[":
        found = (_STRING if text[at] == '"' else _SCALAR).match(text, at)
        assert found is not None
        return found.end()
    depth = 0
    for token in _BRACKET_OR_STRING.finditer(text, at):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    raise AssertionError(at)


def _members(text: str, at: int) -> tuple[list[_Member], int]:
    """The members of the object that opens at `at`, and where it closes."""
    found: list[_Member] = []
    cursor = _skip_space(text, at + 1)
    while text[cursor] != "}":
        key_end = _end_of_value(text, cursor)
        start = _skip_space(text, _skip_space(text, key_end) + 1)
        end = _end_of_value(text, start)
        found.append(_Member(json.loads(text[cursor:key_end]), cursor, start, end))
        cursor = _skip_space(text, end)
        if text[cursor] == ",":
            cursor = _skip_space(text, cursor + 1)
    return found, cursor


def _last(members: list[_Member], key: str) -> _Member | None:
    return next((member for member in reversed(members) if member.key == key), None)


def _find(text: str, path: KeyPath) -> tuple[list[_Member], int, int, int] | None:
    """The members among which the entry stands, its index, and where their object opens and closes."""
    at = _skip_space(text, 0)
    for depth, key in enumerate(path, 1):
        if text[at] != "{":
            return None
        members, close = _members(text, at)
        member = _last(members, key)
        if member is None:
            return None
        if depth == len(path):
            return members, members.index(member), at, close
        at = member.start
    return None


def _insert(text: str, opened: int, close: int, members: list[_Member], key: str, write: _Write) -> str:
    name = json.dumps(key, ensure_ascii=False)
    if members:
        last = members[-1]
        lead = text[: last.at][len(text[: last.at].rstrip(" \t\r\n")) :]
        if "\n" in lead:
            prefix = lead.rpartition("\n")[2]
            lead = _newline(text) + prefix
            return f"{text[: last.end]},{lead}{name}: {write(prefix)}{text[last.end :]}"
        return f"{text[: last.end]},{lead}{name}: {write('')}{text[last.end :]}"
    unit = _unit(text)
    if unit is None:
        return f"{text[: opened + 1]}{name}: {write('')}{text[close:]}"
    outer = _indent_of(text, opened)
    newline = _newline(text)
    return f"{text[: opened + 1]}{newline}{outer}{unit}{name}: {write(outer + unit)}{newline}{outer}{text[close:]}"


def _render(value: Any, text: str, prefix: str) -> str:
    unit = _unit(text)
    plain = json.dumps(value, indent=unit, ensure_ascii=False)
    return plain if unit is None else plain.replace("\n", _newline(text) + prefix)


def _unit(text: str) -> str | None:
    """One step of indentation; None for a text that is all on one line."""
    if found := _FIRST_INDENT.search(text):
        return found[1]
    empty = not text.strip().removeprefix("{").removesuffix("}").strip()
    return "  " if empty or "\n" in text.strip() else None


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _indent_of(text: str, at: int) -> str:
    """The indentation of the line in which `at` lies."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]
