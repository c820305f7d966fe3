"""Virtual keys: what an agent shows to the gateway instead of a provider's key. Only hashes are kept."""

from __future__ import annotations

import hashlib
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from companion.contract.types import KeyLine, NewKey
from companion.ledger.errors import KeyProblem, LedgerError
from companion.ledger.store import connect

SECRET = re.compile(r"cmp-[A-Za-z0-9_-]{43}")
"""256 random bits, url-safe: without `/`, `.` or `~`, so that no tool takes a key for a path."""

_NAME = re.compile(r"[^\W_][\w .@:/+-]{0,63}", re.ASCII)


class KeyStore:
    """The keys of one ledger. Opening it reads them; after that `authenticate` touches no disk. Any thread may call.

    The file must have been prepared (`store.prepare`). All but `authenticate` block for a short transaction and raise
    LedgerError when the file cannot be used.
    """

    def __init__(self, path: Path, *, zone: tzinfo = UTC, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._path = path
        self._zone = zone
        self._now_ns = now_ns
        self._lock = threading.Lock()
        self._used: dict[str, int] = {}
        with closing(connect(path)) as connection:
            rows = connection.execute("SELECT sha256, id FROM virtual_key WHERE revoked_at_ns IS NULL").fetchall()
        self._ids: dict[bytes, str] = dict(rows)

    def create(self, name: str) -> NewKey:
        """A fresh key; its secret is in this answer and nowhere else. Raises KeyProblem for a bad or taken name."""
        if not _NAME.fullmatch(name):
            raise KeyProblem(
                f"{name!r} is no name for a virtual key",
                "use 1 to 64 letters, digits, spaces or . @ : / + - _, beginning with a letter or digit",
            )
        new = NewKey(id=f"key-{secrets.token_hex(6)}", name=name, secret=f"cmp-{secrets.token_urlsafe(32)}")
        digest = _digest(new.secret)
        try:
            with self._connected() as connection:
                connection.execute(
                    "INSERT INTO virtual_key (id, name, sha256, created_at_ns) VALUES (?, ?, ?, ?)",
                    (new.id, name, digest, self._now_ns()),
                )
        except sqlite3.IntegrityError as error:
            raise KeyProblem(f"there is a virtual key {name!r} already", "choose another name, or revoke it") from error
        with self._lock:
            self._ids = {**self._ids, digest: new.id}
        return new

    def list(self) -> list[KeyLine]:
        """Every key that ever was, oldest first."""
        # On a full disk the list can be read all the same.
        with suppress(LedgerError):
            self.flush()
        with self._connected() as connection:
            return [self._line(row) for row in connection.execute(f"{_SELECT} ORDER BY created_at_ns, id")]

    def revoke(self, id: str) -> KeyLine:  # noqa: A002 - the word of the contract
        """The key is refused from now on; revoking twice changes nothing. Raises KeyProblem for an unknown id."""
        with self._lock:
            self._ids = {digest: key_id for digest, key_id in self._ids.items() if key_id != id}
        with self._connected() as connection:
            connection.execute(
                "UPDATE virtual_key SET revoked_at_ns = ? WHERE id = ? AND revoked_at_ns IS NULL", (self._now_ns(), id)
            )
            row = connection.execute(f"{_SELECT} WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise KeyProblem(f"there is no virtual key {id!r}", "companion keys list")
        return self._line(row)

    def authenticate(self, secret: str) -> str | None:
        """The id of the key that this secret belongs to, or None. Its time tells nothing about any key."""
        # What is looked up is a hash: how far a lookup gets says nothing of the secret behind it.
        key_id = self._ids.get(_digest(secret))
        if key_id is not None:
            self._used[key_id] = self._now_ns()
        return key_id

    def flush(self) -> None:
        """Writes down when keys were last used. Call it now and then, and before the end."""
        with self._lock:
            used, self._used = self._used, {}
        if not used:
            return
        try:
            with self._connected() as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(
                    "UPDATE virtual_key SET last_used_at_ns = max(ifnull(last_used_at_ns, 0), ?) WHERE id = ?",
                    [(at_ns, key_id) for key_id, at_ns in used.items()],
                )
                connection.execute("COMMIT")
        except LedgerError:
            with self._lock:
                self._used = used | self._used
            raise

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(connect(self._path)) as connection:
                yield connection
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise LedgerError(f"the keys in {self._path} cannot be used: {error}", "companion doctor") from error

    def _line(self, row: tuple[str, str, int, int | None, int | None]) -> KeyLine:
        id_, name, created, revoked, used = row
        return KeyLine(id_, name, self._when(created), self._when(revoked), self._when(used))

    def _when(self, at_ns: int | None) -> str:
        return "" if at_ns is None else datetime.fromtimestamp(at_ns // 10**9, self._zone).isoformat()


_SELECT = "SELECT id, name, created_at_ns, revoked_at_ns, last_used_at_ns FROM virtual_key"


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
