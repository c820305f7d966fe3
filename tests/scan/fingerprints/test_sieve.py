"""A sieve leaves of a text's stretches those that it knows, however many it knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.facts import IgnoreMatch
from companion.scan.fingerprints import sieve as room
from companion.scan.fingerprints.prints import stretches
from companion.scan.fingerprints.sieve import Sieve, sieve_of
from companion.scan.fingerprints.store import Source, stamp_of
from companion.scan.fingerprints.text import compared
from tests.support.ignored import prose, put

RULE = IgnoreMatch(".clineignore", 1, "x")
KNOWN = stretches(compared((prose("one", 20) + "Прощай, зимний сад! " * 3 + "0123456789" * 9).encode()))

# Pieces that follow each other any way, so that what is known stands in all surroundings, and half.
norms = st.lists(
    st.sampled_from([compared(prose(name, 4).encode()) for name in ("one", "two")])
    | st.binary(max_size=30).map(compared)
    | st.sampled_from(sorted(KNOWN))
    | st.sampled_from([compared("Прощай, зимний сад!".encode()), b"e", b"s5t", b"3", b""]),
    max_size=8,
).map(b"".join)


@given(norms)
def test_law_what_is_left_is_what_both_have(norm):
    assert Sieve(KNOWN).sift(norm) == stretches(norm) & KNOWN


@given(norms)
def test_law_it_is_the_same_where_more_is_known_than_is_looked_for_in_one_pass(norm):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_MOST_PLACED", 3)
        assert Sieve(KNOWN).sift(norm) == stretches(norm) & KNOWN


def test_a_text_that_consists_of_what_is_known_is_sifted_too():
    one = min(KNOWN)
    norm = (b"e" + one) * 30_000
    assert Sieve({one}).sift(norm) == {one}


def test_who_knows_nothing_leaves_nothing():
    assert Sieve(frozenset()).sift(compared(prose("one").encode())) == set()


def test_there_is_a_sieve_only_of_files_that_are_few_and_as_they_were(tmp_path, monkeypatch):
    files = [put(tmp_path / str(number), prose(name)) for number, name in enumerate(("one", "two"))]
    sources = [Source(str(file), RULE, stamp_of(file.stat())) for file in files]
    found = sieve_of(sources)
    assert found is not None
    assert found.known == {one for name in ("one", "two") for one in stretches(compared(prose(name).encode()))}
    monkeypatch.setattr(room, "_LARGEST", 100)
    assert sieve_of(sources) is None
    monkeypatch.undo()
    put(tmp_path / "1", prose("three"))
    assert sieve_of(sources) is None
    (tmp_path / "1").unlink()
    assert sieve_of(sources) is None
    assert sieve_of(sources[:1]) is not None
