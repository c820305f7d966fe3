"""Why a connection cannot be made or undone."""

from __future__ import annotations


class Impossible(Exception):  # noqa: N818 - an answer to the user
    """Nothing was changed. `next` is the step to take."""

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.next = next_step


class Unparseable(ValueError):  # noqa: N818 - says what the text is
    """Text that is not in the syntax it should be in. Line and column count from 1; 0 where there is none to name."""

    def __init__(self, why: str, line: int = 0, column: int = 0) -> None:
        super().__init__(why)
        self.line = line
        self.column = column


class Unfit(ValueError):  # noqa: N818 - says what the text is
    """Text that parses, but has no place for an entry; the message says which key is in the way."""
