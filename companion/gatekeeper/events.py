"""What happens, told to whoever listens: faces over server-sent events, instruments, the log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from companion.contract.types import Event
from companion.gatekeeper.ports import Listener

_BACKLOG = 1000


class EventBus:
    """Fans events out to subscribers. A subscriber that does not read loses its oldest events, nobody else's."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._queues: set[asyncio.Queue[Event | None]] = set()

    @property
    def listeners(self) -> int:
        return len(self._queues)

    @contextmanager
    def subscribe(self) -> Iterator[asyncio.Queue[Event | None]]:
        queue: asyncio.Queue[Event | None] = asyncio.Queue(_BACKLOG)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    def notice(self, name: str, id: str, text: str, details: Mapping[str, object]) -> None:  # noqa: A002, ARG002
        if self._queues:
            self._put(Event(name=name, id=id, at=self._clock().isoformat(), text=text))

    def close(self) -> None:
        """Tells every subscriber, by a None, that nothing more will come."""
        self._put(None)

    def _put(self, event: Event | None) -> None:
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)


class Listeners:
    """Several listeners as one. One that raises is reported and does not keep the others from hearing."""

    def __init__(self, listeners: Sequence[Listener], on_failure: Callable[[str, BaseException], None]) -> None:
        self._listeners = list(listeners)
        self._on_failure = on_failure

    def add(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def notice(self, name: str, id: str, text: str, details: Mapping[str, object]) -> None:  # noqa: A002
        for listener in self._listeners:
            try:
                listener.notice(name, id, text, details)
            except Exception as error:  # noqa: BLE001 - an onlooker must not stop what it looks at
                self._on_failure(f"listener {type(listener).__name__}", error)
