"""What is Chat Completions' own: choices, the old field, calls of two forms, usage where it is not asked for."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.edges.gateway import chat
from companion.edges.gateway.dialect import BadRequest, UnclearAnswer
from companion.edges.gateway.sse import build
from companion.edges.gateway.tooluse import Called, Changes, Form, Rewritten, Said
from companion.model.money import Usage
from tests.support.dialects import DONE, EVIL, FINE, NO_INDEX, fed, given_out, parsed, run, sse, whole
from tests.support.wire import read_chat


def chunk(*deltas: dict, key: str = "delta", finish: str | None = None) -> dict:
    return {"id": "c", "choices": [{"index": 0, key: delta, "finish_reason": finish} for delta in deltas]}


def piece(arguments: object = EVIL, name: object = "Bash", **more) -> dict:
    return {"index": 0, "id": "c1", "type": "function", "function": {"name": name, "arguments": arguments}} | more


def told(*chunks: dict, finish: str = "tool_calls") -> bytes:
    return sse(*chunks, chunk({}, finish=finish)) + DONE


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


@pytest.mark.parametrize(
    "answer",
    [
        {"choices": [{"index": 0, "message": {"tool_calls": [piece(custom={"name": "wait", "input": ""})]}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [piece()]}, "message": {"content": "x"}}]},
        {"choices": [], "message": {"tool_calls": [piece()]}},
        {"choices": {"0": {"message": {"tool_calls": [piece()]}}}},
        {"choices": [{"message": {"tool_calls": {"0": piece()}}}]},
        {"choices": [{"message": {"tool_calls": [piece(name=None)]}}]},
        {"choices": [{"message": {"tool_calls": [piece({"command": "EVIL"})]}}]},
        {"choices": [{"message": {"function_call": {"name": "Bash", "arguments": EVIL}}}]},
        {"choices": [{"message": {}}, {"message": {"tool_calls": [piece(FINE), piece()]}}]},
    ],
)
def test_no_call_is_smuggled_through_a_whole_answer(answer):
    assert "EVIL" not in whole("chat", answer)


def test_two_choices_of_one_index_are_two_choices():
    calls = [piece('{"command": "one"}'), piece('{"command": "two"}')]
    answer = {"choices": [{"index": 0, "message": {"tool_calls": [call]}} for call in calls]}
    assert len({use.key for use in chat.uses_of(answer)}) == 2


def test_what_comes_after_the_end_is_over():
    answer, _ = fed("chat", sse(chunk({"content": "x"})) + DONE)
    assert (answer.complete, answer.over) == (True, True)
    # Not every server sends the last word; a reason to stop is an end too, after which usage may still come.
    answer, _ = fed("chat", sse(chunk({"content": "x"}), chunk({}, finish="stop")))
    assert (answer.complete, answer.over) == (True, False)


def test_an_error_in_the_stream_is_a_failure_in_its_words():
    answer, passed = fed("chat", sse(chunk({"content": "x"})) + build({"error": {"message": "overloaded"}}))
    assert (answer.failed, answer.complete) == ("overloaded", False)
    assert read_chat(passed).error == "overloaded"


CUSTOM = {"index": 0, "id": "c1", "type": "custom", "custom": {"name": "apply_patch", "input": "*** Begin"}}


def custom_in_pieces() -> bytes:
    rest = {"index": 0, "custom": {"input": " Patch"}}
    return told(chunk({"tool_calls": [CUSTOM]}), chunk({"tool_calls": [rest]}))


def test_a_custom_call_is_read_and_rewritten_in_its_own_form():
    answer, _ = fed("chat", custom_in_pieces())
    [use] = answer.uses
    assert (use.name, use.arguments, use.form) == ("apply_patch", "*** Begin Patch", Form.CUSTOM)
    _, out = run("chat", custom_in_pieces(), Changes({use.key: Rewritten("other")}))
    [made] = [call for event in parsed(out) for one in event.json().get("choices", []) for call in calls_in(one)]
    assert made["custom"] == {"name": "apply_patch", "input": "other"}
    assert "function" not in made


def calls_in(choice: dict) -> list[dict]:
    return choice["delta"].get("tool_calls") or []


def test_a_custom_call_that_becomes_another_is_a_function_and_nothing_else():
    changes = Changes({(0, 0): Called("Bash", FINE)})
    _, out = run("chat", custom_in_pieces(), changes)
    assert read_chat(out).calls == [("Bash", FINE)]
    document = {"choices": [{"message": {"tool_calls": [CUSTOM]}, "finish_reason": "tool_calls"}]}
    [call] = chat.change(document, changes)["choices"][0]["message"]["tool_calls"]
    assert (call["id"], call["type"], call["function"]["name"]) == ("c1", "function", "Bash")
    assert "custom" not in call


def test_the_old_field_is_a_call_of_its_own():
    document = {"choices": [{"message": {"function_call": {"name": "f", "arguments": FINE}, "tool_calls": [piece()]}}]}
    assert [(use.name, use.arguments) for use in chat.uses_of(document)] == [("Bash", EVIL), ("f", FINE)]
    changes = Changes({use.key: Said("no") for use in chat.uses_of(document)})
    message = chat.change(document, changes)["choices"][0]["message"]
    assert message == {"content": "no\nno"}
    answer, _ = fed("chat", told(chunk(document["choices"][0]["message"])))
    assert [(use.name, use.arguments) for use in answer.uses] == [("Bash", EVIL), ("f", FINE)]
    assert {use.key for use in answer.uses} == set(changes.by_key)


@pytest.mark.parametrize("finish", ["tool_calls", "function_call", "length", "stop", None])
def test_only_a_stop_for_calls_that_are_gone_is_another_stop(finish):
    made = {"choices": [{"message": {"content": "hm", "tool_calls": [piece()]}, "finish_reason": finish}]}
    [choice] = chat.change(made, Changes({(0, 0): Said("no")}))["choices"]
    assert choice["finish_reason"] == ("stop" if finish in {"tool_calls", "function_call"} else finish)
    assert choice["message"]["content"] == "hm\nno"
    [choice] = chat.change(made, Changes({(0, 0): Rewritten(FINE)}))["choices"]
    assert choice["finish_reason"] == finish


def test_each_choice_is_restored_by_itself():
    first = ["one SECRET_AWS_0A1B", "2C3D one", "1"]
    second = ["two SEC", "RET_AWS_0A1B2C3D two", "2"]
    chunks = [
        {"id": "c", "choices": [{"index": 0, "delta": {"content": one}}, {"index": 1, "delta": {"content": other}}]}
        for one, other in zip(first, second, strict=True)
    ]
    _, out = run("chat", told(*chunks), lookup={"SECRET_AWS_0A1B2C3D": "x"}.get)
    said = {0: "", 1: ""}
    for event in parsed(out):
        for choice in event.json().get("choices", []):
            said[choice["index"]] += choice["delta"].get("content") or ""
    assert said == {0: "one x one1", 1: "two x two2"}


figures = st.one_of(st.integers(-5, 10**7), st.none(), st.booleans(), st.text(max_size=2))


@settings(deadline=None)
@given(prompt=figures, cached=figures, output=figures, reasoning=figures)
def test_every_prompt_token_is_counted_once_whatever_the_figures(prompt, cached, output, reasoning):
    usage = {"prompt_tokens": prompt, "completion_tokens": output}
    usage |= {"prompt_tokens_details": {"cached_tokens": cached}, "completion_tokens_details": {}}
    usage["completion_tokens_details"] |= {"reasoning_tokens": reasoning}
    read = chat.usage_of({"usage": usage})
    assert read.prompt == (prompt if type(prompt) is int and prompt > 0 else 0)
    assert all(figure >= 0 for figure in (read.input, read.cache_read, read.output, read.reasoning))
    asked_for = cached if type(cached) is int and cached > 0 else 0
    assert (read.flags == ("cached-exceeds-prompt",)) is (asked_for > read.prompt)
    assert read.cache_read == min(asked_for, read.prompt)
    answer, _ = fed("chat", told({"id": "c", "choices": [], "usage": usage}))
    assert answer.usage == read


def test_usage_that_is_not_told_is_unknown():
    assert chat.usage_of({"usage": None}) is None
    assert chat.usage_of({}) is None
    assert chat.usage_of({"usage": {"prompt_tokens_details": None}}) == Usage()
    assert fed("chat", told(chunk({"content": "x"}) | {"usage": None}))[0].usage is None


def test_whose_usage_it_is():
    assert chat.asks_usage({"stream_options": {"include_usage": True}})
    for options in ({"include_usage": 1}, {"include_usage": False}, {}, None, [], "include_usage"):
        assert not chat.asks_usage({"stream_options": options})
    [only, with_text, null, done] = parsed(
        sse({"choices": [], "usage": {}}, chunk({"content": "x"}) | {"usage": {}}, {"choices": [], "usage": None})
        + DONE
    )
    assert chat.is_usage_only(only)
    assert not any(chat.is_usage_only(event) for event in (with_text, null, done))


BODY = {"model": "m", "messages": []}


@pytest.mark.parametrize(
    "body", [{}, {"model": "m"}, {"messages": []}, BODY | {"messages": {}}, BODY | {"model": None}, BODY | {"model": 1}]
)
def test_a_body_that_is_no_call_is_refused(body):
    with pytest.raises(BadRequest):
        chat.read_request(body)


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"stream": True}, {"stream": True}),
        ({"stream": 1}, {"stream": False}),
        ({"max_tokens": 5}, {"max_output_tokens": 5}),
        ({"max_tokens": 5, "max_completion_tokens": 7}, {"max_output_tokens": 7}),
        ({"max_tokens": True}, {"max_output_tokens": None}),
        (
            {"tools": [{"function": {"name": "a"}}, {"custom": {"name": "b"}}, {"name": "c"}, 1]},
            {"tools": ("a", "b", "c")},
        ),
        ({"tools": {"function": {"name": "a"}}}, {"tools": ()}),
        (
            {
                "messages": [
                    {"role": "system", "content": "s"},
                    {"role": "user", "content": "u"},
                    {"role": "developer", "content": [{"text": "d"}, {"text": "e"}]},
                    {"role": "tool", "content": "# Plan Mode"},
                    "system",
                ]
            },
            {"instructions": ("s", "d\ne"), "words": "u"},
        ),
    ],
)
def test_what_is_read_of_a_body(more, found):
    asked = chat.read_request(BODY | more)
    assert {name: getattr(asked, name) for name in found} == found


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_request_error"), (404, "invalid_request_error"), (500, "server_error"), (502, "server_error")],
)
def test_an_error_has_openais_shape(status, kind):
    assert chat.error(status, "no-route", "words") == {
        "error": {"message": "words", "type": kind, "code": "no-route", "param": None}
    }


def test_a_whole_answer_that_is_none_is_unclear():
    for answer in ({"choices": "x"}, {"choices": [1]}, {"choices": [{"message": {"tool_calls": [1]}}]}):
        with pytest.raises(UnclearAnswer):
            chat.uses_of(answer)
    assert chat.uses_of({}) == chat.uses_of({"choices": [{"message": None}]}) == []
