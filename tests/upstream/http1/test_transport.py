from __future__ import annotations

import asyncio
import os
import socket

import httpx
import pytest

from companion.upstream.http1.body import LiveBody, WholeBody
from companion.upstream.http1.transport import SENT, Http1Transport
from tests.support.scripted import OK, Peer, answering, scripted, turns
from tests.upstream.http1.calls import NO_PROXIES, call, pool_of, request, transport

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_a_request_and_its_answer():
    answer = b"HTTP/1.1 201 Created\r\nX-One: 1\r\nx-two:  2 \r\nContent-Length: 5\r\n\r\nhello"
    async with scripted(answering(answer)) as server, transport() as made:
        headers = {"X-Key": "v", "content-type": "text/plain"}
        response = await call(made, server.url("/a?b=c%20d"), "POST", headers=headers, content=b"body")
    assert (response.status_code, response.content) == (201, b"hello")
    assert response.headers.raw == [(b"X-One", b"1"), (b"x-two", b"2"), (b"Content-Length", b"5")]
    assert response.http_version == "HTTP/1.1"
    [asked] = server.requests
    assert asked.line == "POST /a?b=c%20d HTTP/1.1"
    assert asked.body == b"body"
    assert asked.headers["host"] == f"127.0.0.1:{server.port}"
    assert asked.headers["x-key"] == "v"


async def test_it_serves_httpx_own_client():
    async with (
        scripted(answering(OK)) as server,
        httpx.AsyncClient(transport=Http1Transport(proxies=NO_PROXIES)) as client,
    ):
        assert (await client.post(server.url(), json={"a": 1})).text == "ok"
        async with client.stream("GET", server.url()) as response:
            assert [chunk async for chunk in response.aiter_bytes()] == [b"ok"]
    assert len(server.peers) == 1


async def test_head_and_a_small_body_go_out_together():
    seen = []

    async def talk(peer: Peer) -> None:
        seen.append(await peer.reader.read(65536))
        await peer.say(OK)

    async with scripted(talk) as server, transport() as made:
        await call(made, server.url(), "POST", content=b"x" * 1000)
    assert seen[0].endswith(b"\r\n\r\n" + b"x" * 1000)


async def test_a_body_that_is_there_with_its_head_is_whole_and_frees_its_connection():
    async with scripted(answering(OK)) as server, transport() as made:
        response = await made.handle_async_request(request(server.url()))
        assert isinstance(response.stream, WholeBody)
        assert response.stream.body == b"ok"
        assert pool_of(made).idle == 1


async def test_a_connection_is_used_again_the_last_one_first():
    both = asyncio.Barrier(3)

    async def talk(peer: Peer) -> None:
        await peer.request()
        await both.wait()
        await peer.say(OK)
        while True:
            await peer.request()
            await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % peer.number)

    async with scripted(talk) as server, transport() as made, asyncio.TaskGroup() as group:
        first = group.create_task(call(made, server.url()))
        second = group.create_task(call(made, server.url()))
        await both.wait()
        await asyncio.wait([first, second])
        said = [(await call(made, server.url())).content for _ in range(5)]
        assert len(set(said)) == 1
        assert pool_of(made).idle == 2
    assert len(server.peers) == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        OK + b"junk",
        OK + OK,
    ],
)
async def test_a_connection_that_ends_or_says_too_much_is_not_used_again(answer):
    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(answer)
        await peer.hung_up()

    async with scripted(talk) as server, transport() as made:
        for _ in range(2):
            response = await call(made, server.url())
            assert (response.content, response.extensions[SENT]) == (b"ok", 1)
            assert pool_of(made).slots == 0
    assert len(server.peers) == 2


@pytest.mark.parametrize("farewell", [b"", b"x", OK], ids=["closed", "byte", "answer"])
async def test_what_the_peer_did_while_a_connection_was_idle_is_seen_before_it_is_used(farewell):
    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK if peer.number == 1 else OK.replace(b"ok", b"no"))
        await peer.hung_up()

    async with scripted(talk) as server, transport() as made:
        await call(made, server.url())
        # The loop does not turn between this and the choice of a connection: only the system knows of it.
        with socket.socket(fileno=os.dup(server.peers[0].writer.get_extra_info("socket").fileno())) as sock:
            if farewell:
                os.write(sock.fileno(), farewell)
            else:
                sock.shutdown(socket.SHUT_WR)
        response = await call(made, server.url())
        assert (response.content, response.extensions[SENT]) == (b"no", 1)
    assert len(server.requests) == 2


async def test_junk_on_an_idle_connection_is_no_answer_to_the_next_request():
    hung_up = asyncio.Event()

    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        if peer.number == 1:
            await peer.say(OK.replace(b"ok", b"no"))
            await peer.hung_up()
            hung_up.set()

    async with scripted(talk) as server, transport() as made:
        await call(made, server.url())
        await hung_up.wait()
        assert pool_of(made).slots == 0
        assert (await call(made, server.url())).content == b"ok"


async def test_a_request_that_cannot_be_written_is_not_begun():
    async with scripted(answering(OK)) as server, transport() as made:
        asked = request(server.url(), headers=[("x", b"a\r\nHost: other")])
        with pytest.raises(httpx.LocalProtocolError):
            await made.handle_async_request(asked)
        assert asked.extensions[SENT] == 0
        await call(made, server.url())
    assert len(server.requests) == 1


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "/only-a-path", "https:///x"])
async def test_what_is_no_web_address_is_refused(url):
    async with transport() as made:
        with pytest.raises(httpx.UnsupportedProtocol):
            await made.handle_async_request(request(url))


async def test_interim_responses_are_skipped():
    answer = [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\nX: y\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK[:10],
        OK[10:],
    ]

    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(*answer)
        await peer.request()
        await peer.say(b"".join(answer))

    async with scripted(talk) as server, transport() as made:
        for _ in range(2):
            response = await call(made, server.url())
            assert (response.content, response.headers.raw) == (b"ok", [(b"Content-Length", b"2")])
    assert len(server.peers) == 1


@pytest.mark.parametrize("first", ["HEAD", "NOTHING", "UNCHANGED"])
async def test_answers_without_a_body_leave_a_connection_ready(first):
    async def talk(peer: Peer) -> None:
        while True:
            asked = await peer.request()
            method = asked.line.partition(" ")[0]
            if method == "HEAD":
                await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            elif method == "NOTHING":
                await peer.say(b"HTTP/1.1 204 No Content\r\n\r\n")
            elif method == "UNCHANGED":
                await peer.say(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n")
            else:
                await peer.say(OK)

    async with scripted(talk) as server, transport() as made:
        assert (await call(made, server.url(), first)).content == b""
        assert (await call(made, server.url())).content == b"ok"
    assert len(server.peers) == 1


async def test_a_stream_comes_as_it_is_said():
    go_on = asyncio.Event()

    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(CHUNKED, b"3\r\none\r\n")
        await go_on.wait()
        await peer.say(b"3\r\ntwo\r\n0\r\nTrailer: x\r\n\r\n")
        await peer.request()
        await peer.say(OK)

    async with scripted(talk) as server, transport() as made:
        response = await made.handle_async_request(request(server.url()))
        assert isinstance(response.stream, LiveBody)
        chunks = response.aiter_raw()
        assert await anext(chunks) == b"one"
        go_on.set()
        assert [chunk async for chunk in chunks] == [b"two"]
        assert "trailer" not in response.headers
        assert (await call(made, server.url())).content == b"ok"
    assert len(server.peers) == 1


async def test_a_body_may_last_until_the_end_of_the_connection():
    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\n\r\n", b"one", b"two")

    async with scripted(talk) as server, transport() as made:
        assert (await call(made, server.url())).content == b"onetwo"
        assert pool_of(made).slots == 0


@pytest.mark.parametrize(
    ("said", "end", "error"),
    [
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"], "close", httpx.RemoteProtocolError),
        ([CHUNKED + b"3\r\nabc\r\n"], "close", httpx.RemoteProtocolError),
        ([CHUNKED + b"3\r\nabc\r\n", b"nonsense\r\n"], "wait", httpx.RemoteProtocolError),
        ([CHUNKED + b"3\r\nabc\r\n"], "reset", httpx.ReadError),
        ([b"HTTP/1.1 200 OK\r\n\r\nabc"], "reset", httpx.ReadError),
    ],
)
async def test_a_body_that_breaks_off_is_an_error_after_what_came(said, end, error):
    read = asyncio.Event()

    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(said[0])
        await read.wait()
        await peer.say(*said[1:])
        if end == "reset":
            peer.reset()
        elif end == "wait":
            await peer.hung_up()

    async with scripted(talk) as server, transport() as made:
        response = await made.handle_async_request(request(server.url()))
        chunks = response.aiter_raw()
        assert await anext(chunks) == b"abc"
        read.set()
        with pytest.raises(error) as caught:
            await anext(chunks)
        if error is httpx.ReadError:
            assert isinstance(caught.value.__cause__, OSError)
        assert pool_of(made).slots == 0


async def test_a_reset_before_the_answer_is_a_read_error():
    async def talk(peer: Peer) -> None:
        await peer.request()
        peer.reset()

    async with scripted(talk) as server, transport() as made:
        with pytest.raises(httpx.ReadError) as caught:
            await call(made, server.url())
        assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize("how", ["closed", "dropped"])
async def test_a_stream_left_half_way_closes_its_connection(how):
    hung_up = asyncio.Event()

    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(CHUNKED, b"3\r\none\r\n")
        await peer.hung_up()
        hung_up.set()

    async with scripted(talk) as server, transport() as made:
        response = await made.handle_async_request(request(server.url()))
        assert await anext(response.stream) == b"one"
        if how == "closed":
            await response.aclose()
            assert pool_of(made).slots == 0
            assert [chunk async for chunk in response.stream] == []
        else:
            del response
        await hung_up.wait()
        assert pool_of(made).slots == 0


async def test_limits_hold_on_the_wire():
    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000)
        await peer.hung_up()

    async with scripted(talk) as server, transport() as made:
        with pytest.raises(httpx.RemoteProtocolError, match="longer"):
            await call(made, server.url())
        assert pool_of(made).slots == 0


async def test_after_closing_nothing_is_sent():
    async with scripted(answering(OK)) as server, transport() as made:
        await call(made, server.url())
        await made.aclose()
        with pytest.raises(RuntimeError, match="closed"):
            await call(made, server.url())
        await made.aclose()
        await server.peers[0].hung_up()
    assert len(server.requests) == 1


async def test_closing_ends_what_is_under_way():
    async def talk(peer: Peer) -> None:
        await peer.request()
        await peer.say(CHUNKED, b"3\r\none\r\n")
        await peer.hung_up()

    async with scripted(talk) as server, transport(max_connections=1) as made:
        response = await made.handle_async_request(request(server.url()))
        reading = asyncio.ensure_future(response.aread())
        waiting = asyncio.ensure_future(call(made, server.url()))
        while not pool_of(made)._waiters:
            await turns(1)
        await made.aclose()
        with pytest.raises(httpx.ReadError):
            await reading
        with pytest.raises(RuntimeError):
            await waiting
