"""Servers that say exactly the bytes a test wants said, when it wants them said, on real sockets of this loop."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(frozen=True, slots=True)
class Asked:
    line: str
    headers: dict[str, str]
    """By lower-case name; the last of several."""
    body: bytes
    raw: bytes = field(repr=False)
    """The head as it came."""


class Peer:
    """The server's end of one connection."""

    def __init__(self, server: Scripted, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer
        self.number = len(server.peers) + 1

    async def request(self, *, body: bool = True) -> Asked:
        """The next request; IncompleteReadError when there is none. Without `body` that is left unread."""
        raw = await self.reader.readuntil(b"\r\n\r\n")
        line, *rest = raw.decode("latin-1").split("\r\n")[:-2]
        headers = {name.lower(): value.strip() for name, _, value in (header.partition(":") for header in rest)}
        read = b""
        if body and headers.get("transfer-encoding") == "chunked":
            read = await self._chunks()
        elif body:
            read = await self.reader.readexactly(int(headers.get("content-length", 0)))
        asked = Asked(line, headers, read, raw)
        self.server.requests.append(asked)
        return asked

    async def say(self, *pieces: bytes) -> None:
        """Each piece goes out by itself, and the loop turns between two."""
        for piece in pieces:
            if self.writer.is_closing():
                raise ConnectionResetError
            self.writer.write(piece)
            await self.writer.drain()
            await turns(3)

    async def hung_up(self) -> None:
        """Returns when the other side has closed; what it still sends is thrown away."""
        try:
            while await self.reader.read(65536):
                pass
        except ConnectionError:
            pass

    def reset(self) -> None:
        """Closes with an RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            body += (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readuntil(b"\r\n")
        return body


class Scripted:
    def __init__(self) -> None:
        self.peers: list[Peer] = []
        self.requests: list[Asked] = []
        self.port = 0
        self.failures: list[BaseException] = []
        self.tasks: set[asyncio.Task[None]] = set()

    def url(self, path: str = "/", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


Talk = Callable[[Peer], Awaitable[None]]


@asynccontextmanager
async def scripted(talk: Talk, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[Scripted]:
    """`talk` is called for each connection, which is closed when it returns. What it raises the test raises."""
    server = Scripted()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(server, reader, writer)
        server.peers.append(peer)
        try:
            await talk(peer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except Exception as error:  # noqa: BLE001 - told by the test, not by a log
            server.failures.append(error)
        finally:
            writer.close()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(serve(reader, writer))
        server.tasks.add(task)
        task.add_done_callback(server.tasks.discard)

    listening = await asyncio.start_server(accepted, host, 0, ssl=tls, backlog=256)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in list(server.tasks):
            task.cancel()
        await asyncio.gather(*server.tasks, return_exceptions=True)
        for peer in server.peers:
            # asyncio's transports cannot be aborted once they closed with something still to be written.
            with suppress(AttributeError):
                peer.writer.transport.abort()
        await turns(5)
    if server.failures:
        raise ExceptionGroup("in the script", [error for error in server.failures if isinstance(error, Exception)])


def answering(*answers: bytes) -> Talk:
    """Each connection answers its requests with these, in turn and then from the start again."""

    async def talk(peer: Peer) -> None:
        while True:
            for answer in answers:
                await peer.request()
                await peer.say(answer)

    return talk


async def turns(count: int) -> None:
    """Lets the loop turn."""
    for _ in range(count):
        await asyncio.sleep(0)
