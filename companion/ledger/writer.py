"""The ledger's writer: one thread, one connection, lines committed in groups.

An opening is committed at once, with whatever else came in meanwhile: its caller waits for it. Such a commit survives
the daemon's death. Closings wait a few milliseconds for company and are committed with an fsync, which also makes
everything before them survive a power cut.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import Enum, auto
from pathlib import Path
from queue import Empty, SimpleQueue

from companion.ledger.commit import Committer, Line, Rejected
from companion.ledger.errors import LedgerError, LedgerUnavailable
from companion.ledger.store import prepare
from companion.model.record import Closing, Opening

_MOST_IN_ONE_COMMIT = 2_000
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


@dataclass(slots=True)
class _Waiting:
    """An opening and whoever waits for it, in which loop, since when (monotonic)."""

    line: Opening
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[None]
    since: float = field(default_factory=time.monotonic)
    told: bool = False


class _Stop:
    """Ends the thread when everything before it is durable, or at `deadline` (monotonic)."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline


class _Wake(Enum):
    """Says that there are lines in the outbox."""

    OPENINGS = auto()
    CLOSINGS = auto()
    """Their time has come as well."""


_Item = _Wake | threading.Event | _Stop


class SqliteLedger:
    """Fulfils `companion.gatekeeper.ports.Ledger`. `open` belongs to a running event loop; the rest to any thread.

    `on_failure` hears, in the writer's thread, of every commit that failed and every line that can never be stored.
    While the file cannot be written, lines are kept in memory and retried: at most `capacity` openings, with one
    closing each. `open` fails after `patience` seconds of that, or at once when the memory is full.
    """

    def __init__(
        self,
        path: Path,
        zone: tzinfo,
        *,
        on_failure: Callable[[Exception], None] = lambda error: None,  # noqa: ARG005 - nobody listens
        now_ns: Callable[[], int] = time.time_ns,
        capacity: int = 100_000,
        window: float = 0.01,
        patience: float = 5.0,
    ) -> None:
        self._path = path
        self._committer = Committer(path, zone)
        self._on_failure = on_failure
        self._now_ns = now_ns
        self._capacity = capacity
        self._window = window
        self._patience = patience
        self._queue: SimpleQueue[_Item] = SimpleQueue()
        # Lines of the event loop. The thread is woken for many of them at once.
        self._outbox: deque[_Waiting | Closing] = deque()
        self._woken_for_openings = False
        self._woken_for_closings = False
        self._thread: threading.Thread | None = None
        self._openings: list[_Waiting] = []
        self._closings: list[Closing] = []
        self._due = False
        self._barriers: list[threading.Event] = []
        self._stop: _Stop | None = None
        self._pause = 0.0
        self._retry_at = 0.0
        self._failures = 0
        self._last_error: Exception | None = None

    @property
    def depth(self) -> int:
        """Lines that are not durable yet."""
        return len(self._outbox) + len(self._openings) + len(self._closings)

    @property
    def failures(self) -> int:
        """Commits that failed and lines that were rejected, since the start."""
        return self._failures

    def start(self) -> int:
        """Makes or upgrades the file, closes as LOST what an earlier daemon left open (returns how many), and starts.

        Blocking. Only one daemon may have started on a file. Raises LedgerError.
        """
        prepare(self._path)
        try:
            lost = self._committer.close_what_was_left_open(self._now_ns())
        except Exception as error:
            raise LedgerError(f"the ledger {self._path} cannot be written: {error}", "companion doctor") from error
        finally:
            # The connection belongs to the thread that made it.
            self._committer.disconnect()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()
        return lost

    def open(self, opening: Opening) -> Awaitable[None]:
        """Queues the line now; the awaitable is done when the line outlives the daemon.

        It raises LedgerUnavailable when that takes too long (the line may still be written, so close it all the same),
        or another exception when the line can never be stored.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        if self._thread is None or not self._thread.is_alive():
            future.set_exception(LedgerUnavailable("the ledger is not running", "companion up"))
        elif self.depth >= self._capacity:
            future.set_exception(LedgerUnavailable(f"{self.depth} lines wait for the disk", "free some disk space"))
        else:
            self._outbox.append(_Waiting(opening, loop, future))
            if not self._woken_for_openings:
                self._woken_for_openings = True
                loop.call_soon(self._wake_for_openings)
        return future

    def close(self, closing: Closing) -> None:
        """Queues the line. Never waits, never raises."""
        self._outbox.append(closing)
        if self._woken_for_closings:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._queue.put(_Wake.CLOSINGS)
        else:
            self._woken_for_closings = True
            loop.call_later(self._window, self._wake_for_closings)

    def _wake_for_openings(self) -> None:
        self._woken_for_openings = False
        self._queue.put(_Wake.OPENINGS)

    def _wake_for_closings(self) -> None:
        self._woken_for_closings = False
        self._queue.put(_Wake.CLOSINGS)

    def drain(self, timeout: float) -> bool:
        """Waits until every line queued so far is durable; False when `timeout` seconds were not enough. Blocking."""
        reached = threading.Event()
        self._queue.put(reached)
        return reached.wait(timeout)

    def stop(self, timeout: float = 10.0) -> int:
        """Writes what is queued and ends the thread; how many lines it could not write in time. Blocking."""
        if self._thread is not None and self._thread.is_alive():
            self._queue.put(_Stop(time.monotonic() + timeout))
            self._thread.join(timeout + 1.0)
        return self.depth

    def _run(self) -> None:
        while True:
            try:
                self._take()
                self._write()
            except Exception as error:  # noqa: BLE001 - the thread must outlive whatever this was
                self._failed(error)
            if not self.depth:
                for barrier in self._barriers:
                    barrier.set()
                self._barriers.clear()
                if self._stop is not None:
                    break
            elif self._stop is not None and time.monotonic() >= self._stop.deadline:
                break
        self._committer.disconnect()

    def _take(self) -> None:
        """Waits for lines, or until those at hand are due, and takes all that are there."""
        with contextlib.suppress(Empty):
            self._sort(self._queue.get(timeout=self._patience_for_more()))
            while True:
                self._sort(self._queue.get_nowait())
        while self._outbox and len(self._openings) + len(self._closings) < 2 * self._capacity:
            line = self._outbox.popleft()
            if isinstance(line, Closing):
                self._closings.append(line)
            else:
                self._openings.append(line)

    def _patience_for_more(self) -> float | None:
        now = time.monotonic()
        if self._retry_at > now:
            return self._retry_at - now
        return 0.0 if self._openings or self._outbox or self._hurried or (self._closings and self._due) else None

    @property
    def _hurried(self) -> bool:
        return bool(self._barriers) or self._stop is not None

    def _sort(self, item: _Item) -> None:
        match item:
            case _Wake.CLOSINGS:
                self._due = True
            case _Wake():
                pass
            case threading.Event():
                self._barriers.append(item)
            case _Stop():
                self._stop = item

    def _write(self) -> None:
        if time.monotonic() < self._retry_at:
            self._tell_who_waited_too_long()
            return
        # An opening is written before a closing: the closing refers to it.
        while self._openings:
            batch = self._openings[:_MOST_IN_ONE_COMMIT]
            rejected = self._commit([waiting.line for waiting in batch], survive_power_loss=False)
            if rejected is None:
                return
            del self._openings[: len(batch)]
            _tell(batch, {id(one.line): one.error for one in rejected})
        while self._closings and (self._hurried or self._due):
            closings = self._closings[:_MOST_IN_ONE_COMMIT]
            if self._commit(closings, survive_power_loss=True) is None:
                return
            del self._closings[: len(closings)]
        self._due = self._due and bool(self._closings)

    def _commit(self, lines: Sequence[Line], *, survive_power_loss: bool) -> list[Rejected] | None:
        """The lines that can never be stored; None when nothing could be stored now."""
        try:
            rejected = self._committer.commit(lines, survive_power_loss=survive_power_loss)
        except Exception as error:  # noqa: BLE001 - the lines are kept and retried, whatever it was
            self._failed(error)
            self._tell_who_waited_too_long()
            return None
        self._pause = self._retry_at = 0.0
        for one in rejected:
            self._report(one.error)
        return rejected

    def _failed(self, error: Exception) -> None:
        self._pause = min(self._pause * 2 or _FIRST_PAUSE, _LONGEST_PAUSE)
        self._retry_at = time.monotonic() + self._pause
        self._report(error)

    def _report(self, error: Exception) -> None:
        self._failures += 1
        self._last_error = error
        with contextlib.suppress(Exception):
            self._on_failure(error)

    def _tell_who_waited_too_long(self) -> None:
        oldest = time.monotonic() - self._patience
        late = [waiting for waiting in self._openings if not waiting.told and waiting.since <= oldest]
        if late:
            words = f"no line could be stored for {self._patience:g} s ({self._last_error})"
            _tell(late, {id(one.line): LedgerUnavailable(words, "companion doctor") for one in late})


def _tell(batch: Sequence[_Waiting], errors: dict[int, Exception]) -> None:
    """Resolves futures in their own loops, one wake-up a loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[None], Exception | None]]] = {}
    for waiting in batch:
        if not waiting.told:
            waiting.told = True
            by_loop.setdefault(waiting.loop, []).append((waiting.future, errors.get(id(waiting.line))))
    for loop, outcomes in by_loop.items():
        # A loop that has ended has nobody left to tell.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, outcomes)


def _resolve(outcomes: list[tuple[asyncio.Future[None], Exception | None]]) -> None:
    for future, error in outcomes:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
