"""Dotted keys, whole and both ways: `complaints.dotted` shortens what it shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import suppress

_PART = re.compile(r'([A-Za-z0-9_-]+)|("(?:[^"\\]|\\.)*")')


def key_of(parts: Iterable[str]) -> str:
    """A dotted key; parts that are no bare keys of TOML stand in quotes. The parts must be printable."""
    return ".".join(
        part if (bare := _PART.fullmatch(part)) and bare[1] else json.dumps(part, ensure_ascii=False) for part in parts
    )


def parts_of(key: str) -> tuple[str, ...]:
    """What `key_of` put together; anything else is cut at its dots."""
    parts: list[str] = []
    at = 0
    with suppress(ValueError):
        while part := _PART.match(key, at):
            parts.append(part[1] or json.loads(part[2]))
            at = part.end() + 1
            if at > len(key):
                return tuple(parts)
            if key[at - 1] != ".":
                break
    return tuple(key.split("."))
