"""Turns a request into bytes, and refuses what would not be one request on the wire."""

from __future__ import annotations

import string
from collections.abc import AsyncGenerator, Sequence

import httpx
from msgspec import Struct

Stream = httpx.SyncByteStream | httpx.AsyncByteStream | bytes
"""A body: whole where it is bytes or an httpx.ByteStream, else produced while it is sent."""

_SHORT = 512 * 1024

_TOKEN = (string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~").encode()


class Head:
    """What a request says before its body, but for the body's length: the same for many requests.

    `headers` are all the others that go out, Host and a transfer coding among them.
    """

    __slots__ = ("_begun", "headers", "key", "method", "target", "url")

    def __init__(self, method: str, url: httpx.URL, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self.method = method
        self.url = url
        self.headers = headers
        self.key = (url.scheme, url.raw_host, url.port)
        """Whom it goes to."""
        self.target = url.raw_path
        self._begun: bytes | None = None

    def told(self, body: Stream) -> list[tuple[bytes, bytes]]:
        """All headers; those of a body in chunks, or of an unknown length, have to name it themselves."""
        length = [(b"content-length", b"%d" % len(body))] if isinstance(body, bytes) and body else []
        return [*self.headers, *length]

    def outgoing(self, body: Stream) -> Outgoing:
        """The request with this body. Raises httpx.LocalProtocolError."""
        if not isinstance(body, bytes) or not body:
            return outgoing(self.method, self.target, self.told(body), body)
        if self._begun is None:
            if _framing(self.headers) != (None, False):
                return outgoing(self.method, self.target, self.told(body), body)
            self._begun = _head(self.method.encode("ascii", "replace"), self.target, self.headers)[:-2]
        return Outgoing(b"%bcontent-length: %d\r\n\r\n" % (self._begun, len(body)), body, len(body))


class Outgoing(Struct, frozen=True):
    """A request, ready to be written."""

    head: bytes
    whole: bytes | None
    """The body as it goes out; None for one that is produced while it is sent."""
    length: int | None
    """What the head promises of the body; None when it goes out in chunks."""

    @property
    def is_short(self) -> bool:
        """Whether it goes out in one write."""
        return self.whole is not None and len(self.whole) <= _SHORT


def outgoing(
    method: str,
    target: bytes,
    headers: Sequence[tuple[bytes, bytes]],
    stream: Stream,
) -> Outgoing:
    """`target` is what the request line names. Raises httpx.LocalProtocolError."""
    length, chunked = _framing(headers)
    head = _head(method.encode("ascii", "replace"), target, headers)
    if isinstance(stream, httpx.ByteStream):
        stream = b"".join(stream)
    elif not isinstance(stream, bytes):
        return Outgoing(head, None, None if chunked else length or 0)
    if chunked:
        return Outgoing(head, b"%x\r\n%b\r\n0\r\n\r\n" % (len(stream), stream) if stream else b"0\r\n\r\n", None)
    if len(stream) != (length or 0):
        raise httpx.LocalProtocolError(f"the body has {len(stream)} bytes, its head says {length or 0}")
    return Outgoing(head, stream, length)


async def pieces(stream: Stream, length: int | None) -> AsyncGenerator[bytes, None]:
    """A body that is produced while it is sent, framed as its head promised. Raises httpx.LocalProtocolError."""
    if not isinstance(stream, httpx.AsyncByteStream):
        raise httpx.LocalProtocolError("the body is a synchronous stream")
    left = length
    async for piece in stream:
        if left is None:
            if piece:
                yield b"%x\r\n%b\r\n" % (len(piece), piece)
            continue
        left -= len(piece)
        if left < 0:
            raise httpx.LocalProtocolError("the body is longer than its head says")
        yield piece
    if left is None:
        yield b"0\r\n\r\n"
    elif left:
        raise httpx.LocalProtocolError(f"the body is {left} bytes shorter than its head says")


def _framing(headers: Sequence[tuple[bytes, bytes]]) -> tuple[int | None, bool]:
    lengths: list[bytes] = []
    codings: list[bytes] = []
    for name, value in headers:
        size = len(name)
        if size == 14 and name.lower() == b"content-length":
            lengths.append(value)
        elif size == 17 and name.lower() == b"transfer-encoding":
            codings.append(value.lower())
    if codings:
        if lengths or codings != [b"chunked"]:
            raise httpx.LocalProtocolError("the request's body must have one length, or be chunked")
        return None, True
    if not lengths:
        return None, False
    if len(lengths) > 1 or not lengths[0].isdigit():
        raise httpx.LocalProtocolError("the request's Content-Length must be one number")
    return int(lengths[0]), False


def _head(method: bytes, target: bytes, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    parts = [method, b" ", target, b" HTTP/1.1\r\n"]
    names = []
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
        names.append(name)
    parts.append(b"\r\n")
    head = b"".join(parts)
    # One line for each header and two more: any other CR or LF came in with a value.
    ends = len(names) + 2
    if head.count(b"\n") != ends or head.count(b"\r") != ends or b"\0" in head:
        raise httpx.LocalProtocolError("the request's head holds a CR, LF or NUL of its own")
    if b"" in names or b"".join(names).translate(None, _TOKEN):
        raise httpx.LocalProtocolError("a header's name is not a token")
    if not method or method.translate(None, _TOKEN) or not target or b" " in target:
        raise httpx.LocalProtocolError("the request's method or target is not one word")
    return head
