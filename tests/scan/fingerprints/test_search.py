"""An excerpt is found where it stands, as long as it is, in whatever clothes."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.facts import IgnoreMatch
from companion.scan.fingerprints.prints import prints
from companion.scan.fingerprints.search import Texts, search
from companion.scan.fingerprints.sieve import sieve_of
from companion.scan.fingerprints.store import Source, stamp_of
from companion.scan.fingerprints.text import compared
from tests.scan.fingerprints.test_text import SHOWN
from tests.support.ignored import prose, put

KEY = bytes(16)
RULE = IgnoreMatch(".clineignore", 1, "x")


class Known:
    def __init__(self, folder, *texts: str) -> None:
        files = [put(folder / str(number), text) for number, text in enumerate(texts)]
        self.sources = [Source(str(file), RULE, stamp_of(file.stat())) for file in files]
        self.owners: dict[bytes, int] = {}
        for number, text in enumerate(texts):
            self.owners |= dict.fromkeys(prints(compared(text.encode()), KEY), number)
        self.texts = Texts()

    def search(self, text: str):
        return search(text, self.owners_of, KEY, self.sources, self.texts)

    def owners_of(self, wanted: AbstractSet[bytes]):
        return {one: self.owners[one] for one in self.owners.keys() & wanted}


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    return Known(tmp_path_factory.mktemp("known"), prose("one", 60), prose("two", 60) + "Прощай, зимний сад! " * 3)


@given(st.integers(0, 2_000), st.integers(260, 900), st.sampled_from(["", "See: ", "Größe→ "]))
def test_law_an_excerpt_is_found_where_it_stands(known, begin, length, before):
    excerpt = prose("one", 60)[begin : begin + length]
    text = f"{before}\nhere it is\n{excerpt}\nand so it ends"
    found = known.search(text)
    assert len(found) == 1
    left = text[: found[0].start] + text[found[0].end :]
    # Nothing is left of it; what is around it may begin or end by chance as the file goes on.
    around = len(compared(f"{before}\nhere it is\n\nand so it ends".encode()))
    assert around - 6 <= len(compared(left.encode())) <= around
    assert found[0].size >= length * 0.8


@given(st.text(max_size=300))
def test_law_other_text_is_left_alone(known, text):
    assert known.search(text) == []


@given(
    st.lists(st.sampled_from(["one", "two", "three", "four"]), max_size=3), st.integers(0, 900), st.text(max_size=40)
)
def test_law_with_a_sieve_the_same_is_found(known, names, begin, other):
    text = other.join(prose(name, 60)[begin : begin + 700] for name in names)
    sieve = sieve_of(known.sources)
    assert sieve is not None
    assert search(text, known.owners_of, KEY, known.sources, known.texts, sieve) == known.search(text)


def test_each_file_has_its_own_excerpts(known):
    found = known.search(prose("one", 60)[:500] + "\n----\n" + prose("two", 60)[:500])
    assert [one.source for one in found] == [0, 1]
    assert found[0].end <= found[1].start


def test_a_file_that_changed_since_is_still_known(tmp_path):
    known = Known(tmp_path, prose("old", 20))
    put(tmp_path / "0", prose("new", 20))
    assert sum(one.size for one in known.search(prose("old", 20))) > 1_000
    (tmp_path / "0").unlink()
    assert sum(one.size for one in known.search(prose("old", 20))) > 1_000


def test_what_also_stands_elsewhere_counts_little(tmp_path):
    known = Known(tmp_path, prose("shared", 40) + prose("mine", 2))
    for one in prints(compared(prose("shared", 40).encode()), KEY):
        known.owners.pop(one, None)
    assert sum(one.size for one in known.search(prose("shared", 40) + prose("mine", 2))) < 300


def test_the_same_word_over_and_over_says_nothing(tmp_path):
    text = "self.one, self.two, " * 200
    assert sum(one.size for one in Known(tmp_path, text).search(text)) < 400


def test_clothes_make_no_difference(tmp_path):
    assert set(SHOWN)
    text = prose("one", 10)
    known = Known(tmp_path, text)
    for number in ("{n}: ", "{n:6d}\t", "{n:6d}→", "+", "a/file.py:{n}:", "a/file.py-{n}-"):
        shown = "".join(number.format(n=n) + line + "\n" for n, line in enumerate(text.splitlines(), 1))
        assert sum(one.size for one in known.search(shown)) >= len(text) * 0.9, number
