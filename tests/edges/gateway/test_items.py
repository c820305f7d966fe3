"""Laws of a call that is told more than once: it is one call only where every telling says the same."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.edges.gateway.dialect import UnclearAnswer
from companion.edges.gateway.items import PIECES, Items, is_call

KEYS = {"function_call": "arguments", "custom_tool_call": "input"}
EVENTS = {
    "function_call": "response.function_call_arguments",
    "custom_tool_call": "response.custom_tool_call_input",
}


def call(kind: str = "function_call", told: str = "", **more) -> dict:
    return {"type": kind, "id": "i", "call_id": "c", "name": "f", KEYS[kind]: told} | more


def tell(items: Items, kind: str, told: str, cuts: list[int], ways: set[str]) -> None:
    """A call at place 0, told in those ways: begun, in pieces, whole, done, at the end."""
    edges = [0, *sorted(cut % (len(told) + 1) for cut in cuts), len(told)]
    if ways & {"begun", "pieces", "whole"}:
        items.add(0, call(kind), done=False)
    if "pieces" in ways:
        for left, right in itertools.pairwise(edges):
            items.grow(0, f"{EVENTS[kind]}.delta", {"delta": told[left:right]})
    if "whole" in ways:
        items.grow(0, f"{EVENTS[kind]}.done", {KEYS[kind]: told})
    if "done" in ways:
        items.add(0, call(kind, told), done=True)
    if "end" in ways:
        items.end(0, call(kind, told, status="completed"))


@pytest.mark.parametrize("kind", KEYS)
@settings(deadline=None)
@given(
    told=st.text(max_size=20),
    cuts=st.lists(st.integers(0, 20), max_size=4),
    ways=st.sets(st.sampled_from(["begun", "pieces", "whole"])),
    last=st.sets(st.sampled_from(["done", "end"]), min_size=1),
)
def test_a_call_told_in_any_of_the_ways_is_one_call(kind, told, cuts, ways, last):
    items = Items()
    tell(items, kind, told, cuts, ways | last)
    assert list(items.calls) == [0]
    assert items.calls[0][KEYS[kind]] == told


@pytest.mark.parametrize("kind", KEYS)
@settings(deadline=None)
@given(
    told=st.text(max_size=20),
    other=st.text(max_size=20),
    cuts=st.lists(st.integers(0, 20), max_size=4),
    ways=st.sets(st.sampled_from(["pieces", "whole"]), min_size=1),
    last=st.sampled_from(["done", "end"]),
)
def test_a_call_whose_pieces_say_another_thing_is_unclear(kind, told, other, cuts, ways, last):
    items = Items()
    tell(items, kind, told, cuts, ways)
    made = call(kind, other)
    if other == told:
        items.add(0, made, done=True)
        return
    with pytest.raises(UnclearAnswer):
        items.add(0, made, done=True) if last == "done" else items.end(0, made)


@pytest.mark.parametrize("last", ["done", "end"])
@pytest.mark.parametrize(
    "other",
    [
        call(told="x", name="g"),
        call(told="x", namespace="mcp"),
        call("custom_tool_call", "x", arguments="x"),
        call(told="more"),
        {"type": "web_search_call"},
        {"type": "message"},
        {},
    ],
)
def test_a_call_that_becomes_another_is_unclear(last, other):
    begun = Items()
    begun.add(0, call(told="x"), done=False)
    with pytest.raises(UnclearAnswer):
        begun.add(0, other, done=True)
    done = Items()
    done.add(0, call(told="x"), done=True)
    with pytest.raises(UnclearAnswer):
        done.end(0, other)


def test_what_makes_no_difference_to_what_runs_may_differ():
    items = Items()
    items.add(0, call(status="in_progress"), done=False)
    items.add(0, call(status="completed", namespace=None), done=True)
    items.end(0, call(status="incomplete", id="another", note="x"))
    items.add(1, {"type": "new_call", "id": "a", "action": {"x": 1}}, done=True)
    items.end(1, {"type": "new_call", "id": "b", "status": "completed", "action": {"x": 1}})
    assert sorted(items.calls) == [0, 1]


def test_of_a_kind_of_call_that_nobody_knows_every_word_counts():
    items = Items()
    items.add(0, {"type": "new_call", "action": {"x": 1}}, done=True)
    with pytest.raises(UnclearAnswer):
        items.end(0, {"type": "new_call", "action": {"x": 1}, "note": "x"})


@pytest.mark.parametrize("begun", [call(), {"type": "message"}])
def test_no_item_is_told_twice_nor_begins_after_its_end(begun):
    for first, second in ((False, False), (True, True), (True, False)):
        items = Items()
        items.add(3, begun, done=first)
        with pytest.raises(UnclearAnswer, match="item 3 is told twice"):
            items.add(3, begun, done=second)


def test_text_that_ends_as_a_call_is_unclear():
    items = Items()
    items.add(0, {"type": "message"}, done=False)
    with pytest.raises(UnclearAnswer):
        items.add(0, call(), done=True)


@pytest.mark.parametrize("kind", PIECES)
def test_pieces_come_only_for_a_call_that_is_open(kind):
    data = {"delta": "x", PIECES[kind][0]: "x"}
    nowhere, text, over = Items(), Items(), Items()
    text.add(0, {"type": "message"}, done=False)
    over.add(0, call("function_call" if "function" in kind else "custom_tool_call", "x"), done=True)
    for items in (nowhere, text, over):
        with pytest.raises(UnclearAnswer, match="no open tool call"):
            items.grow(0, kind, data)


def test_pieces_of_two_calls_at_once_stay_apart():
    items = Items()
    for index in (0, 1):
        items.add(index, call(), done=False)
    for index, text in ((0, "a"), (1, "b"), (0, "c"), (1, "d")):
        items.grow(index, "response.function_call_arguments.delta", {"delta": text})
    items.add(1, call(told="bd"), done=True)
    items.add(0, call(told="ac"), done=True)
    assert [items.calls[index]["arguments"] for index in (0, 1)] == ["ac", "bd"]
    assert items.last_index == 1


@pytest.mark.parametrize("item", [call(), call("custom_tool_call"), {"type": "new_call"}, {"type": "_call"}])
def test_what_only_the_last_event_tells_is_a_call_all_the_same(item):
    items = Items()
    items.add(0, {"type": "message"}, done=True)
    items.end(1, item)
    assert items.calls == {1: item}


@pytest.mark.parametrize("item", [None, 7, "function_call", [], {}, {"type": None}, {"type": ["function_call"]}])
def test_what_has_no_kind_is_no_call(item):
    assert not is_call(item)


@pytest.mark.parametrize(
    ("kind", "runs"),
    [
        ("function_call", True),
        ("local_shell_call", True),
        ("computer_call", True),
        ("apply_patch_call", True),
        ("web_search_call", False),
        ("mcp_call", False),
        ("mcp_approval_request", False),
        ("function_call_output", False),
        ("message", False),
    ],
)
def test_who_runs_it(kind, runs):
    assert is_call({"type": kind}) is runs
