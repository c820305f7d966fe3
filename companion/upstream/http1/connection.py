"""One connection to an upstream: an asyncio protocol, one request and its answer at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import httpx

from companion.upstream.http1.incoming import Incoming
from companion.upstream.http1.readable import readable

# Above this much unread body the peer is made to wait.
HIGH_WATER = 256 * 1024
_WRITE_HIGH_WATER = 512 * 1024
_NEVER = float("inf")


class Connection(asyncio.Protocol):
    """One task at a time uses it: `begin`, write, `receive`, `read` to the end, `begin` again.

    These raise httpx's exceptions. After any exception, a cancellation too, the caller closes it.
    """

    __slots__ = (
        "_due",
        "_error",
        "_late",
        "_loop",
        "_readable",
        "_reading_paused",
        "_timer",
        "_timer_at",
        "_transport",
        "_waiter",
        "_writing_paused",
        "closed",
        "dropped",
        "gone",
        "idle_since",
        "incoming",
        "on_close",
        "requests",
        "sending",
        "unsent",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._readable: Callable[[], bool] = bool
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._due = _NEVER
        self._late: type[httpx.TimeoutException] = httpx.ReadTimeout
        self._error: httpx.TransportError | None = None
        self._reading_paused = False
        self._writing_paused = False
        self.incoming = Incoming()
        self.on_close: Callable[[Connection], None] | None = None
        self.gone: asyncio.Future[None] = loop.create_future()
        """Done when the socket is closed."""
        self.closed = False
        """Nothing more can be sent. What came before may still be there to read."""
        self.dropped = False
        """It was the peer or the network that ended it."""
        self.sending = False
        self.unsent = False
        """Some of the request was not handed to the transport."""
        self.idle_since = 0.0
        self.requests = 0
        """How many were begun on it; what a proxy was asked for first is none of them."""

    @property
    def transport(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport

    def secured(self, transport: asyncio.Transport) -> None:
        """From here on everything goes through `transport`, which wraps the one of before."""
        self._transport = transport
        self.requests = 0
        transport.set_write_buffer_limits(high=_WRITE_HIGH_WATER)

    def stale(self) -> bool:
        """Not fit for another request: the peer has closed it, or said something that nobody asked for."""
        return self.closed or self._readable()

    def reusable(self) -> bool:
        """The answer is read to its end and both sides are ready for the next request."""
        return (
            self.incoming.done
            and self.incoming.reusable
            and not self.unsent
            and not self.closed
            and self.transport.get_write_buffer_size() == 0
        )

    def begin(self, method: str) -> None:
        if self.closed:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        self.incoming.expect(method)
        self.requests += 1

    def write(self, data: bytes | memoryview) -> None:
        self.transport.write(data)

    async def may_write(self, seconds: float | None) -> bool:
        """Waits until the peer has taken enough. False when it has answered instead and will not take the rest."""
        while True:
            if self.incoming.headed and (self.closed or self.incoming.status >= 400):
                return False
            # A transport on which a write has failed says so only on the loop's next round.
            if not self._writing_paused and not self.closed and not self.transport.is_closing():
                return True
            await self._wait(seconds, httpx.WriteTimeout)

    async def receive(self, seconds: float | None, until: float | None = None) -> None:
        """Waits for the head of the answer: `seconds` at a time, and not past `until` on the loop's clock."""
        while not self.incoming.headed:
            if until is not None:
                left = max(0.0, until - self._loop.time())
                seconds = left if seconds is None else min(seconds, left)
            await self._wait(seconds, httpx.ReadTimeout)

    async def read(self, seconds: float | None) -> bytes:
        """The next bytes of the body, b"" at its end."""
        incoming = self.incoming
        while not incoming.chunks:
            if incoming.done:
                return b""
            await self._wait(seconds, httpx.ReadTimeout)
        data = incoming.take()
        if self._reading_paused:
            self._reading_paused = False
            if not self.closed:
                self.transport.resume_reading()
        return data

    def close(self, error: httpx.TransportError | None = None) -> None:
        """At once, without waiting for what is not yet written. `error` is what a waiting task gets."""
        if self.closed:
            return
        self.closed = True
        if not self.incoming.done:
            self._error = error or httpx.ReadError("the connection was closed")
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None and not self.gone.done():
            self._transport.abort()
        self._wake()
        if self.on_close is not None:
            self.on_close(self)

    async def _wait(self, seconds: float | None, late: type[httpx.TimeoutException]) -> None:
        """Until something happens. Raises what has gone wrong."""
        if self._error is not None:
            raise self._error
        self._late = late
        self._due = _NEVER
        if seconds is not None:
            self._due = due = self._loop.time() + seconds
            # Mostly the timer of an earlier wait is still set: it will go off too early and set itself anew.
            if self._timer is None or due < self._timer_at:
                self._set_timer(due)
        self._waiter = waiter = self._loop.create_future()
        try:
            await waiter
        finally:
            self._waiter = None

    def _set_timer(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = due
        self._timer = self._loop.call_at(due, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if self._waiter is None or self._due == _NEVER:
            return
        if self._loop.time() < self._due:
            self._set_timer(self._due)
        else:
            self.close(self._late("the upstream let the time pass"))

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _ended(self, error: Exception | None) -> None:
        if self.closed:
            return
        self.dropped = True
        failure: httpx.TransportError | None = None
        if not self.incoming.done:
            if error is None:
                try:
                    self.incoming.end()
                except httpx.RemoteProtocolError as missing:
                    failure = missing
            else:
                kind = httpx.WriteError if self.sending else httpx.ReadError
                failure = kind(str(error) or type(error).__name__)
                failure.__cause__ = error
        self.close(failure)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_WRITE_HIGH_WATER)
        self._readable = readable(transport.get_extra_info("socket").fileno())

    def data_received(self, data: bytes) -> None:
        incoming = self.incoming
        if incoming.done:
            incoming.reusable = False
            self.close()
            return
        try:
            incoming.feed(data)
        except httpx.RemoteProtocolError as error:
            self.close(error)
            return
        if incoming.buffered > HIGH_WATER and not self._reading_paused:
            self._reading_paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._ended(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.gone.done():
            self.gone.set_result(None)
        self._ended(exc)

    def pause_writing(self) -> None:
        self._writing_paused = True

    def resume_writing(self) -> None:
        self._writing_paused = False
        self._wake()
