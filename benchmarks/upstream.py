"""A model provider that costs next to nothing: what a gateway in front of it takes is the gateway's own.

    python benchmarks/upstream.py        prints its URL, then serves until it is ended

Raw HTTP/1.1 over an asyncio protocol, keep-alive, OpenAI's chat dialect. A stream has 64 chunks of text, each written
in a turn of the event loop of its own. `POST /control` with a JSON object changes how it answers, see `Manner`;
`GET /count` says how many calls came, `GET /last` gives the body of the last one, `GET /gone` says when connections
were closed on which an answer was held.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import dataclass, field
from typing import ClassVar, cast

import uvloop

CHUNKS = 64
MODEL = "gpt-4o-mini"
PATH = "/v1/chat/completions"
CACHED = 128
_CUT_AFTER = 3
_TOKENS = [f"tok{number:02d}-abcdefghijklm " for number in range(CHUNKS)]
_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
    b"transfer-encoding: chunked\r\nx-request-id: req_1\r\n\r\n"
)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _whole(body: bytes, status: bytes = b"200 OK", kind: bytes = b"application/json") -> bytes:
    head = b"HTTP/1.1 %s\r\ncontent-type: %s\r\ncontent-length: %d\r\nx-request-id: req_1\r\n\r\n"
    return head % (status, kind, len(body)) + body


@dataclass
class Manner:
    """How it answers, from the next call on."""

    mode: str = "well"
    """ "well"; "fail" with a 500; "cut", which closes the connection amid a stream; "hold", which says no more than
    `chunks` of a stream, and nothing at all where there are none or the answer is whole."""
    delay: float = 0.0
    """Seconds before an answer begins."""
    chunks: int = 0
    prompt_tokens: int = 321
    cached_tokens: int = CACHED
    completion_tokens: int = CHUNKS
    whole: bytes = field(init=False)
    stream: list[bytes] = field(init=False)

    def __post_init__(self) -> None:
        usage = {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
        }
        common = {"id": "chatcmpl-1", "created": 1_780_000_000, "model": MODEL}
        message = {"role": "assistant", "content": "".join(_TOKENS), "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        answer = {**common, "object": "chat.completion", "choices": [choice], "usage": usage}
        self.whole = _whole(_json(answer))
        common["object"] = "chat.completion.chunk"
        deltas: list[dict[str, str]] = [{"content": token} for token in _TOKENS]
        deltas[0]["role"] = "assistant"
        ends = [None] * CHUNKS + ["stop"]
        events = [
            _json({**common, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": end}]})
            for delta, end in zip([*deltas, {}], ends, strict=True)
        ]
        events += [_json({**common, "choices": [], "usage": usage}), b"[DONE]"]
        framed = [b"data: " + event + b"\n\n" for event in events]
        self.stream = [b"%x\r\n%s\r\n" % (len(event), event) for event in framed]
        self.stream[-1] += b"0\r\n\r\n"


_FAILURE = _whole(_json({"error": {"message": "out of order", "type": "server_error"}}), b"500 Internal Server Error")
_MISSING = _whole(_json({"error": {"message": "no such path", "type": "invalid_request_error"}}), b"404 Not Found")


class _State:
    manner = Manner()
    count = 0
    last = b""
    gone: ClassVar[list[float]] = []
    """Seconds of the machine's monotonic clock."""


def _is_stream(body: bytes) -> bool:
    for part in (body[:400], body[-400:], body):
        if (at := part.find(b'"stream"')) >= 0:
            return part[at + 8 : at + 16].replace(b" ", b"").startswith(b":true")
    return False


class _Connection(asyncio.Protocol):
    """Its clients send the next request after the answer to the last."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._length = -1
        self._path = ""
        self._transport: asyncio.Transport | None = None
        self._holds = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self._holds:
            _State.gone.append(time.clock_gettime(time.CLOCK_MONOTONIC))
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._length < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._buffer[: end + 2])
            del self._buffer[: end + 4]
            self._path = head.split(b" ", 2)[1].decode("latin-1")
            lower = head.lower()
            at = lower.find(b"\r\ncontent-length:")
            self._length = int(lower[at + 17 : lower.index(b"\r\n", at + 2)]) if at >= 0 else 0
        if len(self._buffer) >= self._length:
            body = bytes(self._buffer)
            self._buffer.clear()
            self._length = -1
            self._serve(body)

    def _serve(self, body: bytes) -> None:
        path, state = self._path.partition("?")[0], _State
        if path == "/control":
            state.manner = Manner(**json.loads(body))
            self._write(_whole(b"{}"))
        elif path == "/count":
            self._write(_whole(b"%d" % state.count))
        elif path == "/gone":
            self._write(_whole(_json(state.gone)))
        elif path == "/last":
            self._write(_whole(state.last, kind=b"application/octet-stream"))
        elif path.endswith("/chat/completions"):
            state.count += 1
            state.last = body
            manner = state.manner
            if manner.delay:
                asyncio.get_running_loop().call_later(manner.delay, self._answer, body, manner)
            else:
                self._answer(body, manner)
        else:
            self._write(_MISSING)

    def _answer(self, body: bytes, manner: Manner) -> None:
        if manner.mode == "fail":
            self._write(_FAILURE)
        elif manner.mode == "hold":
            self._holds = True
            if manner.chunks and _is_stream(body):
                self._write(_STREAM_HEAD + b"".join(manner.stream[: manner.chunks]))
        elif _is_stream(body):
            self._write(_STREAM_HEAD)
            self._step(manner, 0)
        else:
            self._write(manner.whole)

    def _step(self, manner: Manner, number: int) -> None:
        if self._transport is None:
            return
        if manner.mode == "cut" and number == _CUT_AFTER:
            self._transport.close()
            return
        self._write(manner.stream[number])
        if number + 1 < len(manner.stream):
            asyncio.get_running_loop().call_soon(self._step, manner, number + 1)

    def _write(self, raw: bytes) -> None:
        if self._transport is not None:
            self._transport.write(raw)


async def _main() -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    # Not under a debugger of asyncio, whatever the environment says: it would be measured.
    os.environ.pop("PYTHONASYNCIODEBUG", None)
    uvloop.run(_main())
