"""What of a text is compared: letters and digits, without case, spaces, punctuation and gutters.

So the same text is the same after a new indent, with line numbers or diff marks in front of its lines, and inside a
JSON string. Each step but the last two keeps every byte in its place, so that a place in what is compared leads back
to the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate, compress, islice

_LOWER = bytes(byte + 32 if 65 <= byte <= 90 else byte for byte in range(256))
_COMPARED = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789") | frozenset(range(0x80, 0x100))
_IS_COMPARED = bytes(_LOWER[byte] in _COMPARED for byte in range(256))
_LEFT_OUT = bytes(byte for byte in range(256) if not _IS_COMPARED[byte])

_LETTER = rb"a-zA-Z\x80-\xff"
_MARGIN = re.compile(rb"\n[^" + _LETTER + rb"\n]++(?=[" + _LETTER + rb"])")
"""What stands before the first letter of a line: indents, numbers, marks of diffs and quotes."""

_BLOCK = 1024

_SIGNS = re.compile(rb"\xe2(?:\x86\x92|\x94\x82)")
"""The arrow and the bar that agents put between a line's number and its text."""
_ESCAPE = re.compile(rb"\\[nrt]")
_UNICODE_ESCAPE = re.compile(rb"\\+u([0-9a-fA-F]{4})")

_PATH = rb"[\w.@~+/-]{2,200}"
_GUTTER = re.compile(rb"\n(?:(?:" + _PATH + rb"[:-])?[ \t]*\d{1,7}[ \t]*(?:[:|)\t-]|   )|" + _PATH + rb":)")
_SAME_PATH = re.compile(rb"\n(" + _PATH + rb")[:-][^\n]*\n(?:--\n)?\1[:-]")
_NUMBERED = re.compile(rb"\n[ \t]*(\d{1,7})[ \t]*(?:[:|)\t-]|   )[^\n]*\n[ \t]*(\d{1,7})[ \t]*(?:[:|)\t-]|   )")


def compared(data: bytes) -> bytes:
    """What is compared of a text."""
    return _reduced(_levelled(data))


def _reduced(levelled: bytes) -> bytes:
    return _MARGIN.sub(b"\n", levelled).translate(_LOWER, _LEFT_OUT)


def _levelled(data: bytes) -> bytes:
    """The text with a newline in front, escapes of JSON undone and signs of gutters blanked, all in their places."""
    data = b"\n" + data
    if b"\xe2" in data:
        data = _SIGNS.sub(b"   ", data)
    if b"\\" in data:
        data = _ESCAPE.sub(b"\n\n", data)
        if b"\\u" in data:
            data = _UNICODE_ESCAPE.sub(_unescaped, data)
    return data


def _unescaped(match: re.Match[bytes]) -> bytes:
    """The character, filled up to the length of its escape; half a character is left out."""
    code = int(match[1], 16)
    meant = b"" if 0xD800 <= code < 0xE000 else chr(code).encode()
    return meant.ljust(len(match[0]))


class View:
    """A text as it is compared, with the way back."""

    def __init__(self, levelled: bytes) -> None:
        self._levelled = levelled
        self.norm = _reduced(levelled)

    def offsets(self) -> Offsets:
        """Where each byte of `norm` stands in the text's UTF-8."""
        flags = bytearray(self._levelled.translate(_IS_COMPARED))
        for margin in _MARGIN.finditer(self._levelled):
            flags[margin.start() : margin.end()] = bytes(margin.end() - margin.start())
        return Offsets(flags)


class Offsets:
    """Of the few places that are asked for: to list them all takes longer than to search."""

    def __init__(self, flags: bytearray) -> None:
        """`flags` says of each byte of the levelled text, which has one more in front, whether it is compared."""
        self._flags = flags
        blocks = range(0, len(flags), _BLOCK)
        self._before = list(accumulate((flags.count(1, at, at + _BLOCK) for at in blocks), initial=0))

    def __getitem__(self, number: int) -> int:
        """Raises IndexError where there are not so many."""
        block = bisect_right(self._before, number) - 1
        at = block * _BLOCK
        inside = compress(range(at - 1, at + _BLOCK - 1), self._flags[at : at + _BLOCK])
        found = next(islice(inside, number - self._before[block], None), None)
        if found is None:
            raise IndexError(number)
        return found


def views(data: bytes) -> list[View]:
    """The text as it is and, where its lines look numbered or found by grep, without what was put in front of them."""
    levelled = _levelled(data)
    found = [View(levelled)]
    if _looks_listed(levelled):
        found.append(View(_GUTTER.sub(lambda match: b"\n".ljust(len(match[0])), levelled)))
    return found


def _looks_listed(levelled: bytes) -> bool:
    if _SAME_PATH.search(levelled):
        return True
    return any(int(pair[2]) == int(pair[1]) + 1 for pair in _NUMBERED.finditer(levelled))
