"""Answers that wait for a person, and requests that come back for them.

An agent that gives up on a silent stream asks the same again, as a stream or not. It is given the answer that is being
held: no second call, no second charge, no second question. When everybody who waits has gone, the question stays open
for GRACE_SECONDS, which is time enough to come back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from companion.edges.gateway.tooluse import Changes
from companion.gatekeeper.tasks import spawn
from companion.model.exchange import Origin

GRACE_SECONDS = 10.0

_AT_ONCE_SECONDS = 0.2
"""What is decided this fast was decided without a person."""

_MOST = 1000

OF_THE_FORM = frozenset({"stream", "stream_options", "max_tokens", "thinking"})
"""What an agent changes when it asks for the same without a stream."""

Recording = TypeVar("Recording")


@dataclass(frozen=True, slots=True)
class Question:
    """What makes two requests the same: who asks, where, and what, whether as a stream or not."""

    path: str
    origin: Origin
    digest: bytes
    """Of all that the body says, but for what is of its form (OF_THE_FORM)."""


class Held(Generic[Recording]):
    """One answer that is being judged. `recording` is what its model said."""

    def __init__(self, recording: Recording, judging: asyncio.Task[Changes]) -> None:
        self.recording = recording
        self._judging = judging
        self._waiting = 0
        self._ending: asyncio.TimerHandle | None = None

    @property
    def open(self) -> bool:
        """Whether it can still be waited for."""
        return not self._judging.done() and not self._judging.cancelling()

    async def changes(self) -> Changes:
        """What becomes of the answer's calls. Whoever waits may be cancelled; the judging goes on for the others."""
        self._waiting += 1
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        try:
            return await asyncio.shield(self._judging)
        finally:
            self._waiting -= 1
            if not self._waiting and not self._judging.done():
                self._ending = asyncio.get_running_loop().call_later(GRACE_SECONDS, self._judging.cancel)


class HeldAnswers(Generic[Recording]):
    """All answers that are being held; lives on the event loop."""

    def __init__(self) -> None:
        self._held: dict[Question, Held[Recording]] = {}

    def __bool__(self) -> bool:
        return bool(self._held)

    def find(self, question: Question) -> Held[Recording] | None:
        found = self._held.get(question)
        return found if found is not None and found.open else None

    async def judged(
        self, recording: Recording, work: Coroutine[Any, Any, Changes], question: Callable[[], Question]
    ) -> Changes:
        """Has `work` decide. Where that takes a person's time, the answer can be found by its question meanwhile."""
        judging = spawn(work, "judge an answer's tool calls")
        try:
            await asyncio.wait({judging}, timeout=_AT_ONCE_SECONDS)
        except asyncio.CancelledError:
            judging.cancel()
            raise
        if judging.done():
            return judging.result()
        key, held = question(), Held(recording, judging)
        if len(self._held) < _MOST:
            self._held[key] = held
        judging.add_done_callback(lambda _: self._held.pop(key, None))
        return await held.changes()
