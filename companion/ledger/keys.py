"""Virtual keys: what an agent shows to the gateway instead of a provider's key. Only hashes are kept."""

from __future__ import annotations

import hashlib
import re
import secrets
import shlex
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from companion.contract.types import KeyLine, NewKey
from companion.ledger.errors import KeyProblem, LedgerError
from companion.ledger.key_rows import KeyRow, checked, insert, moment, read_all, read_one
from companion.ledger.store import connect
from companion.model.scope import ANYTHING, KeyScope, VirtualKey

SECRET = re.compile(r"cmp-[A-Za-z0-9_-]{43}")
"""256 random bits, url-safe: without `/`, `.` or `~`, so that no tool takes a key for a path."""

LONGEST_GRACE = timedelta(days=30)

_NEVER = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Opens:
    """What one secret opens, and until when: its key's end, and its own where another secret has replaced it."""

    key: VirtualKey
    expires_at_ns: int
    replaced_at_ns: int = _NEVER

    def ended(self, now_ns: int) -> bool:
        return now_ns >= min(self.expires_at_ns, self.replaced_at_ns)


class KeyStore:
    """The keys of one ledger. Opening it reads them; after that `authenticate` touches no disk. Any thread may call.

    The file must have been prepared (`store.prepare`). All but `authenticate` and `lapsed` block for a short
    transaction and raise LedgerError when the file cannot be used, KeyProblem for what cannot be done as asked.
    """

    def __init__(self, path: Path, *, zone: tzinfo = UTC, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._path = path
        self._zone = zone
        self._now_ns = now_ns
        self._changes = threading.Lock()
        self._uses = threading.Lock()
        self._used: dict[str, int] = {}
        with self._connected() as connection:
            rows = read_all(connection)
            self._known = dict(secret for row in rows for secret in _secrets_of(connection, row))

    def create(self, name: str, scope: KeyScope = ANYTHING, *, expires_at: datetime | None = None) -> NewKey:
        """A fresh key of this name, with what `scope` says beside it; the secret is in this answer and nowhere else."""
        scope = checked(replace(scope, name=name))
        now_ns = self._now_ns()
        expires_at_ns = _still_to_come(expires_at, now_ns, f"companion keys create {shlex.quote(name)} --expires 30d")
        key_id, secret = f"key-{secrets.token_hex(6)}", _fresh_secret()
        row = KeyRow(key_id, scope, _digest(secret), now_ns, None, None, expires_at_ns, None)
        try:
            with self._changing(key_id) as connection:
                insert(connection, row)
        except sqlite3.IntegrityError as error:
            raise KeyProblem(f"there is a virtual key {name!r} already", "choose another name, or revoke it") from error
        return NewKey(key_id, name, secret, moment(expires_at_ns, self._zone))

    def list(self) -> list[KeyLine]:
        """Every key that ever was, oldest first."""
        # On a full disk the list can be read all the same.
        with suppress(LedgerError):
            self.flush()
        with self._connected() as connection:
            return [row.line(self._now_ns(), self._zone) for row in read_all(connection)]

    def scopes(self) -> dict[str, KeyScope]:
        """The scope of every key that ever was, by its id."""
        with self._connected() as connection:
            return {row.id: row.scope for row in read_all(connection)}

    def rotate(self, id: str, grace: timedelta = timedelta()) -> NewKey:  # noqa: A002 - the word of the contract
        """Another secret for the same key. The one before opens until `grace` is over, and those before it no longer.

        KeyProblem for a key that is revoked or has expired, and for a grace above LONGEST_GRACE.
        """
        if not timedelta() <= grace <= LONGEST_GRACE:
            raise KeyProblem(
                f"an old secret may work on for at most {LONGEST_GRACE.days} days",
                f"companion keys rotate {id} --grace 1h",
            )
        secret = _fresh_secret()
        with self._changing(id) as connection:
            row, now_ns = read_one(connection, id), self._now_ns()
            _refuse_revoked(row)
            if row.state(now_ns) == "expired":
                raise KeyProblem(
                    f"the virtual key {row.scope.name!r} has expired, so a new secret would open nothing",
                    f"companion keys expire {id} --in 30d, then companion keys rotate {id}",
                )
            until_ns = now_ns + grace // timedelta(microseconds=1) * 1000
            connection.execute("INSERT INTO retired_secret VALUES (?, ?, ?)", (row.digest, id, until_ns))
            connection.execute(
                "UPDATE retired_secret SET ends_at_ns = min(ends_at_ns, ?) WHERE key_id = ?", (until_ns, id)
            )
            connection.execute("UPDATE virtual_key SET sha256 = ? WHERE id = ?", (_digest(secret), id))
        ends, old_until = moment(row.expires_at_ns, self._zone), moment(until_ns, self._zone) if grace else ""
        return NewKey(id, row.scope.name, secret, ends, old_until)

    def expire(self, id: str, at: datetime | None) -> KeyLine:  # noqa: A002 - as above
        """The key ends then, or never for None; one that has expired opens again. KeyProblem for a revoked key."""
        with self._changing(id) as connection:
            row, now_ns = read_one(connection, id), self._now_ns()
            _refuse_revoked(row)
            at_ns = _still_to_come(at, now_ns, f"companion keys expire {id} --in 30d, or companion keys revoke {id}")
            connection.execute("UPDATE virtual_key SET expires_at_ns = ? WHERE id = ?", (at_ns, id))
        return replace(row, expires_at_ns=at_ns).line(now_ns, self._zone)

    def revoke(self, id: str) -> KeyLine:  # noqa: A002 - as above
        """The key is refused from now on; revoking twice changes nothing. Raises KeyProblem for an unknown id."""
        # Before anything is written: a full disk must not keep a key alive.
        with self._changes:
            self._known = self._without(id)
        with self._changing(id) as connection:
            connection.execute(
                "UPDATE virtual_key SET revoked_at_ns = ? WHERE id = ? AND revoked_at_ns IS NULL", (self._now_ns(), id)
            )
            row = read_one(connection, id)
        return row.line(self._now_ns(), self._zone)

    def authenticate(self, secret: str) -> VirtualKey | None:
        """The key that this secret opens now, or None. Its time tells nothing about any key."""
        # What is looked up is a hash: how far a lookup gets says nothing of the secret behind it.
        opens = self._known.get(_digest(secret))
        now_ns = self._now_ns()
        if opens is None or opens.ended(now_ns):
            return None
        self._used[opens.key.id] = now_ns
        return opens.key

    def lapsed(self, secret: str) -> str:
        """In words, that this secret has ended with time, and what to type; "" when that is not why it is refused."""
        opens = self._known.get(_digest(secret))
        now_ns = self._now_ns()
        if opens is None or not opens.ended(now_ns):
            return ""
        key, name = opens.key.id, opens.key.scope.name
        if now_ns >= opens.expires_at_ns:
            ended = moment(opens.expires_at_ns, self._zone)
            return f"the virtual key {name} expired at {ended}. To let it work on: companion keys expire {key} --in 30d"
        ended = moment(opens.replaced_at_ns, self._zone)
        return (
            f"this secret of the virtual key {name} was replaced and ended at {ended}. "
            f"Put the new one into the agent's settings, or make another: companion keys rotate {key}"
        )

    def flush(self) -> None:
        """Writes down when keys were last used. Call it now and then, and before the end."""
        with self._uses:
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
            with self._uses:
                self._used = used | self._used
            raise

    @contextmanager
    def _changing(self, key_id: str) -> Iterator[sqlite3.Connection]:
        """One transaction about one key. What the key opens follows once it is written, and stays when it fails."""
        with self._changes, self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            opened = dict(_secrets_of(connection, read_one(connection, key_id)))
            connection.execute("COMMIT")
            self._known = self._without(key_id) | opened

    def _without(self, key_id: str) -> dict[bytes, _Opens]:
        return {digest: opens for digest, opens in self._known.items() if opens.key.id != key_id}

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(connect(self._path)) as connection:
                yield connection
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise LedgerError(f"the keys in {self._path} cannot be used: {error}", "companion doctor") from error


def _secrets_of(connection: sqlite3.Connection, row: KeyRow) -> Iterator[tuple[bytes, _Opens]]:
    """The hash of every secret that the key ever had, its own and those it replaced; none of a key that is revoked."""
    if row.revoked_at_ns is not None:
        return
    key, expires_at_ns = VirtualKey(row.id, row.scope), _NEVER if row.expires_at_ns is None else row.expires_at_ns
    for digest, ends_at_ns in connection.execute(
        "SELECT sha256, ends_at_ns FROM retired_secret WHERE key_id = ?", (row.id,)
    ):
        yield digest, _Opens(key, expires_at_ns, ends_at_ns)
    yield row.digest, _Opens(key, expires_at_ns)


def _refuse_revoked(row: KeyRow) -> None:
    if row.revoked_at_ns is not None:
        name = row.scope.name
        raise KeyProblem(
            f"the virtual key {name!r} ({row.id}) is revoked for good", f"companion keys create {shlex.quote(name)}"
        )


def _still_to_come(at: datetime | None, now_ns: int, next_step: str) -> int | None:
    """Ns since the epoch; None for None. Raises KeyProblem for a time that has passed or that int64 cannot hold."""
    if at is None:
        return None
    at_ns = (at - _EPOCH) // timedelta(microseconds=1) * 1000
    if at_ns <= now_ns:
        raise KeyProblem(f"{at.isoformat()} has passed already", next_step)
    if at_ns >= _NEVER:
        raise KeyProblem(f"{at.isoformat()} is further away than the ledger can count", next_step)
    return at_ns


def _fresh_secret() -> str:
    return f"cmp-{secrets.token_urlsafe(32)}"


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
