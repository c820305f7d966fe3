"""A dispatcher whose upstreams are functions and whose time is simulated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from companion.model.action import Dialect
from companion.upstream.balance import Balance
from companion.upstream.dispatch import Dispatcher
from companion.upstream.failures import Failure
from companion.upstream.faults import Faults
from companion.upstream.sender import Sender, Target
from companion.upstream.tries import Candidate, Served

Answer = Callable[[httpx.Request], Any]
"""A response, or an exception to raise; it may be a coroutine function."""

A, B, C = (Candidate(Target(name, f"https://{name}.example", f"key-{name}"), f"model-{name}") for name in "abc")


WALL = 1_780_315_200.0
"""The seconds since 1970, which stand still."""


class Clock:
    """Sleeping is what makes time pass."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)
        self.seconds += seconds


@dataclass(frozen=True, slots=True)
class Told:
    """What one call was told in the end."""

    upstream: str
    status: int
    body: bytes
    headers: dict[str, str]
    attempts: int
    gave_up: bool
    failure: Failure | None


class Scene:
    """`answers` by upstream: one for all requests, or one each with the last for the rest."""

    def __init__(
        self,
        answers: Mapping[str, Answer | Sequence[Answer]],
        faults: Faults | None = None,
        chance: Callable[[], float] = lambda: 0.5,
        sender: type[Sender] = Sender,
    ) -> None:
        self.answers = dict(answers)
        self.clock = Clock()
        self.requests: list[httpx.Request] = []
        self.announced: list[str] = []
        self.bodies: list[str] = []
        self.sender = sender(httpx.MockTransport(self._answer))
        self.dispatcher = Dispatcher(
            self.sender, faults or Faults(), self.clock, chance, self.clock.sleep, lambda: WALL
        )

    @property
    def asked(self) -> str:
        """The upstreams that were asked, in order, as letters."""
        return "".join(request.url.host[0] for request in self.requests)

    def body_for(self, candidate: Candidate) -> bytes:
        self.bodies.append(candidate.target.name)
        return candidate.model.encode()

    def send(self, *candidates: Candidate, balance: Balance = Balance.IN_ORDER):
        return self.dispatcher.send(
            candidates,
            balance,
            "POST",
            "/v1/messages",
            {"x-odd": "kept"},
            self.body_for,
            Dialect.MESSAGES,
            lambda candidate: self.announced.append(candidate.target.name),
        )

    async def call(self, *candidates: Candidate, balance: Balance = Balance.IN_ORDER) -> Told:
        async with self.send(*(candidates or (A,)), balance=balance) as served:
            return Told(
                served.candidate.target.name,
                served.reply.status,
                await whole(served),
                dict(served.reply.headers),
                served.attempts,
                served.gave_up,
                served.failure,
            )

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        assert len(self.announced) >= len(self.requests), "a request left before it was announced"
        name = request.url.host[0]
        answers = self.answers[name]
        if not callable(answers):
            answers = answers[min(self.asked.count(name), len(answers)) - 1]
        answer = answers(request)
        if asyncio.iscoroutine(answer):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        return answer


async def whole(served: Served) -> bytes:
    return b"".join([chunk async for chunk in served.reply.chunks])


def says(status: int = 200, body: bytes = b"{}", **headers: str) -> Answer:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: httpx.Response(status, headers=told, content=body)


def raises(error: Exception) -> Answer:
    return lambda request: error


def streams(*pieces: bytes | Exception, status: int = 200) -> Answer:
    """An answer in pieces; an exception among them breaks it off."""

    async def chunks() -> AsyncIterator[bytes]:
        for piece in pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    return lambda request: httpx.Response(status, content=chunks())


GOOD = says(200, b"good")
DOWN = raises(httpx.ConnectError("no"))
