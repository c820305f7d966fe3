"""The connections to one origin: how many there may be, which are idle, who waits for one."""

from __future__ import annotations

import asyncio
from collections import deque

import httpx

from companion.upstream.http1.connection import Connection


class Pool:
    """Every connection, also one that is being made, holds a slot. Taking and giving back cost the same at any size.

    The connection used last is taken first, so that what is not needed grows old and is closed.
    """

    __slots__ = ("_expiry", "_idle", "_loop", "_max", "_open", "_reaper", "_waiters", "live")

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int, expiry: float) -> None:
        self._loop = loop
        self._max = most
        self._expiry = expiry
        self._open = 0
        # Ordered by the moment of giving back.
        self._idle: dict[Connection, None] = {}
        # A waiter gets a connection, or None for a slot.
        self._waiters: deque[asyncio.Future[Connection | None]] = deque()
        self._reaper: asyncio.TimerHandle | None = None
        self.live: set[Connection] = set()
        """Those whose socket is not yet closed."""

    @property
    def slots(self) -> int:
        """How many are taken."""
        return self._open

    @property
    def idle(self) -> int:
        return len(self._idle)

    def take(self) -> Connection | None:
        """An idle connection that is fit for a request, without waiting."""
        while self._idle:
            conn, _ = self._idle.popitem()
            if self._loop.time() - conn.idle_since < self._expiry and not conn.stale():
                return conn
            conn.close()
        return None

    async def acquire(self, seconds: float | None) -> Connection | None:
        """An idle connection, or None: then the caller holds a slot and either adopts a connection or frees it.

        Raises httpx.PoolTimeout.
        """
        while True:
            if (conn := self.take()) is not None:
                return conn
            if self._open < self._max:
                self._open += 1
                return None
            conn = await self._queue(seconds)
            if conn is None:
                return None
            if not conn.stale():
                return conn
            conn.close()

    async def slot(self, seconds: float | None) -> None:
        """Like `acquire`, when only a new connection will do."""
        if self._open < self._max:
            self._open += 1
        elif (conn := await self._queue(seconds)) is not None:
            # Its slot is free for this caller: whoever waits came later.
            self._forget(conn)
            conn.close()

    def adopt(self, conn: Connection) -> None:
        """The connection takes over the slot that its maker holds."""
        self.live.add(conn)
        conn.gone.add_done_callback(lambda _: self.live.discard(conn))
        conn.on_close = self._discard
        if conn.closed:
            self._discard(conn)

    def give_back(self, conn: Connection) -> None:
        """Keeps it for the next request if it is fit for one, closes it otherwise."""
        if not conn.reusable():
            conn.close()
            return
        conn.idle_since = self._loop.time()
        if self._hand(conn):
            return
        self._idle[conn] = None
        if self._reaper is None:
            self._reaper = self._loop.call_later(self._expiry, self._reap)

    def free(self) -> None:
        """Gives up a slot without a connection."""
        if not self._hand(None):
            self._open -= 1

    def close(self) -> None:
        """Closes all, in use or not. Who waits gets a RuntimeError."""
        if self._reaper is not None:
            self._reaper.cancel()
            self._reaper = None
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(RuntimeError("the transport is closed"))
        for conn in list(self.live):
            conn.close()

    def _hand(self, what: Connection | None) -> bool:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(what)
                return True
        return False

    async def _queue(self, seconds: float | None) -> Connection | None:
        waiter: asyncio.Future[Connection | None] = self._loop.create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(seconds):
                return await waiter
        except BaseException as error:
            self._leave(waiter)
            if isinstance(error, TimeoutError):
                raise httpx.PoolTimeout(f"all {self._max} connections are in use") from error
            raise

    def _leave(self, waiter: asyncio.Future[Connection | None]) -> None:
        if not waiter.done() or waiter.cancelled():
            if waiter in self._waiters:
                self._waiters.remove(waiter)
        elif waiter.exception() is None:
            # It was served in the moment in which it gave up.
            if (conn := waiter.result()) is None:
                self.free()
            else:
                self.give_back(conn)

    def _forget(self, conn: Connection) -> None:
        self._idle.pop(conn, None)
        conn.on_close = None

    def _discard(self, conn: Connection) -> None:
        self._forget(conn)
        self.free()

    def _reap(self) -> None:
        self._reaper = None
        now = self._loop.time()
        for conn in list(self._idle):
            left = conn.idle_since + self._expiry - now
            if left > 0:
                self._reaper = self._loop.call_later(left, self._reap)
                return
            conn.close()
