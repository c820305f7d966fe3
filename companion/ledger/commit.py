"""Puts lines into the ledger's file: a whole batch in one transaction, or, where one is bad, all but the bad ones."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import chain
from pathlib import Path

from companion.ledger.rows import Row, closing_row, insert_closings, insert_openings, opening_row
from companion.ledger.store import connect
from companion.model.money import Cost
from companion.model.record import Closing, Ending, Opening

Line = Opening | Closing

_Identity = tuple[int, int] | None
"""Device and number of a file, None where there is none."""

_ROWS_AT_A_TIME = 8
_ROWS_AT_ONCE = (1, 2, 4, 8, 16, 32)
"""Each number of rows is a statement of its own, and SQLite keeps it ready: up to 0.2 MB for each."""

# What no repetition cures: the line itself is at fault, not the disk.
_BAD_LINE = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    ValueError,
    TypeError,
    AttributeError,
    OverflowError,
)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that can never be stored, and why."""

    line: Line
    error: Exception


class Committer:
    """One writing connection; used by one thread. Every insert is idempotent by id, so a batch may be repeated."""

    def __init__(self, path: Path, zone: tzinfo) -> None:
        self._path = path
        self._zone = zone
        self._connection: sqlite3.Connection | None = None
        self._wal = path.with_name(f"{path.name}-wal")
        self._file: _Identity = None
        self._wal_file: _Identity = None
        self._full: bool | None = None
        """Whether commits are made to survive a power cut; None before the connection was told."""

    def commit(self, lines: Sequence[Line], *, survive_power_loss: bool) -> list[Rejected]:
        """Durable on return: against a killed process always, against a power cut when asked (one fsync more).

        Raises when the file cannot be written now (sqlite3.Error: disk full, locked, I/O). Some of the lines may then
        be durable all the same; repeat the whole batch.
        """
        try:
            connection = self._connected()
            self._see_that_it_is_the_same()
            self._set_durability(connection, full=survive_power_loss)
            try:
                self._insert_all(connection, lines)
            except _BAD_LINE:
                rejected: list[Rejected] = []
                self._in_transaction(connection, lambda: rejected.extend(self._insert_each(connection, lines)))
                return rejected
            # The first write makes it, and it stays for as long as this connection.
            self._wal_file = self._wal_file or _identity(self._wal)
        except sqlite3.Error:
            # A connection that saw an I/O error may keep seeing it after the disk has recovered.
            self.disconnect()
            raise
        return []

    def close_what_was_left_open(self, at_ns: int) -> int:
        """Closes as LOST every exchange that an earlier daemon left open; how many. Raises sqlite3.Error."""
        rows = self._connected().execute("SELECT id, kind FROM unclosed JOIN opening USING (id)").fetchall()
        self.commit([_lost(id_, kind, at_ns) for id_, kind in rows], survive_power_loss=True)
        return len(rows)

    def disconnect(self) -> None:
        """The next commit connects anew."""
        connection, self._connection = self._connection, None
        self._wal_file = self._full = None
        if connection is not None:
            connection.close()

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = connect(self._path)
            self._file = _identity(self._path)
        return self._connection

    def _see_that_it_is_the_same(self) -> None:
        """Raises sqlite3.OperationalError when another file, or none, stands where the connection's was.

        SQLite would go on writing to a file that was deleted, and nobody would ever read those lines.
        """
        if _identity(self._path) != self._file or self._wal_file not in (None, _identity(self._wal)):
            raise sqlite3.OperationalError(f"{self._path} was deleted or replaced while it was in use")

    @staticmethod
    def _in_transaction(connection: sqlite3.Connection, work: Callable[[], object]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            work()
            connection.execute("COMMIT")
        except BaseException:
            # SQLite has already rolled back after some errors (disk full, I/O).
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _set_durability(self, connection: sqlite3.Connection, *, full: bool) -> None:
        if full != self._full:
            connection.execute(f"PRAGMA synchronous = {'FULL' if full else 'NORMAL'}")
            self._full = full

    def _insert_all(self, connection: sqlite3.Connection, lines: Sequence[Line]) -> None:
        """As few statements as there can be: at each the interpreter may go to another thread, and has to be had back.

        One statement is a transaction by itself.
        """
        openings: list[Row] = []
        closings: list[Row] = []
        for number, line in enumerate(lines):
            if isinstance(line, Opening):
                openings.append(opening_row(line))
            else:
                closings.append(closing_row(line, self._zone))
            if number % _ROWS_AT_A_TIME == _ROWS_AT_A_TIME - 1:
                # Whoever serves calls has the interpreter back after some lines, not after all of them.
                time.sleep(0)
        statements = [*_inserts(insert_openings, openings), *_inserts(insert_closings, closings)]
        if len(statements) == 1:
            connection.execute(*statements[0])
        elif statements:
            self._in_transaction(connection, lambda: [connection.execute(*one) for one in statements])

    def _insert_each(self, connection: sqlite3.Connection, lines: Sequence[Line]) -> list[Rejected]:
        rejected: list[Rejected] = []
        for line in sorted(lines, key=lambda line: isinstance(line, Closing)):
            connection.execute("SAVEPOINT line")
            try:
                connection.execute(*self._insertion(line))
            except _BAD_LINE as error:
                connection.execute("ROLLBACK TO line")
                rejected.append(Rejected(line, error))
            connection.execute("RELEASE line")
        return rejected

    def _insertion(self, line: Line) -> tuple[str, Row]:
        if isinstance(line, Opening):
            return insert_openings(1), opening_row(line)
        return insert_closings(1), closing_row(line, self._zone)


def _inserts(statement: Callable[[int], str], rows: Sequence[Row]) -> Iterator[tuple[str, Row]]:
    most = _ROWS_AT_ONCE[-1]
    for start in range(0, len(rows), most):
        some = list(rows[start : start + most])
        size = next(size for size in _ROWS_AT_ONCE if size >= len(some))
        # A row that is there already is passed over, so the last one may fill up what is left.
        yield statement(size), tuple(chain.from_iterable(some + some[-1:] * (size - len(some))))


def _identity(path: Path) -> _Identity:
    try:
        found = os.stat(path)  # noqa: PTH116 - on every commit, and a Path of it costs as much as the call
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _lost(id_: str, kind: str, at_ns: int) -> Closing:
    reason = "the daemon ended before this exchange did"
    return Closing(
        id=id_,
        at_ns=at_ns,
        ending=Ending.LOST,
        outcome="deny",
        code="lost",
        reason=reason,
        guard="",
        # It may have gone upstream, and then it may have cost something: unknown is never 0.
        cost=Cost(None, reason) if kind == "model" else None,
    )
