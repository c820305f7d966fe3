"""Text of an agent as a person may safely see it: nothing invisible, nothing that steers a terminal."""

from __future__ import annotations

import unicodedata

# Characters that isprintable() passes though a person sees nothing or something else.
_DECEPTIVE = frozenset(
    [0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0x00AD, 0xFFFC, *range(0xFE00, 0xFE10)]
)


def visible(text: str, *, keep_newlines: bool = True) -> str:
    """`text` with each control, format, combining or deceptive character written as <U+XXXX>."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if _is_plain(character) or (keep_newlines and character == "\n") else f"<U+{ord(character):04X}>"
        for character in text
    )


def one_line(text: str, limit: int = 240) -> str:
    """`text` made visible on one line, cut at `limit` characters with a word on how much is hidden."""
    flat = visible(" ⏎ ".join(text.strip().splitlines()), keep_newlines=False)
    return flat if len(flat) <= limit else f"{flat[:limit]}… ({len(flat) - limit} more)"


def _is_plain(character: str) -> bool:
    if character == " ":
        return True
    if ord(character) in _DECEPTIVE or not character.isprintable():
        return False
    return unicodedata.category(character) not in {"Mn", "Me", "Cf", "Zs"}
