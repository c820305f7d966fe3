from __future__ import annotations

import asyncio

import httpx
import pytest

from companion.upstream.http1.transport import SENT
from tests.support.scripted import OK, Peer, answering, scripted, turns
from tests.upstream.http1.calls import call, pool_of, request, transport

LOT = 64 * 1024 * 1024
TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntoo large"


async def produced(size: int, piece: int = 65536):
    for start in range(0, size, piece):
        yield b"x" * min(piece, size - start)


@pytest.mark.parametrize("size", [0, 1, 65536, 65537, 300_000, 3_000_000])
@pytest.mark.parametrize("kind", ["whole", "length", "chunked"])
async def test_a_body_arrives_as_it_was(size, kind):
    async with scripted(answering(OK)) as server, transport() as made:
        content = b"x" * size if kind == "whole" else produced(size)
        headers = {"content-length": str(size)} if kind == "length" else {}
        for _ in range(2):
            assert (await call(made, server.url(), "POST", content=content, headers=headers)).content == b"ok"
            content = content if kind == "whole" else produced(size)
    assert [asked.body for asked in server.requests] == [b"x" * size] * 2
    assert len(server.peers) == 1


@pytest.mark.parametrize("kind", ["whole", "produced"])
async def test_an_answer_that_comes_before_the_body_was_read_is_given_and_the_rest_not_sent(kind):
    read = 0

    async def talk(peer: Peer) -> None:
        nonlocal read
        await peer.request(body=False)
        await peer.say(TOO_LARGE)
        peer.writer.write_eof()
        while piece := await peer.reader.read(65536):
            read += len(piece)

    async with scripted(talk) as server, transport() as made:
        content = b"x" * LOT if kind == "whole" else produced(LOT)
        response = await call(made, server.url(), "POST", content=content)
        assert (response.status_code, response.content, response.extensions[SENT]) == (413, b"too large", 1)
        assert pool_of(made).slots == 0
    assert read < LOT


async def test_an_early_error_that_would_keep_the_connection_does_not():
    async def talk(peer: Peer) -> None:
        await peer.request(body=False)
        if peer.number == 1:
            await peer.say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno")
            await peer.hung_up()
        await peer.say(OK)

    async with scripted(talk) as server, transport() as made:
        response = await call(made, server.url(), "POST", content=produced(LOT), headers={"content-length": str(LOT)})
        assert (response.status_code, response.content) == (400, b"no")
        assert (await call(made, server.url())).content == b"ok"
    assert len(server.peers) == 2


async def test_a_connection_on_which_a_body_was_cut_short_is_not_used_again():
    """The upstream has read all that was sent and keeps the connection: it waits for the rest of the body."""
    go_on = asyncio.Event()

    async def body():
        yield b"x"
        await go_on.wait()
        yield b"x"

    async def talk(peer: Peer) -> None:
        await peer.request(body=False)
        await peer.say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno")
        go_on.set()
        await peer.hung_up()

    async with scripted(talk) as server, transport() as made:
        response = await call(made, server.url(), "POST", content=body())
        assert (response.status_code, response.content) == (400, b"no")
        assert pool_of(made).slots == 0


async def test_a_connection_with_something_still_to_be_written_is_not_used_again():
    """An upstream may answer well without reading: the next request would stand behind what it did not read."""
    written = asyncio.Event()

    async def body():
        [conn] = pool_of(made).live
        while conn.transport.get_write_buffer_size() == 0:
            yield b"x" * 65536
            await turns(2)
        written.set()

    async def talk(peer: Peer) -> None:
        peer.writer.transport.pause_reading()
        await written.wait()
        await peer.say(OK)
        peer.writer.transport.resume_reading()
        await peer.hung_up()

    async with scripted(talk) as server, transport() as made:
        assert (await call(made, server.url(), "POST", content=body())).content == b"ok"
        assert pool_of(made).slots == 0


async def test_an_early_answer_that_is_no_error_does_not_cut_the_body_short():
    async def talk(peer: Peer) -> None:
        await peer.request(body=False)
        await peer.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        read = 0
        while read < LOT:
            read += len(await peer.reader.read(1 << 20))
        await peer.say(b"2\r\nok\r\n0\r\n\r\n")
        await peer.request()
        await peer.say(OK)

    async with scripted(talk) as server, transport() as made:
        assert (await call(made, server.url(), "POST", content=b"x" * LOT)).content == b"ok"
        assert (await call(made, server.url())).content == b"ok"
    assert len(server.peers) == 1


async def test_a_connection_that_breaks_while_the_body_is_sent_is_a_write_error():
    async def talk(peer: Peer) -> None:
        await peer.request(body=False)
        peer.reset()

    async with scripted(talk) as server, transport() as made:
        with pytest.raises(httpx.WriteError) as caught:
            await call(made, server.url(), "POST", content=b"x" * LOT)
        assert isinstance(caught.value.__cause__, OSError)
        assert pool_of(made).slots == 0


async def test_a_body_that_fails_leaves_no_connection():
    async def failing():
        yield b"x"
        await turns(3)
        raise ZeroDivisionError

    closed = asyncio.Event()

    async def talk(peer: Peer) -> None:
        await peer.hung_up()
        closed.set()

    async with scripted(talk) as server, transport() as made:
        with pytest.raises(ZeroDivisionError):
            await made.handle_async_request(request(server.url(), "POST", content=failing()))
        await closed.wait()
        assert pool_of(made).slots == 0


async def test_a_body_that_breaks_its_promise_leaves_no_connection():
    async with scripted(answering(OK)) as server, transport() as made:
        for length in ("3", "5"):
            asked = request(server.url(), "POST", content=produced(4), headers={"content-length": length})
            with pytest.raises(httpx.LocalProtocolError):
                await made.handle_async_request(asked)
            assert pool_of(made).slots == 0


async def test_the_producer_of_a_body_is_ended_with_the_request():
    ended = asyncio.Event()

    async def body():
        try:
            while True:
                yield b"x" * 65536
        finally:
            ended.set()

    async def talk(peer: Peer) -> None:
        await peer.request(body=False)
        await peer.say(TOO_LARGE)
        await peer.hung_up()

    async with scripted(talk) as server, transport() as made:
        assert (await call(made, server.url(), "POST", content=body())).status_code == 413
    await ended.wait()
