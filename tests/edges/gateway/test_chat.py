"""What is Chat Completions' own: choices, the old field, what becomes of calls, usage where it is not asked for."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway import chat
from companion.edges.gateway.dialect import BadRequest, UnclearAnswer
from companion.edges.gateway.sse import build
from companion.edges.gateway.tooluse import Called, Changes, Form, Rewritten, Said
from companion.model.money import Usage
from tests.support.chunks import chunk, grown, piece, told
from tests.support.dialects import DONE, EVIL, FINE, fed, parsed, run, sse, whole
from tests.support.wire import read_chat


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
        {"choices": [{"message": {"tool_calls": [piece(custom=None)]}}]},
        {"choices": [{"message": {"tool_calls": [piece(json.dumps({"path": "EVIL"}), "Grep", custom=None)]}}]},
        {"choices": [{"message": {"tool_calls": [piece(FINE, id=7)], "content": "EVIL"}}]},
        {"choices": [{"message": {"Tool_Calls": [piece()]}}]},
        {"choices": [{"message": {"tool_calls": [piece(FINE)], "more": {"tool_calls": [piece()]}}}]},
        {"choices": [{"message": {"tool_calls": [piece(FINE, Function={"arguments": EVIL})]}}]},
        {"choices": [{"message": {"tool_calls": [piece(FINE)]}, "Message": {"content": "EVIL"}}]},
        {"choices": [{"message": {"tool_calls": [piece(FINE)], "content": "EVIL", "Function_Call": {"name": "x"}}}]},
        {"choices": [{"message": {"tool_calls": [piece('{"command": "\ud83d"}')], "content": "EVIL"}}]},
    ],
)
def test_no_call_is_smuggled_through_a_whole_answer(answer):
    assert "EVIL" not in whole("chat", answer)


def found(answer, raw=b""):
    """What is found of an answer's calls: their number, or why it cannot be told."""
    try:
        return len(chat.uses_of(answer, raw))
    except UnclearAnswer:
        return "unclear"


CALLERS = st.sampled_from(
    ["tool_calls", "function_call", "Tool_Calls", "TOOL_CALLS", "tool_call", "content", "refusal"]
)
VALUES = st.sampled_from([None, "x", "tool_calls", [], [piece()], {"name": "bash", "arguments": "{}"}, {"a": 1}])
MESSAGES = st.dictionaries(CALLERS, VALUES, max_size=2)


@given(st.dictionaries(CALLERS, VALUES, max_size=1), st.lists(MESSAGES, max_size=2), st.booleans(), st.booleans())
def test_law_with_its_bytes_at_hand_no_more_and_no_fewer_calls_are_found(beside, messages, escaped, spaced):
    answer = beside | {"choices": [{"index": n, "message": one} for n, one in enumerate(messages)]}
    raw = json.dumps(answer, separators=None if spaced else (",", ":"))
    if escaped:
        raw = raw.replace("_", "\\u005f")
    assert json.loads(raw) == answer
    assert found(answer, raw.encode()) == found(answer)


def test_a_form_that_is_said_to_be_none_is_none():
    [use] = chat.uses_of({"choices": [{"message": {"tool_calls": [piece(FINE, custom=None)]}}]})
    assert (use.arguments, use.form) == (FINE, Form.FUNCTION)


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


def test_a_call_of_the_old_field_stays_there_when_it_is_rewritten():
    old = {"name": "f", "arguments": EVIL}
    _, out = run(
        "chat", told(chunk({"function_call": old}), finish="function_call"), Changes({(0, -1): Rewritten(FINE)})
    )
    deltas = [one["delta"] for event in parsed(out) for one in event.json().get("choices", [])]
    assert [delta for delta in deltas if delta] == [{"function_call": old | {"arguments": FINE}}]
    assert read_chat(out).stop == "function_call"
    document = {"choices": [{"message": {"function_call": old}, "finish_reason": "function_call"}]}
    [choice] = chat.change(document, Changes({(0, -1): Rewritten(FINE)}))["choices"]
    assert choice == {"message": {"function_call": old | {"arguments": FINE}}, "finish_reason": "function_call"}


def test_a_call_of_the_old_field_that_becomes_another_is_a_call_with_an_id():
    old = {"name": "f", "arguments": EVIL}
    changes = Changes({(0, -1): Called("Bash", FINE)})
    _, out = run("chat", told(chunk({"function_call": old, "tool_calls": [piece(id="")]})), changes)
    assert read_chat(out).calls == [("Bash", EVIL), ("Bash", FINE)]
    assert b"function_call" not in out
    document = {"id": "x", "choices": [{"message": {"function_call": old, "tool_calls": [piece()]}}]}
    [choice] = chat.change(document, changes)["choices"]
    first, second = choice["message"]["tool_calls"]
    assert (first["id"], second["type"], second["function"]) == ("c1", "function", {"name": "Bash", "arguments": FINE})
    assert second["id"] not in {"", "c1"}


def test_calls_of_one_id_are_told_apart():
    made = {"choices": [{"message": {"tool_calls": [piece(), piece(), piece(id="c1_")]}}]}
    [choice] = chat.change(made, Changes({(0, 1): Rewritten(FINE)}))["choices"]
    calls = choice["message"]["tool_calls"]
    assert [call["function"]["arguments"] for call in calls] == [EVIL, FINE, EVIL]
    assert len({call["id"] for call in calls}) == 3


def test_what_is_added_stands_where_the_calls_stand():
    """Some servers put the text into one choice and the calls into the next."""
    other = {"index": 1, "message": {"content": "x"}, "finish_reason": "stop"}
    more = {"index": 2, "message": {"content": None, "tool_calls": [piece(id="c3")]}, "finish_reason": "stop"}
    calls = {"index": 0, "message": {"tool_calls": [piece()]}, "finish_reason": "stop"}
    changes = Changes({}, (Called("Bash", FINE), Said("so")))
    first, second, third = chat.change({"id": "a", "choices": [other, calls, more]}, changes)["choices"]
    assert (first, len(third["message"]["tool_calls"]), third["message"]["content"]) == (other, 1, None)
    assert [call["function"]["arguments"] for call in second["message"]["tool_calls"]] == [EVIL, FINE]
    assert second["message"]["content"] == "so"
    raw = told({"id": "c", "choices": [{"index": 3, "delta": {"tool_calls": [piece()]}}]})
    choices = [
        one
        for event in parsed(run("chat", raw, Changes({}, (Called("Bash", FINE),)))[1])
        for one in event.json().get("choices", [])
    ]
    assert [one["index"] for one in choices if calls_in(one)] == [3, 3]


WORDS = {"type": "text", "text": "x"}


@pytest.mark.parametrize("content", [[WORDS], "x", "", None, 7])
def test_a_refusal_stands_behind_any_content(content):
    made = {"choices": [{"message": {"content": content, "tool_calls": [piece()]}}]}
    [choice] = chat.change(made, Changes({(0, 0): Said("no")}))["choices"]
    text = "x\nno" if content == "x" else "no"
    assert choice["message"]["content"] == ([*content, {"type": "text", "text": "no"}] if content == [WORDS] else text)


FIRST = {"role": "assistant", "content": None, "tool_calls": [piece("")]}


@pytest.mark.parametrize("before", [[], [chunk({"role": "assistant", "content": ""})]])
@pytest.mark.parametrize("change", [Rewritten(FINE), Said("no")])
def test_the_role_is_told_once_also_where_it_came_with_a_call_that_is_another(before, change):
    raw = told(*before, chunk(FIRST), chunk({"role": "assistant", "tool_calls": [grown(EVIL)]}))
    _, out = run("chat", raw, Changes({(0, 0): change}))
    assert out.count(b'"role"') == 1
    assert b"EVIL" not in out


def test_what_else_a_chunk_of_a_call_says_is_said_before_it_and_its_end_after():
    usage = {"prompt_tokens": 1}
    both = chunk({"content": "so", "tool_calls": [piece("{")]}, finish="stop")
    raw = sse(chunk({"tool_calls": [piece("", id="c1")]}) | {"usage": usage}, both | {"usage": usage}) + DONE
    answer, out = run("chat", raw, Changes({(0, 0): Said("no")}))
    events = [event.json() for event in parsed(out)][:-1]
    assert [(one["choices"][0]["delta"], one["choices"][0]["finish_reason"], one.get("usage")) for one in events] == [
        ({}, None, usage),
        ({"content": "no"}, None, None),
        ({"content": "so"}, None, None),
        ({}, "stop", usage),
    ]
    assert answer.complete


def test_only_the_choice_of_the_calls_stops_for_another_reason():
    ends = [{"index": index, "delta": {}, "finish_reason": "tool_calls"} for index in (0, 1)]
    raw = sse(chunk({"tool_calls": [piece()]}), {"choices": ends}) + DONE
    *_, last, done = parsed(run("chat", raw, Changes({(0, 0): Said("no")}))[1])
    assert [one["finish_reason"] for one in last.json()["choices"]] == ["stop", "tool_calls"]
    assert done.raw == DONE


def test_a_letter_that_the_upstream_cut_in_two_is_one_letter_and_half_a_letter_is_unclear():
    cut = [chunk({"tool_calls": [piece('{"command": "cat \ud83d')]}), chunk({"tool_calls": [grown('\ude00"}')]})]
    answer, out = run("chat", told(*cut))
    [use] = answer.uses
    assert read_chat(out).calls == [(use.name, use.arguments)] == [("Bash", '{"command": "cat \U0001f600"}')]
    answer, _ = fed("chat", told(cut[0]))
    with pytest.raises(UnclearAnswer):
        answer.uses  # noqa: B018 - reading it is the law


def test_an_event_line_hides_no_chunk():
    """Some readers know no other events than those without a name."""
    _, out = run("chat", told(chunk({"tool_calls": [piece()]})).replace(b"data: {", b"event: ping\ndata: {"))
    assert b"event:" not in out
    assert read_chat(out).calls == [("Bash", EVIL)]


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
    assert said_in(out) == {0: "one x one1", 1: "two x two2"}


def said_in(out: bytes) -> dict[int, str]:
    said = {0: "", 1: ""}
    for event in parsed(out):
        for choice in event.json().get("choices", []):
            said[choice["index"]] += choice["delta"].get("content") or ""
    return said


SECRETS = {"SECRET_AWS_0A1B2C3D": "a key"}


@pytest.mark.parametrize(
    "chunks",
    [
        [chunk({"content": "I say"}), chunk({"content": " YES"}, finish="stop")],
        [chunk({"content": "I say YES"})],
        [chunk({"content": "I say YES"}), chunk({}, finish="stop")],
        [chunk({"content": "I sa"}), chunk({}, finish="stop"), chunk({"content": "y YES"})],
        [chunk({"content": "I say YE"}), chunk({"content": "S", "tool_calls": [piece()]}, finish="stop")],
        [chunk({"content": "I say YES"}), chunk({"tool_calls": [piece()]}), chunk({}, finish="tool_calls")],
    ],
)
@pytest.mark.parametrize("change", [None, Rewritten(FINE), Said("")])
def test_the_end_of_a_text_that_could_become_a_placeholder_comes_whole_and_in_its_place(chunks, change):
    changes = Changes({(0, 0): change} if change else {})
    assert read_chat(run("chat", sse(*chunks) + DONE, changes, SECRETS.get)[1]).text == "I say YES"


def test_a_refusal_stands_behind_the_whole_text():
    raw = told(chunk({"content": "I say YES"}), chunk({"tool_calls": [piece()]}))
    assert read_chat(run("chat", raw, Changes({(0, 0): Said(" no")}), SECRETS.get)[1]).text == "I say YES no"


def test_choices_with_the_same_piece_are_restored_apart():
    def both(one: str, other: str) -> dict:
        return {
            "id": "c",
            "choices": [{"index": 0, "delta": {"content": one}}, {"index": 1, "delta": {"content": other}}],
        }

    _, out = run("chat", told(both("SECRET_AWS_0A1B2C", "so "), both("3D ", "3D ")), lookup=SECRETS.get)
    assert said_in(out) == {0: "a key ", 1: "so 3D "}


figures = st.one_of(st.integers(-5, 10**7), st.none(), st.booleans(), st.text(max_size=2))


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


@pytest.mark.parametrize("calls", [[], [chunk({"tool_calls": [piece()]})]])
def test_usage_that_the_agent_did_not_ask_for_is_read_and_not_given_out(calls):
    only, beside = {"choices": [], "usage": {"prompt_tokens": 7}}, chunk({"content": "x"}) | {"usage": {}}
    raw = sse(*calls, beside, {"choices": [], "usage": None}, only) + DONE
    for passes in (True, False):
        answer = chat.stream(None)
        answer.passes_usage = passes
        out = [piece for event in parsed(raw) for piece in answer.feed(event)]
        out += answer.release(Changes()) if answer.holding else []
        assert b"".join(out) == (raw if passes else raw.replace(sse(only), b""))
        assert answer.usage == Usage(input=7)


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
