"""The index on disk: what it was made of, and the prints, sorted, with the file that each is of.

One file, 0600: a line that names the format, the length of a JSON header, the header, then 65,537 numbers that say
where the prints with the same first two bytes begin, the prints, and the numbers of their files. The last three are
read from the disk as they are asked for, so that an index takes hardly any memory.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import sys
import tempfile
from array import array
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from companion.model.facts import IgnoreMatch
from companion.scan.fingerprints.prints import SIZE

_FORMAT = b"companion prints 1\n"
_BUCKETS = 65_536
_OFFSETS = 4 * (_BUCKETS + 1)
_LARGEST_HEADER = 64 * 1024 * 1024

Stamp = tuple[int, int, int]
"""What changes when a file does: time of change, size, inode."""


class Source(Struct, frozen=True):
    """A file whose text is known, absolute, and the rule that ignores it."""

    path: str
    rule: IgnoreMatch
    stamp: Stamp


class Left(Struct, frozen=True):
    """Why ignored text is not in the index: how many files, and one of them."""

    files: int
    example: str


class Header(Struct, frozen=True):
    """`made_of` names workspace, rules and limits: an index of anything else is of no use."""

    made_of: str
    version: str
    """Names the prints: equal where they are. Set by `write`."""
    built_ns: int
    sources: tuple[Source, ...]
    looked_at: Mapping[str, Stamp]
    """Folders and ignore files, by absolute path: a change of one may mean new ignored text."""
    prints: int
    bytes: int
    """Of ignored text."""
    allowed_bytes: int = 0
    """Of allowed text that was compared with it."""
    left_out: Mapping[str, Left] = field(default_factory=dict[str, Left])
    """By reason, in words."""
    young: bool = False
    """Whether something was left out that counts when it has settled."""
    hurried: bool = False
    """Whether something was left out for want of time: a whole index is to follow."""


class Unusable(Exception):  # noqa: N818 - an answer, not a failure
    """There is no index in this file, or it is of another version, or damaged."""


@dataclass(frozen=True, slots=True)
class Index:
    """Prints that can be looked for. Any thread may."""

    header: Header
    _data: mmap.mmap | bytes
    _offsets: memoryview
    _keys: int
    """Where the prints begin."""
    _owners: memoryview

    def owners(self, wanted: AbstractSet[bytes]) -> dict[bytes, int]:
        """The number of the source of each print that one has."""
        numbered = ((one, self._number(one)) for one in wanted)
        return {one: self._owners[number] for one, number in numbered if number >= 0}

    def _number(self, one: bytes) -> int:
        """Where the print stands among all, or -1."""
        bucket = one[0] << 8 | one[1]
        begin, end = self._keys + self._offsets[bucket] * SIZE, self._keys + self._offsets[bucket + 1] * SIZE
        at = self._data.find(one, begin, end)
        while at >= 0 and (at - self._keys) % SIZE:
            at = self._data.find(one, at + 1, end)
        return (at - self._keys) // SIZE if at >= 0 else -1

    def prints(self) -> Iterator[tuple[bytes, int]]:
        """Each print with its source's number."""
        for number, owner in enumerate(self._owners):
            at = self._keys + number * SIZE
            yield bytes(self._data[at : at + SIZE]), owner


def write(path: Path, header: Header, owners: Mapping[bytes, int]) -> None:
    """Puts the index in the place of the one before, whole or not at all."""
    ordered = sorted(owners)
    prints = b"".join(ordered)
    header = replace(header, version=hashlib.blake2b(header.made_of.encode() + prints, digest_size=16).hexdigest())
    counts = array("I", bytes(_OFFSETS))
    for one in ordered:
        counts[(one[0] << 8 | one[1]) + 1] += 1
    offsets = array("I", accumulate(counts))
    numbers = array("I", [owners[one] for one in ordered])
    if sys.byteorder == "big":  # pragma: no cover - no such machine in CI
        offsets.byteswap()
        numbers.byteswap()
    try:
        told = msgspec.json.encode(header)
    except UnicodeEncodeError:
        # Names that are no UTF-8 hold half characters, which only the slow one writes and reads.
        told = json.dumps(msgspec.to_builtins(header)).encode()
    handle, fresh = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            body = hashlib.blake2b(told, digest_size=16)
            parts = (offsets.tobytes(), prints, numbers.tobytes())
            for part in parts:
                body.update(part)
            file.write(_FORMAT + body.digest() + len(told).to_bytes(4, "little") + told)
            file.write(bytes(-file.tell() % 8))
            for part in parts:
                file.write(part)
        Path(fresh).replace(path)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise


def read(path: Path) -> Index:
    """Raises Unusable."""
    try:
        with path.open("rb") as file:
            if file.read(len(_FORMAT)) != _FORMAT:
                raise Unusable("it has another format")
            digest = file.read(16)
            length = int.from_bytes(file.read(4), "little")
            if length > _LARGEST_HEADER:
                raise Unusable("it is damaged")
            told = file.read(length)
            begin = file.tell() + -file.tell() % 8
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        body = hashlib.blake2b(told, digest_size=16)
        with memoryview(data) as view, view[begin:] as rest:
            body.update(rest)
        if body.digest() != digest:
            raise Unusable("it is damaged")
        header = _header(told)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise Unusable(f"it cannot be read ({type(error).__name__})") from None
    keys = begin + _OFFSETS
    end = keys + header.prints * SIZE
    view = memoryview(data)
    return Index(header, data, view[begin:keys].cast("I"), keys, view[end:].cast("I"))


def _header(told: bytes) -> Header:
    try:
        return msgspec.json.decode(told, type=Header)
    except msgspec.DecodeError:
        return msgspec.convert(json.loads(told), Header)


def stamp_of(found: os.stat_result) -> Stamp:
    """Of a file or a folder. The change time is the one that no program can set."""
    return (max(found.st_mtime_ns, found.st_ctime_ns), found.st_size, found.st_ino)
