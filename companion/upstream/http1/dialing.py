"""Makes a connection to an origin: straight or through a proxy, with TLS where the origin asks for it."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass

import httpx

from companion.upstream.http1.addresses import Permits, Resolve, connect, is_address, words
from companion.upstream.http1.connection import Connection
from companion.upstream.http1.proxies import Proxy


@dataclass(frozen=True, slots=True)
class Origin:
    secure: bool
    host: str
    """In ASCII, an IPv6 address without brackets."""
    port: int
    proxy: Proxy | None = None

    @property
    def forwards(self) -> bool:
        """Its requests go to the proxy whole; otherwise the wire leads to the origin itself."""
        return self.proxy is not None and not self.secure

    @property
    def greeting(self) -> list[tuple[bytes, bytes]]:
        """What a proxy wants to see first in each request that it forwards."""
        if self.proxy is None or not self.proxy.authorization:
            return []
        return [(b"Proxy-Authorization", self.proxy.authorization)]

    @property
    def authority(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Dialer:
    def __init__(self, tls: ssl.SSLContext | None, resolve: Resolve, permits: Permits | None) -> None:
        self._tls = _for_http1(tls) if tls else None
        self._resolve = resolve
        self._permits = permits

    async def dial(self, origin: Origin, seconds: float | None) -> Connection:
        """`seconds` for all of it. Raises httpx.ConnectError, ConnectTimeout, ProxyError or UnsupportedProtocol."""
        tls = await self._context() if origin.secure else None
        until = None if seconds is None else asyncio.get_running_loop().time() + seconds
        proxy = origin.proxy
        if proxy is None:
            return await connect(origin.host, origin.port, tls, self._resolve, self._permits, until)
        proxy.check()
        self._check_literal(origin.host)
        conn = await connect(proxy.host, proxy.port, None, self._resolve, self._permits, until)
        if tls is None:
            return conn
        try:
            async with asyncio.timeout_at(until):
                await _tunnel(conn, origin, proxy, tls)
        except BaseException as error:
            conn.close()
            if isinstance(error, TimeoutError):
                raise httpx.ConnectTimeout(f"no tunnel to {origin.authority} in time") from error
            if isinstance(error, OSError):
                raise httpx.ConnectError(f"cannot connect to {origin.authority}: {words(error)}") from error
            raise
        return conn

    def _check_literal(self, host: str) -> None:
        """A name is resolved by the proxy and cannot be judged here; an address can."""
        if self._permits is not None and is_address(host) and not self._permits(host, host):
            raise httpx.ConnectError(f"cannot connect to {host}: {host} is not permitted")

    async def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            # Reading the certificates takes long enough to hold up every stream.
            made = await asyncio.get_running_loop().run_in_executor(None, httpx.create_ssl_context)
            self._tls = _for_http1(made)
        return self._tls


def _for_http1(tls: ssl.SSLContext) -> ssl.SSLContext:
    tls.set_alpn_protocols(["http/1.1"])
    return tls


async def _tunnel(conn: Connection, origin: Origin, proxy: Proxy, tls: ssl.SSLContext) -> None:
    authority = origin.authority.encode("ascii")
    asked = b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n" % (authority, authority)
    if proxy.authorization:
        asked += b"Proxy-Authorization: %b\r\n" % proxy.authorization
    conn.begin("CONNECT")
    conn.write(asked + b"\r\n")
    await conn.receive(None)
    status = conn.incoming.status
    if status >= 300:
        raise httpx.ProxyError(f"the proxy of {proxy.variable} answered {status} for {origin.authority}")
    wrapped = await asyncio.get_running_loop().start_tls(conn.transport, conn, tls, server_hostname=origin.host)
    assert wrapped is not None
    conn.secured(wrapped)
