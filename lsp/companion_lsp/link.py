"""The way to the daemon: sought, held while it lasts, and sought again when the daemon goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from enum import Enum
from typing import TypeVar

from companion.client import AsyncClient, Call, Endpoint, NotRunning, Refused, calls, find_agent, find_operator
from companion.contract.codec import WireError
from companion.contract.types import Event, Status

T = TypeVar("T")

_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 2.0

_POLL = 5.0
"""Seconds after which features look again, should an event have been missed."""


class Follower:
    """A feature that follows the daemon. Each method is called on the event loop and does nothing unless overridden."""

    def found(self, status: Status, *, can_answer: bool) -> None:
        """The daemon answers. `can_answer` is False when only the agent's side can be reached."""

    def lost(self, why: str) -> None:
        """The daemon does not answer, for the first time or any more."""

    def hear(self, event: Event) -> None:
        """Something happened."""

    async def refresh(self) -> None:
        """Time to look for approvals: after `found`, after one changed, and now and then. Raises what a call raises."""


class Line:
    """One control socket, opened when it is first needed and opened anew when the daemon has moved."""

    def __init__(self, find: Callable[[], Endpoint]) -> None:
        self._find = find
        self._endpoint: Endpoint | None = None
        self._client: AsyncClient | None = None

    async def do(self, call: Call[T]) -> T:
        """Raises NotRunning, Refused or WireError."""
        return await (await self._open()).do(call)

    async def events(self) -> AsyncIterator[Event]:
        """Until the daemon goes away. Raises as `do`."""
        async for event in (await self._open()).events():
            yield event

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.__aexit__(None, None, None)

    async def _open(self) -> AsyncClient:
        endpoint = self._find()
        if self._client is None or endpoint != self._endpoint:
            await self.close()
            self._client, self._endpoint = AsyncClient(endpoint), endpoint
        return self._client


class _Standing(Enum):
    UNKNOWN = "unknown"
    DOWN = "down"
    ASKS_ONLY = "asks only"
    UP = "up"


class Link:
    """Both lines to the daemon, and the loop that tells followers how it stands. `run` ends only when cancelled."""

    def __init__(
        self, find_asking: Callable[[], Endpoint] = find_agent, find_answering: Callable[[], Endpoint] = find_operator
    ) -> None:
        self.agent = Line(find_asking)
        self.operator = Line(find_answering)
        self._followers: list[Follower] = []
        self._standing = _Standing.UNKNOWN
        self._wake = asyncio.Event()

    def follow(self, follower: Follower) -> None:
        self._followers.append(follower)

    async def run(self) -> None:
        pause = _FIRST_PAUSE
        try:
            while True:
                began = asyncio.get_running_loop().time()
                try:
                    await self._attend()
                except Exception as error:  # noqa: BLE001 - whatever broke the link is told, and the next may hold
                    self._settle_down(explain(error))
                if asyncio.get_running_loop().time() - began > _POLL:
                    pause = _FIRST_PAUSE
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
        finally:
            await self.agent.close()
            await self.operator.close()

    async def _attend(self) -> None:
        status = await self.agent.do(calls.status())
        try:
            await self.operator.do(calls.pending())
        except (NotRunning, Refused):
            self._settle(_Standing.ASKS_ONLY, status)
            return
        self._settle(_Standing.UP, status)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(), name="lsp-listen")
            group.create_task(self._look(), name="lsp-look")

    async def _listen(self) -> None:
        try:
            async for event in self.operator.events():
                for follower in self._followers:
                    follower.hear(event)
                if event.name.startswith("approval."):
                    self._wake.set()
        except WireError as error:
            raise NotRunning(f"the daemon sent an event that cannot be read ({error})", "companion doctor") from error
        raise NotRunning("the daemon went away")

    async def _look(self) -> None:
        while True:
            self._wake.clear()
            for follower in self._followers:
                await follower.refresh()
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL):
                    await self._wake.wait()

    def _settle(self, standing: _Standing, status: Status) -> None:
        if standing is not self._standing:
            self._standing = standing
            for follower in self._followers:
                follower.found(status, can_answer=standing is _Standing.UP)

    def _settle_down(self, why: str) -> None:
        if self._standing is not _Standing.DOWN:
            self._standing = _Standing.DOWN
            for follower in self._followers:
                follower.lost(why)


def explain(error: BaseException) -> str:
    """What went wrong and what to do next, in one line. Of a group, the first error."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    match error:
        case NotRunning():
            return f"{error}. Next: {error.next}"
        case Refused(problem=problem):
            return f"{problem.message}. Next: {problem.next}" if problem.next else problem.message
        case WireError():
            return f"the daemon's answer cannot be read ({str(error).partition(chr(10))[0]}). Next: companion doctor"
        case _:
            return f"unexpected: {type(error).__name__}: {error}. Next: companion doctor"
