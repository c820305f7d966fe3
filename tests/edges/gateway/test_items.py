"""Laws of a call that is told more than once: it is one call only where every telling says the same to every agent."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway.dialect import UnclearAnswer
from companion.edges.gateway.items import PIECES, Items, is_call, refuse_strays

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
        items.end([call(kind, told, status="completed")])


@pytest.mark.parametrize("kind", KEYS)
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
        items.add(0, made, done=True) if last == "done" else items.end([made])


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
        done.end([other])


NEW = {"type": "new_call", "id": "a", "call_id": "n", "action": {"x": 1}}


def test_what_makes_no_difference_to_what_runs_may_differ():
    items = Items()
    items.add(0, call(status="in_progress"), done=False)
    items.add(0, call(status="completed", namespace=None), done=True)
    items.add(1, NEW, done=True)
    items.end([call(status="incomplete", id="another", note="x"), NEW | {"id": "b", "status": "completed"}])
    assert items.places == {0: 0, 1: 1}


def test_of_a_kind_of_call_that_nobody_knows_every_word_counts():
    for more in ({"note": "x"}, {"sandbox": False}, {"action": {}}):
        items = Items()
        items.add(0, NEW, done=True)
        with pytest.raises(UnclearAnswer):
            items.end([NEW | more])


def test_no_call_is_told_twice_nor_begins_after_its_end():
    for first, second in ((False, False), (True, True), (True, False)):
        items = Items()
        items.add(3, call(), done=first)
        with pytest.raises(UnclearAnswer, match="item 3 is told twice"):
            items.add(3, call(), done=second)


def test_what_is_no_call_may_be_told_as_an_upstream_likes():
    items = Items()
    for kind, done in (("reasoning", False), ("reasoning", True), ("message", True), ("message", False)):
        items.add(0, {"type": kind, "id": "one for all"}, done=done)
    items.add(3, {"type": "message", "id": "one for all"}, done=True)
    items.end([{"type": "message"}])
    assert items.calls == {}


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


def begun(*calls: dict, first: int = 0) -> Items:
    items = Items()
    for index, made in enumerate(calls, first):
        items.add(index, made, done=False)
    return items


A, B = call(id="a", call_id="ca"), call(id="b", call_id="cb")
DELTA, WHOLE = "response.function_call_arguments.delta", "response.function_call_arguments.done"


def test_a_piece_for_a_call_that_is_not_the_last_is_unclear_for_some_agents_add_it_to_the_last():
    items = begun(A, B)
    items.grow(1, DELTA, {"delta": "b"})
    with pytest.raises(UnclearAnswer, match="another's"):
        items.grow(0, DELTA, {"delta": "a"})


def test_a_piece_is_unclear_whose_index_is_the_place_of_another_call():
    items = Items()
    for index, made in ((0, {"type": "reasoning"}), (0, {"type": "message"}), (1, A)):
        items.add(index, made, done=False)
    items.grow(1, DELTA, {"delta": "a"})
    items.add(2, B, done=False)
    with pytest.raises(UnclearAnswer, match="another's"):
        items.grow(2, DELTA, {"delta": "b"})


def test_an_index_may_be_the_place_of_nothing_yet():
    items = begun(A, first=1)
    items.grow(1, DELTA, {"delta": "a"})
    items.add(2, B, done=False)
    items.grow(2, DELTA, {"delta": "b"})


def test_calls_begin_in_the_order_of_their_indexes():
    items = begun(A, first=1)
    with pytest.raises(UnclearAnswer, match="out of turn"):
        items.add(0, B, done=False)


@pytest.mark.parametrize("told", ["", "x"])
def test_arguments_may_be_told_whole_after_the_next_call_began_and_once_only(told):
    items = begun(A, B)
    for index, made in enumerate((A, B)):
        items.grow(index, WHOLE, {"arguments": told, "item_id": made["id"], "name": "f"})
        for kind in (DELTA, WHOLE):
            with pytest.raises(UnclearAnswer, match="after they were told whole"):
                items.grow(index, kind, {"arguments": told, "delta": ""})
        items.add(index, made | {"arguments": told}, done=True)


def test_arguments_told_whole_under_another_name_are_unclear():
    with pytest.raises(UnclearAnswer, match="name"):
        begun(A).grow(0, WHOLE, {"arguments": "", "name": "g"})
    for name in (None, "", "f"):
        begun(A).grow(0, WHOLE, {"arguments": "", "name": name})


@pytest.mark.parametrize("kind", [DELTA, WHOLE])
@pytest.mark.parametrize("text", [None, 7, {"command": "ls"}])
def test_arguments_that_are_no_text_are_unclear(kind, text):
    with pytest.raises(UnclearAnswer):
        begun(A).grow(0, kind, {"delta": text, "arguments": text})


def test_no_id_means_two_items_where_one_is_a_call():
    with pytest.raises(UnclearAnswer, match="items 0 and 1 go by one id"):
        begun(A, B | {"id": "a"})
    with pytest.raises(UnclearAnswer, match="items 0 and 1 go by one id"):
        begun(A, {"type": "message", "id": "a"})
    with pytest.raises(UnclearAnswer, match="items 0 and 1 go by one id"):
        begun({"type": "message", "id": "b"}, B)
    with pytest.raises(UnclearAnswer, match="items 0 and 1 go by one id"):
        begun(A, B).grow(1, DELTA, {"delta": "", "item_id": "a"})
    with pytest.raises(UnclearAnswer, match="items 0 and 1 go by one id"):
        begun(A, {**B, "id": None, "call_id": "a"})
    early = begun(A)
    early.grow(0, DELTA, {"delta": "", "item_id": "b"})
    with pytest.raises(UnclearAnswer, match="items 0 and 1 go by one id"):
        early.add(1, B, done=False)


@pytest.mark.parametrize("name", [7, ["a"], True])
def test_an_id_that_is_no_text_is_unclear(name):
    with pytest.raises(UnclearAnswer, match="is not text"):
        begun(A | {"id": name})
    with pytest.raises(UnclearAnswer, match="is not text"):
        begun(A).grow(0, DELTA, {"delta": "", "item_id": name})


def test_an_upstream_may_give_every_event_an_id_of_its_own_or_none():
    for names in (["r1", "r2", "r3"], [None, None, None], ["", None, "x"]):
        items = begun(A)
        for name, text in zip(names, "abc", strict=True):
            items.grow(0, DELTA, {"delta": text, "item_id": name})
        items.add(0, A | {"id": "r4", "arguments": "abc"}, done=True)
        items.end([A | {"id": "r5", "arguments": "abc"}])
        with pytest.raises(UnclearAnswer):
            items.end([A | {"id": "r5", "arguments": "abd"}])


@pytest.mark.parametrize("names", [["a", "x"], ["x", "a"], [None, "a"]])
def test_a_call_is_unclear_whose_pieces_go_by_its_id_in_part(names):
    items, (first, second) = begun(A), names
    items.grow(0, DELTA, {"delta": "x", "item_id": first})
    with pytest.raises(UnclearAnswer, match="another's"):
        items.grow(0, DELTA, {"delta": "x", "item_id": second})


def test_free_text_that_stands_at_the_beginning_and_comes_again_in_pieces_is_unclear():
    """Some agents put the pieces behind it; of JSON that is JSON no more."""
    for kind in KEYS:
        items = begun(call(kind, "x"))
        items.grow(0, f"{EVENTS[kind]}.delta", {"delta": "x"})
        if kind == "function_call":
            items.add(0, call(kind, "x"), done=True)
        else:
            with pytest.raises(UnclearAnswer):
                items.add(0, call(kind, "x"), done=True)


def test_a_shell_call_that_begins_with_another_command_is_unclear():
    shell = {"type": "local_shell_call", "call_id": "c", "action": {"command": ["ls"]}}
    for action in ({"command": ["ls"]}, {"command": []}, None):
        begun(shell | {"action": action}).add(0, shell, done=True)
    with pytest.raises(UnclearAnswer, match="action"):
        begun(shell | {"action": {"command": ["rm"]}}).add(0, shell, done=True)


def test_letters_that_are_cut_between_pieces_are_whole_and_noted():
    items = begun(A, B)
    for text in ("b\ud83d", "\ude00"):
        items.grow(1, DELTA, {"delta": text})
    items.add(0, A, done=True)
    items.add(1, B | {"arguments": "b\U0001f600"}, done=True)
    assert items.cut == {1}
    half = begun(A)
    half.grow(0, DELTA, {"delta": "\ud83d"})
    with pytest.raises(UnclearAnswer, match="half a letter"):
        half.add(0, A | {"arguments": "\ud83d"}, done=True)


def test_a_call_that_began_must_be_told_whole():
    for output in ([], [{"type": "message"}], [A | {"name": "g"}]):
        with pytest.raises(UnclearAnswer):
            begun(A).end(output)
    begun(A).end([A])


def test_the_last_event_may_list_calls_at_other_places_than_their_indexes():
    thought, said = {"type": "reasoning"}, {"type": "message"}
    items = Items()
    for index, made in ((0, thought), (0, said), (1, A), (2, B)):
        items.add(index, made, done=True)
    items.end([thought, said, A, B])
    assert items.places == {2: 1, 3: 2}


@pytest.mark.parametrize(
    "output",
    [
        [{"type": "message"}, A, A],
        [{"type": "message"}, {"type": "message"}, call(told="x", call_id="ca")],
        [{"type": "message"}, {"type": "message"}, call(call_id="new")],
        [{"type": "message"}, call(told="x", call_id="new")],
        [B, A],
        [call(call_id="new"), A],
    ],
)
def test_the_last_event_may_not_list_what_contradicts_what_was_told(output):
    items = Items()
    items.add(0, {"type": "message"}, done=True)
    items.add(1, A, done=True)
    with pytest.raises(UnclearAnswer, match="the last event tells"):
        items.end(output)


@pytest.mark.parametrize("item", [call(), call("custom_tool_call"), {"type": "new_call"}, {"type": "_call"}])
def test_what_only_the_last_event_tells_is_a_call_all_the_same(item):
    items = Items()
    items.add(0, {"type": "message"}, done=True)
    items.end([{"type": "message"}, item])
    assert items.calls == {1: item}


def test_a_call_stands_only_where_an_item_stands():
    fine = [{"type": "message", "content": []}, call(told="{}"), NEW | {"action": {"then": call()}}]
    refuse_strays({"output": fine}, fine)
    found = {"type": "file_search_call", "results": [{"attributes": {"type": "phone_call"}}]}
    refuse_strays({"item": found}, [found])
    for stray in (
        {"type": "message", "content": [call()]},
        {"type": "message", "content": [{"Type": "function_call"}]},
        {"type": "message", "content": [{"type": "Function_Call"}]},
        call(then=[call()]),
        {"type": "web_search_call", "action": call()},
    ):
        with pytest.raises(UnclearAnswer, match="where none belongs"):
            refuse_strays({"item": stray}, [stray])


@pytest.mark.parametrize(
    "item",
    [
        call(Arguments="x"),
        call(Type="message"),
        {"type": "message", "\u017ftatus": "x", "NAME": "x"},
        {"type": "local_shell_call", "action": {"command": ["ls"], "Command": ["rm"]}},
        {"type": ["function_call"]},
    ],
)
def test_an_item_that_agents_read_in_two_ways_is_unclear(item):
    with pytest.raises(UnclearAnswer):
        refuse_strays({"item": item}, [item])


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
        ("Function_Call", True),
        ("WEB_SEARCH_CALL", False),
        ("message", False),
    ],
)
def test_who_runs_it(kind, runs):
    assert is_call({"type": kind}) is runs
