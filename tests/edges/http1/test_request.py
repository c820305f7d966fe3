"""One request and its answer: what an app may do with them, and what becomes of it where it does something else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from companion.edges.http1.protocol import BODY
from companion.edges.http1.request import FOLLOWS
from tests.support.scripted import turns
from tests.support.served import GET, SLOW_HEAD, Heard, answers, connected, fed


async def test_a_client_that_asks_whether_to_go_on_is_told_once_somebody_reads():
    go_on = asyncio.Event()

    async def app(scope, receive, send) -> None:
        await go_on.wait()
        await Heard()(scope, receive, send)

    made, wire, _ = connected(app)
    made.data_received(b"POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
    await turns(5)
    assert wire.written == []
    go_on.set()
    await turns(5)
    assert wire.written == [b"HTTP/1.1 100 Continue\r\n\r\n"]
    made.data_received(b"ab")
    await turns(5)
    assert wire.said.endswith(b"\r\n\r\nok")
    made.connection_lost(None)


async def test_a_body_that_is_all_there_can_be_had_at_once_and_once():
    had = []

    async def app(scope, receive, send) -> None:
        whole = scope["extensions"][BODY]
        had.extend([whole(), whole()])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    post = b"POST / HTTP/1.1\r\ncontent-length: 4\r\n\r\n"
    await fed(app, [post + b"body"])
    await fed(app, [post + b"bo", b"dy"])
    await fed(app, [GET])
    assert had == [b"body", None, None, None, b"", None]


async def test_all_that_listen_hear_of_the_end():
    heard = []

    async def listen(receive) -> None:
        heard.append((await receive())["type"])

    async def app(scope, receive, send) -> None:
        await receive()
        given_up = asyncio.ensure_future(listen(receive))
        both = [asyncio.ensure_future(listen(receive)) for _ in range(2)]
        await turns(2)
        given_up.cancel()
        await asyncio.wait(both)

    made, _, _ = connected(app)
    made.data_received(GET)
    await turns(8)
    assert heard == []
    made.connection_lost(None)
    await turns(8)
    assert heard == ["http.disconnect"] * 2


async def test_a_client_that_takes_nothing_is_waited_for():
    made, wire, _ = connected(Heard(headers=[], pieces=[b"one", b"two"]))
    made.pause_writing()
    made.data_received(GET)
    await turns(5)
    assert wire.written == []
    made.resume_writing()
    await turns(5)
    assert answers(wire.said, [GET])[0][2] == b"onetwo"
    made.connection_lost(None)


async def test_who_waits_to_write_is_let_go_when_the_client_has_gone():
    over = asyncio.Event()

    async def app(scope, receive, send) -> None:
        await Heard()(scope, receive, send)
        over.set()

    made, wire, _ = connected(app)
    made.pause_writing()
    made.data_received(GET)
    await turns(3)
    made.connection_lost(None)
    await asyncio.wait_for(over.wait(), 5)
    assert wire.written == []


async def _nothing(scope, receive, send) -> None:
    """An app that forgets to answer."""


async def _fails(scope, receive, send) -> None:
    raise ValueError("a fault")


async def _split(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"a\r\nset-cookie: b")]})


async def _body_first(scope, receive, send) -> None:
    await send({"type": "http.response.body", "body": b"x"})


def _breaks(*messages: dict[str, Any]) -> Callable[..., Awaitable[None]]:
    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        for message in messages:
            await send({"type": "http.response.body"} | message)

    return app


@pytest.mark.parametrize("app", [_nothing, _fails, _split, _body_first])
async def test_a_request_that_the_app_does_not_answer_is_answered(app):
    wire = await fed(app, [GET])
    assert wire.said.startswith(b"HTTP/1.1 500 ")
    assert b"set-cookie" not in wire.said
    assert wire.closed


@pytest.mark.parametrize(
    "app",
    [
        _breaks({"body": b"abc", "more_body": True}),
        _breaks({"body": b"abc"}),
        _breaks({"body": b"abcde"}),
        _breaks({"body": b"a", "more_body": True}, {"type": "http.response.start", "status": 200}),
    ],
)
async def test_an_answer_that_is_not_what_it_said_is_broken_off(app):
    wire = await fed(app, [GET])
    assert wire.closed
    head, _, body = wire.said.partition(b"\r\n\r\n")
    assert b"content-length: 4" in head
    assert len(body) < 4


async def test_an_app_that_is_cancelled_ends_its_connection():
    entered = asyncio.Event()

    async def app(scope, receive, send) -> None:
        entered.set()
        await asyncio.Event().wait()

    made, wire, state = connected(app)
    made.data_received(GET)
    await entered.wait()
    [task] = state.tasks
    task.cancel()
    await asyncio.wait([task])
    assert (wire.closed, wire.written, state.tasks) == (True, [], set())
    made.connection_lost(None)


async def test_the_rest_of_a_body_that_was_refused_unread_is_thrown_away():
    paths = []

    async def app(scope, receive, send) -> None:
        paths.append(scope["path"])
        await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    post = b"POST / HTTP/1.1\r\ncontent-length: 40\r\n\r\n"
    wire = await fed(app, [post + b"ab", b"c" * 38, GET])
    assert paths == ["/", "/a"]
    assert [answer[0] for answer in answers(wire.said, [GET, GET])] == [413, 413]


async def test_a_head_whose_body_follows_waits_for_it_and_for_nothing_else():
    go_on = asyncio.Event()

    async def app(scope, receive, send) -> None:
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers, FOLLOWS: True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"ok"})

    made, wire, _ = connected(app)
    made.data_received(GET)
    await asyncio.sleep(4 * SLOW_HEAD)
    assert wire.written == []
    go_on.set()
    await turns(3)
    assert len(wire.written) == 1
    assert wire.said.endswith(b"\r\n\r\nok")
    made.connection_lost(None)
