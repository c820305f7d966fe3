"""Sums by name: exact while there is room, never too small when there is none, gone when nothing is counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.gatekeeper import tally as module
from companion.gatekeeper.tally import MOST_NAMES, Tally
from companion.model.scope import Dimension

NAMES = st.sampled_from(["a", "b", "c", ""])
AMOUNTS = st.integers(0, 9)


def subject(client: str, model: str = "m"):
    return dict.fromkeys(Dimension, "x") | {Dimension.CLIENT: client, Dimension.MODEL: model}


def counted(tally: Tally, dimension: Dimension = Dimension.CLIENT) -> dict[str, tuple[int, int]]:
    return {name: (found.spent, found.reserved) for name, found in tally.names(dimension)}


@given(st.lists(st.tuples(NAMES, NAMES, AMOUNTS, AMOUNTS)))
def test_law_each_name_has_what_was_counted_for_it(calls):
    tally = Tally(frozenset())
    for client, model, spent, reserved in calls:
        tally.add(subject(client, model), spent=spent, reserved=reserved)
    for dimension, at in ((Dimension.CLIENT, 0), (Dimension.MODEL, 1)):
        for name in ("a", "b", "c", "", "never"):
            found = tally.of(dimension, name)
            assert found.spent == sum(call[2] for call in calls if call[at] == name)
            assert found.reserved == sum(call[3] for call in calls if call[at] == name)
        assert all(any(amounts) for amounts in counted(tally, dimension).values())


@given(st.lists(st.tuples(NAMES, AMOUNTS)), st.randoms())
def test_law_what_is_taken_back_in_any_order_leaves_nothing(calls, random):
    tally = Tally(frozenset())
    for client, reserved in calls:
        tally.add(subject(client), reserved=reserved)
    random.shuffle(calls)
    for client, reserved in calls:
        tally.add(subject(client), reserved=-reserved)
    assert all(counted(tally, dimension) == {} for dimension in Dimension)
    assert all(names.own == {} for names in tally._by.values())


def test_reading_keeps_nothing():
    tally = Tally(frozenset())
    assert not tally.of(Dimension.CLIENT, "a")
    assert tally._by[Dimension.CLIENT].own == {}


def test_however_many_names_there_are_no_more_are_kept():
    tally = Tally(frozenset())
    for number in range(MOST_NAMES + 500):
        tally.add(subject(f"c{number}"), spent=1)
    assert len(counted(tally)) == MOST_NAMES + 1
    assert counted(tally)["…"] == (500, 0)
    assert sum(spent for spent, _ in counted(tally).values()) == MOST_NAMES + 500


@pytest.fixture
def two(monkeypatch):
    monkeypatch.setattr(module, "MOST_NAMES", 2)


def test_names_beyond_the_most_share_one_sum_and_stay_in_it(two):
    tally = Tally(frozenset())
    for client in "abc":
        tally.add(subject(client), reserved=5)
    tally.add(subject("a"), reserved=-5)
    tally.add(subject("d"), reserved=1)
    assert counted(tally) == {"b": (0, 5), "…": (0, 6)}
    tally.add(subject("c"), reserved=-5, spent=2)
    assert counted(tally) == {"b": (0, 5), "…": (2, 1)}


def test_once_nothing_is_shared_there_is_room_again(two):
    tally = Tally(frozenset())
    for client in "abc":
        tally.add(subject(client), reserved=5)
    for client in "ac":
        tally.add(subject(client), reserved=-5)
    tally.add(subject("c"), spent=1)
    assert counted(tally) == {"b": (0, 5), "c": (1, 0)}


def test_kept_names_have_a_sum_of_their_own_and_others_do_not(two):
    tally = Tally(frozenset([(Dimension.CLIENT, "z"), (Dimension.CLIENT, "y"), (Dimension.CLIENT, "x")]))
    for client in "abz":
        tally.add(subject(client), spent=1)
    assert counted(tally) == {"z": (1, 0), "…": (2, 0)}


def test_a_kept_name_keeps_its_place_when_nothing_is_counted_for_it(two):
    tally = Tally(frozenset([(Dimension.CLIENT, "z")]))
    tally.add(subject("z"), reserved=1)
    tally.add(subject("z"), reserved=-1)
    for client in "abz":
        tally.add(subject(client), spent=1)
    assert counted(tally) == {"z": (1, 0), "a": (1, 0), "…": (1, 0)}


@given(st.lists(st.tuples(st.sampled_from("abcdef"), AMOUNTS), min_size=1), st.sampled_from("abcdef"), st.data())
def test_law_no_name_is_ever_counted_too_little(calls, kept, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_NAMES", 2)
        tally = Tally(frozenset())
        true = dict.fromkeys("abcdef", 0)
        for client, spent in calls:
            if data.draw(st.booleans()):
                tally.keep(frozenset([(Dimension.CLIENT, kept)]) if data.draw(st.booleans()) else frozenset())
            tally.add(subject(client), spent=spent)
            true[client] += spent
        assert all(tally.of(Dimension.CLIENT, name).spent >= spent for name, spent in true.items())
        assert sum(spent for spent, _ in counted(tally).values()) == sum(true.values())


def test_names_that_are_kept_no_longer_leave_nothing():
    tally = Tally(frozenset([(Dimension.CLIENT, "z")]))
    tally.keep(frozenset())
    assert tally._by[Dimension.CLIENT].own == {}


@given(st.lists(st.tuples(NAMES, NAMES, st.integers(-2, 2))))
def test_law_a_name_has_one_sum_whichever_subjects_it_is_counted_for(calls):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_NAMES", 2)
        tally, expected = Tally(frozenset()), dict.fromkeys(["a", "b", "c", ""], 0)
        open_: list[tuple[str, str]] = []
        for client, model, change in calls:
            if change > 0:
                tally.add(subject(client, model), reserved=change)
                open_ += [(client, model)] * change
                expected[client] += change
            elif change < 0 and open_:
                one = open_.pop(change % len(open_))
                tally.add(subject(*one), reserved=-1)
                expected[one[0]] -= 1
            own = {name: found.reserved for name, found in tally._by[Dimension.CLIENT].own.items()}
            shared = sum(count for name, count in expected.items() if name not in own)
            assert all(count == expected[name] for name, count in own.items() if count)
            assert tally._by[Dimension.CLIENT].rest.reserved == shared


def everything(tally: Tally):
    return {dimension: counted(tally, dimension) for dimension in Dimension}


_CALLS = st.lists(
    st.tuples(NAMES, NAMES, AMOUNTS, st.booleans(), st.frozensets(st.sampled_from(Dimension)), st.booleans()),
    max_size=40,
)


@given(_CALLS, st.frozensets(st.sampled_from(Dimension)))
def test_law_sums_are_the_same_whichever_dimensions_are_watched_meanwhile(calls, watched):
    some, every = Tally(frozenset(), watched), Tally(frozenset())
    taken: list[tuple[str, str, int]] = []
    for client, model, amount, gives_back, others, asks in calls:
        if gives_back and taken:
            *named, aside = taken.pop()
            for tally in (some, every):
                tally.add(subject(*named), spent=amount, reserved=-aside)
        else:
            taken.append((client, model, amount))
            for tally in (some, every):
                tally.add(subject(client, model), reserved=amount)
        if asks:
            some.keep(frozenset(), others)
        for dimension in watched:
            assert some.of(dimension, client) == every.of(dimension, client)
    assert everything(some) == everything(every)


@given(_CALLS, st.frozensets(st.sampled_from(Dimension)))
def test_law_where_names_share_a_sum_nothing_is_lost_whichever_are_watched(calls, watched):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_NAMES", 2)
        tally, true = Tally(frozenset(), watched), dict.fromkeys(["a", "b", "c", ""], 0)
        for client, model, amount, _, others, asks in calls:
            tally.add(subject(client, model), spent=amount)
            true[client] += amount
            if asks:
                tally.keep(frozenset(), others)
        assert all(tally.of(Dimension.CLIENT, name).spent >= spent for name, spent in true.items())
        assert all(
            sum(spent for spent, _ in names.values()) == sum(true.values()) for names in everything(tally).values()
        )
