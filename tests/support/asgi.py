"""The far end of an ASGI response, in memory, and a loop in which whole turns take no time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tests.support.virtual_time import VirtualLoop

T = TypeVar("T")


class _Threadless(VirtualLoop):
    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - as a thread would hand it over
            future.set_exception(error)
        return future


def run(main: Coroutine[Any, Any, T]) -> T:
    """As asyncio.run, in virtual time; what is given to a thread is done at once."""
    with asyncio.Runner(loop_factory=_Threadless) as runner:
        return runner.run(main)


class Wire:
    """What an agent gets. A slow agent takes `seconds` for each piece."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.heads: list[tuple[int, list[tuple[bytes, bytes]]]] = []
        self.pieces: list[bytes] = []
        self.over = False
        self.writers = self.most_writers = 0
        self._seconds = seconds

    async def send(self, message) -> None:
        self.writers += 1
        self.most_writers = max(self.writers, self.most_writers)
        try:
            await asyncio.sleep(self._seconds)
            assert not self.over, "written to after its end"
            if message["type"] == "http.response.start":
                self.heads.append((message["status"], message["headers"]))
            else:
                assert self.heads, "a body without a head"
                self.pieces.append(message["body"])
                self.over = not message["more_body"]
        finally:
            self.writers -= 1

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)
