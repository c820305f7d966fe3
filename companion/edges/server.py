"""One HTTP server among several in one process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Iterator
from typing import Any

import uvicorn

DRAIN_SECONDS = 5
"""How long calls under way may go on once the daemon stops."""


class HttpServer(uvicorn.Server):
    """A uvicorn server among others in one process: it leaves signals to the daemon."""

    def __init__(self, app: Any, sockets: list[socket.socket]) -> None:
        config = uvicorn.Config(
            app,
            http="httptools" if sys.platform != "win32" else "auto",
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
