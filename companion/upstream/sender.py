"""Sends a model call to its upstream and hands back the answer as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

import httpx

from companion.model.action import Dialect

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

# A thinking model may pause for minutes between bytes.
_TIMEOUT = httpx.Timeout(connect=10.0, read=600.0, write=60.0, pool=10.0)


class UpstreamUnreachable(Exception):  # noqa: N818 - what happened to one call
    """No answer came. The message names the upstream and says what failed, without any credential."""

    def __init__(self, upstream: str, kind: str, message: str) -> None:
        super().__init__(message)
        self.upstream = upstream
        self.kind = kind
        """ "connect", "timeout", "broken" or "refused": a word for metrics."""


@dataclass(frozen=True, slots=True)
class Target:
    """One upstream. `key` is the provider's credential, "" when none is sent."""

    name: str
    url: str
    key: str
    provider: str = "unknown"

    def address(self, path: str) -> str:
        """The URL of an API path such as "/v1/messages", whether or not the base URL ends in /v1."""
        base = self.url.rstrip("/")
        if base.endswith("/v1") and path.startswith("/v1/"):
            path = path.removeprefix("/v1")
        return base + path


@dataclass(frozen=True, slots=True)
class Reply:
    """An upstream's answer: its head at once, its body as it comes, decoded."""

    status: int
    headers: list[tuple[str, str]]
    chunks: AsyncIterator[bytes]

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")


class Sender:
    """One pool of connections for all upstreams. Redirects are not followed: credentials stay with their origin."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        limits = httpx.Limits(max_connections=256, max_keepalive_connections=64)
        self._http = httpx.AsyncClient(
            transport=transport or httpx.AsyncHTTPTransport(limits=limits), timeout=_TIMEOUT, follow_redirects=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    @asynccontextmanager
    async def send(
        self, target: Target, method: str, path: str, headers: Mapping[str, str], body: bytes, dialect: Dialect | None
    ) -> AsyncIterator[Reply]:
        """`path` starts at /v1 and carries the query. Raises UpstreamUnreachable, also while the body is read."""
        request = self._http.build_request(
            method, target.address(path), headers=_outgoing(target, headers, dialect), content=body
        )
        try:
            response = await self._http.send(request, stream=True)
            try:
                told = [
                    (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw
                ]
                kept = [
                    (name, value) for name, value in told if name not in _NOT_RETURNED and not name.startswith(_OWN)
                ]
                yield Reply(response.status_code, kept, response.aiter_bytes())
            finally:
                await response.aclose()
        except httpx.RequestError as error:
            raise _unreachable(target, error) from error


def forwarded(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an agent that go on to the upstream."""
    return {
        name: value
        for name, value in headers.items()
        if name not in _NOT_FORWARDED and not name.startswith((_OWN, "x-forwarded-"))
    }


def _outgoing(target: Target, headers: Mapping[str, str], dialect: Dialect | None) -> list[tuple[bytes, bytes]]:
    kept = forwarded(headers)
    # Compressed answers would have to be decoded to be judged; the way is local or short, so none is asked for.
    kept["accept-encoding"] = "identity"
    if target.key and dialect is Dialect.MESSAGES:
        kept["x-api-key"] = target.key
    elif target.key:
        kept["authorization"] = f"Bearer {target.key}"
    # As the gateway read them, so that a path in a header may hold any letter.
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in kept.items()]


def _unreachable(target: Target, error: httpx.RequestError) -> UpstreamUnreachable:
    host = urlsplit(target.url).netloc.rpartition("@")[2]
    where = f"upstream {target.name} ({host})"
    match error:
        case httpx.ConnectTimeout() | httpx.ConnectError():
            return UpstreamUnreachable(target.name, "connect", f"{where} cannot be reached")
        case httpx.TimeoutException():
            return UpstreamUnreachable(target.name, "timeout", f"{where} did not answer in time")
        case _:
            return UpstreamUnreachable(
                target.name, "broken", f"the connection to {where} broke ({type(error).__name__})"
            )
