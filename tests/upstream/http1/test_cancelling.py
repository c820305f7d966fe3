"""Whenever a request is cancelled: its socket is closed at once, nothing is left behind, the next request is right."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.scripted import Peer, scripted, turns
from tests.upstream.http1.calls import call, pool_of, request, transport

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def slow(peer: Peer) -> None:
    """Answers in many small steps, over a connection that may be used again."""
    while True:
        asked = await peer.request()
        await turns(2)
        await peer.say(b"HTTP/1.1 100 Continue\r\n\r\n", CHUNKED[:20], CHUNKED[20:])
        said = asked.line.split()[1].encode()
        await peer.say(b"%x\r\n" % len(said), said[:1], said[1:], b"\r\n", b"0\r\n", b"\r\n")


async def body():
    for _ in range(3):
        await turns(2)
        yield b"x" * 1000


@settings(max_examples=120)
@given(
    steps=st.lists(st.tuples(st.integers(0, 80), st.booleans(), st.booleans()), min_size=1, max_size=4),
    most=st.integers(1, 2),
)
async def test_whenever_it_is_cancelled_the_pool_is_right_and_so_is_the_next_answer(steps, most):
    async with scripted(slow) as server, transport(max_connections=most) as made:
        before = asyncio.all_tasks() - server.tasks
        under_way = []
        for number, (delay, produced, close_early) in enumerate(steps):

            async def ask(number=number, produced=produced, close_early=close_early) -> bytes:
                content = body() if produced else b"x" * 10
                response = await made.handle_async_request(request(server.url(f"/{number}"), "POST", content=content))
                if close_early:
                    await response.aclose()
                    return b""
                return await response.aread()

            task = asyncio.ensure_future(ask())
            under_way.append((task, number, close_early))
            await turns(1 + delay)
            if number % 2:
                continue
            task.cancel()
        for task, number, close_early in under_way:
            await asyncio.wait([task])
            if not task.cancelled():
                assert task.result() == (b"" if close_early else b"/%d" % number)
        pool = pool_of(made)
        assert pool.slots == pool.idle <= most
        answers = await asyncio.gather(*[call(made, server.url(f"/after-{number}")) for number in range(3)])
        assert [answer.content for answer in answers] == [b"/after-%d" % number for number in range(3)]
        assert pool.slots == pool.idle <= most
        assert asyncio.all_tasks() - server.tasks == before


@pytest.mark.parametrize("point", ["before the head", "in the head", "in the body", "while writing"])
async def test_the_peer_sees_it_at_once(point):
    reached, hung_up = asyncio.Event(), asyncio.Event()

    async def talk(peer: Peer) -> None:
        await peer.request(body=False)
        if point == "in the head":
            await peer.say(CHUNKED[:10])
        elif point == "in the body":
            await peer.say(CHUNKED, b"3\r\nabc\r\n")
        reached.set()
        await peer.hung_up()
        hung_up.set()

    async def ask() -> None:
        content = b"x" * (64 << 20 if point == "while writing" else 3)
        response = await made.handle_async_request(request(server.url(), "POST", content=content))
        await response.aread()

    async with scripted(talk) as server, transport() as made:
        task = asyncio.ensure_future(ask())
        await reached.wait()
        await turns(5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert pool_of(made).slots == 0
        await hung_up.wait()


@pytest.mark.parametrize("given", ["connection", "place"])
async def test_who_gives_up_in_the_moment_of_being_served_passes_it_on(given):
    async def talk(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"ok")

    async with scripted(talk) as server, transport(max_connections=1) as made:
        response = await made.handle_async_request(request(server.url()))
        gives_up, waits = (asyncio.ensure_future(call(made, server.url())) for _ in range(2))
        while len(pool_of(made)._waiters) < 2:
            await turns(1)
        if given == "connection":
            assert await response.aread() == b"ok"
        else:
            await response.aclose()
        assert len(pool_of(made)._waiters) == 1
        gives_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gives_up
        assert (await waits).content == b"ok"
        assert (pool_of(made).slots, pool_of(made).idle) == (1, 1)
    assert len(server.peers) == (1 if given == "connection" else 2)
