"""Long texts are compared in pieces, and nothing is lost between them."""

from __future__ import annotations

import pytest

from companion.model.policy import CommandLevel, Policy
from companion.scan.fingerprints import ground as room
from companion.scan.fingerprints.ground import Ground
from companion.scan.fingerprints.worker import Job, run
from tests.support.ignored import prose, put


@pytest.fixture
def ground(tmp_path):
    put(tmp_path / "ws" / ".clineignore", "a.txt\n")
    put(tmp_path / "ws" / "a.txt", prose("a", 80))
    job = Job(str(tmp_path / "ws"), str(tmp_path / "x.prints"), "00" * 16, Policy())
    run(job, lambda done, total: None)
    made = Ground(job)
    assert made.load()
    return made


@pytest.mark.parametrize("before", [0, 900, 1_000, 1_900, 2_500])
def test_an_excerpt_over_the_edge_of_a_piece_is_one(ground, monkeypatch, before):
    monkeypatch.setattr(room, "_PIECE", 1_000)
    monkeypatch.setattr(room, "_OVERLAP", 400)
    text = prose("other", 100)[:before] + "\n" + prose("a", 80)[:1_500] + "\n" + prose("more", 100)
    (place,) = ground.places(text)
    assert abs(place.start - before) <= 6
    assert abs(place.end - before - 1_500) <= 6
    assert 1_300 <= place.size <= 1_700


def test_what_is_clean_is_so_until_something_changes(ground):
    state = ground.state
    ground.note_clean(b"x", state)
    assert ground.is_clean(b"x")
    ground.note_clean(b"y", object())
    assert not ground.is_clean(b"y"), "something changed while it was looked at"


def test_no_more_is_remembered_than_there_is_room_for(ground, monkeypatch):
    monkeypatch.setattr(room, "_MOST_CLEAN", 10)
    for number in range(25):
        ground.note_clean(bytes([number]), ground.state)
    assert ground.is_clean(bytes([24]))
    assert not ground.is_clean(bytes([0]))


def test_it_serves_policies_that_ask_for_the_same_text(ground):
    assert ground.serves(Policy(commands=CommandLevel.STRICT))
    assert not ground.serves(Policy(ignore_files=(".x",)))


def test_progress_never_says_that_all_is_done_before_it_is(ground):
    assert ground.percent == 0
    ground.note_progress(10, 10)
    assert ground.percent == 99
