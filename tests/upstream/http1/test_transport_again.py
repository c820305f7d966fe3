"""When a request goes out a second time, and when it must not."""

from __future__ import annotations

import httpx
import pytest

from companion.upstream.http1.transport import SENT
from tests.support.scripted import OK, Peer, scripted
from tests.upstream.http1.calls import call, pool_of, request, transport


async def test_a_request_that_met_a_closing_connection_goes_out_once_more():
    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        if peer.number == 1:
            await peer.request()

    async with scripted(talk) as server, transport() as made:
        assert (await call(made, server.url())).extensions[SENT] == 1
        asked = request(server.url(), "POST", content=b"again")
        response = await made.handle_async_request(asked)
        assert await response.aread() == b"ok"
        assert response.extensions[SENT] == asked.extensions[SENT] == 2
    assert [asked.body for asked in server.requests] == [b"", b"again", b"again"]


async def test_a_reset_instead_of_an_answer_counts_as_closing():
    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        if peer.number == 1:
            await peer.request()
            peer.reset()

    async with scripted(talk) as server, transport() as made:
        await call(made, server.url())
        assert (await call(made, server.url(), "POST", content=b"x" * 300_000)).extensions[SENT] == 2


async def test_only_once_more():
    async def talk(peer: Peer) -> None:
        if peer.number == 1:
            await peer.request()
            await peer.say(OK)
        await peer.request()

    async with scripted(talk) as server, transport() as made:
        await call(made, server.url())
        asked = request(server.url())
        with pytest.raises(httpx.RemoteProtocolError):
            await made.handle_async_request(asked)
        assert asked.extensions[SENT] == 2
    assert len(server.requests) == 3


@pytest.mark.parametrize("start", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n"])
async def test_not_after_one_byte_of_an_answer(start):
    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        await peer.request()
        await peer.say(start)

    async with scripted(talk) as server, transport() as made:
        await call(made, server.url())
        asked = request(server.url())
        with pytest.raises(httpx.RemoteProtocolError):
            await made.handle_async_request(asked)
        assert asked.extensions[SENT] == 1
    assert len(server.requests) == 2


async def test_not_when_the_body_was_produced_while_it_was_sent():
    async def body():
        yield b"once"

    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        await peer.request()

    async with scripted(talk) as server, transport() as made:
        await call(made, server.url())
        with pytest.raises(httpx.RemoteProtocolError):
            await call(made, server.url(), "POST", content=body())
    assert len(server.requests) == 2


async def test_not_when_the_upstream_only_takes_too_long():
    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        await peer.request()
        await peer.hung_up()

    async with scripted(talk) as server, transport() as made:
        await call(made, server.url())
        asked = request(server.url(), timeout={"read": 0.05})
        with pytest.raises(httpx.ReadTimeout):
            await made.handle_async_request(asked)
        assert asked.extensions[SENT] == 1


async def test_on_a_new_connection_no_answer_is_an_error():
    async def talk(peer: Peer) -> None:
        await peer.request()

    async with scripted(talk) as server, transport() as made:
        asked = request(server.url())
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            await made.handle_async_request(asked)
        assert asked.extensions[SENT] == 1
        assert pool_of(made).slots == 0
    assert len(server.peers) == 1
