"""Refusals of the control API, and how the rooms below have theirs turned into them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from companion.ledger.errors import LedgerError


class Refusal(Exception):  # noqa: N818 - an answer
    """Becomes a Problem with this status."""

    def __init__(self, status: int, code: str, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.next = next_step


@contextmanager
def refusing() -> Iterator[None]:
    """Turns what the ledger's rooms object to into a refusal."""
    try:
        yield
    except LedgerError as error:
        raise Refusal(409, "ledger", str(error), error.next) from error
    except ValueError as error:
        raise Refusal(400, "bad-request", str(error)) from error
