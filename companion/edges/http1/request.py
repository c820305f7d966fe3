"""One request and its answer, as ASGI has them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Protocol

from uvicorn.server import ServerState

from companion.edges.extensions import FOLLOWS
from companion.telemetry.log import get_logger

_BODYLESS = frozenset({204, 304})
_END_OF_HEAD = (b"", b"")

_log = get_logger(__name__)

Message = MutableMapping[str, Any]
App = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


class Client(Protocol):
    """The connection that a request came on."""

    server: ServerState
    drained: asyncio.Future[None] | None
    """While the client takes too little; done when more may be written."""

    def hold(self, head: bytes, *, follows: bool) -> None:
        """Sends it with what is written next, or soon where that does not follow at once."""
        ...

    def write(self, data: bytes) -> None: ...

    def proceed(self) -> None:
        """The client may send the body."""
        ...

    def resume_reading(self) -> None: ...

    def answered(self, request: Request) -> None:
        """The request has its whole answer."""
        ...

    def close(self) -> None:
        """Once everything is written."""
        ...


class Request:
    """Fed by its connection, asked by its app."""

    __slots__ = (
        "_chunked",
        "_client",
        "_expects",
        "_head_only",
        "_left",
        "_parts",
        "_scope",
        "_size",
        "_told",
        "_waiters",
        "begun",
        "complete",
        "gone",
        "keep_alive",
        "more",
    )

    def __init__(self, client: Client, scope: MutableMapping[str, Any], *, keep_alive: bool, expects: bool) -> None:
        self._client = client
        self._scope = scope
        self._expects = expects
        self._head_only = scope["method"] == "HEAD"
        self._parts: list[bytes] = []
        self._size = 0
        self._told = False
        """The app has all of the body."""
        self._waiters: list[asyncio.Future[None]] = []
        self._left: int | None = None
        self._chunked = False
        self.keep_alive = keep_alive
        self.more = True
        """Whether more of the body is to come."""
        self.begun = False
        self.complete = False
        """The answer is whole."""
        self.gone = False
        """There is nobody to be answered."""

    def feed(self, body: bytes) -> int:
        """How much waits to be taken now. What comes after the answer nobody wants."""
        if self.complete or self.gone:
            return 0
        self._parts.append(body)
        self._size += len(body)
        self._wake()
        return self._size

    def end(self) -> None:
        """The body is all there."""
        self.more = False
        self._wake()

    def leave(self) -> None:
        """The client has gone."""
        self.gone = True
        self._wake()

    def whole(self) -> bytes | None:
        """As the extension BODY."""
        if self.more or self._told or self.gone:
            return None
        self._told = True
        return self._take()

    async def run(self, app: App) -> None:
        """Has the request answered, whatever the app does."""
        try:
            await app(self._scope, self.receive, self.send)
            if not self.complete and not self.gone:
                _log.error("app.unfinished", path=self._scope["path"])
                await self._give_up()
        except Exception as error:  # noqa: BLE001 - a server outlives each of its requests
            _log.error("app.failed", error, path=self._scope["path"])
            if not self.complete:
                await self._give_up()
        except asyncio.CancelledError:
            if not self.complete and not self.gone:
                self._client.close()
            raise

    async def receive(self) -> Message:
        if self._expects and not self.begun:
            self._expects = False
            self._client.proceed()
        while not (self.gone or self.complete or self._parts or (not self.more and not self._told)):
            # An app may listen for the end in one task and read in another.
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            finally:
                self._waiters.remove(waiter)
        if self.gone or self.complete:
            return {"type": "http.disconnect"}
        self._told = not self.more
        return {"type": "http.request", "body": self._take(), "more_body": self.more}

    async def send(self, message: Message) -> None:
        """Raises RuntimeError for what is no answer: ASGI's messages out of order, or another length than was said."""
        if (drained := self._client.drained) is not None and not self.gone:
            await asyncio.shield(drained)
        if self.gone:
            return
        kind = message["type"]
        if not self.begun:
            if kind != "http.response.start":
                raise RuntimeError(f"an answer does not begin with {kind}")
            self._begin(message["status"], message.get("headers", ()), follows=message.get(FOLLOWS, False))
        elif self.complete or kind != "http.response.body":
            raise RuntimeError(f"{kind} after the answer's {'end' if self.complete else 'head'}")
        else:
            self._go_on(message.get("body", b""), more=message.get("more_body", False))

    def _begin(self, status: int, headers: Iterable[tuple[bytes, bytes]], *, follows: bool) -> None:
        said = [*self._client.server.default_headers, *headers]
        known = {name.lower(): value for name, value in said}
        if b"connection" in known:
            # How long it stays is this server's to say.
            closes = any(name.lower() == b"connection" and b"close" in value.lower() for name, value in said)
            self.keep_alive = self.keep_alive and not closes
            said = [(name, value) for name, value in said if name.lower() != b"connection"]
        if (length := known.get(b"content-length")) is not None:
            self._left = int(length)
        lines = [status_line(status), *map(b": ".join, said)]
        if not self.keep_alive:
            lines.append(b"connection: close")
        if self._left is None and not self._head_only and status not in _BODYLESS:
            if self._scope["http_version"] == "1.1":
                self._chunked = True
                lines.append(b"transfer-encoding: chunked")
        elif self._head_only or status in _BODYLESS:
            self._left = 0
        lines += _END_OF_HEAD
        head = b"\r\n".join(lines)
        if not head.count(b"\n") == head.count(b"\r") == len(lines) - 1 or b"\0" in head:
            raise RuntimeError("a header of the answer holds a CR, LF or NUL")
        self.begun = True
        self._client.hold(head, follows=follows)

    def _go_on(self, body: bytes, *, more: bool) -> None:
        if self._head_only:
            body = b""
        elif self._chunked:
            end = b"" if more else b"0\r\n\r\n"
            body = b"%x\r\n%b\r\n%b" % (len(body), body, end) if body else end
        elif self._left is not None:
            self._left -= len(body)
            if self._left < 0 or (self._left and not more):
                raise RuntimeError("the answer has another length than it said")
        self._client.write(body)
        if not more:
            self.complete = True
            self._wake()
            self._client.answered(self)

    async def _give_up(self) -> None:
        """An answer that has begun is broken off, so that nobody takes it for whole."""
        if self.gone:
            return
        if self.begun:
            self._client.close()
            return
        self.keep_alive = False
        text = b"Internal Server Error"
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(text))]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": text})

    def _take(self) -> bytes:
        parts, self._parts, self._size = self._parts, [], 0
        self._client.resume_reading()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)


@lru_cache(maxsize=64)
def status_line(status: int) -> bytes:
    """The first line of an answer."""
    phrases = {one.value: one.phrase for one in HTTPStatus}
    return f"HTTP/1.1 {status} {phrases.get(status, '')}".encode()
