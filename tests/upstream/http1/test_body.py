from __future__ import annotations

import asyncio
import gc

import httpx
import pytest

from tests.support.scripted import OK, Peer, scripted
from tests.upstream.http1.calls import call, pool_of, request, transport

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def streaming(peer: Peer) -> None:
    while True:
        await peer.request()
        await peer.say(CHUNKED, b"3\r\none\r\n", b"3\r\ntwo\r\n", b"0\r\n\r\n")


async def test_the_connection_is_free_as_soon_as_the_end_is_read():
    async with scripted(streaming) as server, transport() as made:
        for _ in range(3):
            response = await made.handle_async_request(request(server.url()))
            body = b""
            while pool_of(made).idle == 0:
                body += await anext(response.stream, b"")
            assert body == b"onetwo"
            with pytest.raises(StopAsyncIteration):
                await anext(response.stream)
            await response.stream.aclose()
            assert pool_of(made).idle == 1
    assert len(server.peers) == 1


async def test_closing_after_the_end_does_not_touch_who_uses_the_connection_now():
    async with scripted(streaming) as server, transport() as made:
        first = await made.handle_async_request(request(server.url()))
        assert b"".join([chunk async for chunk in first.stream]) == b"onetwo"
        second = await made.handle_async_request(request(server.url()))
        await first.stream.aclose()
        del first
        gc.collect()
        assert await second.aread() == b"onetwo"
    assert len(server.peers) == 1


async def test_a_body_that_failed_stays_at_its_end():
    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(CHUNKED, b"3\r\none\r\n")

    async with scripted(talk) as server, transport() as made:
        response = await made.handle_async_request(request(server.url()))
        with pytest.raises(httpx.RemoteProtocolError):
            [chunk async for chunk in response.stream]
        assert [chunk async for chunk in response.stream] == []


async def test_a_body_dropped_unread_frees_its_place():
    async with scripted(streaming) as server, transport(max_connections=1) as made:
        dropped = await made.handle_async_request(request(server.url()))
        waiting = asyncio.ensure_future(call(made, server.url()))
        while not pool_of(made)._waiters:
            await asyncio.sleep(0)
        del dropped
        assert (await waiting).content == b"onetwo"


async def test_a_whole_body_can_be_read_either_way():
    async def talk(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.say(OK)

    async with scripted(talk) as server, transport() as made:
        response = await made.handle_async_request(request(server.url()))
        assert [chunk async for chunk in response.stream] == [b"ok"]
        assert list(response.stream) == [b"ok"]
        assert response.read() == b"ok"
