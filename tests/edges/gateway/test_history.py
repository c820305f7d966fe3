"""Every call of an earlier turn is known with what it did, and every result by the texts that it has."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway.history import calls_in, results_in, tells_all
from companion.edges.gateway.jsontext import strings_within
from companion.edges.gateway.prompt import read_prompt
from companion.model.action import Dialect, FileAccess, Operation, ShellCommand

READ = FileAccess("a.txt", Operation.READ)
RUN = ShellCommand("ls")

USE = {"type": "tool_use", "id": "i", "name": "Read", "input": {"file_path": "a.txt"}}
FUNCTION = {"name": "read_files", "arguments": '{"files":["a.txt"]}'}
PATCHED = FileAccess("a.txt", Operation.WRITE)


def item(kind, **more):
    return {"type": kind, "call_id": "i", "id": "other", **more}


CALLS = [
    ("messages", {"role": "assistant", "content": [USE]}, (READ,)),
    ("chat", {"role": "assistant", "tool_calls": [{"id": "i", "type": "function", "function": FUNCTION}]}, (READ,)),
    (
        "chat, of free text",
        {
            "tool_calls": [
                {"id": "i", "type": "custom", "custom": {"name": "apply_patch", "input": "*** Add File: a.txt\n"}}
            ]
        },
        (PATCHED,),
    ),
    (
        "chat, without arguments",
        {"tool_calls": [{"id": "i", "function": {"name": "list_files"}}]},
        (FileAccess(".", Operation.LIST),),
    ),
    ("items", item("function_call", name="exec_command", arguments='{"cmd":"ls"}'), (RUN,)),
    ("local shell", item("local_shell_call", action={"type": "exec", "command": ["ls"]}), (RUN,)),
    ("a patch", item("custom_tool_call", name="apply_patch", input="*** Add File: a.txt\n"), (PATCHED,)),
    ("unreadable", item("function_call", name="Read", arguments="{"), ()),
]


@pytest.mark.parametrize(("value", "actions"), [row[1:] for row in CALLS], ids=[row[0] for row in CALLS])
def test_calls(value, actions):
    [call] = calls_in(value)
    assert (call.id, call.actions) == ("i", actions)


def test_the_old_form_of_chat_goes_by_the_function_s_name():
    asked = {"role": "assistant", "content": None, "function_call": FUNCTION}
    told = {"role": "function", "name": "read_files", "content": "OUT"}
    [call], [result] = calls_in(asked), results_in(told)
    assert call.actions == (READ,)
    assert call.id == result.id != ""
    body = json.dumps({"messages": [asked, told]}).encode()
    assert [one.id for part in read_prompt(body).parts for one in part.results()] == [call.id]


def test_calls_of_one_id_are_one_that_did_all_of_it():
    [call] = calls_in([USE, {**USE, "input": {"file_path": "b.txt"}}])
    assert set(call.actions) == {READ, FileAccess("b.txt", Operation.READ)}


@pytest.mark.parametrize("identity", [{}, {"id": ""}, {"id": None}, {"id": 7}])
def test_calls_and_results_without_an_id_are_told_of_and_never_match(identity):
    calls = calls_in(
        [
            {"tool_calls": [{**identity, "function": {"name": "Read", "arguments": f'{{"file_path":"{path}"}}'}}]}
            for path in "ab"
        ]
    )
    assert {action.path for call in calls for action in call.actions} == {"a", "b"}
    [result] = results_in({"role": "tool", "tool_call_id": "", "content": "OUT"})
    assert result.id == ""
    assert "" not in {call.id for call in calls}
    assert [one.id for one in results_in({"role": "tool", "name": "Read", "content": "OUT"})] == [""]


def answered(content, **more):
    block = {"tool_use_id": "i", "type": "tool_result", "content": content, **more}
    return {"role": "user", "content": [{"type": "text", "text": "hi"}, block]}


TWO = [{"type": "text", "text": "OUT"}, {"type": "text", "text": "TWO"}]
PICTURE = [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}]

RESULTS = [
    ("messages", answered("OUT"), ["OUT"], False),
    ("blocks", answered(TWO, is_error=False), ["OUT", "TWO"], False),
    ("a picture", answered(PICTURE), ["AAAA"], True),
    ("chat", {"role": "tool", "tool_call_id": "i", "content": "OUT"}, ["OUT"], False),
    ("items", item("function_call_output", output="OUT"), ["OUT"], False),
    ("a list", item("custom_tool_call_output", output=[{"type": "input_text", "text": "OUT"}]), ["OUT"], False),
]


@pytest.mark.parametrize(("value", "said", "media"), [row[1:] for row in RESULTS], ids=[row[0] for row in RESULTS])
def test_results(value, said, media):
    [result] = results_in(value)
    texts = strings_within(value)
    assert (result.id, [texts[number] for number in result.texts], result.has_media) == ("i", said, media)


@pytest.mark.parametrize("row", [row[1] for row in RESULTS], ids=[row[0] for row in RESULTS])
@pytest.mark.parametrize("is_laid_out", [True, False])
def test_a_body_tells_them_part_by_part_or_as_a_whole(row, is_laid_out):
    key = "messages" if "role" in row else "input"
    body = {"model": "m", key: [{"role": "user", "content": "hi"}, row], "stream": True}
    raw = json.dumps(body) if is_laid_out else json.dumps(body, indent=3)
    parts = read_prompt(raw.encode()).parts
    assert (len(parts) == 1) != is_laid_out
    [(part, result)] = [(part, result) for part in parts for result in part.results()]
    assert set(result.texts) < set(range(len(part.texts())))
    assert {"OUT", "AAAA"} & {part.texts()[number] for number in result.texts} or result.has_media


JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=4) | st.sampled_from(["tool_result", "function_call_output", "tool"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "role", "content", "output", "call_id", "tool_use_id"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_law_any_value_is_read_and_its_texts_are_there(value):
    many = len(strings_within(value))
    assert all(number < many for result in results_in(value) for number in result.texts)
    assert isinstance(calls_in(value), tuple)


TELLS = [
    (Dialect.MESSAGES, {}, True),
    (Dialect.CHAT, {"store": True}, True),
    (Dialect.RESPONSES, {"store": False}, True),
    (Dialect.RESPONSES, {}, False),
    (Dialect.RESPONSES, {"store": False, "previous_response_id": "r"}, False),
    (Dialect.RESPONSES, {"store": False, "conversation": "c"}, False),
]


@pytest.mark.parametrize(("dialect", "body", "tells"), TELLS)
def test_where_an_upstream_keeps_the_conversation_calls_are_not_told_again(dialect, body, tells):
    assert tells_all(dialect, body) == tells
