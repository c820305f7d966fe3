"""Tells in one pass where any of many short texts stands, whatever the case of its letters."""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Sequence
from itertools import islice
from typing import Any

from companion.scan.secrets.engine import TooMuchError

_PACKAGE = "hyperscan"
_FEWEST_ALLOWED = 20_000
_ROOM = 25
"""So many characters of a text allow for one more place."""

_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}

Place = tuple[int, int]
"""Where a text starts, and its number."""


class Places:
    """Over texts in lower case. Any thread may ask; ASCII letters match in either case, all others as they are.

    Hyperscan finds them where it is installed; without it each is looked for by itself, with the same result.
    """

    def __init__(self, literals: Sequence[str], expressions: Sequence[str] = ()) -> None:
        """Compiles them: a millisecond for forty.

        `expressions` are ASCII, in what `re` and Hyperscan both know, and are numbered after the texts.
        """
        self._literals = tuple(literals)
        self._expressions = [re.compile(expression, re.ASCII) for expression in expressions]
        self._sizes = [len(literal.encode()) for literal in literals]
        self._local = threading.local()
        self._database: Any = None
        try:
            self._module: Any = importlib.import_module(_PACKAGE)
        except ImportError:
            return
        self._database = self._compiled()

    @property
    def fast(self) -> bool:
        """Whether one pass does it."""
        return self._database is not None

    def find(self, text: str) -> list[Place]:
        """Every place, sorted. Raises TooMuchError for a text that consists of them."""
        most = _FEWEST_ALLOWED + len(text) // _ROOM
        if self._database is None:
            return self._one_by_one(text, most)
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = self._module.Scratch(self._database)
        found: list[Place] = []
        sizes, known = self._sizes, len(self._sizes)

        def note(number: int, start: int, end: int, _flags: int, _context: object) -> bool:
            found.append((end - sizes[number] if number < known else start, number))
            return len(found) > most

        data = text.encode("utf-8", "surrogatepass")
        try:
            self._database.scan(data, note, scratch=scratch)
        except self._module.ScanTerminated:
            raise TooMuchError from None
        found = sorted(set(found)) if self._expressions else sorted(found)
        return found if len(data) == len(text) else _in_characters(data, found)

    def _one_by_one(self, text: str, most: int) -> list[Place]:
        lowered = lower(text)
        found: list[Place] = []
        for number, literal in enumerate(self._literals):
            start = lowered.find(literal)
            while start >= 0:
                found.append((start, number))
                if len(found) > most:
                    raise TooMuchError
                start = lowered.find(literal, start + 1)
        for number, expression in enumerate(self._expressions, len(self._literals)):
            found += [(match.start(), number) for match in islice(expression.finditer(text), most)]
        found.sort()
        return found

    def _compiled(self) -> Any:
        sdk = self._module
        database = sdk.Database(mode=sdk.HS_MODE_BLOCK)
        try:
            texts = [b"".join(b"\\x%02x" % byte for byte in literal.encode()) for literal in self._literals]
            others = [expression.pattern.encode() for expression in self._expressions]
            database.compile(
                expressions=texts + others,
                ids=list(range(len(texts) + len(others))),
                elements=len(texts) + len(others),
                flags=[sdk.HS_FLAG_CASELESS] * len(texts) + [sdk.HS_FLAG_SOM_LEFTMOST] * len(others),
            )
        except sdk.HyperscanError:
            # A processor that it does not know: slower, and as right.
            return None
        return database


def _in_characters(data: bytes, places: list[Place]) -> list[Place]:
    """Places in bytes as places in characters."""
    told: list[Place] = []
    at, characters = 0, 0
    for start, number in places:
        characters += len(data[at:start].decode("utf-8", "surrogatepass"))
        at = start
        told.append((characters, number))
    return told


def lower(text: str) -> str:
    """`text` with its ASCII letters in lower case."""
    return text.lower() if text.isascii() else text.translate(_LOWER)
