"""A ledger of any earlier version opens, and what it held holds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import sha256

import pytest
from sqlite_utils import Database

from companion.ledger.keys import KeyStore
from companion.ledger.migrations import MIGRATIONS
from companion.ledger.store import SCHEMA_VERSION, prepare
from companion.model.scope import KeyScope

SECRET = "cmp-" + "a" * 43


@pytest.fixture
def first_version(tmp_path):
    """A ledger as the first version left it, with a key that works and one that is revoked."""
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path)) as connection:
        MIGRATIONS.apply(Database(connection), stop_before="m002_key_scopes")
        digest = sha256(SECRET.encode()).digest()
        rows = [("key-1", "laptop", digest, 10**18, None, None), ("key-2", "gone", b"x", 10**18 + 1, 10**18 + 2, None)]
        connection.executemany("INSERT INTO virtual_key VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    return path


def test_keys_of_the_first_version_work_and_may_do_what_they_could(first_version):
    prepare(first_version)
    keys = KeyStore(first_version)
    key = keys.authenticate(SECRET)
    assert (key.id, key.scope) == ("key-1", KeyScope(name="laptop"))
    assert [(line.name, line.state, line.expires_at) for line in keys.list()] == [
        ("laptop", "live", ""),
        ("gone", "revoked", ""),
    ]


def test_keys_of_the_first_version_can_be_changed_like_any(first_version):
    prepare(first_version)
    keys = KeyStore(first_version)
    new = keys.rotate("key-1")
    assert keys.authenticate(SECRET) is None
    assert keys.authenticate(new.secret).id == "key-1"
    assert keys.create("gone").id != "key-2"


def test_the_ledger_of_before_lies_beside_the_upgraded_one(first_version):
    prepare(first_version)
    backup = first_version.with_name(f"ledger.db.before-v{SCHEMA_VERSION}")
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT id FROM virtual_key ORDER BY id").fetchall() == [("key-1",), ("key-2",)]


def test_an_upgraded_ledger_and_a_new_one_are_alike(first_version, tmp_path):
    prepare(first_version)
    fresh = tmp_path / "new" / "ledger.db"
    prepare(fresh)

    def schema(path):
        with closing(sqlite3.connect(path)) as connection:
            found = connection.execute("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'")
            return sorted(found.fetchall(), key=str)

    assert schema(first_version) == schema(fresh)
