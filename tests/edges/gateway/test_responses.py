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
from tests.support.dialects import EVIL, FINE, NO_INDEX, fed, parsed, run, sse
from tests.support.item_events import PATCH, SHELL, TEXT, UNKNOWN, added, completed, done, item, piece
from tests.support.wire import read_responses


@pytest.mark.parametrize("index", NO_INDEX)
def test_an_index_that_readers_could_take_for_another_is_unclear(index):
    for events in (
        [added(TEXT, index)],
        [done(item(), index)],
        [added(TEXT), added(item(""), 1), piece("", index)],
    ):
        with pytest.raises(UnclearAnswer, match="place in a list"):
            fed("responses", sse(*events))


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


THOUGHT = {"type": "reasoning", "id": "rs", "summary": []}
ONE, TWO = item(FINE, id="c1", call_id="c1"), item(EVIL, id="c2", call_id="c2")
BARE = {"arguments": "", "status": "in_progress"}
UPSTREAMS = {
    "LiteLLM, where thoughts and text go by one index": [
        *[added(THOUGHT), done(THOUGHT), {"type": "response.output_text.delta", "output_index": 0, "delta": "x"}],
        *[added(ONE | BARE, 1), piece(FINE[:9], 1) | {"item_id": "c1"}, piece(FINE[9:], 1) | {"item_id": "c1"}],
        *[added(TWO | BARE, 2), piece(EVIL, 2) | {"item_id": "c2"}],
        *[piece(FINE, 1, whole=True), done(ONE, 1), piece(EVIL, 2, whole=True), done(TWO, 2)],
        *[done(TEXT), completed(THOUGHT, TEXT, ONE, TWO)],
    ],
    "LiteLLM, where no text comes first": [
        *[added(ONE | BARE, 1), piece(FINE, 1), added(TWO | BARE, 2), piece(EVIL, 2)],
        *[piece(FINE, 1, whole=True), done(ONE, 1), piece(EVIL, 2, whole=True), done(TWO, 2)],
        *[done(TEXT), completed(TEXT, ONE, TWO)],
    ],
    "Copilot, where each event has an id of its own": [
        *[added(ONE | BARE), piece(FINE[:9]) | {"item_id": "r1"}, piece(FINE[9:]) | {"item_id": "r2"}],
        *[piece(FINE, whole=True) | {"item_id": "r3"}, done(ONE | {"id": "r4"})],
        *[added(TWO | BARE, 1), piece(EVIL, 1) | {"item_id": "r5"}, done(TWO | {"id": "r6"}, 1)],
        completed(ONE | {"id": "r7"}, TWO | {"id": "r8"}),
    ],
    "Bedrock, where what is done has no id": [
        *[added(ONE | BARE), piece(FINE) | {"item_id": "c1"}, done(ONE | {"id": None, "item_id": "c1"})],
        *[added(TWO | BARE, 1), piece(EVIL, 1) | {"item_id": "c2"}, done(TWO | {"id": None, "output_index": 1}, 1)],
        completed(ONE | {"id": None}, TWO | {"id": None}),
    ],
    "one that tells no pieces": [added(ONE | BARE), done(ONE), added(TWO | BARE, 1), done(TWO, 1), completed(ONE, TWO)],
    "one whose last event lists nothing": [added(ONE | BARE), piece(FINE), done(ONE), done(TWO, 1), completed()],
    "one that says in between that it goes on, as another companion does": [
        *[{"type": "response.created", "response": {"id": "r", "output": []}}] * 2,
        *[added(ONE | BARE), {"type": "response.in_progress", "response": {"id": "r", "output": []}}, done(ONE)],
        *[done(TWO, 1), completed(ONE, TWO)],
    ],
    "one that tells calls at the end alone": [added(THOUGHT), done(THOUGHT), completed(THOUGHT, ONE, TWO)],
    "one that tells the arguments at once": [
        *[added(ONE), piece(FINE), piece(FINE, whole=True), done(ONE)],
        *[added(TWO, 1), done(TWO, 1), completed(ONE, TWO)],
    ],
}


@pytest.mark.parametrize("upstream", UPSTREAMS)
def test_what_is_untidy_and_clear_is_judged_and_given_out_and_what_is_refused_is_refused_wherever_it_is_told(upstream):
    raw = sse(*UPSTREAMS[upstream])
    answer, passed = fed("responses", raw)
    assert [(use.name, use.arguments) for use in answer.uses] == [("Bash", FINE), ("Bash", EVIL)]
    assert passed + b"".join(answer.release(Changes())) == raw
    again, passed = fed("responses", raw)
    out = passed + b"".join(again.release(Changes({again.uses[1].key: Said("no")})))
    assert b"EVIL" not in out
    told = [event.json() for event in parsed(out)]
    items = [event["item"] for event in told if event["type"] == "response.output_item.done"]
    for listed in (items, told[-1]["response"]["output"]):
        calls = [one for one in listed if one["type"] == "function_call"]
        assert [one["arguments"] for one in calls] == [FINE] * len(calls)
    assert any(one["type"] == "message" for one in (*items, *told[-1]["response"]["output"]))


def test_a_last_event_without_an_answer_is_unclear():
    with pytest.raises(UnclearAnswer):
        fed("responses", sse(completed() | {"type": "response.created"}, done(item()), {"type": "response.completed"}))


def test_a_letter_cut_in_two_halves_is_one_letter_to_the_gate_and_to_every_agent():
    whole_text = '{"command": "cat \U0001f600"}'
    made = item(whole_text)
    cut = [piece('{"command": "cat \ud83d'), piece('\ude00"}')]
    answer, out = run("responses", sse(added(made | BARE), *cut, done(made), completed(made)))
    assert [use.arguments for use in answer.uses] == [whole_text]
    assert read_responses(out).calls == [("Bash", whole_text)]
    pieces = [event.json()["delta"] for event in parsed(out) if event.name.endswith("arguments.delta")]
    assert pieces == [whole_text]
    with pytest.raises(UnclearAnswer, match="half a letter"):
        fed("responses", sse(added(made | BARE), cut[0], done(item('{"command": "cat \ud83d')), completed()))


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


@settings(max_examples=40)
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
    half = item('{"command": "\ud83d"}')
    for answer in ({"output": "x"}, {"output": [1]}, {"output": {}}, {"output": [half]}):
        with pytest.raises(UnclearAnswer):
            responses.uses_of(answer)
    assert responses.uses_of({}) == responses.uses_of({"output": None}) == []


def test_a_document_told_as_a_stream_is_judged_alike():
    document = {"id": "r", "status": "completed", "output": [TEXT, item(FINE), PATCH, SHELL, UNKNOWN]}
    answer = responses.stream(None)
    for event in events_of(Dialect.RESPONSES, document):
        answer.feed(event)
    assert answer.uses == responses.uses_of(document)
