"""From a host's name to a socket: resolve once, ask whether each address is permitted, connect to that very address."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence

import httpx

from companion.upstream.http1.connection import Connection

Permits = Callable[[str, str], bool]
"""(host, address) -> whether to connect to it."""
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) -> its addresses, in the order in which to try them."""


async def resolve(host: str, port: int) -> list[str]:
    """By the system's resolver. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(_address(entry[4]) for entry in found))


async def connect(
    host: str,
    port: int,
    tls: ssl.SSLContext | None,
    resolve: Resolve,
    permits: Permits | None,
    until: float | None,
) -> Connection:
    """Tries the addresses in their order; each may take an equal share of the time that is left on the loop's clock.

    Raises httpx.ConnectError or httpx.ConnectTimeout, which say what became of each address.
    """
    loop = asyncio.get_running_loop()
    where = f"{host}:{port}"
    try:
        async with asyncio.timeout_at(until):
            addresses = [host] if is_address(host) else await resolve(host, port)
    except TimeoutError as error:
        raise httpx.ConnectTimeout(f"{host} was not resolved in time") from error
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError(f"{host} cannot be resolved: {error}") from error
    failures: list[tuple[str, OSError | None]] = []
    for place, address in enumerate(addresses):
        if permits is not None and not permits(host, address):
            failures.append((f"{address} is not permitted", None))
            continue
        share = None if until is None else (until - loop.time()) / (len(addresses) - place)
        try:
            async with asyncio.timeout(share):
                return await _open(loop, address, port, tls, host)
        except ssl.SSLError as error:
            raise httpx.ConnectError(f"cannot connect to {where}: {error}") from error
        except OSError as error:
            failures.append((f"{address}: {words(error)}", error))
    raise _failed(where, failures)


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def words(error: OSError) -> str:
    return str(error) or ("no answer in time" if isinstance(error, TimeoutError) else type(error).__name__)


def _failed(where: str, failures: list[tuple[str, OSError | None]]) -> httpx.TransportError:
    message = f"cannot connect to {where}: " + ("; ".join(said for said, _ in failures) or "it has no address")
    errors = [error for _, error in failures if error is not None]
    late = errors and all(isinstance(error, TimeoutError) for error in errors)
    failed = httpx.ConnectTimeout(message) if late else httpx.ConnectError(message)
    failed.__cause__ = errors[-1] if errors else None
    return failed


async def _open(
    loop: asyncio.AbstractEventLoop, address: str, port: int, tls: ssl.SSLContext | None, host: str
) -> Connection:
    name = None if tls is None else host
    # An address, not a name: the loop does not resolve it again.
    _, conn = await loop.create_connection(lambda: Connection(loop), address, port, ssl=tls, server_hostname=name)
    return conn


def _address(where: Sequence[object]) -> str:
    # An IPv6 address of one link means nothing without its link.
    return f"{where[0]}%{where[3]}" if len(where) > 3 and where[3] else str(where[0])
