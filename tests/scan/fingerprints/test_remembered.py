"""What was found is found again while its file is ignored, and what a whole index knew beside a hurried one."""

from __future__ import annotations

from pathlib import Path

import pytest

from companion.model.facts import IgnoreMatch
from companion.scan.fingerprints import remembered as room
from companion.scan.fingerprints.remembered import Earlier, Place, Remembered
from companion.scan.fingerprints.store import Header, Source, read, stamp_of, write

RULE = IgnoreMatch(".clineignore", 1, "x")


def place(source: Source, size: int = 100) -> tuple[Place, ...]:
    return (Place(0, size, size, source),)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a")
    return Source(str(path), RULE, stamp_of(path.stat()))


def test_the_most_that_was_found_in_a_text_is_found_again(source):
    known = Remembered()
    assert known.best(b"t", ()) == ()
    assert known.best(b"t", place(source, 50)) == place(source, 50)
    assert known.best(b"t", place(source, 100)) == place(source, 100)
    assert known.best(b"t", place(source, 50)) == place(source, 100)
    assert known.best(b"t", ()) == place(source, 100)
    assert known.best(b"other", ()) == ()


@pytest.mark.parametrize(
    ("ignored", "happens", "changed_only", "kept"),
    [
        (True, "nothing", False, True),
        (True, "nothing", True, False),
        (True, "changes", True, True),
        (True, "goes", True, True),
        (False, "nothing", False, False),
        (False, "changes", True, False),
        (False, "goes", False, False),
    ],
)
def test_what_outlives_a_change_of_rules(source, ignored, happens, changed_only, kept):
    known = Remembered()
    known.best(b"t", place(source))
    if happens == "changes":
        Path(source.path).write_text("more")
    elif happens == "goes":
        Path(source.path).unlink()
    known.keep(lambda path: RULE if ignored else None, changed_only=changed_only)
    assert bool(known.best(b"t", ())) == kept


def test_each_file_is_judged_once(source):
    known, judged = Remembered(), []
    for number in range(5):
        known.best(bytes([number]), place(source))
    known.keep(judged.append, changed_only=False)
    assert judged == [source.path]


def test_no_more_is_remembered_than_there_is_room_for(source, monkeypatch):
    monkeypatch.setattr(room, "_MOST_FOUND", 10)
    known = Remembered()
    for number in range(25):
        known.best(bytes([number]), place(source))
    assert known.best(bytes([24]), ())
    assert not known.best(bytes([0]), ())


def test_an_earlier_index_knows_files_that_are_still_ignored(tmp_path):
    names = ("/a", "/b")
    old = Header("m", "", 0, tuple(Source(name, RULE, (0, 0, 0)) for name in names), {}, 3, 99)
    write(tmp_path / "i", old, {b"1" * 8: 0, b"2" * 8: 1, b"3" * 8: 1})
    new_rule = IgnoreMatch(".clineignore", 7, "b")
    sources = [Source("/new", RULE, (0, 0, 0))]
    earlier = Earlier(read(tmp_path / "i"), {"/b": new_rule}.get, sources)
    assert earlier.owners({bytes([48 + number]) * 8 for number in range(4)}) == {b"2" * 8: 1, b"3" * 8: 1}
    assert [(one.path, one.rule) for one in sources] == [("/new", RULE), ("/b", new_rule)]
