"""The ledger's writer: one thread, one connection, lines committed in groups.

A line is appended to a journal, where it survives the daemon's death: an opening at once, a closing by the end of the
loop's turn. There it waits for company, until all are committed with an fsync, which makes them
survive a power cut too. Where the journal cannot take an opening, or the ledger is in trouble, whoever opens an
exchange waits for its commit.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import Enum, auto
from pathlib import Path
from queue import Empty, SimpleQueue

from companion.ledger.commit import Committer, Line
from companion.ledger.errors import LedgerError, LedgerUnavailable
from companion.ledger.journal import NOWHERE, Journal
from companion.ledger.store import prepare
from companion.model.record import Closing, Opening

_MOST_IN_ONE_COMMIT = 2_000
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


@dataclass(slots=True)
class _Waiting:
    """Whoever waits for an opening, in which loop, since when (monotonic)."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[None]
    since: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class _Entry:
    """A line on its way; `place` is where the journal has it."""

    line: Line
    place: int
    waiting: _Waiting | None = None


class _Stop:
    """Ends the thread when everything before it is durable, or at `deadline` (monotonic)."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline


class _Wake(Enum):
    """Says that there are lines in the outbox, and why they are to be written now."""

    SOMEBODY_WAITS = auto()
    DUE = auto()
    """The time of all has come."""


_Item = _Wake | threading.Event | _Stop


class SqliteLedger:
    """Fulfils `companion.gatekeeper.ports.Ledger`. `open` belongs to a running event loop; the rest to any thread.

    `on_failure` hears, in the writer's thread, of every commit that failed and every line that can never be stored.
    While the file cannot be written, lines are kept in memory and retried: at most `capacity` openings, with one
    closing each. `open` fails after `patience` seconds of that, or at once when the memory is full.

    `window` is how many seconds the first of a group waits for the others. Calls go on meanwhile. The longer it is, the
    fewer calls meet a commit, and the more lines a power cut takes.
    """

    def __init__(
        self,
        path: Path,
        zone: tzinfo,
        *,
        on_failure: Callable[[Exception], None] = lambda error: None,  # noqa: ARG005 - nobody listens
        now_ns: Callable[[], int] = time.time_ns,
        capacity: int = 100_000,
        window: float = 0.1,
        patience: float = 5.0,
    ) -> None:
        self._path = path
        self._committer = Committer(path, zone)
        self._journal = Journal(path.with_name("journal"))
        self._on_failure = on_failure
        self._now_ns = now_ns
        self._capacity = capacity
        self._window = window
        self._patience = patience
        self._queue: SimpleQueue[_Item] = SimpleQueue()
        # Lines of the event loop. The thread is woken for many of them at once.
        self._outbox: deque[_Entry] = deque()
        self._woken = False
        self._woken_for_waiting = False
        self._flushing = False
        self._thread: threading.Thread | None = None
        self._openings: list[_Entry] = []
        self._closings: list[_Entry] = []
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

        What an earlier daemon had no time to commit is committed first. Blocking. Only one daemon may have started on
        a file. Raises LedgerError.
        """
        prepare(self._path)
        try:
            self._take_over()
            lost = self._committer.close_what_was_left_open(self._now_ns())
            self._journal.start()
        except Exception as error:
            raise LedgerError(f"the ledger {self._path} cannot be written: {error}", "companion doctor") from error
        finally:
            # The connection belongs to the thread that made it.
            self._committer.disconnect()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()
        return lost

    def open(self, opening: Opening) -> Awaitable[None] | None:
        """None when the line outlives the daemon from now on; else it does so when the awaitable is done.

        The awaitable raises LedgerUnavailable when that takes too long (the line may still be written, so close it all
        the same), or another exception when the line can never be stored.
        """
        loop = asyncio.get_running_loop()
        if self._thread is None or not self._thread.is_alive():
            return _refused(loop, LedgerUnavailable("the ledger is not running", "companion up"))
        if self.depth >= self._capacity:
            return _refused(loop, LedgerUnavailable(f"{self.depth} lines wait for the disk", "free some disk space"))
        place = self._journal.append(opening)
        if place != NOWHERE and not self._pause:
            self._outbox.append(_Entry(opening, place))
            self._wake_soon(loop)
            return None
        waiting = _Waiting(loop, loop.create_future())
        self._outbox.append(_Entry(opening, place, waiting))
        if not self._woken_for_waiting:
            self._woken_for_waiting = True
            loop.call_soon(self._wake_for_waiting)
        return waiting.future

    def close(self, closing: Closing) -> None:
        """Queues the line. Never waits, never raises."""
        self._outbox.append(_Entry(closing, self._journal.append_soon(closing)))
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._journal.flush()
            self._queue.put(_Wake.DUE)
            return
        self._wake_soon(loop)
        if not self._flushing:
            self._flushing = True
            # In the same turn of the loop there may be more, or an opening, and all go there with one write.
            loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        self._journal.flush()

    def _wake_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._woken:
            self._woken = True
            loop.call_later(self._window, self._wake)

    def _wake(self) -> None:
        self._woken = False
        self._queue.put(_Wake.DUE)

    def _wake_for_waiting(self) -> None:
        self._woken_for_waiting = False
        self._queue.put(_Wake.SOMEBODY_WAITS)

    def drain(self, timeout: float) -> bool:
        """Waits until every line queued so far is durable; False when `timeout` seconds were not enough. Blocking."""
        if self._thread is None or not self._thread.is_alive():
            return not self.depth
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
        self._journal.stop()

    def _take_over(self) -> None:
        """Commits what the journal of an earlier daemon has. Raises sqlite3.Error or OSError."""
        left = self._journal.left()
        for at in range(0, len(left), _MOST_IN_ONE_COMMIT):
            some = left[at : at + _MOST_IN_ONE_COMMIT]
            for one in self._committer.commit(some, survive_power_loss=True):
                self._report(one.error)

    def _take(self) -> None:
        """Waits for lines, or until those at hand are due, and takes all that are there."""
        with contextlib.suppress(Empty):
            self._sort(self._queue.get(timeout=self._patience_for_more()))
            while True:
                self._sort(self._queue.get_nowait())
        while self._outbox and len(self._openings) + len(self._closings) < 2 * self._capacity:
            entry = self._outbox.popleft()
            (self._closings if isinstance(entry.line, Closing) else self._openings).append(entry)

    def _patience_for_more(self) -> float | None:
        now = time.monotonic()
        if self._retry_at > now:
            return self._retry_at - now
        return 0.0 if self.depth and (self._hurried or self._due or self._somebody_waits) else None

    @property
    def _hurried(self) -> bool:
        return bool(self._barriers) or self._stop is not None

    def _sort(self, item: _Item) -> None:
        match item:
            case _Wake.DUE:
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
        with contextlib.suppress(OSError):
            self._journal.check()
        while self._somebody_waits:
            # Not for an fsync as well, and not for what came after.
            if not self._commit(self._openings[:_MOST_IN_ONE_COMMIT], survive_power_loss=False):
                return
        while self._is_time and (self._openings or self._closings):
            batch = self._openings[:_MOST_IN_ONE_COMMIT]
            # A closing refers to its opening.
            if len(batch) == len(self._openings):
                batch += self._closings[: _MOST_IN_ONE_COMMIT - len(batch)]
            if not self._commit(batch, survive_power_loss=True):
                return
        self._due = self._due and bool(self._openings or self._closings)

    @property
    def _is_time(self) -> bool:
        return self._due or self._hurried

    @property
    def _somebody_waits(self) -> bool:
        return any(entry.waiting is not None for entry in self._openings)

    def _commit(self, batch: Sequence[_Entry], *, survive_power_loss: bool) -> bool:
        """Commits openings and then closings, the first of those at hand; False when nothing could be stored now."""
        try:
            rejected = self._committer.commit([entry.line for entry in batch], survive_power_loss=survive_power_loss)
        except Exception as error:  # noqa: BLE001 - the lines are kept and retried, whatever it was
            self._failed(error)
            self._tell_who_waited_too_long()
            return False
        self._pause = self._retry_at = 0.0
        openings = sum(isinstance(entry.line, Opening) for entry in batch)
        del self._openings[:openings]
        del self._closings[: len(batch) - openings]
        self._journal.settle(entry.place for entry in batch)
        for one in rejected:
            self._report(one.error)
        _tell(batch, {id(one.line): one.error for one in rejected})
        return True

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
        late = [entry for entry in self._openings if entry.waiting is not None and entry.waiting.since <= oldest]
        if late:
            # Written they are all the same, as soon as that can be.
            self._due = True
            words = f"no line could be stored for {self._patience:g} s ({self._last_error})"
            _tell(late, {id(entry.line): LedgerUnavailable(words, "companion doctor") for entry in late})


def _refused(loop: asyncio.AbstractEventLoop, error: LedgerUnavailable) -> Awaitable[None]:
    future: asyncio.Future[None] = loop.create_future()
    future.set_exception(error)
    return future


def _tell(entries: Sequence[_Entry], errors: Mapping[int, Exception]) -> None:
    """Resolves futures in their own loops, one wake-up a loop. Nobody waits for these lines any more."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[None], Exception | None]]] = {}
    for entry in entries:
        waiting, entry.waiting = entry.waiting, None
        if waiting is not None:
            by_loop.setdefault(waiting.loop, []).append((waiting.future, errors.get(id(entry.line))))
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
