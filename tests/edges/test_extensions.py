"""What the server says beyond ASGI says the same as ASGI, or nothing."""

from __future__ import annotations

import asyncio

import pytest

from companion.edges.extensions import BODY, FOLLOWS
from tests.support.scripted import turns
from tests.support.served import connected

HEAD = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n"


async def read(receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message["body"]
        if not message["more_body"]:
            return body


@pytest.mark.parametrize(
    ("packets", "whole"), [([HEAD + b"body"], b"body"), ([HEAD, b"body"], None), ([HEAD + b"bo", b"dy"], None)]
)
@pytest.mark.parametrize("asked", [True, False])
async def test_a_body_is_had_at_once_where_it_is_all_there_and_once_only(packets, whole, asked):
    said = []

    async def app(scope, receive, send) -> None:
        body = scope["extensions"][BODY]
        found = body() if asked else None
        said.append(found if found is not None else await read(receive))
        assert body() is None
        said.append(found)

    made, _, _ = connected(app)
    for packet in packets:
        made.data_received(packet)
        await turns(3)
    made.connection_lost(None)
    await turns(3)
    assert said == [b"body", whole if asked else None]


@pytest.mark.parametrize("follows", [True, False, None])
async def test_a_head_whose_body_follows_goes_out_with_it_and_no_later(follows):
    go_on = asyncio.Event()

    async def app(scope, receive, send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
        await send(start if follows is None else start | {FOLLOWS: follows})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"ok"})

    made, wire, _ = connected(app)
    made.data_received(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    await asyncio.sleep(0.05)
    assert bool(wire.written) is not bool(follows)
    go_on.set()
    await turns(3)
    assert wire.said.endswith(b"\r\n\r\nok")
    assert len(wire.written) == (1 if follows else 2)
    made.connection_lost(None)
    await turns(3)
