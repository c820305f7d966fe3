"""The ledger's file: made, upgraded and connected to. Stdlib only, unless an upgrade is due."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from companion.ledger.errors import LedgerError

SCHEMA_VERSION = 4
"""Kept in the file as `PRAGMA user_version`; equals the number of migrations."""

# STRICT tables keep a real from ever standing where picodollars should.
_OLDEST_SQLITE = (3, 37, 0)

_BUSY_SECONDS = 2.0
_CACHE_KB = 512
"""Of a connection that writes: it stays open, and a commit of a few lines touches few pages."""


def prepare(path: Path) -> None:
    """Makes the ledger at `path`, or upgrades it after a backup beside it (`ledger.db.before-v2`).

    The file is readable by its owner only, and so is its folder. Idempotent. Raises LedgerError for a file that a
    newer companion wrote, that is no ledger, or that cannot be written; such a file is left as it is.
    """
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise LedgerError(f"SQLite {sqlite3.sqlite_version} is too old for the ledger", "install SQLite 3.37 or newer")
    try:
        _make_private(path)
        with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as connection:
            _bring_up_to_date(connection, path)
    except (sqlite3.OperationalError, OSError) as error:
        raise LedgerError(
            f"the ledger {path} cannot be opened: {error}",
            "see that its folder is yours and writable, the disk has room, and no other program holds the file",
        ) from error
    except sqlite3.Error as error:
        raise LedgerError(
            f"the ledger {path} is damaged: {error}",
            f"put a backup in its place, or move {path} aside to begin a new one",
        ) from error


def connect(path: Path) -> sqlite3.Connection:
    """A connection that writes, in autocommit mode, to a ledger that exists. Raises sqlite3.Error."""
    connection = sqlite3.connect(_uri(path, "rw"), uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. Rows are sqlite3.Row. Raises sqlite3.Error."""
    connection = sqlite3.connect(_uri(path, "ro"), uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def _uri(path: Path, mode: str) -> str:
    return f"{path.absolute().as_uri()}?mode={mode}"


def _make_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    # SQLite gives its -wal and -shm files the mode of the main file, so it has to be right before the first write.
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    path.chmod(0o600)


def _bring_up_to_date(connection: sqlite3.Connection, path: Path) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if version > SCHEMA_VERSION:
        raise LedgerError(
            f"the ledger {path} was written by a newer companion (schema {version}, this one knows {SCHEMA_VERSION})",
            "upgrade companion, or move the ledger aside to begin a new one",
        )
    if tables and not tables & {"opening", "_sqlite_migrations"}:
        raise LedgerError(
            f"{path} is a SQLite file, but not a ledger (tables: {', '.join(sorted(tables)[:5])})",
            f"move {path} aside",
        )
    if not tables:
        # Takes effect only before the first table; pruning can then give pages back without a full VACUUM.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    if version == SCHEMA_VERSION:
        return
    if tables:
        _back_up(connection, path)
    # Imported here: it costs 0.2 s, and a ledger that is up to date has no use for it.
    from companion.ledger.migrations import upgrade  # noqa: PLC0415

    upgrade(connection)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.commit()


def _back_up(connection: sqlite3.Connection, path: Path) -> None:
    name = f"{path.name}.before-v{SCHEMA_VERSION}"
    taken = sum(1 for _ in path.parent.glob(f"{name}*"))
    target = path.with_name(f"{name}-{taken + 1}" if taken else name)
    # VACUUM INTO accepts an empty file, which is how the copy gets its mode before it gets its content.
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection.execute("VACUUM INTO ?", (str(target),))
