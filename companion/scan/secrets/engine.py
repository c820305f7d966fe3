"""What an engine is, and what it finds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from companion.model.facts import Confidence


@dataclass(frozen=True, slots=True)
class Span:
    """A secret at `start:end` (characters) of a text, as one engine sees it."""

    start: int
    end: int
    type: str
    """Becomes the TYPE of the placeholder, see `companion.policy.redaction.type_name`."""
    rule: str
    engine: str
    confidence: Confidence


class TooMuchError(Exception):
    """A text takes more work than is allowed for one: what it holds is not known."""


_SELDOM = 16


class _Allowance(threading.local):
    until = float("inf")
    asked = 0


_allowance = _Allowance()


@contextmanager
def allowed(seconds: float) -> Iterator[None]:
    """Within, this thread's engines may work so long, in its own processor time: other threads take none of it."""
    before = _allowance.until
    _allowance.until = min(before, time.thread_time() + seconds)
    try:
        yield
    finally:
        _allowance.until = before


def allowance() -> float:
    """How many seconds of work this thread has left. Raises TooMuchError where there are none.

    An engine asks at each place in a text that takes it long, so that no text keeps it longer. Asking takes 1 µs.
    """
    left = _allowance.until - time.thread_time()
    if left <= 0:
        raise TooMuchError
    return left


def glance() -> None:
    """As `allowance`, for places that take some µs each: looks at the clock at every sixteenth of them."""
    _allowance.asked += 1
    if _allowance.asked >= _SELDOM:
        _allowance.asked = 0
        allowance()


class Engine(Protocol):
    """Finds secrets in one text by what the text looks like. Safe to use from several threads."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Changes whenever the engine might find something else in the same text."""
        ...

    def load(self) -> str:
        """Makes the engine ready; may take seconds the first time, costs nothing later.

        Gives "" when it is ready, else why it is missing. A missing engine is not asked to find.
        """
        ...

    def find(self, text: str) -> list[Span]:
        """Every secret in `text`, in any order; spans may overlap. An exception means: not examined.

        Raises TooMuchError by asking for its `allowance`.
        """
        ...


def installed(package: str) -> str:
    """The version of a package, "" where it is not installed."""
    # Imported here: it takes as long as all engines together, and a start has no use for it.
    from importlib import metadata  # noqa: PLC0415

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
