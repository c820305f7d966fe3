"""What persons accepted, in SQLite. The value itself is nowhere: a keyed hash names it."""

from __future__ import annotations

import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from companion.contract.types import AcceptanceLine
from companion.ledger.errors import AcceptanceProblem, LedgerError
from companion.ledger.key_rows import moment
from companion.ledger.store import connect, connect_to_read
from companion.policy.acceptance import FOREVER, Acceptance, Acceptances

_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_RULE = re.compile(r"[\w./:@+-]{1,200}")
_LONGEST_SCOPE = 4_096
_LONGEST_NOTE = 500
_MOST = 10_000
_EPOCH_US = 1_000

_COLUMNS = "id, fingerprint, rule, scope, shown, note, made_by, made_at_ns, expires_at_ns, revoked_at_ns"


class AcceptanceStore:
    """The acceptances of one ledger. Opening it reads them; after that `cover` touches no disk. Any thread may call.

    The file must have been prepared. All but `cover` block for a short transaction and raise LedgerError when the file
    cannot be used, AcceptanceProblem for what cannot be done as asked.
    """

    def __init__(self, path: Path, *, zone: tzinfo = UTC, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._path = path
        self._zone = zone
        self._now_ns = now_ns
        self._changes = threading.Lock()
        with self._connected() as connection:
            self._live = _live(connection, now_ns())
        self._index = Acceptances(self._live.values())

    def cover(self, fingerprint: Callable[[], str], rule: str, place: str) -> bool:
        """As Acceptances.cover, now."""
        return self._index.cover(fingerprint, rule, place, self._now_ns())

    def accept(self, asked: Acceptance, *, shown: str = "", note: str = "", by: str = "") -> AcceptanceLine:
        """From now on what `asked` says is accepted."""
        now_ns = self._now_ns()
        _check(asked, note, now_ns)
        name = f"acc-{secrets.token_hex(5)}"
        ends = None if asked.expires_at_ns == FOREVER else asked.expires_at_ns
        row = (
            name,
            asked.fingerprint,
            asked.rule,
            asked.scope,
            shown or asked.rule or asked.fingerprint,
            note,
            by,
            now_ns,
            ends,
            None,
        )
        with self._changing() as connection:
            if len(_live(connection, now_ns)) >= _MOST:
                raise AcceptanceProblem(f"{_MOST} are accepted already", "companion accept list, then revoke some")
            connection.execute(f"INSERT INTO acceptance ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - constants
        return self._line(row)

    def revoke(self, id: str) -> AcceptanceLine:  # noqa: A002 - the word of the contract
        """It is found again from now on; revoking twice changes nothing."""
        # Before anything is written: a full disk must not keep it alive.
        with self._changes:
            self._hold({name: one for name, one in self._live.items() if name != id})
        with self._changing() as connection:
            connection.execute(
                "UPDATE acceptance SET revoked_at_ns = ? WHERE id = ? AND revoked_at_ns IS NULL", (self._now_ns(), id)
            )
            found = connection.execute(f"SELECT {_COLUMNS} FROM acceptance WHERE id = ?", (id,)).fetchone()  # noqa: S608
            if found is None:
                raise AcceptanceProblem(f"there is no acceptance {id!r}", "companion accept list")
        return self._line(found)

    def list(self) -> list[AcceptanceLine]:
        """Every one that ever was, oldest first."""
        with self._connected() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM acceptance ORDER BY made_at_ns, id").fetchall()  # noqa: S608
        return [self._line(row) for row in rows]

    def _line(self, row: tuple[Any, ...]) -> AcceptanceLine:
        name, fingerprint, rule, scope, shown, note, by, made_at_ns, expires_at_ns, revoked_at_ns = row
        expired = expires_at_ns is not None and expires_at_ns <= self._now_ns()
        return AcceptanceLine(
            id=name,
            fingerprint=fingerprint,
            rule=rule,
            scope=scope,
            shown=shown,
            state="revoked" if revoked_at_ns is not None else "expired" if expired else "live",
            made_at=moment(made_at_ns, self._zone),
            by=by,
            note=note,
            expires_at=moment(expires_at_ns, self._zone),
            revoked_at=moment(revoked_at_ns, self._zone),
        )

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction. What holds follows once it is written, and stays when it fails."""
        with self._changes, self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            live = _live(connection, self._now_ns())
            connection.execute("COMMIT")
            self._hold(live)

    def _hold(self, live: dict[str, Acceptance]) -> None:
        self._live, self._index = live, Acceptances(live.values())

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(connect(self._path)) as connection:
                yield connection
        except sqlite3.Error as error:
            raise LedgerError(f"the acceptances in {self._path} cannot be used: {error}", "companion doctor") from error


def read_acceptances(path: Path, now_ns: int) -> Acceptances:
    """What holds now, read beside a daemon or without one; nothing where there is no ledger. Raises LedgerError."""
    if not path.exists():
        return Acceptances()
    try:
        with closing(connect_to_read(path)) as connection:
            there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'acceptance'").fetchone()
            return Acceptances(_live(connection, now_ns).values()) if there else Acceptances()
    except sqlite3.Error as error:
        raise LedgerError(f"the acceptances in {path} cannot be read: {error}", "companion doctor") from error


def _live(connection: sqlite3.Connection, now_ns: int) -> dict[str, Acceptance]:
    rows = connection.execute(
        "SELECT id, fingerprint, rule, scope, ifnull(expires_at_ns, ?) FROM acceptance "
        "WHERE revoked_at_ns IS NULL AND (expires_at_ns IS NULL OR expires_at_ns > ?)",
        (FOREVER, now_ns),
    )
    return {name: Acceptance(*rest) for name, *rest in rows}


def _check(asked: Acceptance, note: str, now_ns: int) -> None:
    """Raises AcceptanceProblem."""
    if bool(asked.fingerprint) == bool(asked.rule):
        raise AcceptanceProblem("either a value or a rule is accepted", "companion accept --help")
    if asked.fingerprint and not _FINGERPRINT.fullmatch(asked.fingerprint):
        raise AcceptanceProblem("a value is named by its fingerprint, 32 hex digits", "companion log")
    if asked.rule and not _RULE.fullmatch(asked.rule):
        raise AcceptanceProblem(f"{asked.rule[:100]!r} is no rule", "companion log shows which rule found what")
    if asked.scope and (len(asked.scope) > _LONGEST_SCOPE or not asked.scope.isprintable()):
        raise AcceptanceProblem("that is no path", "companion accept rule RULE --in DIR")
    if asked.rule and not asked.scope:
        hint = f"companion accept rule {asked.rule} --in DIR"
        raise AcceptanceProblem("a rule is accepted in a folder, not everywhere", hint)
    if len(note) > _LONGEST_NOTE or not note.isprintable():
        raise AcceptanceProblem(f"a note is one line of at most {_LONGEST_NOTE} characters", "write a shorter one")
    if asked.expires_at_ns <= now_ns:
        raise AcceptanceProblem("that time has passed already", "companion accept value SECRET --for 30d")


def until_ns(at: datetime | None) -> int:
    """Ns since the epoch; FOREVER for None, and for what is further away than can be counted."""
    if at is None:
        return FOREVER
    return min(int(at.timestamp()) * 10**9 + at.microsecond * _EPOCH_US, FOREVER)
