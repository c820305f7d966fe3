from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from companion_lsp.positions import LineIndex, units

UTF8, UTF16, UTF32 = types.PositionEncodingKind.Utf8, types.PositionEncodingKind.Utf16, types.PositionEncodingKind.Utf32

# Every length in UTF-8 and UTF-16, each end of line, and what str.splitlines takes for one.
TEXTS = st.text(st.sampled_from("a é\t\n\r\f\x85\u2028中😀\ud800"), max_size=40)


def reference(text: str, offset: int, encoding: str) -> tuple[int, int]:
    """Character by character, as the protocol's text says it."""
    line = character = 0
    for at, one in enumerate(text[:offset]):
        if one == "\n" or (one == "\r" and text[at + 1 : at + 2] != "\n"):
            line, character = line + 1, 0
        elif one == "\r":
            continue
        elif encoding == UTF8:
            character += 1 if one < "\x80" else 2 if one < "\u0800" else 3 if one <= "\uffff" else 4
        else:
            character += 2 if one > "\uffff" and encoding == UTF16 else 1
    return line, character


@settings(max_examples=300)
@given(TEXTS, st.data(), st.sampled_from([UTF8, UTF16, UTF32]))
def test_position_is_the_reference(text: str, data: st.DataObject, encoding: types.PositionEncodingKind) -> None:
    offset = data.draw(st.integers(0, len(text)))
    found = LineIndex(text, encoding).position(offset)
    assert (found.line, found.character) == reference(text, offset, encoding)


@pytest.mark.parametrize(
    ("text", "offset", "encoding", "line", "character"),
    [
        ("", 0, UTF16, 0, 0),
        ("😀key", 1, UTF16, 0, 2),
        ("😀key", 1, UTF8, 0, 4),
        ("😀key", 1, UTF32, 0, 1),
        ("a\r\nb", 3, UTF16, 1, 0),
        ("a\r\nb", 2, UTF16, 0, 1),
        ("a\rb", 2, UTF16, 1, 0),
        ("a\fb\u2028c", 4, UTF16, 0, 4),
        ("ab", 99, UTF16, 0, 2),
        ("ab", -1, UTF16, 0, 0),
    ],
)
def test_positions(text: str, offset: int, encoding: str, line: int, character: int) -> None:
    assert LineIndex(text, encoding).position(offset) == types.Position(line, character)


def test_a_range_spans_lines() -> None:
    found = LineIndex("-----BEGIN\n😀x\n", UTF16).range(0, 13)
    assert found == types.Range(types.Position(0, 0), types.Position(1, 3))


def test_units_of_a_lone_surrogate() -> None:
    assert [units("\ud800", encoding) for encoding in (UTF8, UTF16, UTF32)] == [3, 1, 1]
