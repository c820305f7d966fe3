"""Keys take turns, and what a key has waiting stays in order."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from companion.gatekeeper.turns import Turns

KEYS = st.sampled_from("ABC")


class Item:
    """Two items are the same only when they are one."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Item)

    __hash__ = None


def order(turns: Turns) -> list[str]:
    """Everybody in the order in which they would come, one at a time."""
    names = []
    while len(turns):
        key, [(lane, item), *_] = next(turns.round())
        names.append(item.name)
        turns.remove(key, lane, item)
        turns.had_turn(key)
    return names


def filled(*names: str) -> Turns:
    """Items named by key and number, all in one lane."""
    turns = Turns()
    for name in names:
        turns.add(name[0], "lane", Item(name))
    return turns


def test_a_round_has_one_of_each_key():
    assert order(filled("A1", "A2", "A3", "B1", "C1", "B2")) == ["A1", "B1", "C1", "A2", "B2", "A3"]


@given(st.lists(KEYS))
def test_law_who_came_first_goes_first_and_nobody_is_more_than_a_round_behind(keys):
    names = [f"{key}{number:02}" for number, key in enumerate(keys)]
    came = order(filled(*names))
    assert sorted(came) == sorted(names)
    for key in "ABC":
        assert [name for name in came if name[0] == key] == [name for name in names if name[0] == key]
    seen: Counter[str] = Counter()
    for at, name in enumerate(came):
        seen[name[0]] += 1
        left = Counter(later[0] for later in came[at + 1 :])
        assert all(seen[name[0]] <= seen[other] + 1 for other in left)


@given(st.lists(KEYS, min_size=1), st.data())
def test_law_whoever_leaves_is_gone_and_changes_nobody_elses_place(keys, data):
    names = [f"{key}{number:02}" for number, key in enumerate(keys)]
    items = [Item(name) for name in names]
    leaving = data.draw(st.integers(0, len(items) - 1))
    turns = Turns()
    for item in items:
        turns.add(item.name[0], "lane", item)
    left = names[leaving]
    first = order(filled(*names))
    turns.remove(left[0], "lane", items[leaving])
    turns.remove(left[0], "lane", items[leaving])
    assert len(turns) == len(items) - 1
    assert [name for name in order(turns) if name[0] != left[0]] == [name for name in first if name[0] != left[0]]
    assert turns._keys == {}


def test_of_a_key_the_lanes_come_by_the_age_of_their_first():
    turns = Turns()
    for name, lane in (("A1", "x"), ("A2", "y"), ("A3", "x")):
        turns.add("A", lane, Item(name))
    assert [[(lane, item.name) for lane, item in heads] for _, heads in turns.round()] == [[("x", "A1"), ("y", "A2")]]
    assert order(turns) == ["A1", "A2", "A3"]


def test_the_first_of_a_lane():
    turns = filled("A1", "A2")
    assert turns.first("A", "lane").name == "A1"
    assert turns.first("A", "other") is turns.first("B", "lane") is None


def test_a_round_goes_on_while_items_come_and_go():
    turns = filled("A1", "B1", "C1")
    seen = []
    for key, heads in turns.round():
        seen.append(key)
        if key == "A":
            turns.remove("A", *heads[0])
            turns.had_turn("A")
            turns.add("A", "lane", Item("A2"))
            [(_, [b]), *_] = [one for one in turns.round() if one[0] == "B"]
            turns.remove("B", *b)
        else:
            assert bool(heads) == (key == "C")
    assert seen == ["A", "B", "C"]
    assert order(turns) == ["C1", "A2"]


def test_who_is_not_there_changes_nothing():
    turns = filled("A1")
    turns.remove("A", "lane", Item("A1"))
    turns.remove("A", "other", Item("A1"))
    turns.remove("B", "lane", Item("B1"))
    turns.had_turn("B")
    assert order(turns) == ["A1"]


@given(st.lists(st.tuples(KEYS, st.sampled_from(["one", "two"])), max_size=30))
def test_each_lane_has_its_first_and_how_many_wait_in_it(arrivals):
    turns, by_lane = Turns(), {}
    for number, (key, lane) in enumerate(arrivals):
        item = Item(f"{key}{number}")
        turns.add(key, lane, item)
        by_lane.setdefault((key, lane), []).append(item)
    assert {item.name: waiting for item, waiting in turns.lanes()} == {
        waiting[0].name: len(waiting) for waiting in by_lane.values()
    }
