"""An upstream that fails on purpose, byte by byte: it accepts, reads the request whole, and then does as it is told."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass

EVENTS = 4
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
"""How a good stream begins."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that came whole. `number` is its place among all of this upstream."""

    number: int
    call: str
    """What the caller put into the header x-call."""
    path: str
    headers: dict[str, str]
    body: bytes


class Line:
    """One connection, after one request."""

    def __init__(self, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.seen = seen
        self._reader = reader
        self._writer = writer

    async def say(self, raw: bytes) -> None:
        self._writer.write(raw)
        await self._writer.drain()

    def reset(self) -> None:
        linger_not = struct.pack("ii", 1, 0)
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
        self._writer.transport.abort()

    def shut(self) -> None:
        """Says that nothing more will come, and goes on listening."""
        self._writer.write_eof()

    async def hung_up(self) -> None:
        """Waits until the other side closes."""
        with suppress(OSError):
            while await self._reader.read(65536):
                pass


Fault = Callable[[Line], Awaitable[bool]]
"""What becomes of one request; whether the connection may serve another."""


class Chaos:
    """What it saw; `script` says what becomes of each request."""

    def __init__(self, script: Callable[[Seen], Fault]) -> None:
        self.script = script
        self.seen: list[Seen] = []
        self.url = ""
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection to its end."""
        try:
            while (seen := await self._read(reader)) is not None:
                if not await self.script(seen)(Line(seen, reader, writer)):
                    return
        except OSError:
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> Seen | None:
        try:
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
        except asyncio.IncompleteReadError:
            return None
        seen = Seen(len(self.seen), headers.get("x-call", ""), first.split(" ")[1], headers, body)
        self.seen.append(seen)
        return seen


@asynccontextmanager
async def chaos(script: Callable[[Seen], Fault]) -> AsyncIterator[Chaos]:
    made, running = Chaos(script), set[asyncio.Task]()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(made.serve(reader, writer))
        running.add(task)
        task.add_done_callback(running.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    made.url = f"http://127.0.0.1:{made.port}"
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()
        left = list(running)
        for task in left:
            task.cancel()
        for ended in await asyncio.gather(*left, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended


def always(fault: Fault) -> Callable[[Seen], Fault]:
    return lambda seen: fault


def in_turn(*faults: Fault) -> Callable[[Seen], Fault]:
    """Each request another fault; the last one stays."""
    return lambda seen: faults[min(seen.number, len(faults) - 1)]


def events(seen: Seen) -> list[bytes]:
    """What a good stream says; every event knows the request that it answers."""
    told = [{"call": seen.call, "number": seen.number, "event": number} for number in range(EVENTS)]
    return [f"data: {json.dumps(event)}\n\n".encode() for event in told] + [b"data: [DONE]\n\n"]


def stream(seen: Seen) -> list[bytes]:
    """A good answer as it goes over the wire, in the pieces in which it is sent."""
    return [HEAD, *(b"%x\r\n%s\r\n" % (len(event), event) for event in events(seen)), b"0\r\n\r\n"]


async def good(line: Line) -> bool:
    for piece in stream(line.seen):
        await line.say(piece)
    return True


def answers(status: int, body: bytes = b"{}", **headers: str) -> Fault:
    """A whole answer. `_` in the name of a header stands for `-`."""

    async def fault(line: Line) -> bool:
        told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 {status} Told\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n{told}\r\n"
        await line.say(head.encode() + body)
        return True

    return fault


async def never(line: Line) -> bool:
    """No answer at all."""
    await line.hung_up()
    return False


def late(seconds: float, then: Fault = good) -> Fault:
    async def fault(line: Line) -> bool:
        await asyncio.sleep(seconds)
        return await then(line)

    return fault


def drip(size: int, seconds: float = 0.0) -> Fault:
    """A good answer, a few bytes at a time."""

    async def fault(line: Line) -> bool:
        raw = b"".join(stream(line.seen))
        for at in range(0, len(raw), size):
            await line.say(raw[at : at + size])
            await asyncio.sleep(seconds)
        return True

    return fault


def cut(at: int, how: Callable[[Line], Awaitable[None] | None] = lambda line: None) -> Fault:
    """The first bytes of a good answer; then `how`, and the connection is closed."""

    async def fault(line: Line) -> bool:
        await line.say(b"".join(stream(line.seen))[:at])
        waiting = how(line)
        if waiting is not None:
            await waiting
        return False

    return fault


def truncated(at: int) -> Fault:
    return cut(at)


def reset(at: int = 0) -> Fault:
    return cut(at, lambda line: line.reset())


def stalled(at: int) -> Fault:
    return cut(at, lambda line: line.hung_up())


def half_closed(at: int) -> Fault:
    async def shut(line: Line) -> None:
        line.shut()
        await line.hung_up()

    return cut(at, shut)


def garbage(seed: int, size: int = 200) -> Fault:
    async def fault(line: Line) -> bool:
        await line.say(random.Random(seed).randbytes(size))
        return False

    return fault


def wrong_length(by: int) -> Fault:
    """A whole answer of 200 whose content-length is off by so many bytes."""

    async def fault(line: Line) -> bool:
        body = b"".join(events(line.seen))
        head = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {len(body) + by}\r\n\r\n"
        await line.say(head.encode() + body)
        return False

    return fault


def bad_chunk() -> Fault:
    async def fault(line: Line) -> bool:
        head, first, *_ = stream(line.seen)
        await line.say(head + first + b"zz\r\n\r\n")
        return False

    return fault


def error_frame(kind: str = "overloaded_error") -> Fault:
    """A stream that begins well for HTTP and says within itself that nothing will come."""

    async def fault(line: Line) -> bool:
        told = {"type": "error", "error": {"type": kind, "message": "no"}}
        event = f"event: error\ndata: {json.dumps(told)}\n\n".encode()
        await line.say(HEAD + b"%x\r\n%s\r\n0\r\n\r\n" % (len(event), event))
        return True

    return fault


@contextmanager
def deaf() -> Iterator[str]:
    """The address of a port that is taken, at which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{one.getsockname()[1]}"
