"""Server-sent events as bytes: split without losing one, built without surprises.

Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from companion.edges.gateway.jsontext import dump

_MOST_HELD = 32 * 1024 * 1024


class StreamTooLarge(ValueError):  # noqa: N818 - what happened, not a kind of error
    """One event is larger than any answer has reason to be."""


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event. `raw` is it as it came, closing blank line included; `data` its data lines joined."""

    raw: bytes
    name: str
    data: bytes

    def json(self) -> dict[str, Any]:
        """The data as a JSON object; {} when it is none."""
        try:
            found = json.loads(self.data)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class SseParser:
    """Bytes in, events out, across any chunking. Line ends may be LF or CRLF."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0

    def feed(self, chunk: bytes) -> Iterator[SseEvent]:
        """Raises StreamTooLarge."""
        self._buffer += chunk
        while (end := self._end_of_event()) is not None:
            raw = bytes(self._buffer[:end])
            del self._buffer[:end]
            self._searched = 0
            yield _read(raw)
        if len(self._buffer) > _MOST_HELD:
            raise StreamTooLarge(f"an event of more than {_MOST_HELD} bytes")

    def close(self) -> Iterator[SseEvent]:
        """What came after the last whole event, as an event: the closing blank line may be missing at the end."""
        if self._buffer.strip():
            yield _read(bytes(self._buffer))
        self._buffer.clear()

    def _end_of_event(self) -> int | None:
        at = max(0, self._searched - 3)
        ends = [
            found + len(mark) for mark in (b"\n\n", b"\n\r\n", b"\r\r") if (found := self._buffer.find(mark, at)) >= 0
        ]
        self._searched = len(self._buffer)
        return min(ends) if ends else None


def _read(raw: bytes) -> SseEvent:
    name, data = "", []
    for line in raw.splitlines():
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            name = value.decode("utf-8", "replace")
        elif field == b"data":
            data.append(value)
    return SseEvent(raw, name, b"\n".join(data))


def build(data: Any, name: str = "") -> bytes:
    """An event with a JSON value as data; `name` adds an event line."""
    return wrap(dump(data), name)


def wrap(data: bytes, name: str = "") -> bytes:
    """An event around data of one line."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + data + b"\n\n"
