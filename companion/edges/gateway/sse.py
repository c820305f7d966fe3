"""Server-sent events as bytes: split without losing one, built without surprises.

Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from companion.edges.gateway.jsontext import dump, read_object

_MOST_HELD = 32 * 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# Atomic: a CRLF never counts as two line ends.
_END_OF_EVENT = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
# An event that every reader, also a loose one, takes for the same event: known fields, one line of data, no lone CR.
_PLAIN = re.compile(rb"(?:\r?\n)*+(?:(?:(?:event|id|retry)?:[\t -~]*+|data:[^\r\n]*+)\r?\n)*+\r?\n")
# In JSON they can only stand in strings. Some readers take them for the end of a line.
_LOOSE_ENDS = re.compile(rb"\xc2\x85|\xe2\x80[\xa8\xa9]")


class StreamTooLarge(ValueError):  # noqa: N818 - what happened, not a kind of error
    """One event is larger than any answer has reason to be."""


class SseEvent(Struct, frozen=True):
    """One event. `raw` is it as it came, closing blank line included; `data` its data lines joined.

    Where readers could differ on what came, `raw` is the event built anew, so that there is one reading only.
    """

    raw: bytes
    name: str
    data: bytes

    def json(self) -> dict[str, Any]:
        """The data as a JSON object; {} for no data and for `[DONE]`. Raises ValueError for anything else."""
        return {} if self.data.strip() in {b"", b"[DONE]"} else read_object(self.data)


class SseParser:
    """Bytes in, events out, across any chunking. Line ends may be LF, CRLF or CR."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._begun = False

    def feed(self, chunk: bytes) -> Iterator[SseEvent]:
        """Raises StreamTooLarge."""
        self._buffer += chunk
        if not self._begun and len(self._buffer) >= len(_BYTE_ORDER_MARK):
            self._begun = True
            if self._buffer.startswith(_BYTE_ORDER_MARK):
                del self._buffer[: len(_BYTE_ORDER_MARK)]
        start = 0
        for found in _END_OF_EVENT.finditer(self._buffer, self._searched):
            end = found.end()
            # A CR at the very end may be half of a CRLF.
            if end == len(self._buffer) and self._buffer.endswith(b"\r"):
                break
            yield _read(bytes(self._buffer[start:end]))
            start = end
        del self._buffer[:start]
        self._searched = max(0, len(self._buffer) - 3)
        if len(self._buffer) > _MOST_HELD:
            raise StreamTooLarge(f"an event of more than {_MOST_HELD} bytes")

    def close(self) -> Iterator[SseEvent]:
        """What came after the last whole event: an event when only its closing blank line is missing, else nothing."""
        event = _read(bytes(self._buffer))
        self._buffer.clear()
        try:
            event.json()
        except ValueError:  # cut short
            return
        if event.raw:
            yield event


def _read(raw: bytes) -> SseEvent:
    names, data = [], []
    for line in raw.splitlines():
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            names.append(value.decode("ascii", "replace"))
        elif field == b"data":
            data.append(value)
    name = names[-1] if names and names[-1].isascii() and names[-1].isprintable() else ""
    # The lines of JSON that stands on several are joined by a blank: a line end within a string is no JSON anyway.
    joined = _LOOSE_ENDS.sub(_escaped, b" ".join(data))
    if _PLAIN.fullmatch(raw) and data in ([], [joined]) and len(names) <= 1:
        return SseEvent(raw, name, joined)
    return SseEvent(wrap(joined, name) if joined else b"", name, joined)


def _escaped(found: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(found[0].decode())


def build(data: Any, name: str = "") -> bytes:
    """An event with a JSON value as data; `name` adds an event line."""
    return wrap(dump(data), name)


def wrap(data: bytes, name: str = "") -> bytes:
    """An event around data of one line."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + data + b"\n\n"
