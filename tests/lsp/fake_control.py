"""A stand-in for the daemon's control API on both unix sockets, with a memory that tests can look into."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from attrs import evolve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from companion.contract.codec import decode, encode
from companion.contract.types import (
    AcceptanceLine,
    AcceptRequest,
    Answer,
    Approval,
    Event,
    Problem,
    SecretFinding,
    Status,
)
from companion.places import find_places

SECRET = re.compile(r"(?P<low>low|key)-[0-9]{4}")

ASKED = Approval(
    id="apr-1",
    exchange="ex-1",
    asked_at="2026-03-14T12:00:00+00:00",
    expires_at="2026-03-14T12:02:00+00:00",
    client="cline",
    workspace="/home/ada/shop",
    tier="act",
    kind="shell",
    what="git push --force origin main",
    code="force-push",
    reason="A force push rewrites history",
    digest="d" * 64,
)


class FakeDaemon:
    """Finds `key-NNNN` (sure) and `low-NNNN` (not sure). May be started and stopped again and again."""

    def __init__(self, home: Path) -> None:
        self.places = find_places({"COMPANION_HOME": str(home)})
        self.waiting: dict[str, Approval] = {}
        self.answers: list[tuple[str, Answer]] = []
        self.scans: list[dict[str, str]] = []
        self.accepted: list[AcceptRequest] = []
        self.warning = ""
        self.listeners: set[asyncio.Queue[Event | None]] = set()
        self.refuse_scans: Problem | None = None
        self.hold_scans: asyncio.Event | None = None
        self._running: list[tuple[uvicorn.Server, asyncio.Task[None]]] = []

    async def start(self, *, operator: bool = True) -> None:
        self.places.run.mkdir(mode=0o700, parents=True, exist_ok=True)
        asks = [
            Route("/v1/status", self._status),
            Route("/v1/secrets", self._secrets, methods=["POST"]),
            Route("/v1/approvals", self._approvals),
            Route("/v1/events", self._events),
        ]
        answers = [
            *asks,
            Route("/v1/approvals/{id}/answer", self._answer, methods=["POST"]),
            Route("/v1/accepted", self._accept, methods=["POST"]),
        ]
        await self._serve(self.places.agent_socket, asks)
        if operator:
            await self._serve(self.places.operator_socket, answers)

    async def stop(self) -> None:
        """As a daemon that is killed: whatever waited there is gone."""
        self.waiting.clear()
        for path in (self.places.agent_socket, self.places.operator_socket):
            path.unlink(missing_ok=True)
        self._put(None)
        for server, task in self._running:
            server.should_exit = server.force_exit = True
            await task
        self._running.clear()

    def open(self, **changes: Any) -> Approval:
        approval = evolve(ASKED, **changes)
        self.waiting[approval.id] = approval
        self._put(Event("approval.opened", approval.id, _now(), approval.what))
        return approval

    def close(self, name: str) -> None:
        """Somebody else answered."""
        del self.waiting[name]
        self._put(Event("approval.closed", name, _now(), "denied by cli"))

    def _put(self, event: Event | None) -> None:
        for queue in self.listeners:
            queue.put_nowait(event)

    async def _serve(self, path: Path, routes: list[Route]) -> None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        config = uvicorn.Config(
            Starlette(routes=routes), ws="none", lifespan="off", log_config=None, timeout_graceful_shutdown=1
        )
        server = _Quiet(config)
        task = asyncio.get_running_loop().create_task(server.serve([listener]))
        self._running.append((server, task))

    async def _status(self, _: Request) -> Response:
        return Response(encode(self.status()))

    def status(self) -> Status:
        return Status(
            version="9.9",
            api="v1",
            pid=1,
            started_at=_now(),
            home="/home/ada",
            gateway="http://127.0.0.1:1",
            upstreams={},
            tiers={},
            pending=len(self.waiting),
            exchanges_today=3,
            spent_today_pd=1_250_000_000_000,
            unpriced_today=0,
        )

    async def _secrets(self, request: Request) -> Response:
        asked = decode(await request.body(), dict[str, str])
        self.scans.append(asked)
        if self.hold_scans is not None:
            await self.hold_scans.wait()
        if self.refuse_scans is not None:
            return Response(encode(self.refuse_scans), 503)
        found = [
            SecretFinding(
                type="ACME",
                rule="acme-key",
                engine="fake",
                start=match.start(),
                end=match.end(),
                confidence="low" if match["low"] == "low" else "high",
                preview="SECRET_ACME_0A1B2C3D",
                fingerprint="0a1b2c3d" * 4,
            )
            for match in SECRET.finditer(asked["text"])
            if not self.accepted
        ]
        return Response(encode(found))

    async def _approvals(self, _: Request) -> Response:
        return Response(encode(list(self.waiting.values())))

    async def _answer(self, request: Request) -> Response:
        name = request.path_params["id"]
        given = decode(await request.body(), Answer)
        if name not in self.waiting:
            return Response(encode(Problem("already-answered", f"{name} was denied by cli", "companion log")), 409)
        if given.digest and given.digest != self.waiting[name].digest:
            return Response(encode(Problem("different-action", "look again", "companion pending")), 409)
        self.answers.append((name, given))
        approval = self.waiting[name]
        self.close(name)
        return Response(encode(approval))

    async def _accept(self, request: Request) -> Response:
        asked = decode(await request.body(), AcceptRequest)
        self.accepted.append(asked)
        line = AcceptanceLine(
            id="acc-1",
            fingerprint=asked.secret,
            rule=asked.rule,
            scope=asked.scope,
            shown=asked.called or asked.rule,
            state="live",
            made_at=_now(),
            by=asked.by,
            warning=self.warning,
        )
        self._put(Event("secret.accepted", line.id, _now()))
        return Response(encode(line), 201)

    async def _events(self, _: Request) -> Response:
        return StreamingResponse(self._stream(), media_type="text/event-stream")

    async def _stream(self) -> AsyncIterator[bytes]:
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self.listeners.add(queue)
        try:
            yield b": fake\n\n"
            while (event := await queue.get()) is not None:
                yield b"data: " + encode(event) + b"\n\n"
        finally:
            self.listeners.discard(queue)


class _Quiet(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Any:
        yield


def _now() -> str:
    return datetime.now(UTC).isoformat()


async def until(condition: Any, seconds: float = 15.0) -> None:
    """Waits for a condition to hold."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)
    assert condition()
