"""One HTTP server among several in one process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Sequence
from typing import Any, cast

import uvicorn

from companion.edges.http1.protocol import HttpProtocol

DRAIN_SECONDS = 5
"""How long calls under way may go on once the daemon stops."""

CANCEL_SECONDS = 2.0
_LAST_ANSWERS_SECONDS = 1.0


class HttpServer(uvicorn.Server):
    """A uvicorn server among others in one process: it leaves signals to the daemon."""

    def __init__(self, app: Any, sockets: list[socket.socket]) -> None:
        config = uvicorn.Config(
            app,
            http=cast("Any", HttpProtocol),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        super().__init__(config)
        self._sockets = sockets
        self.started_event = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.started_event.set()

    async def run(self) -> None:  # type: ignore[override]
        await self.serve(sockets=self._sockets)


async def drain(servers: Sequence[HttpServer], serving: Sequence[asyncio.Task[None]]) -> None:
    """Waits for the calls under way, the gateway's first: `servers` begins with it."""
    for server in servers:
        server.should_exit = True
    await asyncio.wait(serving[:1], timeout=DRAIN_SECONDS * 2)
    await asyncio.wait(serving, timeout=_LAST_ANSWERS_SECONDS)
    # A face that does not read its events would hold up the end for as long as an agent may.
    for server in servers:
        server.force_exit = True
    await asyncio.wait(serving, timeout=_LAST_ANSWERS_SECONDS)
    for answering in (left := [task for server in servers for task in server.server_state.tasks]):
        answering.cancel()
    if left:
        await asyncio.wait(left, timeout=CANCEL_SECONDS)
