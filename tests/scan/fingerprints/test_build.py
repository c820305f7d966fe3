"""Prints of ignored text, less those of allowed text."""

from __future__ import annotations

import os

from companion.model.facts import IgnoreMatch
from companion.scan.fingerprints import build as room
from companion.scan.fingerprints.build import build, read_text
from companion.scan.fingerprints.prints import prints
from companion.scan.fingerprints.text import compared
from companion.scan.fingerprints.walk import Walk
from tests.support.ignored import prose, put

KEY = bytes(16)
WALK = Walk(lambda path: IgnoreMatch("x", 1, "y") if "denied" in path else None, frozenset(), (), with_git=True)


def built(top, heard=None):
    return build(str(top), WALK, KEY, "made of", lambda done, total: heard.append((done, total)) if heard else None)


def of(text: str) -> set[bytes]:
    return prints(compared(text.encode()), KEY)


def test_what_also_stands_in_allowed_files_has_no_prints(tmp_path):
    put(tmp_path / "denied" / "a", prose("mine") + prose("shared"))
    put(tmp_path / "open", prose("shared"))
    header, owners = built(tmp_path)
    assert of(prose("mine")) <= set(owners)
    assert not of(prose("shared")) & set(owners)
    assert header.prints == len(owners)


def test_what_stands_in_three_ignored_files_is_a_form(tmp_path):
    for name in "abc":
        put(tmp_path / "denied" / name, prose(name) + prose("head"))
    _, owners = built(tmp_path)
    assert not of(prose("head")) & set(owners)
    assert all(of(prose(name)) <= set(owners) for name in "abc")


def test_copies_of_a_file_make_nothing_common(tmp_path):
    for name in "abcd":
        put(tmp_path / "denied" / name, prose("the same"))
    assert of(prose("the same")) <= set(built(tmp_path)[1])


def test_usual_licences_are_nobodys_secret(tmp_path):
    licence = max(room._licences(), key=lambda path: path.stat().st_size).read_text()
    put(tmp_path / "denied" / "a.py", licence + prose("mine"))
    assert not of(licence) & set(built(tmp_path)[1])


def test_more_than_there_is_room_for_is_left_out_and_said(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "MOST_IGNORED", 1_000)
    for name in "abcd":
        put(tmp_path / "denied" / name, prose(name, 10))
    header, _ = built(tmp_path)
    assert 0 < header.bytes <= 1_000
    assert header.left_out


def test_what_there_is_no_time_for_is_left_out_and_said(tmp_path):
    put(tmp_path / "denied" / "a", prose("a"))
    header, owners = build(str(tmp_path), WALK, KEY, "made of", lambda done, total: None, seconds=0.0)
    assert header.hurried
    assert header.left_out
    assert not owners
    assert not built(tmp_path)[0].hurried


def test_progress_is_told_up_to_the_end(tmp_path):
    put(tmp_path / "denied" / "a", prose("a"))
    put(tmp_path / "open", prose("b"))
    heard = [(0, 1)]
    built(tmp_path, heard)
    assert heard[-1][0] == heard[-1][1] > 0


def test_what_is_no_text_or_cannot_be_read_is_passed_over(tmp_path):
    (tmp_path / "binary").write_bytes(b"\0" * 100)
    os.mkfifo(tmp_path / "pipe")
    assert [read_text(str(tmp_path / name)) for name in ("binary", "pipe", "nowhere")] == [None] * 3


def test_of_a_long_file_beginning_and_end_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "LARGEST_FILE", 1_000)
    (tmp_path / "long").write_text("a" * 600 + "b" * 900 + "c" * 600)
    text = read_text(str(tmp_path / "long"))
    assert text.startswith(b"a" * 500)
    assert text.endswith(b"c" * 500)
    assert len(text) <= 1_001
