"""Bytes on their way through a real daemon: large, slow, in pieces, and asked for before they are sent."""

from __future__ import annotations

import json
import socket
import time
from urllib.parse import urlsplit

import psutil
import pytest

from tests.support.answers import STREAMS
from tests.support.daemons import PATIENT, companion, wait_until
from tests.support.upstreams import send, upstream

PATH = "/v1/chat/completions"
MIB = 1024 * 1024
FLOOD = 40 * MIB
WORDS = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


class Told:
    """What an upstream got, and how it answers."""

    def __init__(self) -> None:
        self.sent = 0

    def short(self, handler, body) -> None:
        send(handler, STREAMS["chat"]("hello", [], 5), "text/event-stream")

    def flood(self, handler, body) -> None:
        """So much text as fast as it is taken."""
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.end_headers()
        piece = {"choices": [{"index": 0, "delta": {"content": "x" * 65_000}}]}
        event = f"data: {json.dumps(piece)}\n\n".encode()
        while self.sent < FLOOD:
            handler.wfile.write(event)
            self.sent += len(event)
        handler.wfile.write(b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')


@pytest.fixture(scope="module")
def made():
    told = Told()
    with companion() as found, upstream(told.short) as up:
        found.configure(PATIENT)
        found.up("--upstream", up.url)
        yield found, told, up


def connect(made) -> socket.socket:
    parts = urlsplit(made.gateway)
    return socket.create_connection((parts.hostname, parts.port), timeout=30)


def head(made, **headers: str) -> bytes:
    told = {"host": urlsplit(made.gateway).netloc, "content-type": "application/json", **made.headers(), **headers}
    return "".join(
        [f"POST {PATH} HTTP/1.1\r\n", *(f"{name}: {value}\r\n" for name, value in told.items()), "\r\n"]
    ).encode()


def read_to_end(connection: socket.socket, begun: bytes = b"") -> bytes:
    got = bytearray(begun)
    while not got.endswith(b"0\r\n\r\n"):
        more = connection.recv(MIB)
        assert more, "the answer broke off"
        got += more
    return bytes(got)


def test_a_body_of_32_mib_leaves_as_it_came(made):
    daemon, _, up = made
    body = WORDS | {"stream": True, "messages": [{"role": "user", "content": "word " * (32 * MIB // 5)}]}
    raw = json.dumps(body | {"stream_options": {"include_usage": True}}).encode()
    with connect(daemon) as connection:
        connection.sendall(head(daemon, **{"content-length": str(len(raw))}) + raw)
        assert read_to_end(connection).startswith(b"HTTP/1.1 200")
    assert up.requests[-1][2] == raw


def test_who_asks_before_sending_is_told_to_go_on(made):
    daemon, _, up = made
    raw = json.dumps(WORDS | {"stream": True, "stream_options": {"include_usage": True}}).encode()
    with connect(daemon) as connection:
        connection.sendall(head(daemon, **{"content-length": str(len(raw)), "expect": "100-continue"}))
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(raw)
        assert read_to_end(connection).startswith(b"HTTP/1.1 200")
    assert up.requests[-1][2] == raw


def test_who_asks_before_sending_and_may_not_send_is_told_so_at_once(made):
    daemon, _, _ = made
    with connect(daemon) as connection:
        turned_away = head(daemon, **{"content-length": "9", "expect": "100-continue", "authorization": "Bearer none"})
        connection.sendall(turned_away)
        assert connection.recv(1000).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_body_in_chunks_leaves_whole(made, size):
    daemon, _, up = made
    raw = json.dumps(WORDS | {"stream": True, "stream_options": {"include_usage": True}}).encode()
    pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
    with connect(daemon) as connection:
        connection.sendall(head(daemon, **{"transfer-encoding": "chunked"}))
        for piece in pieces:
            connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\n\r\n")
        assert read_to_end(connection).startswith(b"HTTP/1.1 200")
    assert up.requests[-1][2] == raw


def test_one_connection_serves_call_after_call(made):
    daemon, _, up = made
    before = len(up.requests)
    with connect(daemon) as connection:
        for number in range(20):
            raw = json.dumps(WORDS | {"stream": True, "user": str(number)}).encode()
            connection.sendall(head(daemon, **{"content-length": str(len(raw))}) + raw)
            assert read_to_end(connection).startswith(b"HTTP/1.1 200")
    assert len(up.requests) == before + 20


def test_an_agent_that_reads_slowly_holds_back_the_upstream_and_fills_no_memory(made):
    daemon, told, up = made
    raw = json.dumps(WORDS | {"stream": True}).encode()
    process = psutil.Process(daemon.pid)
    before = process.memory_info().rss
    up.answer = told.flood
    try:
        with connect(daemon) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
            connection.sendall(head(daemon, **{"content-length": str(len(raw))}) + raw)
            got = connection.recv(1000)
            seen = [-1]

            def stands_still() -> bool:
                seen.append(told.sent)
                time.sleep(0.3)
                return seen[-1] == seen[-2] > 0

            wait_until(stands_still)
            # What the buffers of four sockets take, and a little of the daemon's own.
            assert told.sent < FLOOD / 2
            assert process.memory_info().rss - before < FLOOD / 2
            size = len(read_to_end(connection, got))
    finally:
        up.answer = told.short
    assert told.sent >= FLOOD
    assert size > told.sent
