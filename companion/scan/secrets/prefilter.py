"""Tells in one pass which of many expressions can match in a text at all, so that only those are tried.

Hyperscan does it where it is installed, five hundred times as fast as trying each; without it each can match.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Sequence
from typing import Any

from companion.scan.secrets.engine import installed

_PACKAGE = "hyperscan"


def standing() -> str:
    """The version of what makes it fast, or "missing: " and what that means."""
    return installed(_PACKAGE) or "missing: not installed; scans take several times as long and find the same"


class Prefilter:
    """Over expressions in the syntax of `re`, written in ASCII, or over literals of any letters. Any thread may ask.

    An expression is never left out that matches; one that does not may be named.
    """

    def __init__(self, expressions: Sequence[str], *, literal: bool = False) -> None:
        """Compiles them: a millisecond for an expression or for forty literals. Raises ValueError."""
        if not literal and not all(expression.isascii() for expression in expressions):
            raise ValueError("a prefilter's expressions are ASCII")
        self._all = tuple(range(len(expressions)))
        self._local = threading.local()
        self._database: Any = None
        if not expressions:
            return
        try:
            self._module: Any = importlib.import_module(_PACKAGE)
        except ImportError:
            return
        raw = [one.encode("utf-8", "surrogatepass") for one in expressions]
        self._database = self._compiled(raw, literal=literal)

    @property
    def fast(self) -> bool:
        """Whether it knows anything."""
        return self._database is not None

    def possible(self, text: str) -> Sequence[int]:
        """The places, among the expressions and in their order, of those that may match somewhere in `text`."""
        if self._database is None:
            return self._all
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = self._module.Scratch(self._database)
        found: list[int] = []
        self._database.scan(text.encode("utf-8", "surrogatepass"), _note, context=found, scratch=scratch)
        return sorted(found)

    def _compiled(self, expressions: list[bytes], *, literal: bool) -> Any:
        sdk = self._module
        once = sdk.HS_FLAG_SINGLEMATCH
        database = sdk.Database(mode=sdk.HS_MODE_BLOCK)
        try:
            database.compile(
                expressions=expressions,
                ids=list(range(len(expressions))),
                elements=len(expressions),
                # What the library does not know, such as looking behind, counts as matching.
                flags=[once if literal else once | sdk.HS_FLAG_PREFILTER] * len(expressions),
                literal=literal,
            )
        except sdk.HyperscanError:
            # A processor that it does not know, or a build without some feature: slower, and as right.
            return None
        return database


def _note(number: int, _start: int, _end: int, _flags: int, found: list[int]) -> None:
    found.append(number)
