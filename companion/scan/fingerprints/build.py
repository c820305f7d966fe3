"""Makes the index of a workspace: prints of ignored text, less what also stands in allowed text."""

from __future__ import annotations

import hashlib
import math
import os
import stat
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from companion.scan.fingerprints.prints import prints_of, stretches
from companion.scan.fingerprints.skipped import LARGEST_FILE, as_text
from companion.scan.fingerprints.store import Header, Source
from companion.scan.fingerprints.text import compared
from companion.scan.fingerprints.walk import HURRIED, Walk, Walked

MOST_IGNORED = 32 * 1024 * 1024
"""Bytes of ignored text whose prints are kept."""
MOST_ALLOWED = 64 * 1024 * 1024
"""Bytes of allowed text that is compared with it."""
_LEAST_BYTES = 40
_COMMON = 3
"""What stands in so many ignored files is a licence's head or another form, and no secret."""

Report = Callable[[int, int], None]
"""Hears of progress: bytes done, of how many."""


@dataclass(slots=True)
class _Stretches:
    """What prints will be taken of, each with the last file that has it. Prints of what goes again need no hash."""

    owners: dict[bytes, int] = field(default_factory=dict[bytes, int])
    _twice: set[bytes] = field(default_factory=set[bytes])
    common: set[bytes] = field(default_factory=set[bytes])

    def add(self, found: set[bytes], number: int) -> None:
        if not self.owners.keys().isdisjoint(found):
            known = self.owners.keys() & found
            self.common |= known & self._twice
            self._twice |= known
        self.owners.update(dict.fromkeys(found, number))

    def drop(self, found: set[bytes]) -> None:
        for one in self.owners.keys() & found:
            del self.owners[one]


def build(
    top: str, walk: Walk, key: bytes, made_of: str, report: Report, seconds: float = math.inf
) -> tuple[Header, Mapping[bytes, int]]:
    """The index of what lies below `top`: what `store.write` takes.

    What takes longer than about `seconds` is left out: half of the time to look around, a quarter to read ignored text,
    a quarter to compare it.
    """
    # What changes while it is read is newer than the index.
    built_ns, began = time.time_ns(), time.monotonic()
    walked = walk.run(top, began + seconds / 2)
    sources, total = _within(walked)
    allowed_total = _allowed_size(walked.allowed)
    until = time.monotonic() + seconds / 4
    known, done, same = _Stretches(), 0, set[bytes]()
    for number, source in enumerate(sources):
        if time.monotonic() > until:
            walked.hurried = True
            walked.leave(HURRIED, source.path)
            continue
        data = read_text(source.path)
        if data is None:
            walked.leave("no text, or not to be read", source.path)
            continue
        done += len(data)
        digest = hashlib.blake2b(data, digest_size=16).digest()
        if digest not in same:
            # A copy of another ignored file makes nothing common.
            same.add(digest)
            known.add(stretches(compared(data)), number)
        report(done, total + allowed_total)
    known.drop(known.common)
    for licence in _licences() if known.owners else ():
        known.drop(stretches(compared(read_text(str(licence)) or b"")))
    ignored, left = done, MOST_ALLOWED
    until = time.monotonic() + seconds / 4
    for path in walked.allowed if known.owners else ():
        hurried = time.monotonic() > until
        walked.hurried = walked.hurried or hurried
        if left <= 0 or hurried:
            walked.leave("allowed text that was not compared, so what it shares counts as ignored", path)
            continue
        data = read_text(path)
        if data is not None:
            left -= len(data)
            done += len(data)
            known.drop(stretches(compared(data)))
            report(done, total + allowed_total)
    owners = prints_of(known.owners, key)
    header = Header(
        made_of=made_of,
        version="",
        built_ns=built_ns,
        sources=tuple(sources),
        looked_at=walked.looked_at,
        prints=len(owners),
        bytes=ignored,
        allowed_bytes=MOST_ALLOWED - left,
        left_out=walked.left_out,
        young=walked.young,
        hurried=walked.hurried,
    )
    return header, owners


def _within(walked: Walked) -> tuple[Sequence[Source], int]:
    """As many sources as there is room for, deny lists' first, and their bytes."""
    kept: list[Source] = []
    total = 0
    for source in walked.ignored:
        size = min(source.stamp[1], LARGEST_FILE)
        if size < _LEAST_BYTES:
            continue
        if total + size > MOST_IGNORED:
            walked.leave(f"beyond {MOST_IGNORED // 2**20} MB of ignored text", source.path)
            continue
        if source.stamp[1] > LARGEST_FILE:
            walked.leave(f"the middle of a file of more than {LARGEST_FILE // 2**20} MB", source.path)
        total += size
        kept.append(source)
    return kept, total


def _licences() -> Iterator[Path]:
    """The licences of what companion is installed with: the usual ones are among them."""
    for pattern in ("LICEN*", "COPYING*"):
        for folder in ("*.dist-info", "*.dist-info/licenses", "*.dist-info/licenses/*"):
            yield from Path(sysconfig.get_path("purelib")).glob(f"{folder}/{pattern}")


def _allowed_size(paths: Sequence[str]) -> int:
    """How much allowed text will be compared, as far as it can be told quickly."""
    total = 0
    for path in paths:
        total += _size(path)
        if total >= MOST_ALLOWED:
            return MOST_ALLOWED
    return total


def _size(path: str) -> int:
    try:
        return min(Path(path).stat().st_size, LARGEST_FILE)
    except OSError:
        return 0


def read_text(path: str) -> bytes | None:
    """The text of a file as UTF-8, of a long one its beginning and its end; None where there is none. Blocking."""
    try:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)
        with os.fdopen(os.open(path, flags), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                return None
            if found.st_size <= LARGEST_FILE:
                return as_text(file.read(LARGEST_FILE))
            head = file.read(LARGEST_FILE // 2)
            file.seek(-(LARGEST_FILE // 2), os.SEEK_END)
            return as_text(head + b"\n" + file.read(LARGEST_FILE // 2))
    except OSError:
        return None
