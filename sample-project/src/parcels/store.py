"""Parcels in SQLite. One file, one table for parcels and one for their scans."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from parcels.tracking import Parcel, Scan, State

_SCHEMA = """
CREATE TABLE IF NOT EXISTS parcel (
    code   TEXT PRIMARY KEY,
    weight INTEGER NOT NULL CHECK (weight > 0),
    to_    TEXT NOT NULL,
    state  INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS scan (
    code  TEXT NOT NULL REFERENCES parcel (code),
    at    TEXT NOT NULL,
    place TEXT NOT NULL,
    state INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS scan_by_code ON scan (code, at);
"""


class NoSuchParcel(LookupError):
    """No parcel has this code."""


class Store:
    """Opens `path` (":memory:" for tests) and makes the tables where they are missing."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._db:
            yield self._db

    def add(self, parcel: Parcel) -> None:
        """Raises ValueError when the code is taken."""
        try:
            with self._write() as db:
                db.execute(
                    "INSERT INTO parcel (code, weight, to_, state) VALUES (?, ?, ?, ?)",
                    (parcel.code, parcel.weight, parcel.to, int(parcel.state)),
                )
        except sqlite3.IntegrityError as error:
            raise ValueError(f"{parcel.code} cannot be added: {error}") from error

    def get(self, code: str) -> Parcel:
        row = self._db.execute("SELECT code, weight, to_, state FROM parcel WHERE code = ?", (code,)).fetchone()
        if row is None:
            raise NoSuchParcel(code)
        scans = self._db.execute("SELECT at, place, state FROM scan WHERE code = ? ORDER BY at, rowid", (code,))
        history = tuple(Scan(datetime.fromisoformat(at), place, State(state)) for at, place, state in scans)
        return Parcel(row[0], row[1], row[2], State(row[3]), history)

    def scan(self, code: str, scan: Scan) -> Parcel:
        """Records a scan and returns the parcel after it."""
        after = self.get(code).advance(scan)
        with self._write() as db:
            db.execute(
                "INSERT INTO scan (code, at, place, state) VALUES (?, ?, ?, ?)",
                (code, scan.at.isoformat(), scan.place, int(scan.state)),
            )
            db.execute("UPDATE parcel SET state = ? WHERE code = ?", (int(after.state), code))
        return after

    def in_state(self, state: State) -> list[str]:
        rows = self._db.execute("SELECT code FROM parcel WHERE state = ? ORDER BY code", (int(state),))
        return [code for (code,) in rows]
