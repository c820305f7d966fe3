"""Asks a gateway over raw keep-alive connections and measures it."""

from __future__ import annotations

import asyncio
import gc
import math
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import psutil
from prompts import Ask

_PATIENCE = 60.0
_MOST_FAILURES = 50
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_QUIET_SECONDS = 0.5
_QUIET_SHARE = 0.02
_LONGEST_UNREST = 15.0


@dataclass(frozen=True, slots=True)
class Target:
    """A gateway, or the upstream itself, and the processes it consists of."""

    name: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    pids: tuple[int, ...] = ()

    @property
    def host(self) -> str:
        return self.url.partition("//")[2]

    def cpu(self) -> float:
        """Seconds on a CPU so far, ended threads included."""
        # The id of a process' CPU clock, as clock_getcpuclockid(3) makes it.
        return sum(time.clock_gettime_ns((~pid << 3) | 2) for pid in self.pids) / 1e9

    def memory(self) -> float:
        """PSS in MB (Linux only)."""
        rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self.pids]
        lines = [line for rollup in rollups for line in rollup.splitlines() if line.startswith("Pss:")]
        return sum(int(line.split()[1]) for line in lines) / 1024

    async def quiet(self) -> None:
        """Waits until it has nothing more to do, or seems never to."""
        deadline = time.monotonic() + _LONGEST_UNREST
        while time.monotonic() < deadline:
            before = self.cpu()
            await asyncio.sleep(_QUIET_SECONDS)
            if self.cpu() - before < _QUIET_SHARE * _QUIET_SECONDS:
                return


def family(pid: int) -> tuple[int, ...]:
    """A process and its descendants."""
    return (pid, *(child.pid for child in psutil.Process(pid).children(recursive=True)))


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; times in seconds from the request's first byte on."""

    status: int
    first_byte: float
    """Until the first byte of the body came."""
    total: float
    body: bytes = b""
    """Kept only where asked for, and of a failure; chunked framing is in it."""


class Connection(asyncio.Protocol):
    """Carries one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Answer] | None = None
        self._keep = False
        self.usable = False

    @classmethod
    async def open(cls, url: str) -> Connection:
        parts = urllib.parse.urlsplit(url)
        _, made = await asyncio.get_running_loop().create_connection(cls, parts.hostname, parts.port)
        return made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self.usable = cast("asyncio.Transport", transport), True

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(exc or ConnectionError("closed amid an answer"))

    async def ask(self, request: bytes, *, keep: bool = False) -> Answer:
        """Raises ConnectionError or TimeoutError."""
        assert self._transport is not None
        self._waiter = asyncio.get_running_loop().create_future()
        self._head, self._in_body, self._keep = b"", False, keep
        self._body, self._tail, self._left, self._first = bytearray(), b"", -1, 0.0
        self._began = time.perf_counter()
        self._transport.write(request)
        return await asyncio.wait_for(self._waiter, _PATIENCE)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        self.usable = False

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if not self._in_body:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            data = self._head[end + 4 :]
            self._read_head(self._head[: end + 2].lower())
        if data and not self._first:
            self._first = now
        if self._keep:
            self._body += data
        if self._left >= 0:
            self._left -= len(data)
            ended = self._left <= 0
        else:
            self._tail = (self._tail + data)[-len(_LAST_CHUNK) :]
            ended = self._tail in (_LAST_CHUNK, _LAST_CHUNK[2:])
        if ended and self._waiter is not None and not self._waiter.done():
            first = (self._first or now) - self._began
            self._waiter.set_result(Answer(self._status, first, now - self._began, bytes(self._body)))

    def _read_head(self, head: bytes) -> None:
        self._in_body = True
        self._status = int(head[9:12])
        self._keep = self._keep or self._status != 200
        at = head.find(b"\r\ncontent-length:")
        self._left = int(head[at + 17 : head.index(b"\r\n", at + 2)]) if at >= 0 else -1
        if b"\r\nconnection: close" in head:
            self.usable = False


@dataclass(frozen=True, slots=True)
class Sample:
    """What one burst showed. Times in milliseconds."""

    answered: int
    failed: int
    failure: str
    """The first of those that failed."""
    p50: float
    p99: float
    first_byte: float
    rate: float
    """Requests answered in a second."""
    cpu: float
    """Of the target, per request."""


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of them does not pass; nan of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


async def burst(target: Target, ask: Ask, *, at_once: int, most: int, seconds: float) -> Sample:
    """So many requests at once, until there were `most` of them or the time is over."""
    answers: list[Answer] = []
    failures: list[str] = []
    left = most
    connections = await asyncio.gather(*(Connection.open(target.url) for _ in range(at_once)))

    async def go_on(connection: Connection) -> None:
        nonlocal left
        while left > 0 and len(failures) < _MOST_FAILURES and time.perf_counter() < deadline:
            left -= 1
            request = ask()
            try:
                if not connection.usable:
                    connection.close()
                    connection = await Connection.open(target.url)
                answer = await connection.ask(request)
            except (OSError, TimeoutError) as error:
                failures.append(repr(error))
                connection.close()
                continue
            if answer.status == 200:
                answers.append(answer)
            else:
                failures.append(f"{answer.status} {answer.body[:300]!r}")
        connection.close()

    gc.collect()
    gc.disable()
    try:
        began, cpu = time.perf_counter(), target.cpu()
        deadline = began + seconds
        await asyncio.gather(*(go_on(connection) for connection in connections))
        cpu, took = target.cpu() - cpu, time.perf_counter() - began
    finally:
        gc.enable()
    totals = [answer.total * 1e3 for answer in answers]
    return Sample(
        answered=len(answers),
        failed=len(failures),
        failure=failures[0] if failures else "",
        p50=quantile(totals, 0.5),
        p99=quantile(totals, 0.99),
        first_byte=quantile([answer.first_byte * 1e3 for answer in answers], 0.5),
        rate=len(answers) / took,
        cpu=cpu * 1e3 / len(answers) if answers else math.nan,
    )
