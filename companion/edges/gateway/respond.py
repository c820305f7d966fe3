"""The way back to the agent: an ASGI response that is begun once, and kept alive while a person decides."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from companion.edges.extensions import FOLLOWS
from companion.edges.gateway.jsontext import dump
from companion.gatekeeper.tasks import spawn

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# A header's value with one of them would be read as two headers.
_LINE_ENDS = re.compile(r"[\x00\r\n]")

BEAT_SECONDS = 10.0
"""Measured: Cline, Claude Code and Codex give a silent stream up after 300 s."""


class Responder:
    """One response. `begin` before `write`; `finish` once."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False
        self._now: Callable[[], float] = float
        """The loop's clock, while somebody asks for it."""
        self._written_at = 0.0
        self._writing = 0
        self._beating: asyncio.Lock | None = None
        """Held while a beat is written: there is one writer at a time."""

    async def begin(self, status: int, headers: Sequence[tuple[str, str]], *, follows: bool = False) -> None:
        """`follows` says that the body is given at once, so the head need not go out by itself."""
        raw = [
            (
                name.encode("latin-1"),
                (value if value.isprintable() else _LINE_ENDS.sub(" ", value)).encode("latin-1", "replace"),
            )
            for name, value in headers
        ]
        self.begun = True
        await self._send({"type": "http.response.start", "status": status, "headers": raw, FOLLOWS: follows})

    async def write(self, data: bytes) -> None:
        if data:
            await self._give(data, more=True)

    async def finish(self, data: bytes = b"") -> None:
        await self._give(data, more=False)

    async def _give(self, data: bytes, *, more: bool) -> None:
        if self._beating is not None and self._beating.locked():
            async with self._beating:
                pass
        await self._put(data, more=more)

    async def _put(self, data: bytes, *, more: bool) -> None:
        self._writing += 1
        try:
            await self._send({"type": "http.response.body", "body": data, "more_body": more})
        finally:
            self._writing -= 1
            self._written_at = self._now()

    async def send_json(self, status: int, body: Any, headers: Sequence[tuple[str, str]] = ()) -> None:
        """A whole JSON response."""
        await self.whole(status, [("content-type", "application/json"), *headers], dump(body))

    async def whole(self, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        """A whole response; `headers` do not say its length."""
        await self.begin(status, [*headers, ("content-length", str(len(body)))], follows=True)
        await self.finish(body)

    @asynccontextmanager
    async def kept_alive(self, beat: Callable[[], Awaitable[bytes]]) -> AsyncIterator[None]:
        """While inside, `beat()` is written whenever nothing else was for BEAT_SECONDS; b"" writes nothing."""
        self._now = asyncio.get_running_loop().time
        self._written_at = self._now()
        self._beating = beating = asyncio.Lock()

        beats: list[asyncio.Task[None]] = []

        async def keep() -> None:
            while True:
                await asyncio.sleep(max(0.05, self._written_at + BEAT_SECONDS - self._now()))
                # An agent that has yet to read what is being written is not waiting.
                if not self._writing and self._now() - self._written_at >= BEAT_SECONDS:
                    data = await beat()
                    async with beating:
                        if data:
                            await self._put(data, more=True)
                    self._written_at = self._now()

        # Most answers are over before this: a task for each of them would be for nothing.
        start = asyncio.get_running_loop().call_later(
            BEAT_SECONDS, lambda: beats.append(spawn(keep(), "keep the agent waiting"))
        )
        try:
            yield
        finally:
            start.cancel()
            for task in beats:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
