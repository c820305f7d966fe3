"""One HTTP server among several in one process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

DRAIN_SECONDS = 5
"""How long calls under way may go on once the daemon stops."""

CANCEL_SECONDS = 2.0
_LAST_ANSWERS_SECONDS = 1.0

_HEAD_SECONDS = 0.005

GONE = "companion.gone"
"""An extension in an ASGI scope: takes what is to be called when the client has gone, and gives what takes it back."""


class Corked:
    """A transport that sends the head of an answer together with what is written next, in one packet.

    The server writes both apart, and each write is a system call and wakes the agent. Where nothing follows for some
    milliseconds the head goes alone.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""
        self._timed = False
        self._loop = asyncio.get_running_loop()

    def write(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
            self._transport.write(data)
        elif data.startswith(b"HTTP/1.1 "):
            self._head = data
            # One that is still set from an answer before only sends this head sooner.
            if not self._timed:
                self._timed = True
                self._loop.call_later(_HEAD_SECONDS, self._send_alone)
        else:
            self._transport.write(data)

    def close(self) -> None:
        self._send_head()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _send_alone(self) -> None:
        self._timed = False
        self._send_head()

    def _send_head(self) -> None:
        head, self._head = self._head, b""
        if head and not self._transport.is_closing():
            self._transport.write(head)


class _Protocol(HttpToolsProtocol):
    """Says at once when a client has gone, to who asked for it by the extension GONE.

    An app would else have to wait for the next message of every request in a task of its own.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._when_gone: dict[Callable[[], None], None] | None = {}
        super().connection_made(cast("asyncio.Transport", Corked(transport)))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        waiting, self._when_gone = self._when_gone or {}, None
        for callback in waiting:
            callback()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast("dict[str, Any]", self.scope)["extensions"] = {GONE: self._tell_when_gone}

    def _tell_when_gone(self, callback: Callable[[], None]) -> Callable[[], None]:
        waiting = self._when_gone
        if waiting is None:
            self.loop.call_soon(callback)
            return lambda: None
        waiting[callback] = None
        return partial(waiting.pop, callback, None)


class HttpServer(uvicorn.Server):
    """A uvicorn server among others in one process: it leaves signals to the daemon."""

    def __init__(self, app: Any, sockets: list[socket.socket]) -> None:
        config = uvicorn.Config(
            app,
            http=_Protocol,
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
