"""An agent that goes away takes its call with it: the upstream is hung up on, wherever its answer was."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from companion.client import calls
from tests.support.answers import STREAMS
from tests.support.scenes import DIALECTS, PATHS

SOON = 2.0
"""Seconds. What it takes is measured by benchmarks/gateway.py --hang-up; here a machine may be as slow as it likes."""

NOTHING, HEAD, SOME = "before the head", "after the head", "amid the body"


@dataclass
class Held:
    """An upstream that says as much of an answer as it is to say, and then waits for whoever asked."""

    said: bytes
    is_asked: threading.Event = field(default_factory=threading.Event)
    is_left: threading.Event = field(default_factory=threading.Event)
    left_at: float = 0.0

    def answer(self, handler, _body) -> None:
        handler.wfile.write(self.said)
        handler.wfile.flush()
        handler.connection.settimeout(30)
        self.is_asked.set()
        with suppress(ConnectionError):
            assert handler.connection.recv(1) == b"", "the gateway sends no more than its request"
        self.left_at = time.monotonic()
        self.is_left.set()
        handler.close_connection = True


def said(name: str, where: str, *, streamed: bool) -> bytes:
    if where == NOTHING:
        return b""
    kind = b"text/event-stream" if streamed else b"application/json"
    head = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: 100000\r\n\r\n" % kind
    if where == HEAD:
        return head
    return head + (STREAMS[name]("hello " * 40, [], 5) if streamed else b'{"id": "half of an answ')


def agent(scene, name: str, *, streamed: bool) -> socket.socket:
    """A connection on which a call was asked."""
    body = json.dumps(scene.body(name) | {"stream": streamed}).encode()
    host = scene.companion.gateway.partition("//")[2]
    told = {"host": host, "content-type": "application/json", "content-length": str(len(body))}
    lines = scene.companion.headers(**told)
    head = "".join(f"{key}: {value}\r\n" for key, value in lines.items())
    asking = socket.create_connection(("127.0.0.1", int(host.rpartition(":")[2])), timeout=30)
    asking.sendall(f"POST {PATHS[name]} HTTP/1.1\r\n{head}\r\n".encode() + body)
    return asking


def hang_up(asking: socket.socket, how: str) -> None:
    if how == "reset":
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    asking.close()


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("where", [NOTHING, HEAD, SOME])
@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("name", DIALECTS)
def test_law_the_upstream_is_hung_up_on_soon_after_the_agent_went_and_not_before(scene, name, streamed, where, how):
    held = Held(said(name, where, streamed=streamed))
    scene.upstream.answer = held.answer
    asking = agent(scene, name, streamed=streamed)
    try:
        assert held.is_asked.wait(30)
        if streamed and where == SOME:
            assert asking.recv(1), "the agent was being answered"
        assert not held.is_left.is_set()
        went_at = time.monotonic()
    finally:
        hang_up(asking, how)
    assert held.is_left.wait(SOON)
    assert held.left_at >= went_at
    assert scene.companion.lines("model")[-1].ending == "cancelled"
    assert len(scene.upstream.requests) == 1, "nobody is left for whom to try again"
    assert scene.companion.ask(calls.status()).resting == [], "it says nothing of the upstream"
