"""HTTP/1.1 for the daemon's own servers: the protocol that uvicorn's server runs, between the wire and an ASGI app.

What would let two readers see different requests is refused by the parser (llhttp, strict); trailers are dropped, and
nothing is upgraded. One request of a connection is served at a time; those sent ahead wait. Written by RFC 9112.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import unquote

import httptools
import uvicorn
from uvicorn.server import ServerState

from companion.edges.extensions import BODY, GONE
from companion.edges.http1.request import App, Request, status_line

MAX_HEAD = 64 * 1024
MAX_HEADERS = 200
MOST_AHEAD = 100
"""Requests of one connection that wait for the one before them."""
HIGH_WATER = 1024 * 1024
"""So much of a body is read ahead of who takes it."""

_HEAD_SECONDS = 0.005
_VERSIONS = frozenset({"1.0", "1.1"})


class HttpProtocol(asyncio.Protocol):
    """One connection of a client."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._app = cast("App", config.loaded_app)
        self._app_state = app_state
        self._idle_seconds = config.timeout_keep_alive
        self._loop = _loop or asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._renew = False
        self._timer: asyncio.TimerHandle | None = None
        self._quiet_since = self._loop.time()
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._in_head = False
        self._head_size = 0
        self._coded = self._expects = False
        self._read: Request | None = None
        """The request whose body is being read."""
        self._served: Request | None = None
        self._ahead: deque[Request] = deque()
        self._refused = False
        """Nothing more is read: the connection ends with the answer that is being given."""
        self._reading_paused = False
        self._held = b""
        self._timed = False
        self._gone: dict[Callable[[], None], None] | None = {}
        self.server = server_state
        self.drained: asyncio.Future[None] | None = None
        """While the client takes too little; done when more may be written."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.server.connections.add(cast("Any", self))
        self._about = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "scheme": "http",
            "root_path": "",
            "server": _address(transport.get_extra_info("sockname")),
            "client": _address(transport.get_extra_info("peername")),
        }
        self._timer = self._loop.call_later(self._idle_seconds, self._on_timer)

    def connection_lost(self, _: Exception | None) -> None:
        self.server.connections.discard(cast("Any", self))
        if self._timer is not None:
            self._timer.cancel()
        self._refused = True
        self.resume_writing()
        served, self._served, self._read = self._served, None, None
        for request in (served, *self._ahead):
            if request is not None:
                request.leave()
        waiting, self._gone = self._gone or {}, None
        for callback in waiting:
            callback()

    def data_received(self, data: bytes) -> None:
        while data and not self._refused:
            if self._renew:
                # A parser that has read trailers would tell them as headers of the next request.
                self._parser, self._renew = httptools.HttpRequestParser(self), False
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                # What follows is another request, since nothing is upgraded here (RFC 9110 section 7.8).
                data = data[upgrade.args[0] :]
                continue
            except httptools.HttpParserError:
                self._refuse(400)
                return
            if self._in_head:
                self._head_size += len(data)
                if self._head_size > MAX_HEAD:
                    self._refuse(431)
            return

    def pause_writing(self) -> None:
        if self.drained is None:
            self.drained = self._loop.create_future()

    def resume_writing(self) -> None:
        drained, self.drained = self.drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    def shutdown(self) -> None:
        """The server ends: so does the connection, once it owes no answer."""
        if self._served is None:
            self.close()
        else:
            self._served.keep_alive = False

    def close(self) -> None:
        """Once everything is written."""
        self._send_head()
        self._transport.close()

    def tell_when_gone(self, callback: Callable[[], None]) -> Callable[[], None]:
        """As the extension GONE."""
        waiting = self._gone
        if waiting is None:
            self._loop.call_soon(callback)
            return lambda: None
        waiting[callback] = None
        return partial(waiting.pop, callback, None)

    def body(self) -> bytes | None:
        """As the extension BODY, for the request that is served."""
        return self._served.whole() if self._served is not None else None

    def hold(self, head: bytes, *, follows: bool) -> None:
        """A head goes out with what is written next, in one packet; where nothing follows for some ms, alone."""
        self._held += head
        # A timer that is still set from an answer before only sends this head sooner.
        if not follows and not self._timed:
            self._timed = True
            self._loop.call_later(_HEAD_SECONDS, self._send_alone)

    def write(self, data: bytes) -> None:
        if self._held:
            data, self._held = self._held + data, b""
        if data:
            self._transport.write(data)

    def proceed(self) -> None:
        """The client waits to be told that it may send the body."""
        if not self._transport.is_closing():
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def resume_reading(self) -> None:
        """Unless what was read ahead has to be answered first."""
        if self._reading_paused and not self._ahead and not self._refused:
            self._reading_paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    def answered(self, request: Request) -> None:
        """The request has its whole answer."""
        self.server.total_requests += 1
        self._served = None
        self._quiet_since = self._loop.time()
        if not request.keep_alive or (self._refused and not self._ahead):
            self.close()
        elif self._ahead:
            self._serve(self._ahead.popleft())
        else:
            self.resume_reading()

    def on_message_begin(self) -> None:
        if self._renew:
            raise ValueError("a request right behind one in chunks")
        self._quiet_since = self._loop.time()
        self._url, self._headers = b"", []
        self._in_head, self._head_size = True, 0
        self._coded = self._expects = False

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:
            return
        name = name.lower()
        if name == b"transfer-encoding":
            self._coded = True
        elif name == b"expect":
            self._expects = value.lower() == b"100-continue"
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if len(self._headers) > MAX_HEADERS or len(self._ahead) >= MOST_AHEAD:
            raise ValueError("too many headers, or requests")
        parser = self._parser
        version, method = parser.get_http_version(), parser.get_method().decode("ascii")
        if version not in _VERSIONS:
            raise ValueError("another version of HTTP")
        path, raw_path, query = _target(self._url)
        scope = self._about | {
            "http_version": version,
            "method": method,
            "path": path,
            "raw_path": raw_path,
            "query_string": query,
            "headers": self._headers,
            "state": self._app_state.copy(),
            # Nothing here leads back to the request: what goes round, only the collector finds.
            "extensions": {GONE: self.tell_when_gone, BODY: self.body},
        }
        keep_alive = version == "1.1" and parser.should_keep_alive()
        request = Request(self, scope, keep_alive=keep_alive, expects=self._expects)
        self._in_head = False
        self._read = request
        if self._served is None:
            self._serve(request)
        else:
            self._ahead.append(request)
            self._pause_reading()

    def on_body(self, body: bytes) -> None:
        request = self._read
        if request is not None and request.feed(body) > HIGH_WATER:
            self._pause_reading()

    def on_message_complete(self) -> None:
        self._renew = self._coded
        if self._read is not None:
            self._read.end()

    def _serve(self, request: Request) -> None:
        self._served = request
        task = self._loop.create_task(request.run(self._app))
        self.server.tasks.add(task)
        task.add_done_callback(self.server.tasks.discard)

    def _pause_reading(self) -> None:
        if not self._reading_paused and not self._transport.is_closing():
            self._reading_paused = True
            self._transport.pause_reading()

    def _refuse(self, status: int) -> None:
        self._refused = True
        served = self._served
        if served is not None and not served.more:
            # What came behind it is no request. It has its answer first.
            self._pause_reading()
            if self._ahead and self._ahead[-1].more:
                self._ahead.pop()
            return
        # A request that can never be whole: who reads its body is told that the client has gone.
        if served is None or not served.begun:
            text = HTTPStatus(status).phrase.encode()
            head = b"content-type: text/plain\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(text)
            self.write(status_line(status) + b"\r\n" + head + text)
        if served is not None:
            served.leave()
        self.close()

    def _send_alone(self) -> None:
        self._timed = False
        self._send_head()

    def _send_head(self) -> None:
        head, self._held = self._held, b""
        if head and not self._transport.is_closing():
            self._transport.write(head)

    def _on_timer(self) -> None:
        """Nobody keeps a connection by saying nothing, or half a head."""
        self._timer = None
        if self._transport.is_closing():
            return
        left = float(self._idle_seconds)
        if self._served is None:
            left = self._quiet_since + self._idle_seconds - self._loop.time()
            if left <= 0:
                self.close()
                return
        self._timer = self._loop.call_later(left, self._on_timer)


@lru_cache(maxsize=256)
def _target(url: bytes) -> tuple[str, bytes, bytes]:
    """Path, path as it came, and query. Raises httptools.HttpParserError or ValueError."""
    parsed = httptools.parse_url(url)
    raw: bytes = parsed.path
    path = raw.decode("ascii")
    return unquote(path) if "%" in path else path, raw, parsed.query or b""


def _address(told: object) -> tuple[str, int] | None:
    """None for a unix socket."""
    return (str(told[0]), int(told[1])) if isinstance(told, tuple) and len(told) > 1 else None
