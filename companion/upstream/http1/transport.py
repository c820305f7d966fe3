"""An httpx transport for HTTP/1.1, cheap enough to be called for every model call without httpx's client around it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import httpx
from msgspec import Struct

from companion.upstream.http1.addresses import Permits, Resolve, resolve
from companion.upstream.http1.body import LiveBody, WholeBody
from companion.upstream.http1.connection import Connection
from companion.upstream.http1.dialing import Dialer, Origin
from companion.upstream.http1.outgoing import Head, Outgoing, Stream, outgoing
from companion.upstream.http1.pool import Pool
from companion.upstream.http1.proxies import Proxies
from companion.upstream.http1.sending import send

SENT = "companion.sent"
"""The extension that says how many times a request was begun on a wire. It stands on the request while that is tried,
so that it can be read after an exception too, and on the response."""

_PORTS = {"http": 80, "https": 443}
_NO_TIMEOUTS: Mapping[str, float | None] = MappingProxyType({})


@dataclass(slots=True)
class Call:
    """One request, in the form that costs least."""

    head: Head
    body: Stream
    timeouts: Mapping[str, float | None]
    """Seconds, by httpx's names: connect, read, write, pool."""
    seconds: float | None = None
    """How long all may take until the head of the answer is here; past that, TimeoutError or httpx.ReadTimeout."""
    sent: int = 0
    """How many times it was begun on a wire so far; to be read after an exception too."""


class Answer(Struct, frozen=True):
    """What came back: the head, and a body to be read or closed."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: httpx.AsyncByteStream
    """A `WholeBody` where all of it is there; that needs no closing."""
    version: bytes
    reason: bytes


class Http1Transport(httpx.AsyncBaseTransport):
    """Belongs to the event loop that first uses it.

    A request is written a second time, on a new connection, only when it went out on a used one that the upstream
    closed without one byte of an answer. A response whose `stream` is a `WholeBody` is all there, as `stream.body`.
    """

    def __init__(
        self,
        *,
        permits: Permits | None = None,
        proxies: Proxies | None = None,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = resolve,
        max_connections: int = 256,
        keepalive: float = 30.0,
    ) -> None:
        """`permits(host, address)` is asked before each connect to that address, of a proxy's host too.

        `proxies` are the environment's as it is now when not given, `tls` is httpx's default, made when first needed.
        `max_connections` are to one origin; `keepalive` is how many seconds an idle one is kept.
        """
        self._proxies = Proxies() if proxies is None else proxies
        self._dialer = Dialer(tls, resolve, permits)
        self._most = max_connections
        self._keepalive = keepalive
        self._pools: dict[tuple[str, bytes, int | None], tuple[Origin, Pool]] = {}
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        timeouts: Mapping[str, float | None] = request.extensions.get("timeout") or _NO_TIMEOUTS
        call = Call(Head(request.method, request.url, request.headers.raw), request.stream, timeouts)
        try:
            answer = await self.exchange(call)
        finally:
            request.extensions[SENT] = call.sent
        extensions = {"http_version": answer.version, "reason_phrase": answer.reason, SENT: call.sent}
        return httpx.Response(
            answer.status, headers=answer.headers, stream=answer.body, request=request, extensions=extensions
        )

    async def exchange(self, call: Call) -> Answer:
        """As handle_async_request, without what httpx makes around a request and a response."""
        self._check_open()
        head, timeouts = call.head, call.timeouts
        origin, pool = self._pools.get(head.key) or self._new_pool(head.url)
        call.sent = 0
        if origin.forwards:
            target = b"http://%b%b" % (head.url.netloc, head.target)
            out = outgoing(head.method, target, [*origin.greeting, *head.told(call.body)], call.body)
        else:
            out = head.outgoing(call.body)
        conn = pool.take()
        if conn is not None and out.is_short:
            # Nothing has to be waited for but the answer, and that wait needs no timer of its own.
            conn = await self._ask(call, out, origin, pool, conn)
        else:
            async with asyncio.timeout(call.seconds):
                conn = conn or await self._connection(origin, pool, timeouts)
                conn = await self._ask(call, out, origin, pool, conn)
        incoming = conn.incoming
        body: httpx.AsyncByteStream
        if incoming.done:
            body = WholeBody(incoming.take())
            pool.give_back(conn)
        else:
            body = LiveBody(conn, pool, timeouts.get("read"))
        return Answer(incoming.status, incoming.headers, body, incoming.version, incoming.reason)

    async def _ask(self, call: Call, out: Outgoing, origin: Origin, pool: Pool, conn: Connection) -> Connection:
        """Sends the request on `conn`, or anew on another; the connection on which the head of the answer came."""
        timeouts = call.timeouts
        until = None if call.seconds is None else asyncio.get_running_loop().time() + call.seconds
        while True:
            try:
                conn.begin(call.head.method)
                call.sent += 1
                await send(conn, call.body, out, timeouts.get("write"))
                await conn.receive(timeouts.get("read"), until)
            except BaseException as error:
                conn.close()
                if not _may_repeat(error, conn, out):
                    raise
            else:
                return conn
            conn = await self._connection(origin, pool, timeouts, new=True)

    async def aclose(self) -> None:
        """Closes every connection, also those in use, and waits until their sockets are closed."""
        self._closed = True
        gone = [conn.gone for _, pool in self._pools.values() for conn in pool.live]
        for _, pool in self._pools.values():
            pool.close()
        if gone:
            await asyncio.wait(gone)

    async def _connection(
        self, origin: Origin, pool: Pool, timeouts: Mapping[str, float | None], *, new: bool = False
    ) -> Connection:
        if new:
            await pool.slot(timeouts.get("pool"))
        elif (idle := await pool.acquire(timeouts.get("pool"))) is not None:
            return idle
        try:
            conn = await self._dialer.dial(origin, timeouts.get("connect"))
            if self._closed:
                conn.close()
                self._check_open()
        except BaseException:
            pool.free()
            raise
        pool.adopt(conn)
        return conn

    def _new_pool(self, url: httpx.URL) -> tuple[Origin, Pool]:
        if url.scheme not in _PORTS or not url.host:
            raise httpx.UnsupportedProtocol("the URL needs http:// or https:// and a host")
        host, port = url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
        origin = Origin(url.scheme == "https", host, port, self._proxies.find(url))
        made = origin, Pool(asyncio.get_running_loop(), self._most, self._keepalive)
        self._pools[url.scheme, url.raw_host, url.port] = made
        return made

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("the transport is closed")


def _may_repeat(error: BaseException, conn: Connection, out: Outgoing) -> bool:
    """Whether the peer read the request cannot be known; that it was just closing an idle connection is likely."""
    return (
        isinstance(error, httpx.TransportError)
        and conn.requests > 1
        and conn.dropped
        and not conn.incoming.fed
        and out.whole is not None
    )
