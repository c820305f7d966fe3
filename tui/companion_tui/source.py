"""Where the terminal UI gets its data: the daemon, or in tests something that answers like it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from companion.client import AsyncClient, Call, NotRunning, Refused, find_operator
from companion.contract.codec import WireError
from companion.contract.types import Event

T = TypeVar("T")


class Source(Protocol):
    """What the terminal UI needs of `companion.client.AsyncClient`.

    Both methods raise NotRunning when nobody listens, Refused when the daemon says no, WireError for malformed data.
    """

    async def do(self, call: Call[T]) -> T: ...

    def events(self) -> AsyncIterator[Event]: ...


Connect = Callable[[], AbstractAsyncContextManager[Source]]
"""Opens a source; may block for some milliseconds, and raises NotRunning when there is no daemon."""


def connect_to_daemon() -> AbstractAsyncContextManager[Source]:
    """The operator's side of the running daemon. Raises NotRunning."""
    return AsyncClient(find_operator())


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error as a person reads it: what happened, and the command that mends it ("" when there is none)."""

    text: str
    next: str = ""
    code: str = ""
    """The daemon's own code where it refused; "not-running" when nobody listens."""

    def __str__(self) -> str:
        return f"{self.text}. Next: {self.next}" if self.next else self.text


def explain(error: BaseException) -> Trouble:
    """The trouble behind an error of a source. Of a group, the first one."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, NotRunning):
        return Trouble(str(error), error.next, "not-running")
    if isinstance(error, Refused):
        return Trouble(error.problem.message, error.problem.next, error.problem.code)
    if isinstance(error, WireError):
        first_line = (str(error).splitlines() or ["no details"])[0]
        return Trouble(f"the daemon's answer cannot be read ({first_line})", "companion doctor", "malformed")
    return Trouble(f"unexpected: {type(error).__name__}: {error}", "companion doctor", "unexpected")
