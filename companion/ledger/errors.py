"""What can go wrong with the ledger. Every message says what, where and what to do next."""

from __future__ import annotations


class LedgerError(Exception):
    """The ledger cannot be used. `next` is the step that mends it, "" where there is none."""

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.next = next_step


class LedgerUnavailable(LedgerError):  # noqa: N818 - says what is so
    """A line could not be made durable in time. It may still be written: whoever opened must close as well."""


class KeyProblem(LedgerError):  # noqa: N818 - as above
    """A virtual key that cannot be made or found as asked."""


class AcceptanceProblem(LedgerError):  # noqa: N818 - as above
    """What cannot be accepted, or taken back, as asked."""
