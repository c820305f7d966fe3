"""One limit: which amount is in the way, for how long, and what remains of calls that have left."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.gatekeeper.gate import PARALLEL, REQUESTS, TOKENS, Gate
from companion.model.limit import Limit, LimitKind, LimitState
from companion.model.scope import Dimension


def gate(requests=None, tokens=None, parallel=None) -> Gate:
    return Gate(limit(requests, tokens, parallel))


def limit(requests=None, tokens=None, parallel=None) -> Limit:
    return Limit(Dimension.CLIENT, "cline", requests, tokens, parallel)


def obstacle(gate: Gate, tokens: int = 0, now: float = 0) -> tuple[str, float] | None:
    found = gate.obstacle(now, tokens)
    return found and (found.code, found.seconds)


def test_without_amounts_everybody_passes():
    made = gate()
    for _ in range(1_000):
        made.enter(0, 10**9)
    assert obstacle(made, 10**9) is None
    assert made.is_idle(0)


@pytest.mark.parametrize(("requests", "at_once"), [(1, 1), (10, 1), (19, 1), (20, 2), (600, 60)])
def test_a_tenth_of_a_minutes_requests_comes_at_once_and_the_rest_evenly(requests, at_once):
    made = gate(requests)
    for _ in range(at_once):
        assert obstacle(made) is None
        made.enter(0, 0)
    code, seconds = obstacle(made)
    assert (code, seconds) == (REQUESTS, pytest.approx(60 / requests))
    assert obstacle(made, now=seconds) is None
    assert made.obstacle(0, 0).words == f"{requests} request{'s' * (requests > 1)} a minute"


def test_a_minutes_tokens_come_at_once_and_the_rest_evenly():
    made = gate(tokens=6_000)
    made.enter(0, 5_000)
    assert obstacle(made, 1_000) is None
    assert obstacle(made, 1_100) == (TOKENS, pytest.approx(1))
    assert obstacle(made, 10**6) == (TOKENS, pytest.approx(50))
    assert obstacle(made, 10**6, now=50) is None


def test_as_many_at_a_time_as_may_be():
    made = gate(parallel=2)
    made.enter(0, 0)
    assert obstacle(made) is None
    made.enter(0, 0)
    assert obstacle(made) == (PARALLEL, math.inf)
    made.leave()
    assert obstacle(made) is None


def test_the_obstacle_that_lasts_longest_is_named():
    made = gate(60, 60, 1)
    for _ in range(6):
        made.enter(0, 0)
        made.leave()
    made.charge(0, 30)
    assert obstacle(made, 1) == (REQUESTS, 1)
    assert obstacle(made, 40) == (TOKENS, 10)
    made.enter(0, 0)
    assert obstacle(made, 40) == (PARALLEL, math.inf)


def test_what_is_given_back_may_be_used_again():
    made = gate(10, 100)
    made.enter(0, 100)
    made.leave()
    made.charge(0, -100, requests=-1)
    assert obstacle(made, 100) is None
    assert made.is_idle(0)


def test_a_gate_is_idle_when_a_new_one_would_be_the_same():
    made = gate(60, 60, 1)
    assert made.is_idle(0)
    made.users = 1
    assert not made.is_idle(0)
    made.enter(0, 30)
    made.leave()
    made.users = 0
    assert not made.is_idle(29.9)
    assert made.is_idle(30)


def test_other_amounts_count_what_passed_before():
    made = gate(60, 60)
    made.enter(0, 60)
    made.change(0, limit(120, 120, 1))
    assert obstacle(made, 61) == (PARALLEL, math.inf)
    made.leave()
    assert obstacle(made, 61) == (TOKENS, pytest.approx(0.5))
    made.change(0, limit(120))
    assert obstacle(made, 10**9) is None
    made.change(0, limit(None, 60))
    assert obstacle(made, 60) is None
    assert made.limit == limit(None, 60)


def stands(made: Gate, now: float = 0) -> dict[str, tuple[int, int, int]]:
    return {state.kind: (state.amount, state.at_once, state.used) for state in made.standing(now)}


def test_each_amount_says_how_much_of_what_may_pass_at_once_is_used():
    made = gate(60, 600, 2)
    assert stands(made) == {
        "requests_per_minute": (60, 6, 0),
        "tokens_per_minute": (600, 600, 0),
        "parallel": (2, 2, 0),
    }
    made.enter(0, 900)
    assert stands(made) == {
        "requests_per_minute": (60, 6, 1),
        "tokens_per_minute": (600, 600, 900),
        "parallel": (2, 2, 1),
    }
    made.leave()
    assert [used for *_, used in stands(made, now=1).values()] == [0, 890, 0]
    assert stands(gate(parallel=1)) == {"parallel": (1, 1, 0)}
    assert stands(gate()) == {}


def test_whose_it_is_stands_beside_it():
    [state] = gate(7).standing(0)
    assert state == LimitState(Dimension.CLIENT, "cline", LimitKind.REQUESTS, 7, 1, 0, 0)


@given(
    st.integers(1, 600),
    st.integers(1, 600),
    st.integers(1, 5),
    st.lists(st.tuples(st.floats(0, 20), st.integers(0, 700), st.booleans()), max_size=30),
)
def test_law_a_call_meets_an_obstacle_just_where_what_is_used_leaves_too_little(requests, tokens, parallel, steps):
    """What is told agrees with what is admitted."""
    made, now = gate(requests, tokens, parallel), 0.0
    for passes, asked, leaves in steps:
        now += passes
        if leaves and made.inside:
            made.leave()
        by_kind = {state.kind: state for state in made.standing(now)}
        found = made.obstacle(now, asked)
        full = {kind for kind, state in by_kind.items() if state.used >= state.at_once}
        if found is None:
            assert not full - {LimitKind.TOKENS}
            assert by_kind[LimitKind.TOKENS].used + min(asked, tokens) <= tokens
            made.enter(now, asked)
        elif found.kind is LimitKind.TOKENS:
            assert by_kind[LimitKind.TOKENS].used + min(asked, tokens) > tokens
        else:
            assert found.kind in full
