"""Lines on their way into the ledger, in a file beside it, so that nobody has to wait for a commit.

A line that was appended survives the daemon's death: the next start puts it into the ledger, which takes each line
once. It does not survive a power cut; that is what commits are for. Two files take turns: while the lines of one are
being committed, the other grows.
"""

from __future__ import annotations

import os
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from struct import Struct

import msgspec

from companion.model.record import Closing, Opening

Line = Opening | Closing

NOWHERE = -1
"""Where a line stands that is in no file."""

_HEAD = Struct("<cII")
"""Kind, size and checksum of what follows."""
_TYPES: dict[bytes, type[Line]] = {b"o": Opening, b"c": Closing}
_SLOW_SECONDS = 0.02
_REST_SECONDS = 10.0

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)

_CANNOT = (OSError, TypeError, ValueError, OverflowError)

_encode = msgspec.json.Encoder().encode


class Journal:
    """Two files of about `size` bytes at most. `append` is for any thread, the rest for one."""

    def __init__(self, path: Path, size: int = 256 * 1024, now: Callable[[], float] = time.monotonic) -> None:
        """`path` names them, with a number behind it."""
        self._paths = tuple(path.with_name(f"{path.name}.{number}") for number in (0, 1))
        self._limit = size
        self._now = now
        self._lock = threading.Lock()
        self._files: list[int | None] = [None, None]
        self._at = 0
        self._sizes = [0, 0]
        self._appended = [0, 0]
        self._settled = [0, 0]
        self._rests_until = 0.0
        self._held: list[bytes] = []

    def left(self) -> list[Line]:
        """The lines that the last daemon left, those among them that it has committed. Raises OSError."""
        return [line for path in self._paths for line in _lines(path)]

    def start(self) -> None:
        """Forgets what was left, and takes lines from now on. Raises OSError."""
        self._at, self._appended, self._settled = 0, [0, 0], [0, 0]
        for number in (0, 1):
            self._open(number)

    def stop(self) -> None:
        """Takes no more lines. What the ledger has is forgotten."""
        self.flush()
        with self._lock:
            for number, file in enumerate(self._files):
                self._files[number] = None
                if file is not None:
                    if self._settled[number] == self._appended[number]:
                        os.ftruncate(file, 0)
                    os.close(file)

    def check(self) -> None:
        """Makes a file anew that somebody took away: what of it is not committed yet then lives in memory alone.

        Raises OSError, and then takes no lines.
        """
        for number, (path, file) in enumerate(zip(self._paths, self._files, strict=True)):
            try:
                there = file is not None and os.path.samestat(path.stat(), os.fstat(file))
            except FileNotFoundError:
                there = False
            if not there:
                self._open(number)

    def append(self, line: Line) -> int:
        """The number of the file that has the line now; NOWHERE when it has to be committed to be safe.

        Takes microseconds. Where the disk makes it wait, nothing is appended for some seconds.
        """
        try:
            record = _record(line)
            with self._lock:
                return self._append(record)
        except _CANNOT:
            return NOWHERE

    def append_soon(self, line: Line) -> int:
        """As `append`, but the line goes into the file with the next that is appended, or with `flush`."""
        try:
            record = _record(line)
            with self._lock:
                if self._files[self._at] is None:
                    return NOWHERE
                self._held.append(record)
                self._appended[self._at] += 1
                return self._at
        except _CANNOT:
            return NOWHERE

    def flush(self) -> None:
        """What was to go into the file soon is in it now; without room there it lives in memory until its commit."""
        with self._lock, suppress(OSError):
            if self._held:
                self._write(self._take())

    def settle(self, numbers: Iterable[int]) -> None:
        """The ledger has the lines that stand in these files, one number a line."""
        for number in numbers:
            if number != NOWHERE:
                self._settled[number] += 1

    def _append(self, record: bytes) -> int:
        other = 1 - self._at
        if self._sizes[self._at] > self._limit and self._settled[other] == self._appended[other]:
            # What is held is counted in this file.
            self._write(self._take())
            if (idle := self._files[other]) is not None:
                os.ftruncate(idle, 0)
            self._sizes[other], self._at = 0, other
        if not self._write(self._take() + record):
            return NOWHERE
        self._appended[self._at] += 1
        return self._at

    def _take(self) -> bytes:
        held, self._held = b"".join(self._held), []
        return held

    def _write(self, records: bytes) -> bool:
        file, now = self._files[self._at], self._now()
        if file is None or now < self._rests_until:
            return False
        written = os.write(file, records)
        if written < len(records):
            # Behind half a line none could be read.
            os.ftruncate(file, self._sizes[self._at])
            return False
        self._sizes[self._at] += written
        if self._now() - now > _SLOW_SECONDS:
            self._rests_until = now + _REST_SECONDS
        return True

    def _open(self, number: int) -> None:
        with self._lock:
            if (before := self._files[number]) is not None:
                self._files[number] = None
                os.close(before)
            self._files[number] = os.open(self._paths[number], _FLAGS, 0o600)
            self._sizes[number] = 0


def _record(line: Line) -> bytes:
    said = _encode(line)
    return _HEAD.pack(b"o" if isinstance(line, Opening) else b"c", len(said), zlib.crc32(said)) + said


def _lines(path: Path) -> Iterable[Line]:
    """Those that are whole; the last one may have been cut short with its daemon."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return
    at = 0
    while at + _HEAD.size <= len(raw):
        kind, size, checksum = _HEAD.unpack_from(raw, at)
        said = raw[at + _HEAD.size : at + _HEAD.size + size]
        if len(said) < size or zlib.crc32(said) != checksum or kind not in _TYPES:
            return
        at += _HEAD.size + size
        try:
            yield msgspec.json.decode(said, type=_TYPES[kind])
        except msgspec.ValidationError:
            continue
