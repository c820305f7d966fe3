"""A batch is kept whole or not at all, but for lines that can never be kept; repeating it changes nothing."""

from __future__ import annotations

import sqlite3
import sys
from collections import Counter
from contextlib import closing as closed
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.ledger import store
from companion.ledger.commit import Committer
from companion.ledger.store import connect, connect_to_read, prepare
from companion.model.money import Usage
from companion.model.record import Ending


@pytest.fixture
def committer(ledger_path, utc):
    made = Committer(ledger_path, utc)
    yield made
    made.disconnect()


def rows(path: Path, sql: str) -> list[tuple]:
    with closed(connect_to_read(path)) as connection:
        return [tuple(row) for row in connection.execute(sql)]


def kept(path: Path) -> tuple[Counter[str], Counter[str]]:
    """The ids of the openings and of the closings."""
    found = (rows(path, f"SELECT id FROM {table}") for table in ("opening", "closing"))
    opened, ended = (Counter(id_ for (id_,) in lines) for lines in found)
    return opened, ended


IDS = st.sampled_from("abcdef")
LINES = st.lists(st.tuples(st.sampled_from(["open", "close", "open badly"]), IDS), max_size=12)


@settings(max_examples=40)
@given(batches=st.lists(LINES, max_size=3), power=st.booleans())
def test_law_all_is_kept_once_but_what_can_never_be(batches, power, opening, closing, utc):
    """In whatever order lines stand in a batch, and though it is repeated."""
    made = {"open": opening, "close": closing, "open badly": lambda id_: opening(id_, at_ns="soon")}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        prepare(path)
        committer, opened, ended = Committer(path, utc), set(), set()
        for batch in [one for each in batches for one in (each, each)]:
            lines = [made[what](id_) for what, id_ in batch]
            opened |= {id_ for what, id_ in batch if what == "open"}
            bad = [what == "open badly" or (what == "close" and id_ not in opened) for what, id_ in batch]
            ended |= {id_ for (what, id_), is_bad in zip(batch, bad, strict=True) if what == "close" and not is_bad}
            rejected = committer.commit(lines, survive_power_loss=power)
            wanted = [id(line) for line, is_bad in zip(lines, bad, strict=True) if is_bad]
            assert sorted(id(one.line) for one in rejected) == sorted(wanted)
            assert all(isinstance(one.error, sqlite3.IntegrityError | ValueError) for one in rejected)
            assert kept(path) == (Counter(opened), Counter(ended))
        committer.disconnect()


def test_a_batch_of_any_size_is_kept_whole_and_counted_once(committer, ledger_path, opening, closing):
    """Rows that fill up a statement are none of the ledger's, nor are they added to its sums."""
    sizes = [*range(1, 36), 64, 65]
    for size in sizes:
        ids = [f"{size}-{number}" for number in range(size)]
        lines = [*map(opening, ids), *[closing(id_, calls=1, usage=Usage(input=3)) for id_ in ids]]
        assert committer.commit(lines, survive_power_loss=False) == []
    opened, ended = kept(ledger_path)
    assert (opened, ended) == (Counter(opened.keys()), Counter(opened.keys()))
    assert len(opened) == sum(sizes)
    assert rows(ledger_path, "SELECT sum(calls), sum(input) FROM roll_day") == [(sum(sizes), 3 * sum(sizes))]
    assert rows(ledger_path, "SELECT count(*) FROM unclosed") == [(0,)]


def test_the_first_line_of_an_id_stays(committer, ledger_path, opening, closing):
    committer.commit([opening("a", summary="first"), closing("a", code="first")], survive_power_loss=False)
    committer.commit([opening("a", summary="second"), closing("a", code="second")], survive_power_loss=False)
    assert rows(ledger_path, "SELECT summary, code FROM opening JOIN closing USING (id)") == [("first", "first")]


@pytest.mark.parametrize(("power", "level"), [(True, 2), (False, 1)])
def test_only_what_must_survive_a_power_cut_waits_for_the_disk(committer, opening, power, level):
    committer.commit([opening("before")], survive_power_loss=not power)
    committer.commit([opening("a")], survive_power_loss=power)
    assert committer._connection.execute("PRAGMA synchronous").fetchone() == (level,)


def test_what_cannot_be_written_now_is_kept_whole_when_it_is_repeated(
    committer, ledger_path, opening, closing, monkeypatch
):
    monkeypatch.setattr(store, "_BUSY_SECONDS", 0.01)
    batch = [opening("a"), opening("b"), closing("a"), closing("b")]
    with closed(connect(ledger_path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            committer.commit(batch, survive_power_loss=True)
        other.execute("ROLLBACK")
    assert kept(ledger_path) == (Counter(), Counter())
    assert committer.commit(batch, survive_power_loss=True) == []
    assert kept(ledger_path) == (Counter("ab"), Counter("ab"))


class Stopped(BaseException):
    """As Ctrl-C."""


class Stops(str):
    """A text at which the work is broken off."""

    __slots__ = ()

    def __str__(self) -> str:
        raise Stopped


def test_whatever_breaks_in_leaves_nothing_half_written_and_nobody_locked_out(committer, ledger_path, opening):
    with pytest.raises(Stopped):
        committer.commit([opening("a"), opening("b", summary=Stops())], survive_power_loss=False)
    with closed(connect(ledger_path)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    assert kept(ledger_path) == (Counter(), Counter())
    assert committer.commit([opening("c")], survive_power_loss=False) == []


def test_a_full_disk_is_told_and_the_next_commit_finds_its_room(committer, ledger_path, opening):
    committer.commit([opening("a")], survive_power_loss=False)
    pages = committer._connection.execute("PRAGMA page_count").fetchone()[0]
    committer._connection.execute(f"PRAGMA max_page_count = {pages}")
    batch = [opening("b"), *(opening(f"b{n}", summary="x" * 5_000) for n in range(20))]
    with pytest.raises(sqlite3.OperationalError, match="full"):
        committer.commit(batch, survive_power_loss=False)
    assert kept(ledger_path)[0] == Counter("a")
    assert committer.commit(batch, survive_power_loss=False) == [], "by a connection of its own"
    assert len(kept(ledger_path)[0]) == 22


@pytest.mark.skipif(sys.platform == "win32", reason="there a file in use cannot be deleted")
@pytest.mark.parametrize("gone", ["ledger.db", "ledger.db-wal"])
def test_nothing_is_written_to_a_file_that_nobody_will_read(committer, ledger_path, opening, gone):
    committer.commit([opening("a")], survive_power_loss=False)
    ledger_path.with_name(gone).unlink()
    with pytest.raises(sqlite3.OperationalError, match="deleted or replaced"):
        committer.commit([opening("b")], survive_power_loss=False)


@pytest.mark.skipif(sys.platform == "win32", reason="there a file in use cannot be replaced")
def test_another_ledger_in_its_place_is_written_to_once_that_is_told(committer, ledger_path, opening, tmp_path):
    committer.commit([opening("a")], survive_power_loss=False)
    prepare(tmp_path / "other" / "ledger.db")
    for part in ("-wal", "-shm"):
        ledger_path.with_name(f"ledger.db{part}").unlink()
    (tmp_path / "other" / "ledger.db").replace(ledger_path)
    with pytest.raises(sqlite3.OperationalError, match="deleted or replaced"):
        committer.commit([opening("b")], survive_power_loss=False)
    assert committer.commit([opening("b")], survive_power_loss=False) == []
    assert kept(ledger_path)[0] == Counter("b")


LOST = (
    "SELECT id, at_ns, ending, outcome, code, reason, cost_pd, unpriced FROM closing WHERE ending = 'lost' ORDER BY id"
)


@settings(max_examples=20)
@given(kinds=st.dictionaries(IDS, st.sampled_from(["model", "shell", "file", "tool"])), ended=st.sets(IDS))
def test_law_what_was_left_open_is_closed_once_and_nothing_else_is(kinds, ended, opening, closing, utc):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        prepare(path)
        committer = Committer(path, utc)
        lines = [opening(id_, kind=kind) for id_, kind in kinds.items()]
        committer.commit([*lines, *(closing(id_) for id_ in ended & set(kinds))], survive_power_loss=False)
        left = sorted(set(kinds) - ended)
        assert committer.close_what_was_left_open(1_900_000_000 * 10**9) == len(left)
        assert committer.close_what_was_left_open(2_000_000_000 * 10**9) == 0
        committer.disconnect()
        told = "the daemon ended before this exchange did"
        assert rows(path, LOST) == [
            # It may have cost something, and nobody knows what: that is not 0.
            (id_, 1_900_000_000 * 10**9, Ending.LOST, "deny", "lost", told, None, told if kinds[id_] == "model" else "")
            for id_ in left
        ]
        assert kept(path) == (Counter(list(kinds)), Counter(list(kinds)))
