"""Laws of the blocks of a Messages answer: a call is one to every agent, or the answer is unclear."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway.blocks import Blocks, is_call, name_of, refuse_strays, told
from companion.edges.gateway.dialect import UnclearAnswer
from companion.edges.gateway.tooluse import Rewritten, ToolUse
from tests.support.dialects import EVIL, FINE

TEXT = {"type": "text", "text": ""}
SEARCH = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}


def call(kind: str = "tool_use", name: str = "Bash", **more) -> dict:
    return {"type": kind, "id": "", "name": name, "input": {}} | more


def piece(text: str) -> dict:
    return {"type": "input_json_delta", "partial_json": text}


def said(text: str) -> dict:
    return {"type": "text_delta", "text": text}


def begun(*made: dict) -> Blocks:
    """Each begun when the one before it had ended."""
    blocks = Blocks()
    for index, block in enumerate(made):
        blocks.begin(index, block)
        if index < len(made) - 1:
            blocks.end(index)
    return blocks


@given(cuts=st.lists(st.integers(0, len(EVIL)), max_size=5).map(sorted), ended=st.booleans())
def test_a_call_is_called_with_its_pieces_joined(cuts, ended):
    blocks = begun(TEXT, call())
    for left, right in zip([0, *cuts], [*cuts, len(EVIL)], strict=True):
        assert blocks.grow(1, piece(EVIL[left:right]))
    if ended:
        assert blocks.end(1)
    assert blocks.uses == [ToolUse(1, "Bash", EVIL)]
    assert blocks.told_anew() == {}


def test_a_call_without_pieces_is_called_with_nothing():
    for given_input in ({}, None, ""):
        assert begun(call(input=given_input)).uses == [ToolUse(0, "Bash", "{}")]


@pytest.mark.parametrize("index", [0, 2, 7])
def test_a_call_whose_index_is_not_its_place_is_unclear(index):
    with pytest.raises(UnclearAnswer, match="out of turn"):
        begun(TEXT).begin(index, call())


def test_two_calls_of_one_id_are_unclear_for_some_agents_make_one_of_them():
    assert len(begun(call(id="a"), call(id="b"), call(), call(), call(id=None)).uses) == 5
    with pytest.raises(UnclearAnswer, match="one id"):
        begun(call(id="a"), call(), call(id="a"))


def test_texts_may_have_any_index_that_none_had():
    blocks = begun(TEXT)
    blocks.begin(7, TEXT)
    blocks.begin(3, TEXT)
    assert blocks.grow(7, said("x"))
    with pytest.raises(UnclearAnswer, match="out of turn"):
        blocks.begin(7, TEXT)


def test_what_is_open_when_a_call_begins_ends_with_that_and_may_end_once_more():
    blocks = Blocks()
    assert blocks.begin(0, TEXT) == []
    assert blocks.begin(1, TEXT) == []
    assert blocks.begin(2, call()) == [0, 1]
    assert blocks.begin(3, call()) == [2]
    assert blocks.begin(4, TEXT) == [3]
    assert [blocks.end(index) for index in range(5)] == [False, False, False, False, True]
    for index in range(5):
        with pytest.raises(UnclearAnswer, match="not open"):
            blocks.end(index)


@pytest.mark.parametrize("delta", [{"type": "signature_delta", "signature": ""}, said(""), piece("")])
def test_what_says_nothing_to_a_block_that_had_to_end_is_left_out(delta):
    blocks = Blocks()
    for index in range(2):
        blocks.begin(index, call())
    assert blocks.grow(0, delta) is False
    with pytest.raises(UnclearAnswer, match="not open"):
        blocks.grow(2, delta)
    blocks.end(1)
    with pytest.raises(UnclearAnswer, match="not open"):
        blocks.grow(1, delta)


@pytest.mark.parametrize("delta", [{"type": "signature_delta", "signature": "x"}, said("x"), piece(" ")])
def test_what_says_something_to_a_block_that_had_to_end_is_unclear(delta):
    blocks = Blocks()
    for index in range(2):
        blocks.begin(index, call())
    with pytest.raises(UnclearAnswer, match="not open"):
        blocks.grow(0, delta)


@pytest.mark.parametrize(
    "delta",
    [said("x"), {"partial_json": "x"}, piece("") | {"type": "Input_Json_Delta"}, piece("") | {"partial_json": 7}],
)
def test_a_call_grows_by_arguments_alone(delta):
    with pytest.raises(UnclearAnswer, match="something else"):
        begun(call()).grow(0, delta)


@pytest.mark.parametrize("kind", ["input_json_delta", "Input_JSON_Delta"])
def test_only_tools_grow_by_arguments(kind):
    delta = piece("x") | {"type": kind}
    for block in (SEARCH, SEARCH | {"type": "mcp_tool_use"}):
        assert begun(block).grow(0, delta)
    for block in (TEXT, {"type": "thinking", "thinking": ""}, {"type": "web_search_tool_result", "content": []}):
        with pytest.raises(UnclearAnswer, match="no tool call"):
            begun(block).grow(0, delta)


ODD = {"command": "\U0001f600"}


def test_a_call_whose_input_stands_at_its_beginning_is_told_anew_where_it_ended():
    blocks = begun(call(input=ODD), call("new_tool_use", input=ODD))
    assert [use.arguments for use in blocks.uses] == [told(ODD)] * 2
    blocks.end(1)
    assert blocks.told_anew() == {0: Rewritten(told(ODD))}
    open_still = begun(call(input=ODD))
    assert open_still.told_anew() == {}
    open_still.close()
    assert open_still.told_anew() == {0: Rewritten(told(ODD))}


@pytest.mark.parametrize("grown", [FINE, EVIL, " ", '{"command": "ls"', '["ls"]'])
def test_input_at_the_beginning_and_in_pieces_must_be_the_same(grown):
    blocks = begun(call(input=json.loads(FINE)))
    blocks.grow(0, piece(grown))
    if grown == FINE:
        assert blocks.uses == [ToolUse(0, "Bash", FINE)]
        return
    with pytest.raises(UnclearAnswer, match="differs in its input"):
        _ = blocks.uses


@pytest.mark.parametrize("given_input", ["EVIL", ["EVIL"], 7, True])
def test_input_at_the_beginning_that_is_no_object_is_unclear(given_input):
    with pytest.raises(UnclearAnswer, match="no object"):
        begun(call(input=given_input))


@pytest.mark.parametrize("kind", ["tool_use", "new_tool_use"])
def test_a_call_that_was_cut_within_a_letter_is_told_anew(kind):
    blocks = begun(call(kind))
    for text in ('{"command": "\ud83d', '\ude00"}'):
        blocks.grow(0, piece(text))
    blocks.end(0)
    assert blocks.told_anew() == {0: Rewritten(told(ODD))}


def test_half_a_letter_is_unclear():
    blocks = begun(call())
    blocks.grow(0, piece('{"command": "\ud83d"}'))
    with pytest.raises(UnclearAnswer, match="half a letter"):
        _ = blocks.uses
    with pytest.raises(UnclearAnswer, match="half a letter"):
        told({"command": "\ud83d"})


@pytest.mark.parametrize("name", [None, 7, ["Bash"]])
def test_a_call_without_a_name_is_unclear(name):
    with pytest.raises(UnclearAnswer, match="no name"):
        name_of(call(name=name))
    with pytest.raises(UnclearAnswer, match="no name"):
        begun(call(name=name))


def test_text_that_is_open_is_known_by_its_index():
    blocks = begun(TEXT, TEXT)
    assert [blocks.is_open_text(index) for index in range(3)] == [False, True, False]
    assert not begun(call()).is_open_text(0)


@pytest.mark.parametrize(
    ("block", "runs"),
    [
        (call(), True),
        (call("TOOL_USE"), True),
        (call("new_tool_use"), True),
        (call("server_tool_use"), True),
        (call("text") | {"Type": "tool_use"}, True),
        (SEARCH, False),
        (call("mcp_tool_use"), False),
        (call("tool_result"), False),
        (call("text"), False),
        ({"type": ["tool_use"]}, False),
        ({}, False),
    ],
)
def test_who_runs_it(block, runs):
    assert is_call(block) is runs


def test_a_call_stands_only_where_a_block_stands_or_in_what_a_call_is_made_with():
    fine = [TEXT, call(input={"then": call()}), SEARCH]
    refuse_strays({"content": fine}, fine)
    for stray in (
        TEXT | {"next": call()},
        TEXT | {"next": [call("Tool_Use")]},
        TEXT | {"next": {"Type": "tool_use"}},
        call(then=call()),
        SEARCH | {"input": {"then": call()}},
    ):
        with pytest.raises(UnclearAnswer, match="where none belongs"):
            refuse_strays({"content": [stray]}, [stray])
    with pytest.raises(UnclearAnswer, match="where none belongs"):
        refuse_strays({"content": [TEXT], "next": call()}, [TEXT])


@pytest.mark.parametrize("block", [TEXT | {"Type": "text"}, call(Name="Read"), call(INPUT={}), {"type": ["tool_use"]}])
def test_a_block_that_agents_read_in_two_ways_is_unclear(block):
    with pytest.raises(UnclearAnswer):
        refuse_strays({"content": [block]}, [block])
