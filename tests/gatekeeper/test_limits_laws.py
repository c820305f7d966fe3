"""Whatever calls come and go: no limit is passed, nobody starves, nothing is left behind."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.model.budget import EACH
from companion.model.limit import Limit, LimitKind
from companion.model.scope import Dimension
from tests.support.limited import Call, everything, play

MOMENTS = st.integers(0, 80).map(lambda tenths: tenths / 2)
CALLS = st.lists(
    st.builds(
        Call,
        at=MOMENTS,
        key=st.sampled_from("ABC"),
        client=st.sampled_from(["cline", "claude"]),
        model=st.sampled_from(["m", "n"]),
        tokens=st.integers(0, 50),
        takes=st.integers(0, 30).map(float),
        cancelled_after=st.none() | st.none() | MOMENTS,
    ),
    max_size=30,
)


def apart(calls: list[Call]) -> list[Call]:
    """The same calls, so that no two things happen at the same moment."""
    return [replace(one, at=one.at + n / 1009, takes=one.takes + n / 5003) for n, one in enumerate(calls)]


AMOUNTS = st.none() | st.integers(1, 120)
LIMITS = st.lists(
    st.builds(
        Limit,
        st.sampled_from([Dimension.KEY, Dimension.CLIENT, Dimension.MODEL]),
        st.sampled_from([EACH, "A", "cline", "m"]),
        AMOUNTS,
        st.none() | st.integers(50, 300),
        st.none() | st.integers(1, 4),
    )
    | st.builds(everything, AMOUNTS, st.none() | st.integers(50, 300), st.none() | st.integers(1, 4)),
    max_size=4,
)


def limited(limits: list[Limit]):
    """Each limit in force, amount by amount, with the calls that it is about."""
    for dimension in Dimension:
        ours = [limit for limit in limits if limit.dimension is dimension]
        for amount in ("requests_per_minute", "tokens_per_minute", "parallel"):

            def least(name, ours=ours, amount=amount):
                return min(
                    (found for one in ours if one.name == name and (found := getattr(one, amount))), default=None
                )

            each = least(EACH)
            named = {limit.name: least(limit.name) or each for limit in ours}

            def most(call, dimension=dimension, named=named, each=each):
                return named.get(call.subject[dimension], each)

            yield dimension, amount, most


@settings(max_examples=150)
@given(LIMITS, CALLS)
def test_law_no_limit_is_ever_passed(limits, calls):
    entries = play(limits, calls)
    for dimension, amount, most in limited(limits):
        for name in {call.subject[dimension] for call in entries}:
            ours = [call for call in entries if call.subject[dimension] == name]
            limit = most(ours[0])
            if limit is None:
                continue
            if amount == "parallel":
                for call in ours:
                    inside = [one for one in ours if one.order <= call.order and one.left >= call.entered]
                    ended = [one for one in inside if one.left == call.entered and one is not call]
                    assert len(inside) - len(ended) <= limit
                continue
            burst = max(1, limit // 10) if amount == "requests_per_minute" else limit
            for first, last in itertools.combinations_with_replacement(range(len(ours)), 2):
                span = ours[first : last + 1]
                passed = len(span) if amount == "requests_per_minute" else sum(call.tokens for call in span)
                assert passed <= burst + (ours[last].entered - ours[first].entered) * limit / 60 + 1e-3


@settings(max_examples=150)
@given(LIMITS, CALLS)
def test_law_every_call_passes_is_refused_in_time_or_was_cancelled(limits, calls):
    entries = play(limits, calls)
    for call in calls:
        assert (call.entered is None) or call.refused is None
        if call.entered is None and call.refused is None:
            assert call.cancelled_after is not None
        if call.entered is not None:
            assert 0 <= call.entered - call.at <= 30 + 1e-6
    free = [call for call in calls if all(most(call) is None for *_, most in limited(limits))]
    assert all(call.entered == pytest.approx(call.at) for call in free if call.cancelled_after != 0)
    assert len(entries) == sum(call.entered is not None for call in calls)


@settings(max_examples=100)
@given(
    st.sampled_from([everything(parallel=1), everything(parallel=2), everything(12), everything(60, 60)]),
    CALLS,
)
def test_law_keys_take_turns_and_nobody_waits_longer_than_a_round(limit, calls):
    """While a call waits as the n-th of its key, no other key has more than n turns."""
    calls = apart(calls)
    entries = play([limit], calls, wait=10**6)
    for call in entries:
        own = [one for one in calls if one.key == call.key and one.at <= call.at]
        place = sum(one.entered is None or one.entered >= call.at for one in own)
        meanwhile = [one for one in entries if call.at < one.entered < call.entered and one.key != call.key]
        assert all(turns <= place for turns in Counter(one.key for one in meanwhile).values())


@settings(max_examples=100)
@given(st.sampled_from([everything(parallel=1), everything(12), everything(60, 60)]), CALLS)
def test_law_of_one_key_who_came_first_goes_first(limit, calls):
    entries = play([limit], apart(calls), wait=10**6)
    for key in "ABC":
        came = [call.at for call in entries if call.key == key]
        assert came == sorted(came)


def ends(calls: list[Call]) -> list[tuple]:
    return [(one.order, one.entered, one.left, one.refused and str(one.refused)) for one in calls]


@settings(max_examples=150)
@given(LIMITS, CALLS)
def test_law_asking_how_limits_stand_changes_nothing(limits, calls):
    others = [replace(one) for one in calls]
    looks = []
    play(limits, calls, looking=lambda ours, _: looks.append(ours.standing()))
    play(limits, others)
    assert ends(calls) == ends(others)
    inside = [call for call in calls if call.entered is not None]
    assert looks or not any(most(call) for call in inside for *_, most in limited(limits))


@settings(max_examples=150)
@given(LIMITS, CALLS)
def test_law_whoever_waits_is_told_of_once_and_who_is_inside_is_counted(limits, calls):
    def look(ours, is_served):
        states = ours.standing()
        assert all(state.used <= state.amount for state in states if state.kind is LimitKind.PARALLEL)
        # Before that, whoever has just come waits for nothing, and who waits may find that there is room.
        if is_served:
            assert sum(state.waiting for state in states) == ours.waiting
            full = {
                state.used == state.amount for state in states if state.kind is LimitKind.PARALLEL and state.waiting
            }
            assert full <= {True}

    play(limits, calls, looking=look)
