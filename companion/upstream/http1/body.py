"""The body of an answer, as httpx wants it."""

from __future__ import annotations

import asyncio

import httpx

from companion.upstream.http1.connection import Connection
from companion.upstream.http1.pool import Pool


class WholeBody(httpx.ByteStream):
    """A body that was there with its head. Its connection serves others already: there is nothing to close."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self.body = body


class LiveBody(httpx.AsyncByteStream):
    """A body that still comes. Closed before its end, or dropped, it closes the connection."""

    __slots__ = ("_conn", "_loop", "_pool", "_seconds")

    def __init__(self, conn: Connection, pool: Pool, seconds: float | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._conn: Connection | None = conn
        self._pool = pool
        self._seconds = seconds

    def __aiter__(self) -> LiveBody:
        return self

    async def __anext__(self) -> bytes:
        conn = self._conn
        if conn is None:
            raise StopAsyncIteration
        try:
            data = await conn.read(self._seconds)
        except BaseException:
            self._conn = None
            conn.close()
            raise
        if conn.incoming.done and not conn.incoming.chunks:
            self._conn = None
            self._pool.give_back(conn)
        if not data:
            raise StopAsyncIteration
        return data

    async def aclose(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            conn.close()

    def __del__(self) -> None:
        if self._conn is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._conn.close)
