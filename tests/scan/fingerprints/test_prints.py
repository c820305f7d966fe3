"""The same text has the same prints wherever it stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from companion.scan.fingerprints.prints import SIZE, WIDTH, placed, printed, prints, says_something

KEY, OTHER = bytes(16), bytes(range(16))
NORMS = st.text(alphabet="abcdenorstxyz0123456789", max_size=300).map(str.encode)


@given(NORMS, NORMS, NORMS)
def test_law_a_text_has_its_prints_amid_any_other(before, norm, after):
    assert prints(norm, KEY) <= prints(before + norm + after, KEY)


@given(NORMS)
def test_law_places_and_prints_agree(norm):
    found = placed(norm)
    its = printed((one for _, one in found), KEY)
    assert set(its.values()) == prints(norm, KEY)
    assert all(norm[at : at + WIDTH] == one and len(its[one]) == SIZE for at, one in found)


@given(NORMS)
def test_law_another_key_has_other_prints(norm):
    assert prints(norm, KEY).isdisjoint(prints(norm, OTHER))


def test_repetition_says_nothing():
    assert not says_something(b"0" * WIDTH)
    assert not says_something(b"abab" * 5)
    assert says_something(b"thequickbrownfoxjump")
