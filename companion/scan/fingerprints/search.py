"""Finds text of ignored files in other text."""

from __future__ import annotations

import os
import re
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct

from companion.scan.fingerprints.build import read_text
from companion.scan.fingerprints.prints import WIDTH, placed, printed, says_something, stretches
from companion.scan.fingerprints.sieve import Sieve
from companion.scan.fingerprints.store import Source, stamp_of
from companion.scan.fingerprints.text import Offsets, compared, views

_BRIDGE = 64
"""Compared characters between two prints that still make one excerpt, where what is between them is not known."""
_LEAST = 25
"""Compared characters of an excerpt that anybody could want to hear of: 60 bytes of prose have more."""
_MOST_TRIED = 16
_STEP = 256
_REMEMBERED = 8 * 1024 * 1024

_LETTER = re.compile(rb"[a-zA-Z\x80-\xff]")

Owners = Callable[[AbstractSet[bytes]], Mapping[bytes, int]]
"""The number of the source of each print that one has."""


class Stretch(Struct, frozen=True):
    """Ignored text at `start:end`, in characters. `size` is how many bytes of it stand in no allowed file."""

    start: int
    end: int
    size: int
    source: int


class _Run(Struct):
    """Prints of one excerpt: where the first stretch begins and the last ends, and how far it can reach at most."""

    first: int
    last: int
    left: int
    right: int
    source: int


class Texts:
    """What is compared of ignored files, read again when they changed. Keeps a few; not safe in threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, object], bytes] = OrderedDict()
        self._size = 0

    def of(self, source: Source) -> bytes:
        """b"" where the file is gone, or holds no text any more. Blocking."""
        try:
            name = source.path, stamp_of(os.stat(source.path))  # noqa: PTH116 - as in walk.py
        except OSError:
            return b""
        if (known := self._kept.get(name)) is not None:
            self._kept.move_to_end(name)
            return known
        found = compared(read_text(source.path) or b"")
        self._kept[name] = found
        self._size += len(found)
        while self._size > _REMEMBERED:
            _, gone = self._kept.popitem(last=False)
            self._size -= len(gone)
        return found


def search(
    text: str, owners_of: Owners, key: bytes, sources: Sequence[Source], texts: Texts, sieve: Sieve | None = None
) -> list[Stretch]:
    """Every excerpt in `text`, in order, not overlapping.

    With a sieve, which has to be whole, the same is found, and a text that has none takes a fraction of the time.
    """
    data = text.encode("utf-8", "replace")
    found: list[Stretch] = []
    for view in views(data):
        found_here = stretches(view.norm) if sieve is None else sieve.sift(view.norm)
        by_stretch = printed(found_here, key)
        by_print = owners_of(set(by_stretch.values())) if by_stretch else None
        if not by_print:
            continue
        known = {one: by_print[its] for one, its in by_stretch.items() if its in by_print}
        anchors = placed(view.norm)
        owners = [known.get(one, -1) for _, one in anchors]
        runs = [run for run in _runs(view.norm, anchors, owners) if run.right - run.left >= _LEAST]
        if runs:
            places = [at for at, _ in anchors]
            offsets = view.offsets()
            for run in _exact(runs, view.norm, sources, texts):
                inside = range(bisect_left(places, run.first), bisect_right(places, run.last - WIDTH))
                start, end, size = _placed(offsets, run, data)
                share = _share([anchors[number][1] for number in inside], [owners[number] for number in inside])
                found.append(Stretch(start, end, int(size * share), run.source))
    return _apart(found)


def _share(inside: Sequence[bytes], owners: Sequence[int]) -> float:
    """How much of an excerpt counts: not what also stands in allowed text, nor what says the same again and again."""
    if not inside:
        return 1.0
    known = sum(owner >= 0 for owner in owners) / len(inside)
    return known * min(1.0, 2 * len(set(inside)) / len(inside))


def _runs(norm: bytes, anchors: Sequence[tuple[int, bytes]], owners: Sequence[int]) -> list[_Run]:
    """Prints that are known, together where they follow each other."""
    runs: list[_Run] = []
    since = 0
    for number, (at, _) in enumerate(anchors):
        since += 1
        source = owners[number]
        if source < 0 or not says_something(norm[at : at + WIDTH]):
            continue
        # A print that is not known ends what can belong to the file.
        left = anchors[number - 1][0] + 1 if number else 0
        right = anchors[number + 1][0] + WIDTH - 1 if number + 1 < len(anchors) else len(norm)
        run = runs[-1] if runs else None
        if run and run.source == source and (since == 1 or at - run.last <= _BRIDGE):
            run.last, run.right = at + WIDTH, right
        else:
            runs.append(_Run(at, at + WIDTH, left, right, source))
        since = 0
    return runs


def _exact(runs: Sequence[_Run], norm: bytes, sources: Sequence[Source], texts: Texts) -> list[_Run]:
    """The runs as far as their files really go on with them; as far as they can reach where a file says otherwise."""
    exact: list[_Run] = []
    for run in runs:
        before = exact[-1] if exact else None
        if before and run.last <= before.last:
            continue
        start, end = _reach(run, norm, texts.of(sources[run.source]))
        if end - start >= _LEAST:
            exact.append(_Run(start, end, start, end, run.source))
    return exact


def _reach(run: _Run, norm: bytes, file: bytes) -> tuple[int, int]:
    first = _longest(run.first, norm, file)
    if first is not None and first[1] >= run.last:
        return first
    # Put together from several places, or the file has changed since.
    last = _longest(run.last - WIDTH, norm, file)
    return first[0] if first else run.left, last[1] if last else run.right


def _longest(at: int, norm: bytes, file: bytes) -> tuple[int, int] | None:
    """How far the text is the file's before and after the stretch at `at`; None where the file has no such stretch."""
    stretch = norm[at : at + WIDTH]
    best: tuple[int, int] | None = None
    there, tried = file.find(stretch), 0
    while there >= 0 and tried < _MOST_TRIED:
        start, end = at - _alike_before(norm, at, file, there), at + _alike_after(norm, at, file, there)
        if best is None or end - start > best[1] - best[0]:
            best = start, end
        there, tried = file.find(stretch, there + 1), tried + 1
    return best


def _alike_after(one: bytes, at: int, other: bytes, there: int) -> int:
    """How many bytes are the same from these places on."""
    most = min(len(one) - at, len(other) - there)
    alike = 0
    while alike < most:
        size = min(_STEP, most - alike)
        mine, its = one[at + alike : at + alike + size], other[there + alike : there + alike + size]
        if mine != its:
            return alike + next(number for number in range(size) if mine[number] != its[number])
        alike += size
    return alike


def _alike_before(one: bytes, at: int, other: bytes, there: int) -> int:
    """How many bytes are the same before these places."""
    most = min(at, there)
    alike = 0
    while alike < most:
        size = min(_STEP, most - alike)
        mine, its = one[at - alike - size : at - alike], other[there - alike - size : there - alike]
        if mine != its:
            return alike + next(number for number in range(size) if mine[-1 - number] != its[-1 - number])
        alike += size
    return alike


def _placed(offsets: Offsets, run: _Run, data: bytes) -> tuple[int, int, int]:
    """Where the run stands in the text, in characters, and how many bytes that is."""
    start, end = offsets[run.first], offsets[run.last - 1] + 1
    # However deep the lines are indented, they say no more: of the spaces no more counts than half of the rest.
    size = min(end - start, len(b" ".join(data[start:end].split())) * 3 // 2)
    line = data.rfind(b"\n", 0, start) + 1
    if not _LETTER.search(data, line, start):
        # What stands before the first letter of a line is not compared, and may be the file's as well.
        start = line
    if not data.isascii():
        start, end = (len(data[:at].decode("utf-8", "ignore")) for at in (start, end))
    return start, end, size


def _apart(found: list[Stretch]) -> list[Stretch]:
    """Those that overlap as one, which is of the file that has most of it."""
    found.sort(key=lambda one: (one.start, -one.end))
    kept: list[Stretch] = []
    for one in found:
        if kept and one.start < kept[-1].end:
            last = kept[-1]
            bigger = max(last, one, key=lambda each: each.size)
            kept[-1] = Stretch(last.start, max(last.end, one.end), bigger.size, bigger.source)
        else:
            kept.append(one)
    return kept
