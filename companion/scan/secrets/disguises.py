"""Secrets that do not stand in a text as they are: escaped, encoded, with invisible characters inside, or in pieces.

What hides a secret is undone around the places that give it away, the rules look at what then reads, and what they
find is hidden as it stands in the text.
"""

from __future__ import annotations

import base64
import binascii
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from companion.scan.secrets.engine import Span, TooMuchError

_INVISIBLE = "\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufe0f\ufeff"
_BEFORE, _AFTER = 160, 640
_ENCODED = re.compile(
    rf"\\+(?:u00|x|U000000)([2-7][0-9a-fA-F])|&\#(?:[xX]([2-7][0-9a-fA-F])|0?(\d{{2,3}}));|%(?:25)?([2-7][0-9a-fA-F])"
    rf"|[{_INVISIBLE}]+"
)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){8,4000}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}")
_BASE64_BEFORE = re.compile(r"[A-Za-z0-9+/]*\Z")
_LONGEST_CODE = 16_384
_MOST_CODES = 200

_RUN = re.compile(r"[A-Za-z0-9_.=/+-]{2,400}")
# What stands between two pieces: quotes closed and opened again, or the end of a line and what begins the next.
_JOINT = (
    r"""\\{0,3}["'`]\s{0,4}[+.&,]?\s{0,4}\\?(?:\\n)?\s{0,40}[+.&]?\s{0,4}[rbuf]?\\{0,3}["'`]"""
    r"""|[ \t]{0,4}\\?(?:\r?\n|\\n)[ \t]{0,40}(?:[+>|*\#-][ \t]{0,4}|//[ \t]{0,4}){0,3}"""
)
PIECE_END = r"""(?:[ \t]{0,4}[\\\r\n]|["'`])"""
"""How what stands between two pieces begins, in what `re` and Hyperscan both know."""
_TOKEN_JOINT = re.compile(rf"(?:{_JOINT})(?=[A-Za-z0-9])")
# Nearly everything that begins as a token does is in one piece: one look says so.
_IN_PIECES = re.compile(rf"{_RUN.pattern}+(?:{_JOINT})(?=[A-Za-z0-9])")
_VALUE_JOINT = re.compile(rf"{_JOINT}|[{_INVISIBLE}]+")
_VALUE_JOINT_BEFORE = re.compile(rf"(?:{_JOINT}|[{_INVISIBLE}]+)\Z")
_LINE_END = re.compile(r"\\?(?:\r?\n|\\n)[ \t]{0,40}")
_LONGEST_JOINT = 64
_MOST_PIECES = 8

# How a word begins when its text is in base64, for each of the three ways in which it can lie there.
_BASE64_WORDS = (
    "password",
    "PASSWORD",
    "Password",
    "secret_",
    "SECRET_",
    "_token",
    "_TOKEN",
    "api_key",
    "API_KEY",
    "PRIVATE KEY",
)

Find = Callable[[str], Iterable[Span]]


def triggers(prefixes: Iterable[str]) -> dict[str, str]:
    """What gives a disguise away, in lower case, with the kind of disguise; `prefixes` are how tokens begin."""
    found = dict.fromkeys((*_INVISIBLE, "\\u00", "\\x", "\\u000000", "&#", "%3a%2f%2f", "%253a%252f"), "escaped")
    for prefix in prefixes:
        raw = prefix.encode()
        if len(raw) >= 4 or (len(raw) == 3 and raw[-1:] in b"_-."):
            found["".join(f"%{byte:02x}" for byte in raw[:3])] = "escaped"
        if len(raw) >= 4:
            found[raw.hex()] = "hex"
            if raw.upper() != raw:
                found[raw.upper().hex()] = "hex"
    for word in _BASE64_WORDS:
        for offset in range(3):
            text = base64.b64encode(bytes(offset) + word.encode()).decode()
            found[text[-(-offset * 8 // 6) : (offset + len(word)) * 8 // 6].lower()] = "base64"
    return found


def uncovered(text: str, hints: Sequence[tuple[int, str]], find: Find) -> Iterator[Span]:
    """What `find` sees where a trigger stands, as spans of `text`. Raises TooMuchError."""
    for low, high in _windows([at for at, kind in hints if kind == "escaped"], len(text)):
        view = _plain(text, low, high)
        if view.text:
            yield from view.spans(find(view.text))
    done, codes = -1, 0
    for at, kind in hints:
        if kind == "escaped" or at < done:
            continue
        codes += 1
        if codes > _MOST_CODES:
            raise TooMuchError
        begin, end, decoded = _hex(text, at) if kind == "hex" else _base64(text, at)
        done = end
        if decoded and (spans := list(find(decoded))):
            if kind == "hex":
                yield from (replace(span, start=begin + 2 * span.start, end=begin + 2 * span.end) for span in spans)
            else:
                best = min(spans, key=lambda span: span.confidence.value != "high")
                yield replace(best, start=begin, end=end)


def joined(text: str, at: int) -> View | None:
    """The pieces of what begins at `at`, put together; None where it is in one piece."""
    if (at and text[at - 1].isalnum()) or _IN_PIECES.match(text, at) is None:
        return None
    edits: list[tuple[int, int, str]] = []
    place = at
    while len(edits) < _MOST_PIECES:
        run = _RUN.match(text, place)
        if run is None:
            break
        place = run.end()
        joint = _TOKEN_JOINT.match(text, place)
        if joint is None:
            break
        edits.append((place, joint.end(), ""))
        place = joint.end()
    return View.of(text, at, place, edits) if edits else None


def apart(text: str, at: int, value: str) -> int:
    """Where `value` ends that begins at `at` and is in pieces; -1 where it is not."""
    place, told = at, 0
    for _ in range(_MOST_PIECES):
        same = _same(text[place : place + len(value) - told], value[told:])
        told, place = told + same, place + same
        if told == len(value):
            return place
        joint = _VALUE_JOINT.match(text, place)
        if joint is None:
            return -1
        # What looks like the mark of a quotation may be the value's own.
        line = _LINE_END.match(text, place)
        ends = range(joint.end(), (line.end() if line else joint.end()) - 1, -1)
        place = next((end for end in ends if text.startswith(value[told : told + 2], end)), joint.end())
    return -1


def apart_before(text: str, end: int, value: str) -> int:
    """Where `value` begins that ends at `end` and is in pieces; -1 where it is not."""
    place, left = end, len(value)
    for _ in range(_MOST_PIECES):
        same = _same(text[max(0, place - left) : place][::-1], value[:left][::-1])
        left, place = left - same, place - same
        if left == 0:
            return place
        for back in range(min(same, 2) + 1):
            # The n of an escaped line end may look like a letter of the value.
            joint = _VALUE_JOINT_BEFORE.search(text, max(0, place + back - _LONGEST_JOINT), place + back)
            if joint:
                left, place = left + back, joint.start()
                break
        else:
            return -1
    return -1


def _same(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


@dataclass(frozen=True, slots=True)
class View:
    """A part of a text in other words, and where each of its characters stands in the text."""

    text: str
    starts: tuple[int, ...]
    """Where the pieces that read the same begin, in the view."""
    shifts: tuple[int, ...]
    """For each piece: what its places in the view lack to those in the text."""
    changed: tuple[tuple[int, int], ...]
    """What was rewritten, as places in the text."""

    @classmethod
    def of(cls, text: str, low: int, high: int, edits: Sequence[tuple[int, int, str]]) -> View:
        """`text[low:high]` with each (start, end, instead) done; they are sorted and apart."""
        pieces, starts, shifts = [], [], []
        place, size = low, 0
        for start, end, instead in edits:
            pieces += [text[place:start], instead]
            starts += [size, size + start - place]
            shifts += [place - size, start - (size + start - place)]
            size += start - place + len(instead)
            place = end
        pieces.append(text[place:high])
        starts.append(size)
        shifts.append(place - size)
        return cls("".join(pieces), tuple(starts), tuple(shifts), tuple((start, end) for start, end, _ in edits))

    def place(self, at: int) -> int:
        """Where the character `at` of the view begins in the text."""
        piece = bisect_right(self.starts, at) - 1
        return at + self.shifts[piece]

    def spans(self, found: Iterable[Span]) -> Iterator[Span]:
        """Spans of the view as spans of the text: those that hold something rewritten."""
        for span in found:
            start, last = self.place(span.start), self.place(span.end - 1)
            end = next((end for low, end in self.changed if low == last), last + 1)
            if any(low < end and high > start for low, high in self.changed):
                yield replace(span, start=start, end=end)


def _windows(places: Sequence[int], size: int) -> Iterator[tuple[int, int]]:
    low = high = -1
    for place in places:
        if low >= 0 and place - _BEFORE <= high:
            high = min(size, place + _AFTER)
            continue
        if low >= 0:
            yield low, high
        low, high = max(0, place - _BEFORE), min(size, place + _AFTER)
    if low >= 0:
        yield low, high


def _plain(text: str, low: int, high: int) -> View:
    edits = []
    for match in _ENCODED.finditer(text, low, high):
        code = match[1] or match[2] or match[4]
        number = int(code, 16) if code else int(match[3] or 0)
        edits.append((match.start(), match.end(), chr(number) if 32 <= number < 127 else ""))
    return View.of(text, low, high, edits) if edits else View("", (), (), ())


def _hex(text: str, at: int) -> tuple[int, int, str]:
    run = _HEX.match(text, at)
    if run is None:
        return at, at, ""
    return run.start(), run.end(), bytes.fromhex(run.group()).decode("latin-1")


def _base64(text: str, at: int) -> tuple[int, int, str]:
    before = _BASE64_BEFORE.search(text, max(0, at - _LONGEST_CODE), at)
    run = _BASE64.match(text, before.start() if before else at, at + _LONGEST_CODE)
    if run is None:
        return at, at, ""
    end = run.end()
    while end < len(text) and text[end] == "=":
        end += 1
    try:
        decoded = base64.b64decode(run.group()[: (run.end() - run.start()) // 4 * 4]).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return run.start(), end, ""
    return run.start(), end, decoded if decoded.count("\ufffd") * 20 < len(decoded) else ""
