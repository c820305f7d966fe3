"""The yardstick S: the least that a gateway of stock parts does. It passes every call on and does nothing else.

    python benchmarks/yardstick.py UPSTREAM_URL        prints its URL, then serves until it is ended

uvicorn with uvloop and httptools, a raw ASGI handler, httpx.AsyncClient over its stock transport with limits raised,
HTTP/1.1.
"""

from __future__ import annotations

import socket
import sys

import httpx
import uvicorn

_HOP_BY_HOP = frozenset({b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade"})
_OWN_REQUEST = _HOP_BY_HOP | {b"host", b"content-length", b"accept-encoding"}
_OWN_RESPONSE = _HOP_BY_HOP | {b"date", b"server"}


class PassThrough:
    """The ASGI application."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=256, keepalive_expiry=60)
        transport = httpx.AsyncHTTPTransport(limits=limits, http1=True, http2=False, trust_env=False)
        timeout = httpx.Timeout(600, connect=10, pool=10)
        self._client = httpx.AsyncClient(transport=transport, timeout=timeout, trust_env=False)

    async def __call__(self, scope, receive, send) -> None:
        assert scope["type"] == "http"
        parts, more = [], True
        while more:
            message = await receive()
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        headers = [(name, value) for name, value in scope["headers"] if name not in _OWN_REQUEST]
        headers.append((b"accept-encoding", b"identity"))
        request = self._client.build_request(
            scope["method"], self._upstream + scope["path"], headers=headers, content=b"".join(parts)
        )
        response = await self._client.send(request, stream=True)
        try:
            told = [(name, value) for name, value in response.headers.raw if name.lower() not in _OWN_RESPONSE]
            await send({"type": "http.response.start", "status": response.status_code, "headers": told})
            async for chunk in response.aiter_raw():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await response.aclose()


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    config = uvicorn.Config(
        PassThrough(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
    )
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
