from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.upstream.balance import Balance, Balancer, Latency


def firsts(balance: Balance, weights: list[int], ready: list[bool], times: int, seed: int = 1) -> list[int]:
    balancer = Balancer(random.Random(seed).random)
    return [balancer.order(balance, weights, ready, [0.0] * len(weights))[0] for _ in range(times)]


groups = st.integers(1, 6).flatmap(
    lambda size: st.tuples(
        st.lists(st.integers(0, 9), min_size=size, max_size=size),
        st.lists(st.booleans(), min_size=size, max_size=size),
        st.lists(st.floats(0, 100), min_size=size, max_size=size),
    )
)


@given(st.sampled_from(Balance), st.lists(groups, min_size=1, max_size=6), st.integers())
def test_an_order_is_a_permutation_and_who_is_not_ready_comes_last(balance, turns, seed):
    balancers: dict[int, Balancer] = {}
    for weights, ready, scores in turns:
        balancer = balancers.setdefault(len(weights), Balancer(random.Random(seed).random))
        order = balancer.order(balance, weights, ready, scores)
        assert sorted(order) == list(range(len(weights)))
        assert [ready[place] for place in order] == sorted(ready, reverse=True)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5).filter(any), st.data())
def test_by_weight_each_serves_exactly_its_share_of_every_round(weights, data):
    ready = data.draw(st.lists(st.booleans(), min_size=len(weights), max_size=len(weights)))
    serving = {place: weight for place, weight in enumerate(weights) if ready[place] and weight}
    if serving:
        rounds = 3
        assert Counter(firsts(Balance.WEIGHTED, weights, ready, rounds * sum(serving.values()))) == Counter(
            {place: rounds * weight for place, weight in serving.items()}
        )


def test_by_weight_the_shares_are_spread_evenly():
    assert firsts(Balance.WEIGHTED, [5, 1, 1], [True] * 3, 7) == [0, 0, 1, 0, 2, 0, 0]


def test_one_that_rested_does_not_catch_up_on_what_it_missed():
    balancer = Balancer(random.random)
    for _ in range(100):
        balancer.order(Balance.WEIGHTED, [1, 1], [True, False], [0, 0])
    after = [balancer.order(Balance.WEIGHTED, [1, 1], [True, True], [0, 0])[0] for _ in range(20)]
    assert Counter(after) == {0: 10, 1: 10}


def test_weight_zero_serves_only_after_all_others():
    balancer = Balancer(random.random)
    for _ in range(9):
        assert balancer.order(Balance.WEIGHTED, [2, 0, 3], [True] * 3, [0] * 3)[-1] == 1
    assert balancer.order(Balance.WEIGHTED, [2, 0, 3], [False, True, False], [0] * 3)[0] == 1
    assert firsts(Balance.WEIGHTED, [0, 0], [True, True], 3) == [0, 0, 0]


def test_in_turn_each_has_its_turn_whatever_its_weight():
    assert firsts(Balance.ROUND_ROBIN, [9, 0, 1], [True] * 3, 7) == [0, 1, 2, 0, 1, 2, 0]
    assert firsts(Balance.ROUND_ROBIN, [1, 1, 1], [True, False, True], 4) == [0, 2, 0, 2]


def test_in_order_it_is_always_the_first_that_is_ready():
    assert firsts(Balance.IN_ORDER, [1, 9], [True, True], 3) == [0, 0, 0]
    assert Balancer(random.random).order(Balance.IN_ORDER, [1] * 4, [False, True, False, True], [0] * 4) == [1, 3, 0, 2]


def test_at_random_every_order_comes_about_equally_often():
    balancer = Balancer(random.Random(7).random)
    orders = Counter(tuple(balancer.order(Balance.RANDOM, [9, 1, 0], [True] * 3, [0] * 3)) for _ in range(6000))
    assert len(orders) == 6
    assert all(850 < count < 1150 for count in orders.values())


class Race:
    """Upstreams that begin their answers after so many seconds; a call a second."""

    def __init__(self, seconds: list[float]) -> None:
        self.seconds = seconds
        self.latencies = [Latency() for _ in seconds]
        self.balancer = Balancer(random.random)
        self.now = 1000.0

    def choose(self) -> int:
        scores = [latency.score(self.now) for latency in self.latencies]
        size = len(scores)
        first = self.balancer.order(Balance.LEAST_LATENCY, [1] * size, [True] * size, scores)[0]
        self.latencies[first].asked(self.now)
        return first

    def run(self, calls: int) -> Counter:
        chosen = Counter()
        for _ in range(calls):
            first = self.choose()
            self.latencies[first].measured(self.seconds[first], self.now)
            self.now += 1
            chosen[first] += 1
        return chosen


def test_the_fastest_serves_nearly_always_once_all_are_measured():
    race = Race([2.0, 0.2, 4.0])
    assert set(race.run(3)) == {0, 1, 2}, "each is asked before one is preferred"
    assert race.run(600)[1] > 570


def test_one_that_has_become_fast_again_comes_back_and_one_that_has_become_slow_goes():
    race = Race([10.0, 0.5])
    race.run(100)
    race.seconds = [0.1, 0.5]
    race.run(600)
    assert race.run(200)[0] > 190
    race.seconds = [5.0, 0.5]
    assert race.run(200)[1] > 150


def test_while_one_call_finds_out_the_others_do_not():
    race = Race([3.0, 0.3])
    race.run(10)
    race.now += 3600
    assert sorted(race.choose() for _ in range(2)) == [0, 1]
    race.latencies[1].measured(0.3, race.now)
    assert {race.choose() for _ in range(20)} == {1}


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 600), st.floats(0, 1e9)), max_size=20))
def test_a_score_is_a_number_from_nought_up(steps):
    latency, now = Latency(), 0.0
    for measured, seconds, later in steps:
        now += later
        latency.asked(now)
        if measured:
            latency.measured(seconds, now)
        assert 0 <= latency.score(now + later) <= 600


@pytest.mark.parametrize("balance", Balance)
def test_one_alone_is_first(balance):
    assert Balancer(random.random).order(balance, [1], [False], [3.0]) == [0]
