"""Keeps every request that reached the scripted model, byte for byte: the proof of what left."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Captured:
    """One request. `target` is path and query as they were sent; header names are in lower case."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Leak:
    """`needle` was found in request number `request` (from 0)."""

    request: int
    target: str
    needle: str


class Capture:
    """In memory, and where `file` is given as JSON lines as well, readable by its owner only."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self.requests: list[Captured] = []

    def add(self, request: Captured) -> None:
        """Raises OSError when the file cannot be written."""
        self.requests.append(request)
        if self._file is None:
            return
        handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as lines:
            lines.write(json.dumps(_line(request), ensure_ascii=False) + "\n")

    @property
    def total_bytes(self) -> int:
        """Of all bodies."""
        return sum(len(request.body) for request in self.requests)

    def find(self, needles: Iterable[str]) -> list[Leak]:
        """Every needle in every request: in target, headers and body, as sent and with JSON's escapes undone."""
        wanted = [needle for needle in dict.fromkeys(needles) if needle]
        found: list[Leak] = []
        for number, request in enumerate(self.requests):
            hay = _haystack(request)
            found.extend(Leak(number, request.target, needle) for needle in wanted if needle in hay)
        return found


def _haystack(request: Captured) -> str:
    text = request.body.decode("utf-8", "replace")
    parts = [request.target, *(f"{name}: {value}" for name, value in request.headers), text]
    with suppress(ValueError):  # where it is not JSON, the bytes as sent are all there is
        parts.extend(_strings(json.loads(request.body)))
    return "\n".join(parts)


def _strings(value: Any) -> Iterator[str]:
    """Every string in decoded JSON, keys too; a string that is JSON itself (tool arguments) is opened as well."""
    pending = [value]
    while pending:
        match pending.pop():
            case str() as text:
                yield text
                if text[:1] in {"{", "["}:
                    try:
                        pending.append(json.loads(text))
                    except ValueError:
                        continue
            case dict() as mapping:
                pending.extend(mapping)
                pending.extend(mapping.values())
            case list() as items:
                pending.extend(items)


def _line(request: Captured) -> dict[str, Any]:
    """Bodies that are not UTF-8 are kept as base64 under another name."""
    line: dict[str, Any] = {"method": request.method, "target": request.target, "headers": request.headers}
    try:
        return {**line, "body": request.body.decode("utf-8")}
    except UnicodeDecodeError:
        return {**line, "body_base64": base64.b64encode(request.body).decode()}
