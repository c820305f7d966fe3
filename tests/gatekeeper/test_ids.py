from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from companion.gatekeeper.ids import IdSource


@given(st.lists(st.integers(0, 2**47), min_size=1, max_size=50))
def test_ids_rise_whatever_the_clock_does(times):
    clock = iter(times)
    source = IdSource(lambda: next(clock))
    ids = [source.next() for _ in times]
    assert ids == sorted(set(ids))
    assert {len(one) for one in ids} == {26}
