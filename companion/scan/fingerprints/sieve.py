"""Every stretch of which there may be a print, where that is little: most texts have none of it."""

from __future__ import annotations

import os
from collections.abc import Set as AbstractSet

from companion.scan.fingerprints.build import read_text
from companion.scan.fingerprints.prints import begins_stretch, stretches
from companion.scan.fingerprints.store import Source, stamp_of
from companion.scan.fingerprints.text import compared
from companion.scan.secrets.engine import TooMuchError
from companion.scan.secrets.places import Places

_LARGEST = 128 * 1024
"""Bytes of ignored text: a sieve of ordinary text takes some ten times as much memory."""
_MOST_PLACED = 3_000
"""So many stretches are looked for in one pass over a text: it takes a tenth of a second to get ready for that."""


class Sieve:
    """Knows all stretches of some files. Any thread may ask."""

    def __init__(self, known: AbstractSet[bytes]) -> None:
        self.known = known
        self._numbered = sorted(known)
        self._places: Places | None = None
        if known and len(known) <= _MOST_PLACED:
            places = Places([one.decode("latin-1") for one in self._numbered])
            # One after the other takes longer than to take all stretches of the text.
            self._places = places if places.fast else None

    def sift(self, norm: bytes) -> set[bytes]:
        """The stretches of what is compared of a text that are among the known."""
        if not self.known:
            return set()
        if self._places is not None:
            try:
                found = self._places.find(norm.decode("latin-1"))
            except TooMuchError:
                pass
            else:
                return {self._numbered[number] for at, number in found if begins_stretch(norm, at)}
        return stretches(norm) & self.known


def sieve_of(files: list[Source] | tuple[Source, ...]) -> Sieve | None:
    """A sieve for the index of these files; None where they are too much for one, or not as they were. Blocking."""
    if sum(source.stamp[1] for source in files) > _LARGEST:
        return None
    found: set[bytes] = set()
    for source in files:
        data = read_text(source.path)
        try:
            now = stamp_of(os.stat(source.path))  # noqa: PTH116 - as in walk.py
        except OSError:
            return None
        if data is None or now != source.stamp:
            return None
        found |= stretches(compared(data))
    return Sieve(found)
