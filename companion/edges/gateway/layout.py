"""Where the parts of a request body lie: each value of its top level, each message, each tool.

An agent sends all that was said before again with every turn, byte for byte; what was examined once need not be
examined again. A body is only cut where its bytes are laid out as every JSON writer lays them out: then nothing lies
between the parts but the marks of the format, and no key stands twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec
from msgspec import Struct

_LISTS = frozenset({"messages", "input"})
"""Top-level lists that grow from turn to turn."""

_FEW = 4
"""With fewer entries the same, a body is as soon cut anew."""

_MARKS = ((b": ", b", "), (b":", b","), (b": ", b","))
"""How writers part a key from its value and a value from the next: Python's, JavaScript's, and one between them."""

_LARGEST = 4 * 1024 * 1024
_MOST_PARTS = 10_000
"""Past these a body is not cut: it would keep everybody waiting."""

_KEY = re.compile(r"[a-z][a-z_]{0,39}")
"""A key that says nothing by itself. Keys belong to no part, so a body with any other is not cut."""

_TOP = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


class Place(Struct, frozen=True):
    """A value at `start:end`. Of a list's entry, `key` is the list's."""

    key: str
    start: int
    end: int
    entry: bool = False


def places(raw: bytes) -> tuple[Place, ...] | None:
    """Every part of a JSON object in order; None for a body that is laid out otherwise, or that is none."""
    if len(raw) > _LARGEST:
        return None
    try:
        top = _TOP.decode(raw)
        return next((found for marks in _MARKS if (found := _cut(raw, top, *marks)) is not None), None)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def continued(raw: bytes, before: bytes, cut: Sequence[Place]) -> tuple[tuple[Place, ...], int] | None:
    """As `places`, for a body that goes on where `before`, whose parts are `cut`, did.

    Beside the parts of `raw`, how many of them are those of `before`, byte for byte and in the same places. None where
    hardly any are, or where only `places` can tell.
    """
    at = same = 0
    for place in cut:
        if raw[at : place.end] != before[at : place.end]:
            break
        at = place.end
        same += 1
    while same and not cut[same - 1].entry:
        same -= 1
    if same < _FEW or len(raw) > _LARGEST or not cut[same - 2].entry or cut[same - 2].key != cut[same - 1].key:
        return None
    key, at = cut[same - 1].key, cut[same - 1].end
    first, comma = cut[0], before[cut[same - 2].end : cut[same - 1].start]
    colon = before[len(first.key) + 3 : first.start - first.entry]
    # What is left, as a body of its own: it opens with the rest of the list.
    head = b'{"%b"%b[' % (key.encode(), colon)
    goes_on = raw.startswith(comma, at)
    if not goes_on and raw[at : at + 1] != b"]":
        return None
    begin = at + len(comma) if goes_on else at
    left = head + raw[begin:]
    try:
        top = _TOP.decode(left)
        rest = _cut(left, top, colon, comma)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if rest is None or len({place.key for place in cut[:same]} & set(top)) > 1 or same + len(rest) > _MOST_PARTS:
        return None
    shift = begin - len(head)
    new = [Place(one.key, one.start + shift, one.end + shift, one.entry) for one in rest[0 if goes_on else 1 :]]
    return (*cut[:same], *new), same


def _cut(raw: bytes, top: dict[str, msgspec.Raw], colon: bytes, comma: bytes) -> tuple[Place, ...] | None:
    if not raw.startswith(b"{"):
        return None
    found: list[Place] = []
    at = 1
    for number, (key, value) in enumerate(top.items()):
        head = _head(key, colon, comma if number else b"")
        if head is None or not raw.startswith(head, at):
            return None
        start = at + len(head)
        at = start + len(memoryview(value))
        if key in _LISTS and raw[start] == 0x5B:
            entries = _entries(raw, key, start, at, comma)
            if entries is None:
                return None
            found += entries
        else:
            found.append(Place(key, start, at))
    return tuple(found) if raw[at:] == b"}" and len(found) <= _MOST_PARTS else None


@lru_cache(maxsize=1_024)
def _head(key: str, colon: bytes, comma: bytes) -> bytes | None:
    """What stands before a value; None for a key that says something by itself."""
    return b'%b"%b"%b' % (comma, key.encode(), colon) if _KEY.fullmatch(key) else None


def _entries(raw: bytes, key: str, start: int, end: int, comma: bytes) -> Sequence[Place] | None:
    found: list[Place] = []
    at = start + 1
    for number, value in enumerate(_LIST.decode(memoryview(raw)[start:end])):
        if number:
            if not raw.startswith(comma, at):
                return None
            at += len(comma)
        found.append(Place(key, at, at + len(memoryview(value)), entry=True))
        at = found[-1].end
    if raw[at:end] != b"]":
        return None
    # An empty list has no entry to stand for it, and the body must still say that there is a list.
    return found or [Place(key, start, end)]
