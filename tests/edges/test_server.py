"""Several servers in one process: each serves its own socket, ends by itself, and leaves the process alone."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from companion.edges.http1.protocol import GONE
from companion.edges.server import HttpServer
from tests.support.scripted import turns


def loopback() -> socket.socket:
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    return made


def url(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def says(words: str) -> Callable[..., Awaitable[None]]:
    async def app(scope, receive, send) -> None:
        assert scope["type"] == "http", "nothing else is ever asked of an app"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(words))]})
        await send({"type": "http.response.body", "body": words.encode()})

    return app


@asynccontextmanager
async def serving(*servers: HttpServer):
    """Until the end of the block; whatever goes on then has its time."""
    tasks = [asyncio.ensure_future(server.run()) for server in servers]
    for server in servers:
        await server.started_event.wait()
    try:
        yield tasks
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)


async def test_each_serves_its_own_socket_and_ends_by_itself(tmp_path):
    tcp, unix = loopback(), socket.socket(socket.AF_UNIX)
    port = tcp.getsockname()[1]
    unix.bind(str(tmp_path / "s"))
    one, other = HttpServer(says("one"), [tcp]), HttpServer(says("other"), [unix])
    async with serving(one, other) as tasks:
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(url(tcp))).text == "one"
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(tmp_path / "s"))) as client:
            assert (await client.get("http://companion")).text == "other"
            one.should_exit = True
            await tasks[0]
            assert (await client.get("http://companion")).text == "other"
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_it_answers_from_the_moment_that_it_says_so():
    listening = loopback()
    server = HttpServer(says("hello"), [listening])
    assert not server.started_event.is_set()
    async with serving(server), httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(url(listening))).text == "hello"


async def test_signals_are_left_to_the_daemon():
    def nobody(*_: object) -> None:
        """Whatever the daemon does."""

    names = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(name, nobody) for name in names]
    try:
        async with serving(HttpServer(says("x"), [loopback()]), HttpServer(says("y"), [loopback()])):
            assert [signal.getsignal(name) for name in names] == [nobody] * 2
        assert [signal.getsignal(name) for name in names] == [nobody] * 2
    finally:
        for name, handler in zip(names, before, strict=True):
            signal.signal(name, handler)


async def test_a_call_under_way_is_answered_before_the_end(monkeypatch):
    listening, entered, go_on, draining = loopback(), asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def app(scope, receive, send) -> None:
        entered.set()
        await go_on.wait()
        await says("late")(scope, receive, send)

    server = HttpServer(app, [listening])
    waiting = server._wait_tasks_to_complete

    def drain() -> Awaitable[None]:
        draining.set()
        return waiting()

    monkeypatch.setattr(server, "_wait_tasks_to_complete", drain)
    async with httpx.AsyncClient(trust_env=False) as client, serving(server):
        asking = asyncio.ensure_future(client.get(url(listening)))
        await entered.wait()
        server.should_exit = True
        await draining.wait()
        await turns(20)
        go_on.set()
        assert (await asking).text == "late"


async def test_a_call_under_way_keeps_nobody_who_wants_to_end_at_once():
    listening, entered, go_on = loopback(), asyncio.Event(), asyncio.Event()

    async def app(scope, receive, send) -> None:
        entered.set()
        await go_on.wait()

    server = HttpServer(app, [listening])
    async with httpx.AsyncClient(trust_env=False) as client:
        async with serving(server):
            asking = asyncio.ensure_future(client.get(url(listening)))
            await entered.wait()
            server.force_exit = True
        assert not asking.done()
        go_on.set()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


async def test_what_a_stranger_says_of_itself_is_not_believed_and_nothing_is_told_of_the_server():
    heard = []

    async def app(scope, receive, send) -> None:
        heard.append((scope["client"][0], scope["scheme"]))
        await says("x")(scope, receive, send)

    listening = loopback()
    told = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https", "forwarded": "for=203.0.113.9"}
    async with serving(HttpServer(app, [listening])), httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(url(listening), headers=told)
    assert heard == [("127.0.0.1", "http")]
    assert "server" not in answer.headers


async def raw(listening: socket.socket, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", listening.getsockname()[1])
    writer.write(request)
    answer = await reader.read(1000)
    writer.close()
    await writer.wait_closed()
    return answer


UPGRADE = (
    b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def test_nobody_gets_a_websocket():
    listening = loopback()
    async with serving(HttpServer(says("plain"), [listening])):
        answer = await raw(listening, UPGRADE)
    assert b" 101 " not in answer.splitlines()[0]


JUNK = [
    b"\x00" * 64 + b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    b"GET / HTTP/1.1\r\nbad header: x\r\n\r\n",
]


async def test_what_is_no_request_reaches_no_app_and_harms_nobody():
    listening, reached = loopback(), []

    async def app(scope, receive, send) -> None:
        reached.append(scope["path"])
        await says("well")(scope, receive, send)

    async with serving(HttpServer(app, [listening])), httpx.AsyncClient(trust_env=False) as client:
        for junk in JUNK:
            answer = await raw(listening, junk)
            assert answer == b"" or answer.startswith(b"HTTP/1.1 400 "), junk
            assert reached == [], junk
        assert (await client.get(url(listening))).text == "well"


async def test_a_whole_answer_comes_in_one_packet():
    listening = loopback()
    port = listening.getsockname()[1]
    async with serving(HttpServer(says("words"), [listening])):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(20):
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            first = await reader.read(65536)
            assert first.endswith(b"\r\n\r\nwords")
        writer.close()


class Waiting:
    """An app that asks to be told when its client has gone; `forgets` takes it back at once."""

    def __init__(self, *, forgets: bool = False) -> None:
        self.forgets = forgets
        self.begun, self.gone, self.end = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.late = asyncio.Event()

    async def __call__(self, scope, receive, send) -> None:
        tell = scope["extensions"][GONE]
        forget = tell(self.gone.set)
        if self.forgets:
            forget()
        self.begun.set()
        await self.end.wait()
        tell(self.late.set)
        await self.late.wait()
        forget()


@pytest.mark.parametrize("forgets", [False, True])
async def test_an_app_hears_that_its_client_has_gone_unless_it_took_that_back(forgets):
    listening, app = loopback(), Waiting(forgets=forgets)
    port = listening.getsockname()[1]
    async with serving(HttpServer(app, [listening])):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        await asyncio.wait_for(app.begun.wait(), 30)
        assert not app.gone.is_set()
        writer.close()
        if not forgets:
            await asyncio.wait_for(app.gone.wait(), 30)
        app.end.set()
        # Whoever asks when it has gone already hears it too.
        await asyncio.wait_for(app.late.wait(), 30)
        assert app.gone.is_set() is not forgets


async def test_a_client_that_stays_is_not_said_to_have_gone():
    listening = loopback()
    heard = []

    async def app(scope, receive, send) -> None:
        scope["extensions"][GONE](lambda: heard.append(1))
        await says("words")(scope, receive, send)

    async with serving(HttpServer(app, [listening])), httpx.AsyncClient(trust_env=False) as client:
        for _ in range(3):
            assert (await client.get(url(listening))).text == "words"
        assert heard == []
