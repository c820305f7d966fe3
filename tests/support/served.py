"""The daemon's HTTP protocol on a wire that is a list, with an app that remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httptools
import uvicorn
from uvicorn.server import ServerState

from companion.edges.http1.protocol import HttpProtocol
from tests.support.scripted import turns

GET = b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n"
SLOW_HEAD = 0.005


class Wire:
    """A client's end: remembers each write and whether it is read from."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False
        self.reading = True

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def get_extra_info(self, name: str) -> Any:
        return {"peername": ("127.0.0.1", 5), "sockname": ("127.0.0.1", 4141)}.get(name)

    @property
    def said(self) -> bytes:
        return b"".join(self.written)


@dataclass
class Heard:
    """An app that reads every request whole, remembers it and answers."""

    status: int = 200
    headers: Sequence[tuple[bytes, bytes]] = ((b"content-length", b"2"),)
    pieces: Sequence[bytes] = (b"ok",)
    requests: list[tuple[str, str, bytes, list[tuple[bytes, bytes]], bytes]] = field(default_factory=list)

    async def __call__(self, scope, receive, send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            assert message["type"] == "http.request"
            body, more = body + message["body"], message["more_body"]
        self.requests.append(
            (scope["method"], scope["path"], scope["query_string"], list(scope["headers"]), body),
        )
        await send({"type": "http.response.start", "status": self.status, "headers": list(self.headers)})
        for number, piece in enumerate(self.pieces):
            await send({"type": "http.response.body", "body": piece, "more_body": number + 1 < len(self.pieces)})


def connected(app: Any, kind: Any = HttpProtocol, **settings: Any) -> tuple[Any, Wire, ServerState]:
    config = uvicorn.Config(app, ws="none", lifespan="off", log_config=None, access_log=False)
    for name, value in settings.items():
        setattr(config, name, value)
    config.load()
    state, wire = ServerState(), Wire()
    made = kind(config, state, {}, asyncio.get_running_loop())
    made.connection_made(wire)
    return made, wire, state


async def fed(app: Any, packets: Sequence[bytes], kind: Any = HttpProtocol) -> Wire:
    """What comes back for these packets."""
    made, wire, _ = connected(app, kind)
    for packet in packets:
        if not wire.closed:
            made.data_received(packet)
        await turns(3)
    await turns(12)
    await asyncio.sleep(2 * SLOW_HEAD)
    made.connection_lost(None)
    return wire


class _Answers:
    def __init__(self) -> None:
        self.found: list[tuple[int, list[tuple[bytes, bytes]], bytes]] = []
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    def on_message_begin(self) -> None:
        self.headers, self.body = [], b""

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.found.append((self.parser.get_status_code(), self.headers, self.body))

    parser: Any = None


def answers(said: bytes, sent: Sequence[bytes]) -> list[tuple[int, list[tuple[bytes, bytes]], bytes]]:
    """Answers as a client reads them; of one to HEAD there is only the head."""
    found: list[tuple[int, list[tuple[bytes, bytes]], bytes]] = []
    for request in sent:
        reader = _Answers()
        reader.parser = httptools.HttpResponseParser(reader)
        head, ended, rest = said.partition(b"\r\n\r\n")
        assert ended, said
        if request.startswith(b"HEAD"):
            reader.parser.feed_data(head.replace(b"content-length: ", b"x-length: ") + b"\r\ncontent-length: 0\r\n\r\n")
            assert b"chunked" not in head
            said = rest
        else:
            size = 0
            while not reader.found:
                size += 1
                assert size <= len(said), said
                reader.parser.feed_data(said[size - 1 : size])
            said = said[size:]
        found += reader.found
    return found
