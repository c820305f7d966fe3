"""Characters of a text as positions of the protocol."""

from __future__ import annotations

import re
from bisect import bisect_right

from lsprotocol import types

# The protocol's own ends of line. str.splitlines knows more of them, and would count lines that no editor shows.
_LINE_END = re.compile(r"\r\n|\n|\r")

_CODECS = {
    types.PositionEncodingKind.Utf8: ("utf-8", 1),
    types.PositionEncodingKind.Utf16: ("utf-16-le", 2),
    types.PositionEncodingKind.Utf32: ("utf-32-le", 4),
}


def units(text: str, encoding: str = types.PositionEncodingKind.Utf16) -> int:
    """Length of `text` in code units of `encoding`, UTF-16 where the encoding is not known."""
    codec, width = _CODECS.get(types.PositionEncodingKind(encoding), _CODECS[types.PositionEncodingKind.Utf16])
    return len(text.encode(codec, "surrogatepass")) // width


class LineIndex:
    """The lines of one text, to find the position of an offset in the client's encoding."""

    def __init__(self, text: str, encoding: str = types.PositionEncodingKind.Utf16) -> None:
        self._text = text
        self._encoding = encoding
        ends = [(match.start(), match.end()) for match in _LINE_END.finditer(text)]
        self._starts = [0, *(end for _, end in ends)]
        self._stops = [*(start for start, _ in ends), len(text)]

    def position(self, offset: int) -> types.Position:
        """Of an offset in characters. What lies beyond the text or in an end of line moves to the nearest character."""
        offset = min(max(offset, 0), len(self._text))
        line = bisect_right(self._starts, offset) - 1
        before = self._text[self._starts[line] : min(offset, self._stops[line])]
        return types.Position(line=line, character=units(before, self._encoding))

    def range(self, start: int, end: int) -> types.Range:
        return types.Range(start=self.position(start), end=self.position(end))
