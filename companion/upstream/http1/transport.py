"""An httpx transport for HTTP/1.1, cheap enough to be called for every model call without httpx's client around it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from types import MappingProxyType

import httpx

from companion.upstream.http1.addresses import Permits, Resolve, resolve
from companion.upstream.http1.body import LiveBody, WholeBody
from companion.upstream.http1.connection import Connection
from companion.upstream.http1.dialing import Dialer, Origin
from companion.upstream.http1.outgoing import Outgoing, outgoing
from companion.upstream.http1.pool import Pool
from companion.upstream.http1.proxies import Proxies
from companion.upstream.http1.sending import send

SENT = "companion.sent"
"""The extension that says how many times a request was begun on a wire. It stands on the request while that is tried,
so that it can be read after an exception too, and on the response."""

_PORTS = {"http": 80, "https": 443}
_NO_TIMEOUTS: Mapping[str, float | None] = MappingProxyType({})


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
        self._check_open()
        url = request.url
        key = (url.scheme, url.raw_host, url.port)
        origin, pool = self._pools.get(key) or self._new_pool(url)
        timeouts: Mapping[str, float | None] = request.extensions.get("timeout") or _NO_TIMEOUTS
        request.extensions[SENT] = 0
        if origin.forwards:
            out = outgoing(request, b"http://%b%b" % (url.netloc, url.raw_path), origin.greeting)
        else:
            out = outgoing(request, url.raw_path)
        conn = pool.take() or await self._connection(origin, pool, timeouts)
        while True:
            try:
                conn.begin(request.method)
                request.extensions[SENT] += 1
                await send(conn, request, out, timeouts.get("write"))
                await conn.receive(timeouts.get("read"))
                break
            except BaseException as error:
                conn.close()
                if not _may_repeat(error, conn, out):
                    raise
            conn = await self._connection(origin, pool, timeouts, new=True)
        return self._response(request, conn, pool, timeouts)

    async def aclose(self) -> None:
        """Closes every connection, also those in use, and waits until their sockets are closed."""
        self._closed = True
        gone = [conn.gone for _, pool in self._pools.values() for conn in pool.live]
        for _, pool in self._pools.values():
            pool.close()
        if gone:
            await asyncio.wait(gone)

    def _response(
        self, request: httpx.Request, conn: Connection, pool: Pool, timeouts: Mapping[str, float | None]
    ) -> httpx.Response:
        incoming = conn.incoming
        status, headers = incoming.status, incoming.headers
        extensions = {
            "http_version": incoming.version,
            "reason_phrase": incoming.reason,
            SENT: request.extensions[SENT],
        }
        stream: WholeBody | LiveBody
        if incoming.done:
            stream = WholeBody(incoming.take())
            pool.give_back(conn)
        else:
            stream = LiveBody(conn, pool, timeouts.get("read"))
        return httpx.Response(status, headers=headers, stream=stream, request=request, extensions=extensions)

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
