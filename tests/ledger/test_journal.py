import os
import stat
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.ledger import journal as module
from companion.ledger.journal import NOWHERE, Journal
from companion.model.money import Cost, Usage
from companion.model.record import RemarkRecord

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links are POSIX")


@pytest.fixture
def journal(tmp_path):
    made = Journal(tmp_path / "journal", size=2_000)
    made.start()
    yield made
    made.stop()


def files(tmp_path):
    return [tmp_path / "journal.0", tmp_path / "journal.1"]


def test_what_was_appended_is_what_is_left(journal, tmp_path, opening, closing):
    lines = [
        opening("a", summary='é\u2028"\\\n'),
        closing(
            "a",
            remarks=(RemarkRecord("secrets", "amend", "redacted", "one"),),
            usage=Usage(1, 2, 3, 4, 5, 6, ("odd",)),
            cost=Cost(7, "", "table"),
        ),
        closing("b", cost=Cost(None, "unknown")),
        closing("c"),
        opening("d", at_ns=2**80),
    ]
    assert [journal.append(line) for line in lines] == [0] * 5
    assert Journal(tmp_path / "journal").left() == lines


IDS = st.text(max_size=3)


@given(steps=st.lists(st.tuples(IDS, st.booleans()), max_size=60), data=st.data())
def test_however_the_daemon_ends_no_line_is_missing_that_the_ledger_lacks(steps, data, opening, closing):
    """Each step appends a line, and may be followed by a commit of some of the oldest."""
    with TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal", size=1_500)
        journal.start()
        lacking, stored = [], []
        for number, (id, commits) in enumerate(steps):
            line = opening(id, at_ns=number) if number % 3 else closing(id, at_ns=number)
            place = journal.append(line)
            assert place in {0, 1}
            lacking.append((line, place))
            if commits:
                count = data.draw(st.integers(0, len(lacking)))
                journal.settle(place for _, place in lacking[:count])
                stored += [line for line, _ in lacking[:count]]
                del lacking[:count]
        left = Journal(Path(folder) / "journal").left()
        assert [line for line, _ in lacking if line not in left] == []
        assert [line for line in left if line not in stored and line not in [one for one, _ in lacking]] == []
        journal.stop()
        if not lacking:
            assert Journal(Path(folder) / "journal").left() == []


@given(count=st.integers(1, 8), data=st.data())
def test_a_line_cut_short_takes_no_whole_one_with_it(count, data, opening):
    with TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal")
        journal.start()
        ends, lines = [], [opening(f"{number}") for number in range(count)]
        for line in lines:
            journal.append(line)
            ends.append((Path(folder) / "journal.0").stat().st_size)
        at = data.draw(st.integers(0, ends[-1]))
        os.truncate(Path(folder) / "journal.0", at)
        whole = sum(end <= at for end in ends)
        assert Journal(Path(folder) / "journal").left() == lines[:whole]
        journal.stop()


@given(data=st.data())
def test_what_is_no_line_is_not_taken_for_one(data, opening):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "journal.0"
        journal = Journal(Path(folder) / "journal")
        journal.start()
        lines = [opening(f"{number}") for number in range(3)]
        for line in lines:
            journal.append(line)
        journal.stop()
        # Nothing was settled, so it is all there.
        raw = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] ^= data.draw(st.integers(1, 255))
        path.write_bytes(raw)
        left = Journal(Path(folder) / "journal").left()
        assert left == lines[: len(left)]
        assert len(left) < len(lines)


def test_no_files_are_an_empty_journal(tmp_path):
    assert Journal(tmp_path / "journal").left() == []


def test_it_stays_small_while_the_ledger_keeps_up(journal, tmp_path, opening):
    for number in range(500):
        journal.settle([journal.append(opening(f"{number}"))])
        assert sum(path.stat().st_size for path in files(tmp_path)) < 5_000


def test_while_nothing_is_committed_nothing_is_forgotten(journal, tmp_path, opening):
    lines = [opening(f"{number:03}") for number in range(200)]
    for line in lines:
        journal.append(line)
    assert sorted(Journal(tmp_path / "journal").left(), key=lambda line: line.id) == lines


def test_what_is_all_committed_is_forgotten_at_the_end_and_the_rest_is_not(tmp_path, opening):
    journal = Journal(tmp_path / "journal")
    journal.start()
    journal.settle([journal.append(opening("a")), NOWHERE])
    journal.append(opening("b"))
    journal.stop()
    assert [line.id for line in Journal(tmp_path / "journal").left()] == ["a", "b"]
    assert journal.append(opening("c")) == NOWHERE
    journal.start()
    journal.settle([journal.append(opening("d"))])
    journal.stop()
    assert [path.stat().st_size for path in files(tmp_path)] == [0, 0]


@pytest.mark.parametrize("given", [{"summary": "\ud800"}, {"id": object()}])
def test_what_cannot_be_written_down_has_to_be_committed(journal, tmp_path, opening, given):
    assert journal.append(opening(**({"id": "a"} | given))) == NOWHERE
    assert journal.append(opening("b")) == 0
    assert [line.id for line in Journal(tmp_path / "journal").left()] == ["b"]


def test_a_line_of_another_shape_is_passed_over(journal, tmp_path, opening):
    journal.append(opening("a", at_ns="soon"))
    journal.append(opening("b"))
    assert [line.id for line in Journal(tmp_path / "journal").left()] == ["b"]


def test_half_a_line_on_a_full_disk_is_taken_back(journal, tmp_path, opening, monkeypatch):
    journal.append(opening("a"))
    with monkeypatch.context() as patch:
        write = os.write
        patch.setattr(module.os, "write", lambda file, record: write(file, record[: len(record) // 2]))
        assert journal.append(opening("b")) == NOWHERE
    assert journal.append(opening("c")) == 0
    assert [line.id for line in Journal(tmp_path / "journal").left()] == ["a", "c"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_takes_nothing(journal, opening, monkeypatch):
    full = os.open("/dev/full", os.O_WRONLY)
    monkeypatch.setattr(journal, "_files", [full, full])
    assert journal.append(opening("a")) == NOWHERE
    os.close(full)
    monkeypatch.setattr(journal, "_files", [None, None])


def test_a_slow_disk_is_left_alone_for_a_while(tmp_path, opening):
    class Clock:
        now = 0.0
        lag = 0.0

        def __call__(self):
            self.now += self.lag
            return self.now

    clock = Clock()
    journal = Journal(tmp_path / "journal", now=clock)
    journal.start()
    clock.lag = 0.03
    assert journal.append(opening("a")) == 0
    clock.lag = 0.0
    clock.now += 9.0
    assert journal.append(opening("b")) == NOWHERE
    journal.append_soon(opening("soon"))
    journal.flush()
    clock.now += 1.5
    assert journal.append(opening("c")) == 0
    assert [line.id for line in Journal(tmp_path / "journal").left()] == ["a", "c"]
    clock.lag = 0.03
    journal.append_soon(opening("d"))
    journal.flush()
    clock.lag = 0.0
    assert journal.append(opening("e")) == NOWHERE
    journal.stop()


@posix
def test_only_its_owner_may_read_it(journal, tmp_path):
    assert [stat.S_IMODE(path.stat().st_mode) for path in files(tmp_path)] == [0o600, 0o600]


@posix
def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "other").write_text("precious")
    (tmp_path / "journal.1").symlink_to(tmp_path / "other")
    with pytest.raises(OSError, match="journal"):
        Journal(tmp_path / "journal").start()
    assert (tmp_path / "other").read_text() == "precious"


@posix
def test_a_file_that_was_taken_away_is_made_anew_and_the_other_keeps_its_lines(journal, tmp_path, opening):
    journal.append(opening("a"))
    (tmp_path / "journal.1").unlink()
    journal.check()
    assert [path.exists() for path in files(tmp_path)] == [True, True]
    assert [line.id for line in Journal(tmp_path / "journal").left()] == ["a"]
    (tmp_path / "journal.0").rename(tmp_path / "elsewhere")
    journal.check()
    assert journal.append(opening("b")) == 0
    assert [line.id for line in Journal(tmp_path / "journal").left()] == ["b"]


@posix
def test_where_it_cannot_be_made_anew_it_takes_nothing_until_it_can(journal, tmp_path, opening):
    (tmp_path / "journal.0").unlink()
    (tmp_path / "journal.0").mkdir()
    with pytest.raises(OSError, match="journal"):
        journal.check()
    assert journal.append(opening("a")) == NOWHERE
    (tmp_path / "journal.0").rmdir()
    journal.check()
    assert journal.append(opening("b")) == 0


def test_what_may_come_soon_comes_with_the_next_line_in_its_order(journal, tmp_path, opening, closing):
    other = Journal(tmp_path / "journal")
    assert journal.append_soon(closing("a")) == 0
    assert other.left() == []
    assert journal.append(opening("b")) == 0
    assert [line.id for line in other.left()] == ["a", "b"]
    journal.append_soon(closing("c"))
    journal.flush()
    journal.flush()
    assert [line.id for line in other.left()] == ["a", "b", "c"]
    journal.append_soon(closing("d"))
    journal.stop()
    assert [line.id for line in other.left()] == ["a", "b", "c", "d"]
    assert journal.append_soon(closing("e")) == NOWHERE


def test_what_may_come_soon_is_counted_where_it_comes(tmp_path, opening, closing):
    journal = Journal(tmp_path / "journal", size=1)
    journal.start()
    journal.settle([journal.append(opening("a"))])
    place = journal.append_soon(closing("a"))
    # The file is full, so the next line goes into the other.
    assert journal.append(opening("b")) != place
    assert {line.id for line in Journal(tmp_path / "journal").left()} == {"a", "b"}
    journal.settle([place])
    journal.append(opening("c"))
    assert [line.id for line in Journal(tmp_path / "journal").left()] == ["c", "b"]


def test_on_a_full_disk_it_is_not_there_soon_and_nothing_breaks(journal, tmp_path, opening, closing, monkeypatch):
    journal.append_soon(closing("a"))
    with monkeypatch.context() as patch:
        patch.setattr(module.os, "write", lambda _file, _record: 3)
        journal.flush()
    journal.append_soon(closing("\ud800"))
    journal.append(opening("b"))
    assert [line.id for line in Journal(tmp_path / "journal").left()] == ["b"]
