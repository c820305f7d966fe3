"""Writes a request on a connection, no faster than the peer takes it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from companion.upstream.http1.connection import Connection
from companion.upstream.http1.outgoing import Outgoing, Stream, pieces

_SLICE = 512 * 1024


async def send(conn: Connection, stream: Stream, out: Outgoing, seconds: float | None) -> None:
    """Returns early when the peer has answered with an error instead of reading on. `seconds` is per wait."""
    conn.sending = conn.unsent = True
    if out.whole is not None and out.is_short:
        conn.write(out.head + out.whole)
        conn.unsent = False
    else:
        conn.write(out.head)
        if out.whole is None:
            conn.unsent = not await _send_pieces(conn, stream, out.length, seconds)
        else:
            conn.unsent = not await _send_slices(conn, out.whole, seconds)
    conn.sending = False


async def _send_slices(conn: Connection, body: bytes, seconds: float | None) -> bool:
    view = memoryview(body)
    for start in range(0, len(body), _SLICE):
        if start:
            # So that an early answer is read before a write on a socket that its sender has closed can fail.
            await asyncio.sleep(0)
        if not await conn.may_write(seconds):
            return False
        conn.write(view[start : start + _SLICE])
    return await conn.may_write(seconds)


async def _send_pieces(conn: Connection, stream: Stream, length: int | None, seconds: float | None) -> bool:
    async with aclosing(pieces(stream, length)) as produced:
        async for piece in produced:
            if not await conn.may_write(seconds):
                return False
            conn.write(piece)
    return await conn.may_write(seconds)
