from __future__ import annotations

import asyncio
import gc
import tracemalloc
import weakref

import httpx
import pytest

from companion.upstream.http1.connection import Connection
from tests.support.scripted import OK, Peer, scripted, turns
from tests.upstream.http1.calls import call, pool_of, request, transport

MIB = 1024 * 1024
LOT = 64 * MIB


async def until_nothing_moves(count) -> None:
    """Until a counter stands still while the loop turns: whoever moves it is held up."""
    seen = -1
    while seen != (seen := count()):
        await turns(50)


class Memory:
    """The most that was allocated since the start."""

    def __enter__(self):
        tracemalloc.start()
        tracemalloc.reset_peak()
        self.before = tracemalloc.get_traced_memory()[0]
        return self

    def __exit__(self, *_):
        tracemalloc.stop()

    @property
    def peak(self) -> int:
        return tracemalloc.get_traced_memory()[1] - self.before


@pytest.mark.parametrize("framing", ["length", "chunked", "end"])
async def test_a_slow_reader_holds_up_the_upstream(framing):
    sent = 0

    async def talk(peer: Peer) -> None:
        nonlocal sent
        await peer.request()
        head = {"length": b"Content-Length: %d\r\n" % LOT, "chunked": b"Transfer-Encoding: chunked\r\n", "end": b""}
        peer.writer.write(b"HTTP/1.1 200 OK\r\n" + head[framing] + b"\r\n")
        piece = b"x" * 65536
        framed = b"10000\r\n" + piece + b"\r\n" if framing == "chunked" else piece
        for _ in range(LOT // len(piece)):
            peer.writer.write(framed)
            await peer.writer.drain()
            sent += len(piece)
        if framing == "chunked":
            peer.writer.write(b"0\r\n\r\n")
        await peer.writer.drain()

    with Memory() as memory:
        async with scripted(talk) as server, transport() as made:
            response = await made.handle_async_request(request(server.url()))
            got = 0
            async for chunk in response.stream:
                got += len(chunk)
                if got < 8 * MIB:
                    await until_nothing_moves(lambda: sent)
                    assert sent < LOT
            assert got == LOT
            assert memory.peak < 4 * MIB


@pytest.mark.parametrize("kind", ["whole", "produced"])
async def test_a_slow_upstream_holds_up_the_writer(kind):
    made_so_far = 0
    read = 0

    async def body():
        nonlocal made_so_far
        for _ in range(LOT // 65536):
            made_so_far += 65536
            yield b"x" * 65536

    async def talk(peer: Peer) -> None:
        nonlocal read
        await peer.request(body=False)
        await until_nothing_moves(lambda: made_so_far)
        assert made_so_far < LOT
        while read < LOT:
            read += len(await peer.reader.read(65536))
        await peer.say(OK)
        await peer.hung_up()

    content = b"x" * LOT if kind == "whole" else body()
    headers = {"content-length": str(LOT)}
    with Memory() as memory:
        async with scripted(talk) as server, transport() as made:
            sent = request(server.url(), "POST", content=content, headers=headers)
            response = await made.handle_async_request(sent)
            assert await response.aread() == b"ok"
            assert pool_of(made).idle == 1
            assert memory.peak < 4 * MIB
    assert read == LOT


async def test_reading_goes_on_after_a_pause_for_the_next_request_too():
    big = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (8 * MIB) + b"x" * (8 * MIB)

    async def talk(peer: Peer) -> None:
        while True:
            await peer.request()
            peer.writer.write(big)
            await peer.writer.drain()

    async with scripted(talk) as server, transport() as made:
        for _ in range(3):
            assert len((await call(made, server.url())).content) == 8 * MIB
    assert len(server.peers) == 1


async def silent(peer: Peer) -> None:
    await peer.request()
    await peer.hung_up()


async def test_an_upstream_that_says_nothing_is_a_read_timeout():
    async with scripted(silent) as server, transport() as made:
        with pytest.raises(httpx.ReadTimeout):
            await call(made, server.url(), timeout={"read": 0.02})
        assert pool_of(made).slots == 0


async def test_an_upstream_that_stops_is_a_read_timeout():
    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
        await peer.hung_up()

    async with scripted(talk) as server, transport() as made:
        response = await made.handle_async_request(request(server.url(), timeout={"read": 0.02}))
        assert await anext(response.stream) == b"abc"
        with pytest.raises(httpx.ReadTimeout):
            await anext(response.stream)
        assert pool_of(made).slots == 0


async def test_an_upstream_that_does_not_read_is_a_write_timeout():
    async def talk(peer: Peer) -> None:
        peer.writer.transport.pause_reading()
        await blocked.wait()

    blocked = asyncio.Event()
    async with scripted(talk) as server, transport() as made:
        with pytest.raises(httpx.WriteTimeout):
            await call(made, server.url(), "POST", content=b"x" * LOT, timeout={"write": 0.05})
        assert pool_of(made).slots == 0
        blocked.set()


class Ahead:
    """The running loop, its clock moved forward by a test."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.by = 0.0

    def __getattr__(self, name):
        return getattr(self.loop, name)

    def time(self) -> float:
        return self.loop.time() + self.by


async def test_the_read_timeout_is_for_each_gap():
    pieces = [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"Content-Length: 9\r\n\r\n", b"o", b"k"]
    clock = Ahead()
    conn = Connection(clock)

    async def read() -> None:
        await conn.receive(100.0)
        while await conn.read(100.0):
            pass

    def pass_by(seconds: float) -> None:
        clock.by += seconds
        conn._timer.cancel()
        conn._on_timer()

    async with scripted(silent) as server:
        await clock.create_connection(lambda: conn, "127.0.0.1", server.port)
        conn.begin("GET")
        conn.write(b"GET / HTTP/1.1\r\n\r\n")
        reading = asyncio.ensure_future(read())
        heard = 0
        for piece in pieces:
            await turns(3)
            pass_by(60.0)
            assert not conn.closed
            await server.peers[0].say(piece)
            heard += len(piece)
            while conn.incoming.fed < heard:
                await turns(1)
        await turns(3)
        pass_by(101.0)
        with pytest.raises(httpx.ReadTimeout):
            await reading
        await conn.gone


async def test_a_shorter_timeout_is_not_held_up_by_an_earlier_longer_one():
    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\n", b"Content-Length: 2\r\n\r\nok")
        await silent(peer)

    async with scripted(talk) as server, transport() as made:
        await call(made, server.url(), timeout={"read": 3600.0})
        with pytest.raises(httpx.ReadTimeout):
            await call(made, server.url(), timeout={"read": 0.02})


async def test_a_closed_connection_is_forgotten_at_once():
    async with scripted(silent) as server, transport() as made:
        waiting = asyncio.ensure_future(call(made, server.url(), timeout={"read": 3600.0}))
        while not server.requests:
            await turns(1)
        [conn] = pool_of(made).live
        # Nobody but the connection keeps it.
        part = weakref.ref(conn.gone)
        waiting.cancel()
        await asyncio.wait([waiting])
        await conn.gone
        del waiting, conn
        await turns(3)
        gc.collect()
        assert part() is None


async def test_without_a_timeout_an_earlier_one_does_not_count():
    clock = Ahead()
    conn = Connection(clock)
    async with scripted(silent) as server:
        await clock.create_connection(lambda: conn, "127.0.0.1", server.port)
        conn.begin("GET")
        conn.write(b"GET / HTTP/1.1\r\n\r\n")
        for seconds in (5.0, None):
            waiting = asyncio.ensure_future(conn.receive(seconds))
            await turns(3)
            waiting.cancel()
            await asyncio.wait([waiting])
        waiting = asyncio.ensure_future(conn.receive(None))
        await turns(3)
        clock.by += 3600.0
        conn._on_timer()
        await turns(3)
        assert not conn.closed
        conn.close()
        with pytest.raises(httpx.ReadError):
            await waiting
        await conn.gone
