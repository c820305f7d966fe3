"""Sends a model call to its upstream and hands back the answer as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from msgspec import Struct

from companion.model.action import Dialect
from companion.upstream.faults import Faults
from companion.upstream.http1.body import WholeBody
from companion.upstream.http1.outgoing import Head
from companion.upstream.http1.transport import SENT, Answer, Call, Http1Transport

# RFC 9110 section 7.6.1, plus what the gateway answers for itself.
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "proxy-authenticate",
    }
)
_NOT_FORWARDED = _HOP_BY_HOP | {
    "host",
    "content-length",
    "content-encoding",
    "accept-encoding",
    "authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "proxy-authorization",
    "cookie",
    "expect",
}
# What would lead the agent past the gateway is not returned either.
_NOT_RETURNED = _HOP_BY_HOP | {
    "content-length",
    "content-encoding",
    "set-cookie",
    "location",
    "content-location",
    "alt-svc",
    "refresh",
    "link",
}
_OWN = "x-companion-"

_CONNECT_SECONDS = 10.0
_WRITE_SECONDS = 60.0
_POOL_SECONDS = 10.0
_PATIENCE = Faults()


class UpstreamUnreachable(Exception):  # noqa: N818 - what happened to one call
    """No answer came. The message names the upstream and says what failed, without any credential."""

    def __init__(self, upstream: str, kind: str, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.upstream = upstream
        self.kind = kind
        """ "connect", "timeout", "broken", or "refused" by companion itself: a word for metrics."""
        self.wait = wait
        """Seconds after which asking again makes sense, where that is known."""


class Target(Struct, frozen=True):
    """One upstream. `key` is the provider's credential, "" when none is sent."""

    name: str
    url: str
    key: str
    provider: str = "unknown"
    account: str = ""
    """Upstreams of one account share its limits, and fail together."""
    allow_private: bool = False
    """Whether its host may be in a private network, such as 192.168.0.0/16."""

    def __repr__(self) -> str:
        return f"Target(name={self.name!r}, url={self.url!r}, provider={self.provider!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("name", self.name), ("url", self.url), ("provider", self.provider)]

    def address(self, path: str) -> str:
        """The URL of an API path such as "/v1/messages", whether or not the base URL ends in /v1.

        Raises ValueError for a path that would lead to another host.
        """
        if not path.startswith("/"):
            raise ValueError(f"an API path begins with /, unlike {path[:40]!r}")
        base = self.url.rstrip("/")
        if base.endswith("/v1") and path.startswith("/v1/"):
            path = path.removeprefix("/v1")
        return base + path


async def _nothing() -> None:
    """There is nothing to close."""


class Reply(Struct, frozen=True):
    """An upstream's answer: its head at once, its body as it comes, decoded."""

    status: int
    headers: list[tuple[str, str]]
    chunks: AsyncIterator[bytes]
    """Raises UpstreamUnreachable where the answer breaks off."""
    aclose: Callable[[], Awaitable[None]] = _nothing
    """Ends the answer, read to its end or not."""

    def header(self, name: str) -> str:
        for key, value in self.headers:
            if key == name:
                return value
        return ""


class Sender:
    """One pool of connections for all upstreams. Redirects are not followed: credentials stay with their origin."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        # Called without httpx's client around it: redirects, cookies and logging are what nobody wants here.
        self._transport = transport or Http1Transport()
        own = self._transport
        self._exchange = own.exchange if isinstance(own, Http1Transport) else partial(_by_httpx, own)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.aclose()

    @asynccontextmanager
    async def send(
        self,
        target: Target,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        dialect: Dialect | None,
        *,
        first_byte_seconds: float = _PATIENCE.first_byte_seconds,
        idle_seconds: float = _PATIENCE.idle_seconds,
        sent_again: Callable[[], None] = lambda: None,
    ) -> AsyncIterator[Reply]:
        """As `open`; the reply is closed when the context is left."""
        reply = await self.open(
            target,
            method,
            path,
            headers,
            body,
            dialect,
            first_byte_seconds=first_byte_seconds,
            idle_seconds=idle_seconds,
            sent_again=sent_again,
        )
        try:
            yield reply
        finally:
            await reply.aclose()

    async def open(
        self,
        target: Target,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        dialect: Dialect | None,
        *,
        first_byte_seconds: float = _PATIENCE.first_byte_seconds,
        idle_seconds: float = _PATIENCE.idle_seconds,
        sent_again: Callable[[], None] = lambda: None,
    ) -> Reply:
        """`path` starts at /v1 and carries the query. The caller closes the reply.

        Raises UpstreamUnreachable, also while the body is read.

        The head of the answer has `first_byte_seconds` to come, connecting included; no silence lasts `idle_seconds`.
        `sent_again` is called for each time that the transport had to repeat the request, however it ended.
        """
        head = _head(target, method, path, tuple(headers.items()), dialect)
        timeouts = {"connect": _CONNECT_SECONDS, "read": idle_seconds, "write": _WRITE_SECONDS, "pool": _POOL_SECONDS}
        call = Call(head, body, timeouts, first_byte_seconds)
        try:
            answer = await self._exchange(call)
        except (httpx.RequestError, TimeoutError) as error:
            raise _unreachable(target, error) from error
        finally:
            for _ in range(call.sent - 1):
                sent_again()
        kept: list[tuple[str, str]] = []
        coded = False
        for raw, value in answer.headers:
            name = raw.decode("latin-1").lower()
            if name not in _NOT_RETURNED and not name.startswith(_OWN):
                kept.append((name, value.decode("latin-1")))
            elif name == "content-encoding":
                coded = True
        if coded:
            response = httpx.Response(answer.status, headers=answer.headers, stream=answer.body)
            return Reply(answer.status, kept, _Chunks(target, response.aiter_bytes()), answer.body.aclose)
        if isinstance(answer.body, WholeBody):
            return Reply(answer.status, kept, _Whole(answer.body.body))
        return Reply(answer.status, kept, _Chunks(target, answer.body), answer.body.aclose)


async def _by_httpx(transport: httpx.AsyncBaseTransport, call: Call) -> Answer:
    """Any other transport of httpx."""
    request = httpx.Request(
        call.head.method,
        call.head.url,
        headers=call.head.told(call.body),
        stream=httpx.ByteStream(call.body) if isinstance(call.body, bytes) else call.body,
        extensions={"timeout": dict(call.timeouts)},
    )
    try:
        async with asyncio.timeout(call.seconds):
            response = await transport.handle_async_request(request)
    finally:
        call.sent = request.extensions.get(SENT, 1)
    assert isinstance(response.stream, httpx.AsyncByteStream)
    return Answer(response.status_code, response.headers.raw, response.stream, b"HTTP/1.1", b"")


class _Whole:
    """A body that is all there."""

    __slots__ = ("_body",)

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        body, self._body = self._body, b""
        if not body:
            raise StopAsyncIteration
        return body


class _Chunks:
    """The body of an answer. What goes wrong is said in our words."""

    __slots__ = ("_raw", "_target")

    def __init__(self, target: Target, raw: AsyncIterable[bytes]) -> None:
        self._target = target
        self._raw = aiter(raw)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._raw)
        except httpx.RequestError as error:
            raise _unreachable(self._target, error) from error


def forwarded(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an agent that go on to the upstream."""
    return {
        name: value
        for name, value in headers.items()
        if name not in _NOT_FORWARDED and not name.startswith((_OWN, "x-forwarded-"))
    }


@lru_cache(maxsize=128)
def _head(
    target: Target, method: str, path: str, headers: tuple[tuple[str, str], ...], dialect: Dialect | None
) -> Head:
    """An agent's headers are mostly the same from call to call."""
    url = httpx.URL(target.address(path))
    kept = forwarded(dict(headers))
    # Compressed answers would have to be decoded to be judged; the way is local or short, so none is asked for.
    kept["accept-encoding"] = "identity"
    if target.key and dialect is Dialect.MESSAGES:
        kept["x-api-key"] = target.key
    elif target.key:
        kept["authorization"] = f"Bearer {target.key}"
    # As the gateway read them, so that a path in a header may hold any letter.
    told = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in kept.items()]
    return Head(method, url, ((b"host", url.netloc), *told))


def _unreachable(target: Target, error: Exception) -> UpstreamUnreachable:
    host = urlsplit(target.url).netloc.rpartition("@")[2]
    where = f"upstream {target.name} ({host})"
    match error:
        case httpx.ConnectTimeout() | httpx.ConnectError():
            kind, message = "connect", f"{where} cannot be reached"
        case httpx.PoolTimeout():
            kind, message = "refused", f"too many calls to {where} are under way"
        case httpx.TimeoutException() | TimeoutError():
            kind, message = "timeout", f"{where} did not answer in time"
        case _:
            kind, message = "broken", f"the connection to {where} broke ({type(error).__name__})"
    return UpstreamUnreachable(target.name, kind, message)
