"""Reads one response at a time from bytes. Knows no socket."""

from __future__ import annotations

from typing import NoReturn

import httptools
import httpx

# Heads of interim responses count too, so that a peer cannot send them without end.
MAX_HEAD = 64 * 1024
MAX_HEADERS = 200
# Trailers, chunk sizes and their extensions between two pieces of the body.
_MAX_BETWEEN = 64 * 1024
_VERSIONS = {"1.1": b"HTTP/1.1", "1.0": b"HTTP/1.0"}
_INTERIM = (100, 102, 103)
_BODYLESS = (204, 304)
_CONTROLS = bytes({*range(32), 127} - {9})


class Incoming:
    """A response as it comes. `expect` starts the next one; the same object serves a connection all its life.

    What would let two readers see different messages is refused: two lengths, a length beside a transfer coding, any
    coding but chunked, folded headers, bare CR or LF. Trailers are dropped, interim responses (1xx) skipped.
    """

    __slots__ = (
        "_between",
        "_bodyless",
        "_coded",
        "_framed",
        "_headless",
        "_interim",
        "_parser",
        "_refusal",
        "buffered",
        "chunks",
        "done",
        "fed",
        "headed",
        "headers",
        "on_body",
        "reason",
        "reusable",
        "status",
        "version",
    )

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        """The body that nobody took yet."""
        self.on_body = self.chunks.append
        self.expect("GET")
        self.done = True

    def expect(self, method: str) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.status = 0
        self.version = b""
        self.reason = b""
        self.fed = 0
        """All bytes that came, whatever they were."""
        self.buffered = 0
        """About how many bytes `chunks` holds; never less."""
        self.headed = False
        """The final head is here."""
        self.done = False
        """The whole response is here, or none is expected yet."""
        self.reusable = False
        """Once done: another request may follow on this connection."""
        self.chunks.clear()
        self._headless = method in {"HEAD", "CONNECT"}
        self._bodyless = False
        self._interim = False
        self._framed = False
        self._coded = False
        self._between = 0
        self._refusal = ""
        # Trailers of a chunked message would be told as headers of the next one, were the parser used twice.
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Raises RemoteProtocolError. What follows a whole response is not read: it makes the connection unfit."""
        if self.done:
            self.reusable = False
            return
        if not self.fed and data[:1] != b"H":
            raise httpx.RemoteProtocolError("the answer is not HTTP/1.1")
        room = MAX_HEAD - self.fed
        self.fed += len(data)
        if self.headed:
            self.buffered += len(data)
            self._feed_body(data)
            return
        if len(data) > room:
            if not self._parse(data[:room]):
                raise httpx.RemoteProtocolError(f"the answer's head is longer than {MAX_HEAD} bytes")
            data = data[room:]
        if self._parse(data):
            self.buffered = len(data)
            if self._bodyless and self.chunks:
                # The parser does not know that this answer ends with its head, and has read on.
                self.chunks.clear()
                self.reusable = False

    def end(self) -> None:
        """The peer has nothing more to say. Raises RemoteProtocolError when something is missing."""
        if self.done:
            return
        if not self.headed:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        if self._framed:
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
        self.done = True
        self.reusable = False

    def take(self) -> bytes:
        """What came of the body since the last time."""
        chunks = self.chunks
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        self.buffered = 0
        return data

    def _feed_body(self, data: bytes) -> None:
        before = len(self.chunks)
        self._parse(data)
        if len(self.chunks) != before:
            self._between = 0
            return
        self._between += len(data)
        if self._between > _MAX_BETWEEN and not self.done:
            raise httpx.RemoteProtocolError("the answer has too much between two pieces of its body")

    def _parse(self, data: bytes) -> bool:
        """Whether the head is here now."""
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self.done:
                raise httpx.RemoteProtocolError(self._refusal or f"the answer is not HTTP/1.1: {error}") from error
            self.reusable = False
        return self.headed

    def _refuse(self, words: str) -> NoReturn:
        # Raised through the parser, which keeps only that something was raised.
        self._refusal = words
        raise ValueError(words)

    def on_message_begin(self) -> None:
        if self.done:
            self._refuse("the answer goes on after its end")

    def on_status(self, reason: bytes) -> None:
        self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.headed:
            return
        size = len(name)
        if size == 17 and name.lower() == b"transfer-encoding":
            if self._coded or value.strip().lower() != b"chunked":
                self._refuse("the answer has a transfer coding other than chunked")
            self._framed = self._coded = True
        elif size == 14 and name.lower() == b"content-length":
            self._framed = True
        self.headers.append((name, value.strip()))

    def on_headers_complete(self) -> None:
        if len(self.headers) > MAX_HEADERS:
            self._refuse(f"the answer has more than {MAX_HEADERS} headers")
        status = self._parser.get_status_code()
        version = _VERSIONS.get(self._parser.get_http_version())
        if version is None or status < 100 or (self._coded and version == b"HTTP/1.0"):
            self._refuse("the answer is not HTTP/1.1")
        if len(self.reason.translate(None, _CONTROLS)) != len(self.reason):
            self._refuse("the answer's reason holds control characters")
        if status < 200:
            # For the parser others have bodies, which would be taken for the final one's.
            if status not in _INTERIM or self._framed:
                self._refuse(f"the upstream answered {status}, which nobody had asked for")
            self._interim = True
            self.reason = b""
            self.headers.clear()
            return
        self.status = status
        self.version = version
        # In chunks after the head of an answer to HEAD the parser would see nothing wrong.
        self.reusable = self._parser.should_keep_alive() and not (self._headless and self._coded)
        self.headed = True
        if self._headless or status in _BODYLESS:
            self._bodyless = self.done = True

    def on_message_complete(self) -> None:
        if self._interim:
            self._interim = False
        else:
            self.done = True
