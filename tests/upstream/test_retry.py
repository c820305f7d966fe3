from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.upstream.failures import Again, Failure
from companion.upstream.retry import Quota, backoff, cost_of

TRANSIENT = Failure(Again.HERE, trips=True)
THROTTLED = Failure(Again.HERE, throttled=True)


@pytest.mark.parametrize(
    ("failure", "bounds"),
    [
        (TRANSIENT, [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 20.0, 20.0]),
        (THROTTLED, [1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]),
    ],
)
def test_the_bound_doubles_up_to_twenty_seconds(failure, bounds):
    assert [backoff(failure, tries, lambda: 1.0) for tries in range(1, len(bounds) + 1)] == pytest.approx(bounds)
    assert backoff(failure, 100_000, lambda: 1.0) == 20.0


@given(st.floats(0, 1), st.integers(1, 50), st.floats(0, 5), st.booleans())
def test_it_is_never_before_the_time_that_was_asked_for(chance, tries, wait, throttled):
    delay = backoff(Failure(Again.HERE, throttled=throttled, wait=wait), tries, lambda: chance)
    assert wait <= delay <= wait + 20


@given(st.lists(st.sampled_from([TRANSIENT, THROTTLED]), max_size=300), st.lists(st.booleans(), max_size=300))
def test_a_quota_is_never_overdrawn_and_never_more_than_full(failures, helped):
    quota = Quota()
    full = quota.left
    for failure, help_ in zip(failures, helped, strict=False):
        cost, before = cost_of(failure), quota.left
        assert quota.take(cost) == (before >= cost)
        assert quota.left == (before - cost if before >= cost else before)
        if help_ and before >= cost:
            quota.give(cost)
            assert quota.left == before
        quota.give(1)
        assert 0 <= quota.left <= full


def test_how_many_repetitions_an_outage_has_in_hand():
    quota = Quota()
    assert sum(quota.take(cost_of(TRANSIENT)) for _ in range(2000)) == 500 // 14
    quota = Quota()
    assert sum(quota.take(cost_of(THROTTLED)) for _ in range(2000)) == 500 // 5
