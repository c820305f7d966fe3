"""Each name has the gate that its limits make, the same one for as long as it matters, and memory has an end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.gatekeeper import gates as module
from companion.gatekeeper.gates import MOST_NAMES, Gates
from companion.model.budget import ALL, EACH
from companion.model.limit import Limit, LimitKind
from companion.model.scope import Dimension


def subject(**given: str):
    return (
        dict.fromkeys(Dimension, "") | {Dimension.GLOBAL: ALL} | {Dimension(name): one for name, one in given.items()}
    )


def of(name: str, **given) -> Limit:
    return Limit(Dimension.CLIENT, name, **given)


def test_a_call_meets_the_gates_of_its_own_limits_only():
    gates = Gates([Limit(Dimension.GLOBAL, ALL, 5), Limit(Dimension.MODEL, "opus", parallel=1), of(EACH)])
    assert [gate.limit for gate in gates.of(subject(model="opus", client="x"), 0)] == [
        Limit(Dimension.GLOBAL, ALL, 5),
        Limit(Dimension.MODEL, "opus", parallel=1),
    ]
    assert len(gates.of(subject(model="haiku"), 0)) == 1
    assert Gates([Limit(Dimension.GLOBAL, ALL)]).of(subject(), 0) == ()


def test_each_name_has_one_gate_of_its_own():
    gates = Gates([of(EACH, parallel=1)])
    [first], [again], [other], [unnamed] = (gates.of(subject(client=name), 0) for name in ("a", "a", "b", ""))
    assert first is again
    assert len({first, other, unnamed}) == 3
    assert (first.limit, unnamed.limit) == (of("a", parallel=1), of("", parallel=1))


def test_of_several_limits_for_the_same_the_smallest_amounts_hold():
    gates = Gates([of("a", parallel=3, tokens_per_minute=5), of("a", parallel=2, requests_per_minute=7), of("a")])
    [gate] = gates.of(subject(client="a"), 0)
    assert gate.limit == of("a", requests_per_minute=7, tokens_per_minute=5, parallel=2)


def test_an_amount_under_a_name_stands_in_for_the_one_for_each():
    gates = Gates(
        [
            of(EACH, requests_per_minute=2, parallel=1),
            of("a", tokens_per_minute=3, parallel=9),
            of("b", requests_per_minute=4),
        ]
    )
    [a], [b], [c] = (gates.of(subject(client=name), 0) for name in "abc")
    assert a.limit == of("a", requests_per_minute=2, tokens_per_minute=3, parallel=9)
    assert b.limit == of("b", requests_per_minute=4, parallel=1)
    assert c.limit == of("c", requests_per_minute=2, parallel=1)


@pytest.mark.parametrize("dimension", Dimension)
def test_every_dimension_can_be_limited(dimension):
    name = ALL if dimension is Dimension.GLOBAL else "n"
    [gate] = Gates([Limit(dimension, name, 1)]).of(subject(**{dimension: name}), 0)
    assert gate.limit.dimension is dimension


def test_however_many_names_there_are_no_more_gates_are_kept():
    gates = Gates([of(EACH, requests_per_minute=1)])
    for number in range(MOST_NAMES + 500):
        [gate] = gates.of(subject(client=f"c{number}"), 0)
        gate.enter(0, 0)
    names = gates._by[Dimension.CLIENT]
    assert len(names.own) == MOST_NAMES
    assert names.rest is gate
    assert gate.inside == 500
    [fresh] = gates.of(subject(client="new"), 10**6)
    assert names.own == {"new": fresh}
    assert names.rest is None


@pytest.fixture
def two(monkeypatch):
    monkeypatch.setattr(module, "MOST_NAMES", 2)


def test_a_name_that_has_a_limit_of_its_own_is_never_in_the_rest(two):
    gates = Gates([of(EACH, parallel=1), of("z", parallel=7)])
    for name in "ab":
        gates.of(subject(client=name), 0)[0].users += 1
    [own] = gates.of(subject(client="z"), 0)
    [rest] = gates.of(subject(client="c"), 0)
    assert (own.limit, rest.limit) == (of("z", parallel=7), of(EACH, parallel=1))


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=60))
def test_law_nobody_has_two_gates_at_a_time(steps):
    """Whatever a name was let through by is what it meets, for as long as anything of that is left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_NAMES", 2)
        gates = Gates([of(EACH, parallel=1)])
        inside: dict[str, list] = {name: [] for name in "abcdef"}
        for name, leaves in steps:
            if leaves and inside[name]:
                inside[name].pop().users -= 1
                continue
            [gate] = gates.of(subject(client=name), 0)
            assert all(gate is one for one in inside[name])
            gate.users += 1
            inside[name].append(gate)
        names = gates._by[Dimension.CLIENT]
        assert len(names.own) <= 2


def test_other_limits_change_the_gates_that_are_there():
    gates = Gates([of(EACH, parallel=1), of("a", parallel=5)])
    [first], [other] = gates.of(subject(client="a"), 0), gates.of(subject(client="b"), 0)
    first.users = other.users = 1
    first.enter(0, 0)
    gates.replace([of("a", parallel=1), Limit(Dimension.MODEL, EACH, parallel=3)], 0)
    assert first.obstacle(0, 0)
    assert other.obstacle(0, 0) is None
    met = gates.of(subject(client="a", model="m"), 0)
    assert [gate.limit.dimension for gate in met] == ["client", "model"]
    assert met[0] is first
    assert [gate.limit.dimension for gate in gates.of(subject(client="b", model="m"), 0)] == ["model"]
    gates.replace([], 0)
    assert gates.of(subject(client="a", model="m"), 0) == ()
    assert first.obstacle(0, 0) is None


def test_what_is_idle_is_forgotten_when_limits_change():
    gates = Gates([of(EACH, parallel=1)])
    gates.of(subject(client="a"), 0)
    gates.replace([of(EACH, parallel=2)], 0)
    assert gates._by[Dimension.CLIENT].own == {}


def test_the_rest_changes_with_the_limits_for_each(two):
    gates = Gates([of(EACH, parallel=1)])
    for name in "abc":
        gates.of(subject(client=name), 0)[0].users += 1
    rest = gates._by[Dimension.CLIENT].rest
    gates.replace([of(EACH, parallel=4)], 0)
    assert rest.limit == of(EACH, parallel=4)
    assert gates.of(subject(client="d"), 0) == (rest,)


def stands(gates: Gates, now: float = 0, waiting=None) -> list[tuple[str, str, str, int, int, int]]:
    return [
        (state.dimension, state.name, state.kind, state.amount, state.used, state.waiting)
        for state in gates.standing(now, waiting or {})
    ]


def test_a_limit_under_a_name_is_told_of_always_and_one_for_each_by_the_names_that_use_it():
    gates = Gates(
        [
            Limit(Dimension.MODEL, EACH, 60, parallel=2),
            of("b", requests_per_minute=600),
            of("a", parallel=1),
            of(EACH, requests_per_minute=60),
        ]
    )
    named = [
        ("client", "a", "requests_per_minute", 60, 0, 0),
        ("client", "a", "parallel", 1, 0, 0),
        ("client", "b", "requests_per_minute", 600, 0, 0),
    ]
    assert stands(gates) == named
    client, model = gates.of(subject(client="z", model="m"), 0)
    assert stands(gates) == named, "it has come near, and used nothing"
    client.enter(0, 0)
    model.enter(0, 0)
    assert stands(gates)[3:] == [
        ("client", "z", "requests_per_minute", 60, 1, 0),
        ("model", "m", "requests_per_minute", 60, 1, 0),
        ("model", "m", "parallel", 2, 1, 0),
    ]
    assert stands(gates, now=1)[3:] == [("model", "m", "parallel", 2, 1, 0)]


def test_calls_that_wait_stand_at_what_they_wait_for():
    gates = Gates([of(EACH, requests_per_minute=60, parallel=1)])
    [gate], [other] = gates.of(subject(client="a"), 0), gates.of(subject(client="b"), 0)
    other.enter(0, 0)
    assert stands(gates, 60, {(gate, LimitKind.PARALLEL): 3}) == [
        ("client", "a", "parallel", 1, 0, 3),
        ("client", "b", "parallel", 1, 1, 0),
    ]


def test_names_that_share_a_gate_have_one_line(two):
    gates = Gates([of(EACH, parallel=9)])
    for name in "dcba":
        [gate] = gates.of(subject(client=name), 0)
        gate.users += 1
        gate.enter(0, 0)
    assert stands(gates, waiting={(gate, LimitKind.PARALLEL): 1}) == [
        ("client", "c", "parallel", 9, 1, 0),
        ("client", "d", "parallel", 9, 1, 0),
        ("client", "…", "parallel", 9, 2, 1),
    ]


def test_without_limits_there_is_nothing_to_tell():
    assert stands(Gates([])) == []
    assert stands(Gates([of("a"), Limit(Dimension.GLOBAL, ALL)])) == []
    gates = Gates([of("a", parallel=1)])
    gates.of(subject(client="a"), 0)[0].enter(0, 0)
    gates.replace([], 0)
    assert stands(gates) == []
