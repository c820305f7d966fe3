"""The way back to the agent: an ASGI response that is begun once and written to by one writer at a time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

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
        self._lock = asyncio.Lock()
        self.begun = False
        self._written_at = 0.0

    async def begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        raw = [
            (name.encode("latin-1"), _LINE_ENDS.sub(" ", value).encode("latin-1", "replace")) for name, value in headers
        ]
        self.begun = True
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def write(self, data: bytes) -> None:
        if not data:
            return
        async with self._lock:
            self._written_at = asyncio.get_running_loop().time()
            await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def finish(self, data: bytes = b"") -> None:
        async with self._lock:
            await self._send({"type": "http.response.body", "body": data, "more_body": False})

    async def send_json(self, status: int, body: Any, headers: Sequence[tuple[str, str]] = ()) -> None:
        """A whole JSON response."""
        raw = dump(body)
        head = [("content-type", "application/json"), ("content-length", str(len(raw))), *headers]
        await self.begin(status, head)
        await self.finish(raw)

    @asynccontextmanager
    async def kept_alive(self, beat: Callable[[], Awaitable[bytes]]) -> AsyncIterator[None]:
        """While inside, `beat()` is written whenever nothing else was for BEAT_SECONDS; b"" writes nothing."""
        loop = asyncio.get_running_loop()
        self._written_at = loop.time()

        async def keep() -> None:
            while True:
                await asyncio.sleep(max(0.05, self._written_at + BEAT_SECONDS - loop.time()))
                if loop.time() - self._written_at >= BEAT_SECONDS:
                    data = await beat()
                    await self.write(data)
                    self._written_at = loop.time()

        task = spawn(keep(), "keep the agent waiting")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
