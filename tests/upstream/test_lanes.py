from __future__ import annotations

from companion.upstream import lanes as module
from companion.upstream.balance import Balance
from companion.upstream.breaker import State
from companion.upstream.faults import Faults
from companion.upstream.lanes import MOST, Lanes
from companion.upstream.sender import Target

A = Target("a", "https://user:hush@a.example:1/v1", "key", "anthropic")


def made(failures: int = 1) -> Lanes:
    return Lanes(Faults(breaker_failures=failures, breaker_seconds=10), lambda: 100.0, lambda: 0.0, lambda: 5_000.0)


def test_each_model_of_each_account_at_each_address_stands_for_itself():
    lanes = made()
    one = lanes.lane(A, "m")
    assert lanes.lane(Target(A.name, A.url, A.key, A.provider), "m") is one, "the same after a reload"
    others = [
        lanes.lane(A, "n"),
        lanes.lane(Target("b", A.url, A.key, A.provider), "m"),
        lanes.lane(Target("a", "https://b", A.key, A.provider), "m"),
        lanes.lane(Target("a", A.url, "another", A.provider), "m"),
        lanes.lane(Target("a", A.url, A.key, "openai"), "m"),
    ]
    assert len({id(lane.breaker) for lane in [one, *others]}) == 6
    assert others[0].quota is one.quota
    assert others[1].quota is not one.quota


def test_how_they_stand_is_told_without_credentials():
    lanes = made()
    lanes.lane(A, "well")
    lanes.lane(A, "sick").breaker.enter().failed("529")
    lanes.lane(A, "busy").breaker.pause(7, "busy")
    assert [(one.cause, one.since) for one in lanes.standing()] == [
        ("", 0.0),
        ("a failure: 529", 5_000.0),
        ("busy", 5_000.0),
    ]
    told = [(one.upstream, one.provider, one.host, one.model, one.state, one.seconds) for one in lanes.standing()]
    assert told == [
        ("a", "anthropic", "a.example", "well", State.CLOSED, 0.0),
        ("a", "anthropic", "a.example", "sick", State.OPEN, 10.0),
        ("a", "anthropic", "a.example", "busy", State.PAUSED, 7.0),
    ]
    assert "hush" not in repr(lanes.standing())


def test_names_without_end_are_forgotten_those_that_are_well_first():
    lanes = made()
    lanes.lane(A, "sick").breaker.enter().failed("529")
    kept = lanes.lane(A, "used")
    for number in range(2 * MOST):
        lanes.lane(A, str(number))
        assert lanes.lane(A, "used") is kept
    assert len(lanes.standing()) == MOST
    assert {"sick", "used"} <= {one.model for one in lanes.standing()}
    for number in range(2 * MOST):
        lanes.lane(A, f"sick {number}").breaker.enter().failed("529")
    assert len(lanes.standing()) == MOST


def test_turns_are_kept_for_each_group_and_way_of_balancing():
    lanes = made()
    group = ((A, "m"), (A, "n"))
    one = lanes.balancer(Balance.WEIGHTED, group)
    assert lanes.balancer(Balance.WEIGHTED, group) is one
    assert lanes.balancer(Balance.ROUND_ROBIN, group) is not one
    assert lanes.balancer(Balance.WEIGHTED, group[::-1]) is not one
    for number in range(2 * MOST):
        lanes.balancer(Balance.RANDOM, ((A, str(number)),))
        assert lanes.balancer(Balance.WEIGHTED, group) is one
    assert len(lanes._balancers) <= MOST


def test_an_opening_is_counted_by_upstream(monkeypatch):
    counted = []

    class Counter:
        def add(self, **labels: str) -> None:
            counted.append(labels)

    monkeypatch.setattr(module.catalogue, "upstream_breaker_openings_total", Counter())
    lane = made(2).lane(A, "m")
    lane.breaker.enter().failed("529")
    assert counted == []
    lane.breaker.enter().failed("529")
    assert counted == [{"upstream": "a"}]
