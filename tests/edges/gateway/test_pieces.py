"""Calls in pieces: what all readers join alike is tidy, what is meant in one way is one call, the rest is unclear."""

from __future__ import annotations

import json

import pytest

from companion.edges.gateway.dialect import UnclearAnswer
from companion.edges.gateway.pieces import OLD, JoinedCalls, holds_calls, index_of
from tests.support.chat_habits import USUAL
from tests.support.chunks import OPENED, chunk, grown, piece, told
from tests.support.dialects import DONE, EVIL, FINE, NO_INDEX, fed, given_out, run, sse

READ = '{"file_path": "a"}'


def joined(*chunks: dict) -> JoinedCalls:
    calls = JoinedCalls()
    for one in chunks:
        calls.take(one)
    return calls


def called(calls: JoinedCalls) -> list[tuple[int, str, str]]:
    return [(number, call["function"]["name"], call["function"]["arguments"]) for number, call in calls.whole()]


SMUGGLED = {
    "a name told twice": [
        chunk({"tool_calls": [piece(json.dumps({"file_path": "a", "command": "EVIL"}), "Read")]}),
        chunk({"tool_calls": [piece("", "Bash")]}),
    ],
    "an id told twice": [
        chunk({"tool_calls": [piece('{"file_path": "a"', "Read")]}),
        chunk({"tool_calls": [piece(',"x": {"command": "EVIL"}}', "", id="c2")]}),
    ],
    "a name in two halves": [
        chunk({"tool_calls": [piece(json.dumps({"file_path": "a", "command": "EVIL"}), "Re")]}),
        chunk({"tool_calls": [piece("", "ad")]}),
    ],
    "a call that is a function and custom": [
        chunk({"tool_calls": [piece(custom={"name": "ask_question", "input": "x"})]}),
    ],
    "a call that becomes custom": [
        chunk({"tool_calls": [piece(FINE)]}),
        chunk({"tool_calls": [{"index": 0, "custom": {"name": "apply_patch", "input": "EVIL"}}]}),
    ],
    "a form that nobody knows": [
        chunk({"tool_calls": [{"index": 0, "id": "c1", "type": "shell", "shell": {"command": "EVIL"}}]}),
    ],
    "a message in a chunk": [chunk({"tool_calls": [piece()]}, key="message")],
    "a call beside the choices": [{"id": "c", "choices": [], "message": {"tool_calls": [piece()]}}],
    "an index that is true": [
        chunk({"tool_calls": [piece("", index=1)]}),
        chunk({"tool_calls": [piece(json.dumps({"command": "ls", "x": "EVIL"}), index=True)]}),
    ],
    "calls as an object": [chunk({"tool_calls": {"0": piece()}})],
    "choices as an object": [{"choices": {"0": {"delta": {"tool_calls": [piece()]}}}}],
    "the legacy field": [chunk({"function_call": {"name": "Bash", "arguments": EVIL}})],
    "the second choice": [chunk({"content": "x"}, {"tool_calls": [piece()]})],
    "arguments as an object": [chunk({"tool_calls": [piece({"command": "EVIL"})]})],
    "a name that is a list": [chunk({"tool_calls": [piece(name=["Bash"])]})],
    "no name": [chunk({"tool_calls": [piece(name=None)]})],
    "after the reason to stop": [chunk({}, finish="stop"), chunk({"tool_calls": [piece()]})],
    "an index that is that of the old field": [
        chunk({"function_call": {"name": "Bash", "arguments": OPENED}}),
        chunk({"tool_calls": [piece(index=-1)]}),
        chunk({"function_call": {"arguments": "}"}}),
    ],
    "two choices of one index": [
        chunk({}, {"tool_calls": [piece(OPENED)]}),
        chunk({"tool_calls": [piece()]}),
        chunk({}, {"tool_calls": [piece("}")]}),
    ],
    "growth after the next one began": [
        chunk({"tool_calls": [piece("", "Read")]}),
        chunk({"tool_calls": [piece("", "Bash", index=1, id="c2")]}),
        chunk({"tool_calls": [grown(json.dumps({"file_path": "a", "command": "EVIL"}))]}),
        chunk({"tool_calls": [grown('{"command":"ls","file_path":"a"}', 1)]}),
    ],
    "calls in another case": [chunk({"Tool_Calls": [piece()]})],
    "calls in another case, behind text": [chunk({"content": "so"}), chunk({"Tool_Calls": [piece()]})],
    "calls in a letter that folds": [chunk({"tool_call\u017f": [piece()]})],
    "calls in another case, beside none": [chunk({"tool_calls": [], "TOOL_CALLS": [piece()]})],
    "calls deep in a delta": [chunk({"content": "x", "more": [{"tool_calls": [piece()]}]})],
    "arguments in another case": [chunk({"tool_calls": [piece(FINE) | {"Function": {"Arguments": EVIL}}]})],
    "a name in another case": [
        chunk(
            {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "Read", "arguments": EVIL, "Name": "Bash"}}]}
        ),
    ],
    "calls in two choices": [
        {"choices": [{"index": index, "delta": {"tool_calls": [piece(text, "Read")]}}]}
        for index, text in ((0, '{"file_path": "a", '), (1, '"x": {}, '), (0, '"command": "EVIL"}'))
    ],
}


@pytest.mark.parametrize("case", SMUGGLED)
def test_no_call_is_smuggled_through_a_stream(case):
    assert b"EVIL" not in given_out("chat", told(*SMUGGLED[case]))


@pytest.mark.parametrize("index", NO_INDEX)
def test_an_index_that_readers_could_take_for_another_is_unclear(index):
    for choice in (
        {"index": 0, "delta": {"tool_calls": [piece(index=index)]}},
        {"index": index, "delta": {"tool_calls": [piece()]}},
    ):
        with pytest.raises(UnclearAnswer):
            fed("chat", sse({"choices": [choice]}))


def whole(name: str, text: str, **more) -> dict:
    """A call in one piece; a key whose value is `...` is left out."""
    made = piece(text, name) | {"id": f"call_{name}"} | more
    return {key: value for key, value in made.items() if value is not ...}


ROLE = {"role": "assistant", "content": None}
AZURE = {"prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}]}

SERVERS = {
    "openai": [
        chunk(ROLE | {"tool_calls": [piece("", "Read")], "refusal": None}) | {"obfuscation": "a", "usage": None},
        chunk({"tool_calls": [grown('{"file_')]}) | {"obfuscation": "bcd", "usage": None},
        chunk({"tool_calls": [grown('path": "a"}')]}) | {"obfuscation": "", "usage": None},
        chunk({"tool_calls": [piece("", id="c2", index=1)]}),
        chunk({"tool_calls": [grown(FINE, 1)]}),
        chunk({}, finish="tool_calls"),
        {"id": "c", "choices": [], "usage": {"prompt_tokens": 5}},
    ],
    "azure": [
        {"id": "", "choices": [], **AZURE},
        *(
            {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": None, "content_filter_results": {}}]}
            for delta in (
                ROLE | {"tool_calls": [piece("", "Read")]},
                {"tool_calls": [grown(READ)]},
                {"tool_calls": [piece("", id="c2", index=1)]},
                {"tool_calls": [grown(FINE, 1)]},
            )
        ),
        chunk({}, finish="tool_calls"),
    ],
    "gemini, without an index": [
        chunk(ROLE | {"tool_calls": [whole("Read", READ, index=...)]}) | {"usage": {"prompt_tokens": 5}},
        chunk({"role": "assistant", "tool_calls": [whole("Bash", FINE, index=...)]}) | {"usage": {"prompt_tokens": 5}},
        chunk({"role": "assistant"}, finish="stop") | {"usage": {"prompt_tokens": 5}},
    ],
    "gemini, both in the last chunk, with a signature": [
        chunk(
            {"tool_calls": [whole("Read", READ, extra_content={"google": {"x": "s"}}), whole("Bash", FINE, index=1)]},
            finish="tool_calls",
        ),
    ],
    "gemini, before it had ids": [
        chunk(ROLE | {"tool_calls": [whole("Read", READ, id=""), whole("Bash", FINE, id="")]}, finish="stop"),
    ],
    "ollama, each with index 0": [
        chunk({"role": "assistant", "content": "", "tool_calls": [whole("Read", READ)]}),
        chunk({"role": "assistant", "content": "", "tool_calls": [whole("Bash", FINE)]}),
        chunk({"role": "assistant", "content": ""}, finish="tool_calls"),
    ],
    "a server that says 0 of every call, and does not send them whole": [
        chunk({"tool_calls": [piece("", "Read")]}),
        chunk({"tool_calls": [grown(READ)]}),
        chunk({"tool_calls": [piece("", id="c2")]}),
        chunk({"tool_calls": [grown(FINE)]}),
    ],
    "a router that repeats the role and names nobody's reason": [
        {
            "id": "c",
            "provider": "x",
            "choices": [
                {"index": 0, "delta": delta, "finish_reason": None, "native_finish_reason": None, "logprobs": None}
            ],
        }
        for delta in (
            {"role": "assistant", "content": "", "tool_calls": [piece("", "Read")]},
            {"role": "assistant", "content": "", "tool_calls": [grown(READ) | {"type": "function", "id": None}]},
            {"role": "assistant", "content": None, "tool_calls": [piece("", id="c2", index=1)]},
            {"role": "assistant", "content": "", "tool_calls": [grown(FINE, 1)]},
        )
    ],
    "a server that counts its blocks of text too": [
        chunk({"content": "so"}),
        chunk({"tool_calls": [piece("", "Read", index=1)]}),
        chunk({"tool_calls": [grown(READ, 1)]}),
        chunk({"tool_calls": [piece("", index=2, id="c2")]}),
        chunk({"tool_calls": [grown(FINE, 2)]}),
    ],
    "a server that repeats all in every piece": [
        chunk({"tool_calls": [piece('{"file_path"', "Read")]}),
        chunk({"tool_calls": [piece(': "a"}', "Read")]}),
        chunk({"tool_calls": [piece(FINE[:5], id="c2", index=1)]}),
        chunk({"tool_calls": [piece(FINE[5:], id="c2", index=1)]}),
    ],
    "a server that says empty what it does not repeat": [
        chunk({"tool_calls": [piece("", "Read", id="c1")]}),
        chunk({"tool_calls": [piece(READ, "", id="")]}),
        chunk({"tool_calls": [piece("", id="c2", index=1)]}),
        chunk({"tool_calls": [piece(FINE, "", id="", index=1)]}),
        chunk({"tool_calls": [grown("", 0), grown("", 1)]}),
    ],
    "a server that gives two calls one id": [
        chunk({"tool_calls": [whole("Read", READ, id="c")]}),
        chunk({"tool_calls": [whole("Bash", FINE, id="c", index=1)]}),
    ],
    "a server that speaks while it calls": [
        chunk({"content": "so", "tool_calls": [piece("", "Read")]}),
        chunk({"content": "hm", "tool_calls": [grown(READ)]}),
        chunk({"content": "hm"}),
        chunk({"tool_calls": [whole("Bash", FINE, index=1)]}),
    ],
    "a server that tells the id late": [
        chunk({"tool_calls": [whole("Read", "", id=...)]}),
        chunk({"tool_calls": [grown(READ) | {"id": "c1"}]}),
        chunk({"tool_calls": [whole("Bash", FINE, index=1)]}),
    ],
}
"""What servers were seen to send, some tidier than others: reading a, then ls."""

TIDY = {"openai", "azure"}


@pytest.mark.parametrize("server", SERVERS)
def test_every_reader_reads_the_calls_of_every_server(server):
    raw = sse(*SERVERS[server], chunk({}, finish="tool_calls")) + DONE
    answer, out = run("chat", raw)
    wanted = [("function", "Read", READ), ("function", "Bash", FINE)]
    assert [(use.form.value, use.name, use.arguments) for use in answer.uses] == wanted
    assert [use.key for use in answer.uses] == [(0, 0), (0, 1)]
    assert {tuple(habit.read(out)) for habit in USUAL} == {tuple(wanted)}
    assert (out == raw) is (server in TIDY)


def test_what_a_call_carries_beside_is_told_again_with_it():
    _, out = run("chat", sse(*SERVERS["gemini, both in the last chunk, with a signature"]) + DONE)
    assert out.count(b'"extra_content":{"google":{"x":"s"}}') == 1


@pytest.mark.parametrize(
    "chunks",
    [
        [chunk({"tool_calls": [piece(FINE)]}, finish="tool_calls")],
        [chunk({"tool_calls": [piece(FINE)]}) | {"usage": {}}],
        [chunk({"content": "x", "tool_calls": [piece(FINE)]})],
        [chunk({"role": "user", "tool_calls": [piece(FINE)]})],
        [chunk({"content": 0, "tool_calls": [piece(FINE)]})],
        [chunk({"tool_calls": [piece("")]}), chunk({"role": "assistant", "tool_calls": [grown(FINE)]})],
        [chunk({"tool_calls": [piece("")]}), chunk({"tool_calls": [grown(FINE)]}) | {"obfuscation": [float("nan")]}],
        [chunk({}, finish="stop"), chunk({"tool_calls": [piece(FINE)]})],
        [chunk({"tool_calls": [piece("")]}), chunk({"tool_calls": [grown(FINE)]}) | {"created": 1}],
        [chunk({"tool_calls": [piece("")]}), chunk({"content": ""}), chunk({"tool_calls": [grown(FINE)]})],
        [chunk({"tool_calls": [piece(""), grown(FINE)]})],
        [chunk({"tool_calls": [piece("")]}), chunk({"tool_calls": [grown(FINE) | {"id": "c1"}]})],
        [chunk({"tool_calls": [piece("")]}), chunk({"tool_calls": [piece(FINE, id="")]})],
        [chunk({"tool_calls": [piece(FINE, index=1)]})],
        [chunk({"tool_calls": [piece("")]}), chunk({"tool_calls": [{"function": {"arguments": FINE}}]})],
        [chunk({"tool_calls": [piece(FINE, type="custom")]})],
        [chunk({"tool_calls": [piece(FINE, id=None)]})],
        [chunk({"tool_calls": [piece(FINE, custom=None)]})],
        [chunk({"tool_calls": [piece("", "")]}), chunk({"tool_calls": [piece(FINE)]})],
        [chunk({"tool_calls": [piece("")]}), chunk({"tool_calls": [grown(FINE) | {"x": 0}]})],
        [{"id": "c", "choices": [{"delta": {"tool_calls": [piece(FINE)]}}]}],
        [{"id": "c", "choices": [{"index": 0, "logprobs": 0, "delta": {"tool_calls": [piece(FINE)]}}]}],
        [{"id": "c", "choices": [{"index": 1, "delta": {}}, {"index": 0, "delta": {"tool_calls": [piece(FINE)]}}]}],
    ],
)
def test_pieces_that_some_reader_would_look_away_from_are_not_tidy_and_still_one_call(chunks):
    calls = joined(*chunks)
    assert called(calls) == [(0, "Bash", FINE)]
    assert not calls.tidy


def test_pieces_that_every_reader_joins_alike_are_tidy():
    calls = joined(
        chunk({"content": "so"}),
        chunk({"role": "assistant", "content": "", "tool_calls": [piece("")]}),
        {},
        chunk({"tool_calls": [grown(FINE) | {"id": None, "type": ""}]}),
        chunk({"content": "hm"}),
        chunk({"tool_calls": [piece(READ, "Read", id="c2", index=1)]}),
    )
    assert called(calls) == [(0, "Bash", FINE), (1, "Read", READ)]
    assert calls.tidy


def test_the_old_field_comes_last_and_is_never_tidy():
    calls = joined(
        chunk({"function_call": {"name": "f", "arguments": ""}}),
        chunk({"function_call": {"arguments": FINE}}),
        chunk({"tool_calls": [piece(READ, "Read")]}),
        chunk({"function_call": {"arguments": ""}}),
    )
    assert called(calls) == [(0, "Read", READ), (OLD, "f", FINE)]
    assert not calls.tidy


@pytest.mark.parametrize(
    "chunks",
    [
        [
            chunk({"tool_calls": [piece(FINE)]}),
            chunk({"function_call": {"name": "f"}}),
            chunk({"tool_calls": [grown("x")]}),
        ],
        [
            chunk({"function_call": {"name": "f"}}),
            chunk({"tool_calls": [piece()]}),
            chunk({"function_call": {"arguments": "x"}}),
        ],
        [chunk({"function_call": {"name": "f"}}), chunk({"function_call": {"name": "g"}})],
        [chunk({"function_call": {"name": "f"}}), chunk({"tool_calls": [{"function": {"arguments": "x"}}]})],
        [chunk({"function_call": {"name": "f", "Arguments": EVIL}})],
        [chunk({"tool_calls": [piece(id=7)]})],
        [chunk({"tool_calls": [piece()]}) | {"Choices": []}],
        [chunk({"tool_calls": [piece(Index=0)]})],
        [
            chunk({"tool_calls": [piece("", "Read")]}),
            chunk({"tool_calls": [piece("", "Bash", id="c2")]}),
            chunk({"tool_calls": [grown("x") | {"id": "c1"}]}),
        ],
        [chunk({"tool_calls": [whole("Read", "{", id="")]}), chunk({"tool_calls": [whole("Bash", FINE, id="")]})],
        [
            chunk({"tool_calls": [whole("Read", "{}", id="")]}),
            chunk({"tool_calls": [grown(" ")]}),
            chunk({"tool_calls": [whole("Bash", FINE, id="")]}),
        ],
    ],
)
def test_pieces_that_could_be_meant_in_two_ways_are_unclear(chunks):
    with pytest.raises(UnclearAnswer):
        joined(*chunks)


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ({"tool_calls": [1]}, True),
        ({"Tool_Call\u017f": {}}, False),
        ({"Tool_Call\u017f": 1}, True),
        ({"function_call": {"name": "f"}}, True),
        ({"FUNCTION_CALL": "f"}, True),
        ({"tool_calls": [], "function_call": None, "content": "tool_calls"}, False),
        ({"toolcalls": 1, "tool_call": 1}, False),
    ],
)
def test_where_some_reader_finds_a_call(value, holds):
    assert holds_calls(value) is holds


def test_a_choice_without_an_index_is_the_first():
    assert [index_of(choice) for choice in ({}, {"index": None}, {"index": 2})] == [0, 0, 2]
    with pytest.raises(UnclearAnswer):
        index_of({"index": "0"})


@pytest.mark.parametrize(
    "chunk",
    [
        {},
        {"choices": []},
        {"choices": [{"index": 0, "delta": {"content": "x"}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"choices": [{"index": 1, "delta": None}, {"delta": {"role": "assistant"}}], "usage": {"total_tokens": 1}},
    ],
)
def test_a_chunk_without_calls_is_the_same_taken_and_passed_by(chunk):
    taken, passed = JoinedCalls(), JoinedCalls()
    assert taken.take(chunk) is False
    passed.pass_by(chunk)
    assert vars(taken) == vars(passed)
