import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.ledger import commit, store
from companion.ledger.errors import LedgerError, LedgerUnavailable
from companion.ledger.journal import NOWHERE, Journal
from companion.ledger.reports import Reports
from companion.ledger.store import connect, connect_to_read
from companion.ledger.writer import SqliteLedger
from companion.model.money import Cost, Usage
from companion.model.record import Ending


def rows(path, sql):
    connection = connect_to_read(path)
    try:
        return [tuple(row) for row in connection.execute(sql)]
    finally:
        connection.close()


@pytest.fixture
def make(tmp_path, utc):
    """Ledgers on one file, stopped at the end."""
    made = []

    def build(**given):
        made.append(SqliteLedger(tmp_path / "ledger.db", utc, **given))
        return made[-1]

    yield build
    for ledger in made:
        ledger.stop(1.0)


@pytest.fixture
def no_journal(monkeypatch):
    """A disk that takes no line for the journal: whoever opens an exchange waits for its commit."""
    monkeypatch.setattr(Journal, "_append", lambda self, record: NOWHERE)


async def opened(ledger, line):
    """Until the line outlives the daemon."""
    if (waiting := ledger.open(line)) is not None:
        await waiting


@pytest.fixture
def disk(monkeypatch):
    """Disk space of every connection that is made while `full` is set: none."""

    class Disk:
        full = threading.Event()

    def connect_to_disk(path):
        connection = connect(path)
        if Disk.full.is_set():
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr(commit, "connect", connect_to_disk)
    return Disk


@pytest.mark.usefixtures("no_journal")
async def test_an_opening_is_durable_when_its_await_returns(make, opening, tmp_path):
    ledger = make(window=60.0)
    ledger.start()
    await ledger.open(opening("a"))
    assert rows(tmp_path / "ledger.db", "SELECT id FROM opening") == [("a",)]


async def test_a_line_in_the_journal_is_committed_soon_and_nobody_waits(make, opening, closing, tmp_path):
    ledger = make()
    ledger.start()
    assert ledger.open(opening("a")) is None
    ledger.close(closing("a"))
    while ledger.depth:
        await asyncio.sleep(0.01)
    assert rows(tmp_path / "ledger.db", "SELECT id FROM closing") == [("a",)]


async def test_what_only_the_journal_has_is_in_the_ledger_after_the_next_start(make, opening, closing, tmp_path, utc):
    ledger = SqliteLedger(tmp_path / "ledger.db", utc, window=60.0)
    ledger.start()
    assert ledger.open(opening("a")) is None
    ledger.close(closing("a"))
    # A closing has its place in the journal with the next opening, or at the end of the loop's turn.
    assert ledger.open(opening("b")) is None
    ledger.close(closing("b"))
    await asyncio.sleep(0)
    assert ledger.open(opening("c")) is None
    assert rows(tmp_path / "ledger.db", "SELECT id FROM opening") == []
    # The first is never stopped, as a daemon that is killed.
    assert make().start() == 1
    assert rows(tmp_path / "ledger.db", "SELECT id, ending FROM closing") == [
        ("a", "served"),
        ("b", "served"),
        ("c", "lost"),
    ]
    assert make().start() == 0


async def test_a_journal_that_cannot_be_read_is_told_and_stays(make, opening, tmp_path):
    ledger = make()
    ledger.start()
    ledger.stop()
    (tmp_path / "journal.1").unlink()
    (tmp_path / "journal.1").mkdir()
    with pytest.raises(LedgerError, match="journal"):
        make().start()


async def test_closings_are_durable_after_a_drain(make, opening, closing, tmp_path):
    ledger = make()
    ledger.start()
    await opened(ledger, opening("a"))
    ledger.close(closing("a", usage=Usage(input=3, output=4), cost=Cost(5), calls=1))
    assert ledger.drain(5.0)
    assert ledger.depth == 0
    assert rows(tmp_path / "ledger.db", "SELECT id, input, cost_pd FROM closing") == [("a", 3, 5)]


async def test_whoever_reads_sees_what_was_written_before(make, opening, closing, tmp_path, utc):
    ledger = make(window=60.0)
    assert ledger.drain(0.0)
    ledger.start()
    reports = Reports(tmp_path / "ledger.db", utc, partial(ledger.drain, 5.0))
    for n in range(50):
        ledger.open(opening(f"{n:03}"))
        ledger.close(closing(f"{n:03}"))
        line = await asyncio.to_thread(reports.exchange, f"{n:03}")
        assert line is not None
        assert line.ending == "served"
    ledger.stop()
    ledger.close(closing("050"))
    assert not ledger.drain(5.0)


async def test_stopping_writes_what_is_queued(make, opening, closing, tmp_path):
    ledger = make(window=60.0)
    ledger.start()
    for n in range(100):
        ledger.open(opening(f"{n:03}"))
        ledger.close(closing(f"{n:03}"))
    assert ledger.stop(5.0) == 0
    assert rows(tmp_path / "ledger.db", "SELECT count(*) FROM closing") == [(100,)]


IDS = st.sampled_from("abcdef")
STEPS = st.lists(st.tuples(st.sampled_from(["open", "close"]), IDS), max_size=30)


@settings(max_examples=15)
@given(first=STEPS, second=STEPS)
def test_whatever_is_queued_twice_there_is_one_opening_and_one_closing(first, second, opening, closing, utc):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        for steps in (first, second):
            asyncio.run(play(path, utc, steps, opening, closing))
        opened = {id_ for steps in (first, second) for step, id_ in steps if step == "open"}
        last = SqliteLedger(path, utc)
        last.start()
        last.stop()
        assert Counter(id_ for (id_,) in rows(path, "SELECT id FROM opening")) == Counter(opened)
        assert Counter(id_ for (id_,) in rows(path, "SELECT id FROM closing")) == Counter(opened)
        assert rows(path, "SELECT * FROM unclosed") == []


async def play(path, zone, steps, opening, closing):
    ledger = SqliteLedger(path, zone)
    ledger.start()
    for step, id_ in steps:
        if step == "open":
            ledger.open(opening(id_))
    for step, id_ in steps:
        if step == "close":
            ledger.close(closing(id_))
    assert await asyncio.to_thread(ledger.stop) == 0


async def test_after_a_start_no_exchange_is_open(make, opening, closing, tmp_path):
    ledger = make()
    assert ledger.start() == 0
    for id_, kind in (("a", "model"), ("b", "shell"), ("c", "model")):
        await opened(ledger, opening(id_, kind=kind))
    ledger.close(closing("c"))
    ledger.stop()
    assert make(now_ns=lambda: 1_900_000_000 * 10**9).start() == 2
    found = rows(tmp_path / "ledger.db", "SELECT id, ending, local_day, calls, cost_pd, unpriced <> '' FROM closing")
    assert found == [
        # A lost model call may have cost something: it is counted as unpriced, not as free.
        ("a", Ending.LOST, "2030-03-17", 1, None, 1),
        ("b", Ending.LOST, "2030-03-17", 0, None, 0),
        ("c", Ending.SERVED, "2027-01-15", 0, None, 0),
    ]
    assert make().start() == 0


@pytest.mark.usefixtures("no_journal")
async def test_a_full_disk_loses_nothing(make, opening, closing, tmp_path, disk):
    heard = []
    ledger = make(on_failure=heard.append, patience=30.0)
    ledger.start()
    disk.full.set()
    waiting = [ledger.open(opening(f"{n:03}", summary="x" * 5_000)) for n in range(40)]
    for n in range(40):
        ledger.close(closing(f"{n:03}"))
    while len(heard) < 2:
        await asyncio.sleep(0.01)
    assert {str(error) for error in heard} == {"database or disk is full"}
    assert ledger.depth == 80
    assert not ledger.drain(0.01)
    disk.full.clear()
    await asyncio.gather(*waiting)
    assert await asyncio.to_thread(ledger.drain, 5.0)
    assert rows(tmp_path / "ledger.db", "SELECT count(*) FROM closing") == [(40,)]
    assert ledger.failures == len(heard)


@pytest.mark.usefixtures("no_journal")
async def test_stopping_with_a_full_disk_says_how_many_lines_are_left(make, opening, disk):
    ledger = make(patience=0.0)
    ledger.start()
    disk.full.set()
    waiting = ledger.open(opening("a", summary="x" * 5_000))
    assert await asyncio.to_thread(ledger.stop, 0.1) == 1
    with pytest.raises(LedgerUnavailable):
        await waiting


@pytest.mark.usefixtures("no_journal")
async def test_an_opening_that_waits_too_long_fails_but_is_still_written(make, opening, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_BUSY_SECONDS", 0.01)
    ledger = make(patience=0.1)
    ledger.start()
    blocker = connect(tmp_path / "ledger.db")
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerUnavailable, match="database is locked"):
        await ledger.open(opening("a"))
    assert ledger.depth == 1
    blocker.execute("ROLLBACK")
    blocker.close()
    assert await asyncio.to_thread(ledger.drain, 5.0)
    assert rows(tmp_path / "ledger.db", "SELECT id FROM opening") == [("a",)]


@pytest.mark.usefixtures("no_journal")
async def test_when_memory_is_full_no_more_exchanges_are_opened(make, opening, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_BUSY_SECONDS", 0.01)
    ledger = make(capacity=3, patience=60.0)
    ledger.start()
    blocker = connect(tmp_path / "ledger.db")
    blocker.execute("BEGIN IMMEDIATE")
    accepted = [ledger.open(opening(f"{n}")) for n in range(3)]
    with pytest.raises(LedgerUnavailable, match="wait for the disk"):
        await ledger.open(opening("3"))
    blocker.execute("ROLLBACK")
    blocker.close()
    await asyncio.gather(*accepted)


@pytest.mark.usefixtures("no_journal")
async def test_a_line_that_can_never_be_stored_takes_no_other_with_it(make, opening, closing, tmp_path):
    heard = []
    ledger = make(on_failure=heard.append)
    ledger.start()
    good, bad, also_good = ledger.open(opening("a")), ledger.open(opening("b", at_ns="soon")), ledger.open(opening("c"))
    await asyncio.gather(good, also_good)
    with pytest.raises(ValueError, match="soon"):
        await bad
    ledger.close(closing("a"))
    ledger.close(closing("nobody-opened-this"))
    ledger.close(closing("c"))
    assert await asyncio.to_thread(ledger.drain, 5.0)
    assert rows(tmp_path / "ledger.db", "SELECT id FROM closing") == [("a",), ("c",)]
    assert [type(error).__name__ for error in heard] == ["ValueError", "IntegrityError"]


@pytest.mark.usefixtures("no_journal")
async def test_a_listener_that_raises_does_not_stop_the_writer(make, opening, closing, tmp_path):
    def raise_it(error):
        raise error

    ledger = make(on_failure=raise_it)
    ledger.start()
    ledger.close(closing("nobody-opened-this"))
    await ledger.open(opening("a"))
    assert rows(tmp_path / "ledger.db", "SELECT id FROM opening") == [("a",)]


async def test_a_ledger_that_does_not_run_refuses(make, opening, closing):
    ledger = make()
    with pytest.raises(LedgerUnavailable, match="not running"):
        await ledger.open(opening("a"))
    ledger.close(closing("a"))
    ledger.start()
    ledger.stop()
    with pytest.raises(LedgerUnavailable, match="not running"):
        await ledger.open(opening("b"))


@pytest.mark.usefixtures("no_journal")
async def test_a_caller_that_was_cancelled_still_has_its_line(make, opening, tmp_path):
    ledger = make()
    ledger.start()
    waiting = asyncio.ensure_future(ledger.open(opening("a")))
    waiting.cancel()
    assert await asyncio.to_thread(ledger.drain, 5.0)
    assert rows(tmp_path / "ledger.db", "SELECT id FROM opening") == [("a",)]


@pytest.mark.usefixtures("no_journal")
def test_an_event_loop_that_has_ended_does_no_harm(make, opening, tmp_path):
    ledger = make()
    ledger.start()

    async def leave():
        ledger.open(opening("a"))

    asyncio.run(leave())
    assert ledger.drain(5.0)
    assert rows(tmp_path / "ledger.db", "SELECT id FROM opening") == [("a",)]


CHILD = """
import asyncio, sys
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo
from companion.ledger.writer import SqliteLedger
from companion.model.record import Closing, Ending, Opening

async def one(ledger, id):
    waiting = ledger.open(Opening(id, "", 1, "shell", "c", "s", "w", "k", "act", "", "", "summary"))
    if waiting is not None:
        await waiting
    print("opened", id, flush=True)
    ledger.close(Closing(id, 2, Ending.SERVED, "allow", "", "", ""))

async def main():
    ledger = SqliteLedger(Path(sys.argv[1]), ZoneInfo("UTC"))
    ledger.start()
    for batch in range(1_000_000):
        await asyncio.gather(*(one(ledger, f"{sys.argv[2]}-{batch:06}-{n}") for n in range(8)))
        await asyncio.sleep(0.001)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_daemon_loses_no_acknowledged_line(tmp_path, utc):
    path = tmp_path / "ledger.db"
    acknowledged = set()
    for round_ in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path), str(round_)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline().startswith("opened")
        time.sleep(0.1 + 0.05 * round_)
        child.send_signal(signal.SIGKILL)
        acknowledged |= {
            line.split()[1] for line in child.stdout.read().splitlines() if line.endswith(tuple("01234567"))
        }
        child.stdout.close()
        child.wait()
    ledger = SqliteLedger(path, utc)
    ledger.start()
    ledger.stop()
    opened = [id_ for (id_,) in rows(path, "SELECT id FROM opening")]
    closed = [id_ for (id_,) in rows(path, "SELECT id FROM closing")]
    assert len(acknowledged) > 20
    assert acknowledged <= set(opened)
    assert opened == closed
    assert len(opened) == len(set(opened))
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.skipif(sys.platform == "win32", reason="there a file in use cannot be deleted")
@pytest.mark.parametrize("pattern", ["ledger.db*", "ledger.db", "ledger.db-wal", "journal.*", "journal.0"])
@pytest.mark.parametrize("lines_before", [0, 1, 3])
@pytest.mark.parametrize("journaled", [True, False])
async def test_a_deleted_file_takes_no_line_that_was_promised(
    make, opening, tmp_path, pattern, lines_before, journaled, request
):
    if not journaled:
        request.getfixturevalue("no_journal")
    heard = []
    ledger = make(patience=0.2, on_failure=heard.append)
    ledger.start()
    kept = [f"{n}" for n in range(lines_before)]
    for id in kept:
        await opened(ledger, opening(id))
    assert await asyncio.to_thread(ledger.drain, 5.0)
    for file in tmp_path.glob(pattern):
        file.unlink()
    promised: list[object] = []
    for id in ("late", "later"):
        promised += await asyncio.gather(opened(ledger, opening(id)), return_exceptions=True)
        await asyncio.to_thread(ledger.drain, 0.5)
    if (tmp_path / "ledger.db").exists():
        assert promised == [None, None], "SQLite's log or our journal alone can be made again"
        found = rows(tmp_path / "ledger.db", "SELECT id FROM opening ORDER BY id")
        assert found == [(id,) for id in [*kept, "late", "later"]]
        assert len(list(tmp_path.glob("journal.*"))) == 2
    else:
        assert isinstance(promised[-1], LedgerUnavailable)
        assert heard
        ledger.stop(0.1)
        make().start()
        found = {id for (id,) in rows(tmp_path / "ledger.db", "SELECT id FROM opening")}
        assert found >= {id for id, told in zip(("late", "later"), promised, strict=True) if told is None}


@pytest.mark.skipif(sys.platform == "win32", reason="there a file in use cannot be replaced")
async def test_a_file_put_in_place_of_the_ledger_is_the_ledger_from_then_on(make, opening, tmp_path, utc):
    ledger = make()
    ledger.start()
    await opened(ledger, opening("before"))
    assert await asyncio.to_thread(ledger.drain, 5.0)
    for file in tmp_path.glob("ledger.db*"):
        file.unlink()
    store.prepare(tmp_path / "ledger.db")
    await opened(ledger, opening("after"))
    assert await asyncio.to_thread(ledger.drain, 5.0)
    assert rows(tmp_path / "ledger.db", "SELECT id FROM opening") == [("after",)]
    assert ledger.failures == 1, "that it was replaced is told"


async def test_while_the_ledger_is_in_trouble_nothing_is_promised_by_the_journal_alone(make, opening, disk):
    ledger = make(patience=30.0)
    ledger.start()
    disk.full.set()
    assert ledger.open(opening("first", summary="x" * 50_000)) is None
    while not ledger.failures:
        await asyncio.sleep(0.01)
    waiting = ledger.open(opening("second"))
    assert waiting is not None
    disk.full.clear()
    await waiting
    assert ledger.open(opening("third")) is None
