import sqlite3
import stat
import sys

import pytest

from companion.ledger import store
from companion.ledger.commit import Committer
from companion.ledger.errors import LedgerError
from companion.ledger.migrations import MIGRATIONS
from companion.ledger.rows import insert_openings, opening_row
from companion.ledger.store import SCHEMA_VERSION, connect, connect_to_read, prepare

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")


def pragma(path, name):
    connection = connect(path)
    try:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]
    finally:
        connection.close()


def test_a_new_ledger_is_wal_with_incremental_vacuum_and_the_current_schema(ledger_path):
    assert pragma(ledger_path, "journal_mode") == "wal"
    assert pragma(ledger_path, "auto_vacuum") == 2
    assert pragma(ledger_path, "user_version") == SCHEMA_VERSION
    assert pragma(ledger_path, "integrity_check") == "ok"


def test_the_version_counts_the_migrations():
    assert len(MIGRATIONS._migrations) == SCHEMA_VERSION


@posix
def test_only_the_owner_can_read_any_of_it(ledger_path, opening):
    connection = connect(ledger_path)
    connection.execute(insert_openings(1), opening_row(opening("a")))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in ledger_path.parent.iterdir()}
    connection.close()
    assert modes == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}
    assert stat.S_IMODE(ledger_path.parent.stat().st_mode) == 0o700


@posix
def test_a_file_that_others_could_read_is_closed_to_them(ledger_path):
    ledger_path.chmod(0o644)
    prepare(ledger_path)
    assert stat.S_IMODE(ledger_path.stat().st_mode) == 0o600


def test_preparing_twice_changes_nothing(ledger_path, opening):
    connection = connect(ledger_path)
    connection.execute(insert_openings(1), opening_row(opening("a")))
    connection.close()
    prepare(ledger_path)
    assert [path.name for path in ledger_path.parent.iterdir() if "before" in path.name] == []
    reader = connect_to_read(ledger_path)
    assert reader.execute("SELECT count(*) FROM opening").fetchone()[0] == 1
    reader.close()


def test_a_newer_ledger_is_refused_and_left_alone(ledger_path):
    connection = connect(ledger_path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(LedgerError, match="newer companion") as refused:
        prepare(ledger_path)
    assert "upgrade companion" in refused.value.next
    assert pragma(ledger_path, "user_version") == SCHEMA_VERSION + 1


def test_an_older_ledger_is_backed_up_before_it_is_upgraded(ledger_path, opening):
    connection = connect(ledger_path)
    connection.execute(insert_openings(1), opening_row(opening("kept")))
    connection.execute("PRAGMA user_version = 0")
    connection.close()
    prepare(ledger_path)
    assert pragma(ledger_path, "user_version") == SCHEMA_VERSION
    (backup,) = ledger_path.parent.glob("*.before-v*")
    if sys.platform != "win32":
        assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    copy = sqlite3.connect(backup)
    assert copy.execute("SELECT id FROM opening").fetchall() == [("kept",)]
    copy.close()


@pytest.mark.parametrize("content", [b"not a database at all, only text" * 40])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="damaged"):
        prepare(path)
    assert path.read_bytes() == content


def test_somebody_elses_database_is_refused(tmp_path):
    path = tmp_path / "ledger.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (name)")
    connection.close()
    with pytest.raises(LedgerError, match="but not a ledger"):
        prepare(path)


def test_a_folder_in_the_way_is_refused_in_words(tmp_path):
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(LedgerError, match="cannot be opened"):
        prepare(tmp_path / "ledger.db")


def test_a_sqlite_that_is_too_old_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(store.sqlite3, "sqlite_version_info", (3, 34, 1))
    with pytest.raises(LedgerError, match="too old"):
        prepare(tmp_path / "ledger.db")


@pytest.mark.parametrize("table", ["opening", "closing"])
@pytest.mark.parametrize("change", ["UPDATE {} SET id = 'x'", "DELETE FROM {}"])
def test_a_line_cannot_be_changed(ledger_path, opening, closing, table, change, utc):
    connection = with_one_exchange(ledger_path, opening, closing, utc)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(change.format(table))
    connection.close()


@pytest.mark.parametrize("table", ["opening", "closing"])
def test_a_line_cannot_be_replaced_or_counted_twice(ledger_path, opening, closing, table, utc):
    connection = with_one_exchange(ledger_path, opening, closing, utc)
    connection.execute(f"REPLACE INTO {table} SELECT * FROM {table}")
    assert connection.execute("SELECT sum(calls) FROM roll_day").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM unclosed").fetchone() == (0,)
    connection.close()


def with_one_exchange(path, opening, closing, zone):
    committer = Committer(path, zone)
    committer.commit([opening("a"), closing("a", calls=1)], survive_power_loss=False)
    committer.disconnect()
    return connect(path)


def test_a_reader_cannot_write(ledger_path):
    reader = connect_to_read(ledger_path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM roll_day")
    reader.close()
