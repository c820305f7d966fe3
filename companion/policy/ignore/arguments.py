"""Paths that the arguments of a tool name which nobody knows, such as one of an MCP server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

MOST_PATHS = 256
"""Of one call. A call that names more is not looked through to its end."""

_LONGEST = 1024
_RUNS = frozenset({"command", "cmd", "script", "shell", "args", "argv", "code", "commands"})
_WORDS = re.compile(r"[^\s\"'`=,;()<>|&{}]+")


class TooMany(ValueError):  # noqa: N818 - a bound, not a failure
    """The arguments name more than MOST_PATHS things that may be paths."""


def paths_in(arguments: str) -> tuple[str, ...]:
    """Every string in the JSON text that may be a path, each once; of what is run, each word. Raises TooMany.

    Text of several lines names no file, and what is no JSON is taken as one string.
    """
    try:
        value: Any = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        value = arguments
    found: dict[str, None] = {}
    for text, runs in _strings(value, runs=False):
        for path in _WORDS.findall(text) if runs else (text,):
            cleaned = _cleaned(path)
            if cleaned:
                found[cleaned] = None
            if len(found) > MOST_PATHS:
                raise TooMany
    return tuple(found)


def _strings(value: Any, *, runs: bool) -> Iterator[tuple[str, bool]]:
    """Strings with whether they are run; keys are names of arguments and no paths."""
    waiting: list[tuple[Any, bool]] = [(value, runs)]
    while waiting:
        one, is_run = waiting.pop()
        if isinstance(one, str):
            yield one, is_run
        elif isinstance(one, list):
            waiting += [(each, is_run) for each in one]
        elif isinstance(one, dict):
            waiting += [(each, is_run or str(key).lower() in _RUNS) for key, each in one.items()]


def _cleaned(text: str) -> str:
    """The path that a string may be; "" when it can be none."""
    text = text.strip()
    if text.lower().startswith("file://"):
        text = unquote(text[7:].removeprefix("localhost"))
    if "://" in text or "\n" in text or "\0" in text or not 0 < len(text) <= _LONGEST:
        return ""
    return text.removeprefix("@") or ""
