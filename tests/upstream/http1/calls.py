"""What the tests of the transport say again and again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from companion.upstream.http1.pool import Pool
from companion.upstream.http1.proxies import Proxies
from companion.upstream.http1.transport import Http1Transport

NO_PROXIES = Proxies({})


@asynccontextmanager
async def transport(**how) -> AsyncIterator[Http1Transport]:
    made = Http1Transport(**{"proxies": NO_PROXIES, **how})
    async with made:
        yield made
    for pool in pools(made):
        assert (pool.slots, pool.idle, pool.live) == (0, 0, set())


def request(url: str, method: str = "GET", timeout: dict | None = None, **how) -> httpx.Request:
    limits = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0} | (timeout or {})
    return httpx.Request(method, url, extensions={"timeout": limits}, **how)


async def call(made: httpx.AsyncBaseTransport, url: str, method: str = "GET", **how) -> httpx.Response:
    """The response, read to its end."""
    response = await made.handle_async_request(request(url, method, **how))
    await response.aread()
    return response


def pools(made: Http1Transport) -> list[Pool]:
    return [pool for _, pool in made._pools.values()]


def pool_of(made: Http1Transport) -> Pool:
    [pool] = pools(made)
    return pool
