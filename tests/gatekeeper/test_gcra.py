"""One number does what a bucket does."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.gatekeeper.gcra import Gcra


class Bucket:
    """The naive way: a level that is refilled whenever somebody looks."""

    def __init__(self, per_minute, burst) -> None:
        self.rate, self.burst = Fraction(per_minute) / 60, burst
        self.level, self.at = Fraction(burst), Fraction(0)

    def refill(self, now) -> None:
        self.level = min(Fraction(self.burst), self.level + (now - self.at) * self.rate)
        self.at = now

    def wait(self, now, units):
        self.refill(now)
        return max(Fraction(0), (min(units, self.burst) - self.level) / self.rate)

    def take(self, now, units) -> None:
        self.refill(now)
        self.level = min(Fraction(self.burst), self.level - units)


RATES = st.integers(1, 600)
BURSTS = st.integers(1, 50)
STEPS = st.lists(
    st.tuples(st.integers(0, 300).map(lambda tenths: Fraction(tenths, 10)), st.integers(-20, 80), st.booleans()),
    max_size=40,
)


@given(RATES, BURSTS, STEPS)
def test_law_it_is_a_token_bucket(per_minute, burst, steps):
    gcra, bucket, now = Gcra(Fraction(per_minute), burst), Bucket(per_minute, burst), Fraction(0)
    for passes, units, wants in steps:
        now += passes
        if wants:
            assert gcra.wait(now, abs(units)) == bucket.wait(now, abs(units))
        if not wants or not bucket.wait(now, abs(units)):
            gcra.take(now, units)
            bucket.take(now, units)
        bucket.refill(now)
        assert gcra.is_full(now) == (bucket.level == burst)
        assert gcra.used(now) == math.ceil(burst - bucket.level)


@given(RATES, BURSTS, st.lists(st.tuples(st.floats(0, 100), st.integers(0, 60)), max_size=40), st.floats(0, 1e9))
def test_law_in_floats_too_and_who_waits_long_enough_passes(per_minute, burst, calls, started):
    gcra, bucket, now = Gcra(per_minute, burst), Bucket(per_minute, burst), started
    bucket.at = Fraction(started)
    for passes, units in calls:
        now += passes
        waited = gcra.wait(now, units)
        assert math.isclose(waited, bucket.wait(Fraction(now), units), abs_tol=1e-5)
        now += waited
        assert gcra.wait(now, units) <= 1e-5
        gcra.take(now, units)
        bucket.take(Fraction(now), units)


@given(RATES, BURSTS, st.lists(st.tuples(st.floats(0, 5), st.integers(1, 60)), max_size=60))
def test_law_no_stretch_of_time_sees_more_than_a_burst_and_the_rate(per_minute, burst, calls):
    gcra, now, passed = Gcra(per_minute, burst), 0.0, []
    for passes, most in calls:
        now += passes
        units = min(most, burst)
        if not gcra.wait(now, units):
            gcra.take(now, units)
            passed.append((now, units))
    for first, (begun, _) in enumerate(passed):
        seen = 0
        for at, units in passed[first:]:
            seen += units
            assert seen <= burst + (at - begun) * per_minute / 60 + 1e-3


def test_more_than_a_burst_passes_when_the_bucket_is_full_and_leaves_a_debt():
    gcra = Gcra(60, 10)
    assert gcra.wait(0, 25) == 0
    gcra.take(0, 25)
    assert gcra.wait(0, 1) == 16
    assert gcra.wait(0, 25) == 25
    assert gcra.wait(0, 1_000_000) == 25


@given(RATES, BURSTS, st.integers(0, 60), RATES, BURSTS)
def test_another_rate_keeps_what_is_missing(per_minute, burst, units, other, other_burst):
    gcra, bucket, now = Gcra(Fraction(per_minute), burst), Bucket(per_minute, burst), Fraction(0)
    gcra.take(now, units)
    bucket.take(now, units)
    gcra.change(now, Fraction(other), other_burst)
    bucket.rate, bucket.level, bucket.burst = Fraction(other) / 60, other_burst - (burst - bucket.level), other_burst
    assert gcra.wait(now, 1) == bucket.wait(now, 1)


@given(RATES, st.integers(1, 60), st.floats(0, 1e9))
def test_law_what_passed_at_once_is_used_to_the_unit_and_is_none_once_it_has_come_back(per_minute, units, started):
    gcra = Gcra(per_minute, 10)
    gcra.take(started, units)
    assert gcra.used(started) == units
    assert gcra.used(started + 60 * units / per_minute) == 0


@pytest.mark.parametrize("idle", [0.0, 1e9])
def test_what_rested_is_full_and_not_more_than_full(idle):
    gcra = Gcra(60, 2)
    gcra.take(idle, -5)
    gcra.take(idle, 2)
    assert gcra.wait(idle, 1) == 1
