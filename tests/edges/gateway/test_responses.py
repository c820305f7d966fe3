"""What is Responses' own: items that are told three times, numbered events, calls of many forms, namespaces."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.edges.gateway import responses
from companion.edges.gateway.dialect import BadRequest, UnclearAnswer
from companion.edges.gateway.replay import events_of
from companion.edges.gateway.tooluse import Called, Changes, Form, Rewritten, Said
from companion.model.action import Dialect
from tests.support.answers import STREAMS
from tests.support.dialects import EVIL, FINE, NO_INDEX, fed, given_out, parsed, run, sse, whole
from tests.support.wire import read_responses


def item(arguments: object = EVIL, **more) -> dict:
    return {"type": "function_call", "id": "f", "call_id": "c", "name": "Bash", "arguments": arguments} | more


def added(made: dict, index: object = 0) -> dict:
    return {"type": "response.output_item.added", "output_index": index, "item": made}


def done(made: dict, index: object = 0) -> dict:
    return {"type": "response.output_item.done", "output_index": index, "item": made}


def completed(*made: object) -> dict:
    return {"type": "response.completed", "response": {"id": "r", "output": list(made)}}


def piece(text: object, index: object = 0, *, whole: bool = False) -> dict:
    kind = f"response.function_call_arguments.{'done' if whole else 'delta'}"
    return {"type": kind, "output_index": index, "arguments" if whole else "delta": text}


SHELL = {"type": "local_shell_call", "id": "l", "call_id": "c", "status": "completed"}
SHELL |= {"action": {"type": "exec", "command": ["ls"], "env": {}}}
PATCH = {"type": "custom_tool_call", "id": "u", "call_id": "c", "name": "apply_patch", "input": "*** Begin Patch"}
UNKNOWN = {"type": "shell_call", "id": "s", "call_id": "c", "action": {"commands": ["ls"]}}
TEXT = {"type": "message", "id": "m", "role": "assistant", "content": []}

SMUGGLED = {
    "another call at the end": [done(item()), completed(item(FINE))],
    "one index twice": [done(item()), done(item(FINE)), completed()],
    "another name at the end": [
        done(item(json.dumps({"file_path": "a", "command": "EVIL"}))),
        completed(item(json.dumps({"file_path": "a", "command": "EVIL"}), name="Read")),
    ],
    "pieces that differ": [added(item("")), piece(EVIL), done(item(FINE)), completed(item(FINE))],
    "arguments said to be done that differ": [
        added(item("")),
        piece(EVIL, whole=True),
        done(item(FINE)),
        completed(item(FINE)),
    ],
    "pieces and what they are said to be differ": [
        added(item("")),
        piece(FINE),
        piece(EVIL, whole=True),
        done(item(FINE)),
        completed(item(FINE)),
    ],
    "pieces before the item": [piece(EVIL), added(item("")), done(item(FINE)), completed(item(FINE))],
    "pieces after the item": [done(item(FINE)), piece(EVIL), completed(item(FINE))],
    "pieces of another item": [done(item(FINE)), added(TEXT, 1), piece(EVIL, 1), completed(item(FINE))],
    "pieces that are no text": [added(item("")), piece({"command": "EVIL"}), completed(item(FINE))],
    "a call begun as another": [added(item(EVIL)), done(item(FINE)), completed(item(FINE))],
    "a call that ends as text": [added(item(EVIL)), done(TEXT | {"id": "f"}), completed()],
    "text that ends as a call": [added(TEXT), done(item()), completed()],
    "only at the end": [completed(item())],
    "only at an end that is cut": [{"type": "response.incomplete", "response": {"id": "r", "output": [item()]}}],
    "already at the beginning": [{"type": "response.created", "response": {"id": "r", "output": [item()]}}],
    "an event of an unknown type": [{"type": "response.done", "response": {"id": "r", "output": [item()]}}],
    "an unknown kind of call": [done({"type": "shell_call", "action": {"commands": ["EVIL"]}}), completed()],
    "a name in a namespace": [done(item(FINE, namespace="EVIL")), completed()],
    "no index": [{"type": "response.output_item.done", "item": item()}, completed()],
    "no name": [done(item(name=None)), completed()],
    "arguments that are no text": [done(item({"command": "EVIL"})), completed()],
    "output as an object": [{"type": "response.completed", "response": {"output": {"0": item()}}}],
    "a shell with an environment": [
        done(SHELL | {"action": {"command": ["ls"], "env": {"LD_PRELOAD": "EVIL"}}}),
        completed(),
    ],
}


@pytest.mark.parametrize("case", SMUGGLED)
@pytest.mark.parametrize("named", [True, False])
def test_no_call_is_smuggled_through_a_stream(case, named):
    assert b"EVIL" not in given_out("responses", sse(*SMUGGLED[case], named=named))


@pytest.mark.parametrize("index", NO_INDEX)
def test_an_index_that_readers_could_take_for_another_is_unclear(index):
    for events in (
        [added(TEXT, index)],
        [done(item(), index)],
        [added(item(""), 1), added(item(""), 0), piece("", index)],
    ):
        with pytest.raises(UnclearAnswer):
            fed("responses", sse(*events))


@pytest.mark.parametrize(
    "answer",
    [
        {"output": {"0": item()}},
        {"output": [], "response": {"output": [item()]}},
        {"output": [item(FINE, namespace="EVIL")]},
        {"output": [item(name=None)]},
        {"output": [item({"command": "EVIL"})]},
        {"output": [item(FINE), UNKNOWN | {"action": {"commands": ["EVIL"]}}]},
        {"output": [PATCH | {"input": "*** Begin Patch\n*** Add File: EVIL\n+x\n*** End Patch"}]},
    ],
)
def test_no_call_is_smuggled_through_a_whole_answer(answer):
    assert "EVIL" not in whole("responses", answer)


@pytest.mark.parametrize(
    ("made", "name", "arguments", "form"),
    [
        (item(FINE), "Bash", FINE, Form.FUNCTION),
        (item(""), "Bash", "{}", Form.FUNCTION),
        (item(FINE, namespace="mcp"), "mcp.Bash", FINE, Form.FUNCTION),
        (PATCH, "apply_patch", "*** Begin Patch", Form.CUSTOM),
        (SHELL, "local_shell", json.dumps(SHELL["action"]), Form.LOCAL_SHELL),
        (UNKNOWN, "shell_call", json.dumps(UNKNOWN), Form.FUNCTION),
    ],
)
def test_a_call_of_each_kind_is_read_alike_streamed_or_not(made, name, arguments, form):
    for events in ([done(made), completed(made)], [done(made), completed()], [completed(made)]):
        answer, passed = fed("responses", sse(*events))
        assert passed == b""
        [use] = answer.uses
        assert (use.name, use.arguments, use.form) == (name, arguments, form)
    assert responses.uses_of({"output": [TEXT, made]}) == [type(use)(1, name, arguments, form)]


PROVIDERS = ["web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call", "mcp_call"]


@pytest.mark.parametrize("kind", [*PROVIDERS, "message", "reasoning", "function_call_output"])
def test_what_the_provider_runs_is_not_held(kind):
    made = {"type": kind, "id": "x", "action": {"query": "SECRET"}}
    raw = sse(added(made), done(made), completed(made))
    answer, passed = fed("responses", raw)
    assert (answer.holding, passed) == (False, raw)
    assert responses.uses_of({"output": [made]}) == []


REWRITTEN = {
    "function_call": (item(FINE), EVIL, {"arguments": EVIL}),
    "custom_tool_call": (PATCH, "*** End", {"input": "*** End"}),
    "local_shell_call": (SHELL, '{"command": ["rm"]}', {"action": {"command": ["rm"]}}),
    "shell_call": (UNKNOWN, json.dumps(UNKNOWN | {"action": {}}), {"action": {}}),
}


@pytest.mark.parametrize("kind", REWRITTEN)
def test_a_call_is_rewritten_in_its_own_form(kind):
    made, told, changed = REWRITTEN[kind]
    changes = Changes({0: Rewritten(told)})
    assert responses.change({"output": [made]}, changes) == {"output": [made | changed]}
    raw = sse(*({**event, "sequence_number": n} for n, event in enumerate([added(made), done(made), completed(made)])))
    _, out = run("responses", raw, changes)
    finals = [event.json() for event in parsed(out)][-2:]
    assert finals[0]["item"] == made | changed
    assert finals[1]["response"]["output"] == [made | changed]
    assert read_responses(out).done


@pytest.mark.parametrize("made", [item(FINE, namespace="mcp"), PATCH, SHELL, UNKNOWN], ids=lambda made: made["type"])
def test_a_call_that_becomes_another_keeps_its_id_and_nothing_else(made):
    for change, wanted in (
        (Called("Bash", FINE), {"type": "function_call", "name": "Bash", "arguments": FINE}),
        (
            Called("local_shell", '{"command": ["ls"]}'),
            {"type": "local_shell_call", "action": {"type": "exec", "env": {}, "command": ["ls"]}},
        ),
    ):
        [become] = responses.change({"output": [made]}, Changes({0: change}))["output"]
        assert become["call_id"] == made["call_id"]
        assert {key: become[key] for key in become.keys() - {"id", "call_id", "status"}} == wanted
        _, out = run("responses", sse(done(made), completed(made)), Changes({0: change}))
        assert [name for name, _ in read_responses(out).calls] == [change.name]


def test_calls_that_are_added_have_names_of_their_own():
    extra = (Called("Bash", FINE), Called("Bash", FINE), Said("no"))
    output = responses.change({"id": "resp_1", "output": [item()]}, Changes(extra=extra))["output"]
    for key in ("id", "call_id"):
        told = [one[key] for one in output if key in one]
        assert len(set(told)) == len(told) > 2
    _, out = run("responses", STREAMS["responses"]("hm", [("Bash", FINE)]), Changes(extra=extra))
    read = read_responses(out)
    assert (read.calls, read.text) == ([("Bash", FINE)] * 3, "hmno")


@pytest.mark.parametrize("kind", ["response.completed", "response.incomplete"])
def test_an_answer_that_ends_early_is_gated_as_one_that_ends(kind):
    last = {"type": kind, "response": {"id": "r", "status": kind[9:], "output": [item()]}}
    answer, _ = fed("responses", sse(done(item()), last))
    assert (answer.complete, answer.over) == (True, True)
    _, out = run("responses", sse(done(item()), last), Changes({0: Said("no")}))
    final = list(parsed(out))[-1].json()
    assert (final["type"], final["response"]["status"]) == (kind, kind[9:])
    assert [one["type"] for one in final["response"]["output"]] == ["message"]


@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.failed", "response": {"error": {"code": "x", "message": "overloaded"}}},
        {"type": "error", "code": "x", "message": "overloaded"},
    ],
)
def test_an_error_in_the_stream_is_a_failure_in_its_words(event):
    answer, passed = fed("responses", sse(event))
    assert (answer.failed, answer.complete, passed) == ("overloaded", False, sse(event))


@settings(max_examples=40, deadline=None)
@given(
    beats=st.lists(st.integers(1, 9), max_size=3),
    first=st.integers(0, 3),
    text=st.sampled_from(["", "SECRET_AWS", "x"]),
)
def test_events_are_numbered_without_a_gap_whatever_is_put_between(beats, first, text):
    raw = STREAMS["responses"](text, [("Bash", FINE)])
    events = [event.json() for event in parsed(raw)]
    raw = sse(*(event | {"sequence_number": number} for number, event in enumerate(events, first)))
    answer, passed = fed("responses", raw, {}.get)
    told = b"".join(answer.beat() for _ in beats)
    made = Changes({answer.uses[0].key: Rewritten(EVIL)}, (Said("more"),))
    out = passed + told + b"".join(answer.release(made))
    numbers = [event.json()["sequence_number"] for event in parsed(out)]
    assert numbers == list(range(first, first + len(numbers)))


def test_a_word_that_reads_like_a_number_of_an_event_stays():
    event = {"type": "response.output_text.delta", "delta": 'x "sequence_number": 7', "sequence_number": 1}
    raw = sse({"type": "response.created", "sequence_number": 0}, event)
    assert fed("responses", raw)[1] == raw


def test_what_is_encrypted_and_what_is_thought_pass_as_they_came_and_arguments_are_restored():
    known = {"SECRET_AWS_0A1B2C3D": "a key"}.get
    sealed = {"type": "reasoning", "id": "r", "encrypted_content": "SECRET_AWS_0A1B2C3D", "summary": []}
    thought = {"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": "SECRET_AWS_0A1B2C3D"}
    raw = sse(thought, done(sealed), completed(sealed))
    assert run("responses", raw, lookup=known)[1] == raw
    text = TEXT | {"content": [{"type": "output_text", "text": "SECRET_AWS_0A1B2C3D"}]}
    for changes in (Changes(), Changes({1: Said("no")})):
        raw = sse(done(sealed), done(item(FINE), 1), done(text, 2), completed(sealed, item(FINE), text))
        final = list(parsed(run("responses", raw, changes, known)[1]))[-1].json()["response"]["output"]
        assert final[0] == sealed
        assert final[2]["content"][0]["text"] == "a key"


figures = st.one_of(st.integers(-5, 10**7), st.none(), st.booleans(), st.text(max_size=2))


@settings(deadline=None)
@given(prompt=figures, cached=figures, output=figures, reasoning=figures)
def test_every_prompt_token_is_counted_once_whatever_the_figures(prompt, cached, output, reasoning):
    usage = {"input_tokens": prompt, "input_tokens_details": {"cached_tokens": cached}, "output_tokens": output}
    usage["output_tokens_details"] = {"reasoning_tokens": reasoning}
    read = responses.usage_of({"usage": usage})
    assert read.prompt == (prompt if type(prompt) is int and prompt > 0 else 0)
    assert read.cache_read <= read.prompt
    assert (read.flags == ("cached-exceeds-prompt",)) is (type(cached) is int and cached > max(read.prompt, 0))
    for end in ("completed", "incomplete", "failed"):
        told = {"type": f"response.{end}", "response": {"id": "r", "output": [], "usage": usage}}
        answer, _ = fed("responses", sse({"type": "response.created", "response": {"usage": None}}, told))
        assert answer.usage == read
    later = {"type": "response.in_progress", "response": {"id": "r", "usage": None}}
    assert fed("responses", sse(told, later))[0].usage == read
    assert responses.usage_of({"usage": None}) is None


BODY = {"model": "m", "input": "hi"}


@pytest.mark.parametrize("body", [{}, {"model": "m"}, {"input": "hi"}, BODY | {"input": {}}, BODY | {"model": None}])
def test_a_body_that_is_no_call_is_refused(body):
    with pytest.raises(BadRequest):
        responses.read_request(body)


NESTED = {"type": "namespace", "name": "mcp", "tools": [{"type": "function", "name": "b"}, {"type": "namespace"}]}


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"stream": True, "max_output_tokens": 5}, {"stream": True, "max_output_tokens": 5, "words": "hi"}),
        ({"stream": 1, "max_output_tokens": "5"}, {"stream": False, "max_output_tokens": None}),
        ({"tools": [{"name": "a"}, NESTED, {"type": "local_shell"}, None]}, {"tools": ("a", "b", "local_shell")}),
        ({"tools": "a"}, {"tools": ()}),
        (
            {
                "instructions": "s",
                "input": [
                    {"role": "developer", "content": [{"type": "input_text", "text": "d"}]},
                    {"role": "system", "content": "e"},
                    {"role": "user", "content": [{"type": "input_text", "text": "<environment_context>"}]},
                    {"role": "user", "content": "u"},
                    {"role": "assistant", "content": "# Plan Mode"},
                    "developer",
                ],
            },
            {"instructions": ("s", "d", "e"), "context": ("<environment_context>",), "words": "u"},
        ),
    ],
)
def test_what_is_read_of_a_body(more, found):
    asked = responses.read_request(BODY | more)
    assert {name: getattr(asked, name) for name in found} == found


def test_an_error_has_openais_shape_and_in_a_stream_the_one_that_codex_shows():
    for status, kind in ((400, "invalid_request_error"), (429, "invalid_request_error"), (502, "server_error")):
        error = {"message": "words", "type": kind, "code": "no-route", "param": None}
        assert responses.error(status, "no-route", "words") == {"error": error}
    [event] = parsed(responses.stream_error("no-route", "words"))
    assert event.json()["response"]["status"] == "failed"
    assert event.json()["response"]["error"] == {"code": "invalid_prompt", "message": "words (no-route)"}


def test_a_whole_answer_that_is_none_is_unclear():
    for answer in ({"output": "x"}, {"output": [1]}, {"output": {}}):
        with pytest.raises(UnclearAnswer):
            responses.uses_of(answer)
    assert responses.uses_of({}) == responses.uses_of({"output": None}) == []


def test_a_document_told_as_a_stream_is_judged_alike():
    document = {"id": "r", "status": "completed", "output": [TEXT, item(FINE), PATCH, SHELL, UNKNOWN]}
    answer = responses.stream(None)
    for event in events_of(Dialect.RESPONSES, document):
        answer.feed(event)
    assert answer.uses == responses.uses_of(document)
