"""What persons accepted: it holds from the next question on, and stays on record."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from companion.ledger import acceptances as module
from companion.ledger.acceptances import AcceptanceStore, read_acceptances, until_ns
from companion.ledger.errors import AcceptanceProblem, LedgerError
from companion.ledger.store import prepare
from companion.policy.acceptance import FOREVER, Acceptance

PRINT = "0a" * 16
HOUR = 3600 * 10**9


class Clock:
    now = 10**18

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def path(tmp_path):
    prepare(tmp_path / "ledger.db")
    return tmp_path / "ledger.db"


@pytest.fixture
def store(path, clock):
    return AcceptanceStore(path, now_ns=clock)


def covers(store: AcceptanceStore, fingerprint: str = PRINT, rule: str = "r", place: str = "/w") -> bool:
    return store.cover(lambda: fingerprint, rule, place)


def test_a_value_is_accepted_until_it_is_taken_back_and_after_a_restart(store, path, clock):
    line = store.accept(Acceptance(PRINT), shown="SECRET_A_0A0A0A0A", note="a test's", by="tui")
    assert (line.state, line.shown, line.note, line.by, line.expires_at) == (
        "live",
        "SECRET_A_0A0A0A0A",
        "a test's",
        "tui",
        "",
    )
    assert covers(store)
    assert covers(AcceptanceStore(path, now_ns=clock))
    assert read_acceptances(path, clock()).cover(lambda: PRINT, "", "", clock())
    assert store.revoke(line.id).state == "revoked"
    assert not covers(store)
    assert not covers(AcceptanceStore(path, now_ns=clock))
    again = store.revoke(line.id)
    assert again.revoked_at == store.list()[0].revoked_at


def test_it_ends_with_time(store, path, clock):
    line = store.accept(Acceptance(PRINT, expires_at_ns=clock() + HOUR))
    clock.now += HOUR - 1
    assert covers(store)
    clock.now += 1
    assert not covers(store)
    assert [one.state for one in store.list()] == ["expired"]
    assert line.expires_at
    assert not read_acceptances(path, clock()).cover(lambda: PRINT, "", "", clock())


def test_a_rule_holds_where_it_was_accepted(store):
    store.accept(Acceptance(rule="url-password", scope="/w"))
    assert covers(store, rule="url-password", place="/w/sub")
    assert not covers(store, rule="url-password", place="/v")
    assert not covers(store, rule="url-password", place="")


@pytest.mark.parametrize(
    ("asked", "note"),
    [
        (Acceptance(), ""),
        (Acceptance(PRINT, "r", "/w"), ""),
        (Acceptance("short"), ""),
        (Acceptance(PRINT.upper()), ""),
        (Acceptance(rule="r"), ""),
        (Acceptance(rule="no rule!", scope="/w"), ""),
        (Acceptance(rule="r" * 201, scope="/w"), ""),
        (Acceptance(PRINT, scope="/w\n"), ""),
        (Acceptance(PRINT, scope="/" + "w" * 5000), ""),
        (Acceptance(PRINT, expires_at_ns=10**18), ""),
        (Acceptance(PRINT), "two\nlines"),
        (Acceptance(PRINT), "x" * 501),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_cannot_be_accepted_is_said_and_not_kept(store, asked, note):
    with pytest.raises(AcceptanceProblem) as raised:
        store.accept(asked, note=note)
    assert raised.value.next
    assert store.list() == []


def test_nobody_takes_back_what_there_is_not(store):
    with pytest.raises(AcceptanceProblem, match="acc-none"):
        store.revoke("acc-none")


def test_law_the_record_is_only_added_to(store, path):
    line = store.accept(Acceptance(PRINT))
    store.revoke(line.id)
    with closing(sqlite3.connect(path)) as connection:
        for statement in (
            "DELETE FROM acceptance",
            "UPDATE acceptance SET revoked_at_ns = NULL",
            "UPDATE acceptance SET scope = '/'",
            "UPDATE acceptance SET expires_at_ns = 1",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="stays on record"):
                connection.execute(statement)


def test_the_file_is_its_owners_alone(store, path):
    store.accept(Acceptance(PRINT))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_taken_back_is_taken_back_where_the_disk_is_full_too(store, path):
    line = store.accept(Acceptance(PRINT))
    path.unlink()
    with pytest.raises(LedgerError):
        store.revoke(line.id)
    assert not covers(store)


def test_what_cannot_be_written_is_not_accepted(store, path):
    path.unlink()
    with pytest.raises(LedgerError):
        store.accept(Acceptance(PRINT))
    assert not covers(store)


def test_without_a_ledger_nothing_is_accepted_and_a_damaged_one_is_said(tmp_path):
    assert not read_acceptances(tmp_path / "none", 1).cover(lambda: PRINT, "", "", 1)
    (tmp_path / "bad").write_bytes(b"no ledger" * 1000)
    with pytest.raises(LedgerError):
        read_acceptances(tmp_path / "bad", 1)
    with closing(sqlite3.connect(tmp_path / "old")) as connection:
        connection.execute("CREATE TABLE other (x)")
    assert not read_acceptances(tmp_path / "old", 1).cover(lambda: PRINT, "", "", 1)


def test_times_are_counted_exactly():
    at = datetime(2026, 1, 1, microsecond=1, tzinfo=UTC)
    assert until_ns(None) == FOREVER
    assert until_ns(at + timedelta(seconds=1)) - until_ns(at) == 10**9
    assert until_ns(datetime.max.replace(tzinfo=UTC)) == FOREVER


def test_there_is_an_end_to_how_many_hold_at_a_time(store, clock, monkeypatch):
    monkeypatch.setattr(module, "_MOST", 2)
    first = store.accept(Acceptance("01" * 16, expires_at_ns=clock() + HOUR))
    store.accept(Acceptance("02" * 16, expires_at_ns=clock() + HOUR))
    with pytest.raises(AcceptanceProblem, match="accepted already"):
        store.accept(Acceptance("03" * 16))
    store.revoke(first.id)
    store.accept(Acceptance("03" * 16))
    clock.now += HOUR
    store.accept(Acceptance("04" * 16))
