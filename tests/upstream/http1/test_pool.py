from __future__ import annotations

import asyncio

import httpx
import pytest

from companion.upstream.http1.pool import Pool
from tests.support.scripted import OK, Peer, answering, scripted, turns
from tests.upstream.http1.calls import call, pool_of, request, transport


class Gate:
    """Lets answers through one by one."""

    def __init__(self) -> None:
        self.permits = asyncio.Semaphore(0)
        self.busy = 0
        self.most = 0

    async def talk(self, peer: Peer) -> None:
        while True:
            await peer.request()
            self.busy += 1
            self.most = max(self.most, self.busy)
            try:
                await self.permits.acquire()
                await peer.say(OK)
            finally:
                self.busy -= 1


async def until(condition) -> None:
    while not condition():
        await turns(1)


async def test_no_more_connections_than_allowed_and_everyone_is_served():
    gate = Gate()
    async with scripted(gate.talk) as server, transport(max_connections=3) as made:
        calls = [asyncio.ensure_future(call(made, server.url(f"/{number}"))) for number in range(20)]
        for _ in calls:
            await until(lambda: gate.busy)
            gate.permits.release()
        answers = await asyncio.gather(*calls)
        assert [answer.content for answer in answers] == [b"ok"] * 20
        assert (gate.most, len(server.peers)) == (3, 3)
        assert (pool_of(made).slots, pool_of(made).idle) == (3, 3)


async def test_who_waits_is_served_in_order():
    gate = Gate()
    async with scripted(gate.talk) as server, transport(max_connections=1) as made:
        calls = []
        for number in range(5):
            calls.append(asyncio.ensure_future(call(made, server.url(f"/{number}"))))
            await turns(5)
        for _ in calls:
            gate.permits.release()
        await asyncio.gather(*calls)
    assert [asked.line.split()[1] for asked in server.requests] == [f"/{number}" for number in range(5)]


async def test_who_waits_too_long_gives_up_and_its_place_is_free():
    gate = Gate()
    async with scripted(gate.talk) as server, transport(max_connections=1) as made:
        first = asyncio.ensure_future(call(made, server.url()))
        await until(lambda: gate.busy)
        late = request(server.url(), timeout={"pool": 0.02})
        with pytest.raises(httpx.PoolTimeout):
            await made.handle_async_request(late)
        assert late.extensions["companion.sent"] == 0
        gate.permits.release()
        await first
        gate.permits.release()
        await call(made, server.url())
        assert (pool_of(made).slots, pool_of(made).idle) == (1, 1)
    assert len(server.peers) == 1


async def test_origins_do_not_wait_for_each_other():
    gate = Gate()
    async with scripted(gate.talk) as busy, scripted(answering(OK)) as other, transport(max_connections=1) as made:
        held = asyncio.ensure_future(call(made, busy.url()))
        await until(lambda: gate.busy)
        assert (await call(made, other.url())).content == b"ok"
        gate.permits.release()
        await held


async def test_a_place_that_breaks_goes_to_who_waits():
    gone = asyncio.Event()

    async def talk(peer: Peer) -> None:
        await peer.request()
        if peer.number == 1:
            await gone.wait()
        else:
            await peer.say(OK)
            await peer.hung_up()

    async with scripted(talk) as server, transport(max_connections=1) as made:
        first = asyncio.ensure_future(call(made, server.url()))
        await until(lambda: server.requests)
        second = asyncio.ensure_future(call(made, server.url()))
        await until(lambda: pool_of(made)._waiters)
        gone.set()
        with pytest.raises(httpx.RemoteProtocolError):
            await first
        assert (await second).content == b"ok"
        assert pool_of(made).slots == 1


async def test_a_failed_connect_frees_its_place():
    async with scripted(answering(OK)) as server:
        url = server.url()
    async with transport(max_connections=1) as made:
        for _ in range(3):
            with pytest.raises(httpx.ConnectError):
                await call(made, url)
            assert pool_of(made).slots == 0


async def test_a_second_try_takes_a_new_connection_even_when_all_places_are_taken():
    """Two connections are idle; the one tried first is dead, and so may be the other."""
    both = asyncio.Barrier(2)

    async def talk(peer: Peer) -> None:
        await peer.request()
        if peer.number <= 2:
            await both.wait()
        await peer.say(OK)
        if peer.number <= 2:
            await peer.request()
        else:
            await peer.hung_up()

    async with scripted(talk) as server, transport(max_connections=2) as made:
        await asyncio.gather(call(made, server.url()), call(made, server.url()))
        assert pool_of(made).idle == 2
        assert (await call(made, server.url())).extensions["companion.sent"] == 2
        assert len(server.peers) == 3
        assert pool_of(made).slots <= 2


async def test_a_second_try_waits_for_a_place_and_not_for_a_connection():
    """Its place goes to who waited already; what that one gives back is a used connection."""
    proceed = asyncio.Event()

    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        await peer.request()
        await proceed.wait()

    async def first_or_later(peer: Peer) -> None:
        await (talk(peer) if peer.number == 1 else gate.talk(peer))

    gate = Gate()
    async with scripted(first_or_later) as server, transport(max_connections=1) as made:
        await call(made, server.url())
        again = asyncio.ensure_future(call(made, server.url("/again")))
        await until(lambda: len(server.requests) == 2)
        waits = asyncio.ensure_future(call(made, server.url("/waits")))
        await until(lambda: pool_of(made)._waiters)
        proceed.set()
        await until(lambda: gate.busy)
        gate.permits.release()
        assert (await waits).content == b"ok"
        await until(lambda: gate.busy)
        gate.permits.release()
        assert (await again).extensions["companion.sent"] == 2
        assert pool_of(made).slots == 1
    assert [asked.line.split()[1] for asked in server.requests] == ["/", "/again", "/waits", "/again"]
    assert len(server.peers) == 3


class Clock:
    """A loop whose clock a test sets; its timers go off when told."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[tuple[float, object]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, work):
        self.timers.append((self.now + seconds, work))
        return self

    def cancel(self) -> None:
        self.timers.clear()

    def to(self, now: float) -> None:
        self.now = now
        due, self.timers = [work for at, work in self.timers if at <= now], [t for t in self.timers if t[0] > now]
        for work in due:
            work()


async def idle_since(made, server, clock: Clock, moments: list[float], monkeypatch) -> Pool:
    """Connections given back at these moments, all in use at once before."""
    responses = [await made.handle_async_request(request(server.url())) for _ in moments]
    pool = pool_of(made)
    monkeypatch.setattr(pool, "_loop", clock)
    for moment, response in zip(moments, responses, strict=True):
        clock.now = moment
        await response.aread()
    return pool


async def slow(peer: Peer) -> None:
    while True:
        await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"ok")


async def test_idle_connections_are_closed_when_their_time_is_over(monkeypatch):
    clock = Clock()
    async with scripted(slow) as server, transport(keepalive=30.0) as made:
        pool = await idle_since(made, server, clock, [0.0, 10.0, 20.0], monkeypatch)
        assert pool.idle == 3
        left = []
        for moment in (29.0, 30.0, 39.0, 41.0, 50.0, 80.0):
            clock.to(moment)
            left.append(pool.idle)
        assert left == [3, 2, 2, 1, 0, 0]
        assert clock.timers == []


async def test_an_idle_connection_past_its_time_is_not_handed_out(monkeypatch):
    clock = Clock()
    async with scripted(slow) as server, transport(keepalive=30.0) as made:
        pool = await idle_since(made, server, clock, [0.0, 10.0], monkeypatch)
        clock.now = 39.0
        taken = pool.take()
        assert taken is not None
        assert taken.idle_since == 10.0
        pool.give_back(taken)
        clock.now = 69.0
        assert pool.take() is None
        assert pool.slots == 0
