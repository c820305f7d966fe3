"""What is Messages' own: blocks by index, tools that the provider runs, signed thinking, cache writes of two lives."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway import messages
from companion.edges.gateway.dialect import BadRequest, UnclearAnswer
from companion.edges.gateway.tooluse import Called, Changes, Rewritten, Said
from companion.model.money import Usage
from tests.support.block_events import END, USE, block, called, delta, start, stop
from tests.support.dialects import EVIL, FINE, NO_INDEX, fed, parsed, run, sse
from tests.support.wire import read_messages

SECRETS = {"SECRET_AWS_0A1B2C3D": "a key"}


@pytest.mark.parametrize("index", NO_INDEX)
def test_an_index_that_readers_could_take_for_another_is_unclear(index):
    *text, end = text_in_two_pieces()
    two = [text[0], text[0] | {"index": 1}]
    for events in ([start(index)], [*two, text[1] | {"index": index}], [*two, end | {"index": index}]):
        fed("messages", sse(*events[:-1]))
        with pytest.raises(UnclearAnswer, match="place in a list"):
            fed("messages", sse(*events))


def text_in_two_pieces() -> list[dict]:
    """The second is long known by its bytes."""
    grown = [{"type": "text_delta", "text": text} for text in ("one", "two")]
    return block(0, {"type": "text", "text": ""}, *grown)


def test_text_for_a_block_that_is_over_or_never_began_is_unclear():
    *open_block, end = text_in_two_pieces()
    fed("messages", sse(*open_block, open_block[-1], end))
    for events in ([*open_block, end, open_block[-1]], [*open_block, open_block[-1] | {"index": 1}]):
        with pytest.raises(UnclearAnswer):
            fed("messages", sse(*events))


def test_an_event_line_that_lies_of_a_piece_of_text_is_put_right():
    raw = sse(*text_in_two_pieces())
    spoilt = raw.replace(b"event: content_block_delta", b"event: message_stop")
    told = b"event: content_block_delta\ndata: "
    _, passed = fed("messages", spoilt)
    assert passed.count(told) == raw.count(told) == 2
    assert b"message_stop" not in passed


@pytest.mark.parametrize(
    "more",
    [
        {"Type": "content_block_stop"},
        {"Index": 1},
        {"Delta": {"type": "input_json_delta", "partial_json": EVIL}},
        {"delta": {"type": "text_delta", "text": "x", "Partial_J\u017fon": EVIL}},
        {"next": USE},
    ],
)
def test_a_piece_of_text_is_known_by_its_bytes_only_where_nothing_else_is_in_it(more):
    *text, _ = text_in_two_pieces()
    with pytest.raises(UnclearAnswer):
        fed("messages", sse(*text, text[1] | more))


def test_a_call_may_carry_what_looks_like_a_call():
    document = {"content": [USE | {"input": {"command": "ls", "note": USE}}]}
    [use] = messages.uses_of(document)
    assert json.loads(use.arguments) == document["content"][0]["input"]
    answer, _ = fed("messages", sse(start(given=document["content"][0]["input"]), stop(), *END))
    assert [(use.name, json.loads(use.arguments)) for use in answer.uses] == [("Bash", json.loads(use.arguments))]


@pytest.mark.parametrize(
    ("kind", "name", "judged"),
    [
        ("tool_use", "Bash", "Bash"),
        ("tool_use", "web_search", "web_search"),
        ("server_tool_use", "web_search", None),
        ("server_tool_use", "bash_code_execution", None),
        ("server_tool_use", "Bash", "server_tool_use Bash"),
        ("mcp_tool_use", "anything", None),
        ("local_tool_use", "web_search", "local_tool_use web_search"),
        ("web_search_tool_result", "", None),
        ("text", "", None),
    ],
)
def test_what_the_agent_would_run_is_judged_and_what_the_provider_runs_is_not(kind, name, judged):
    made = {"type": kind, "id": "t", "name": name, "input": {"a": 1}}
    raw = sse(*block(0, made), *END)
    answer, passed = fed("messages", raw)
    wanted = [] if judged is None else [(judged, {"a": 1})]
    assert [(use.name, json.loads(use.arguments)) for use in answer.uses] == wanted
    assert [(use.name, json.loads(use.arguments)) for use in messages.uses_of({"content": [made]})] == wanted
    assert passed == (b"" if wanted else raw)


def test_what_is_signed_passes_as_it_came_also_where_it_names_a_placeholder():
    told = "SECRET_AWS_0A1B2C3D"
    thought = block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": told},
        {"type": "signature_delta", "signature": told},
    )
    raw = sse(*thought, *block(1, {"type": "redacted_thinking", "data": told}), *END)
    _, out = run("messages", raw, lookup=SECRETS.get)
    assert out == raw


def test_each_block_is_restored_by_itself_also_while_calls_are_held():
    text = {"type": "text", "text": ""}
    raw = sse(
        *block(0, text, {"type": "text_delta", "text": "a SECRET_AWS_0A1B"}),
        *called(1, "Bash", FINE),
        *block(
            2, text, {"type": "text_delta", "text": "2C3D SECRET_AWS"}, {"type": "text_delta", "text": "_0A1B2C3D b"}
        ),
        *END,
    )
    for changes in (Changes(), Changes({1: Said(" no ")})):
        _, out = run("messages", raw, changes, SECRETS.get)
        assert read_messages(out).text == "a SECRET_AWS_0A1B" + (" no " if changes else "") + "2C3D a key b"


@pytest.mark.parametrize("cut", [0, 3, 19])
def test_a_block_that_begins_with_its_text_is_restored_too(cut):
    told = "SECRET_AWS_0A1B2C3D b"
    raw = sse(*block(0, {"type": "text", "text": told[:cut]}, {"type": "text_delta", "text": told[cut:]}), *END)
    _, out = run("messages", raw, lookup=SECRETS.get)
    assert read_messages(out).text == "a key b"


def test_a_beat_before_a_block_that_follows_moves_every_index_on():
    raw = sse(*called(0, "Bash", FINE), *block(1, {"type": "text", "text": "x"}), *called(2, "Read", "{}"), *END)
    answer, passed = fed("messages", raw)
    beats = answer.beat() + answer.beat()
    read = read_messages(passed + beats + b"".join(answer.release(Changes(extra=(Called("Bash", EVIL),)))))
    assert (read.text, read.calls) == ("x", [("Bash", FINE), ("Read", "{}"), ("Bash", EVIL)])


def test_calls_that_are_added_have_names_of_their_own():
    begun = {"type": "message_start", "message": {"id": "msg_0123456789abcdef"}}
    extra = (Called("Bash", FINE), Called("Bash", FINE))
    _, out = run("messages", sse(begun, *called(0, "Bash", FINE), *END), Changes(extra=extra))
    blocks = [event.json().get("content_block", {}) for event in parsed(out)]
    content = messages.change({"id": "msg_0123456789abcdef", "content": [USE]}, Changes(extra=extra))["content"]
    for names in ([one["id"] for one in blocks if one], [one["id"] for one in content]):
        assert len(set(names)) == len(names) == 3


@pytest.mark.parametrize("stop_reason", ["tool_use", "end_turn", "max_tokens", None])
def test_only_a_stop_for_calls_that_are_gone_is_another_stop(stop_reason):
    gone = {"tool_use": "end_turn"}.get(stop_reason, stop_reason)
    end = [{"type": "message_delta", "delta": {"stop_reason": stop_reason}}, END[1]]
    for changes, wanted in ((Changes({0: Said("no")}), gone), (Changes({0: Rewritten(FINE)}), stop_reason)):
        assert messages.change({"content": [USE], "stop_reason": stop_reason}, changes)["stop_reason"] == wanted
        _, out = run("messages", sse(*called(0, "Bash", EVIL), *end), changes)
        assert read_messages(out).stop == wanted


@pytest.mark.parametrize("beats", [0, 2])
def test_an_upstream_that_ends_its_blocks_only_at_the_end_is_put_right(beats):
    """As llama.cpp does, and bridges that turn Chat Completions into Messages."""
    text = block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "SECRET_AWS_0A1B2C3D SECR"})[:-1]
    calls = [event for n, name in enumerate(("Bash", "Read"), 1) for event in called(n, name, FINE)[:-1]]
    sealed = {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": ""}}
    late = [sealed, *(stop(index) for index in range(3))]
    answer, passed = fed("messages", sse(*text, *calls, *late, *END), SECRETS.get)
    assert [use.arguments for use in answer.uses] == [FINE, FINE]
    told = b"".join(answer.beat() for _ in range(beats))
    read = read_messages(passed + told + b"".join(answer.release(Changes())))
    assert (read.text, read.calls, read.done) == ("a key SECR", [("Bash", FINE), ("Read", FINE)], True)


@pytest.mark.parametrize("end", [[stop()], []])
def test_a_call_whose_input_stands_at_its_beginning_goes_out_as_every_agent_reads_it(end):
    answer, _ = fed("messages", sse(start(given=json.loads(FINE)), *end, *END))
    assert read_messages(b"".join(answer.release(Changes()))).calls == [("Bash", FINE)]
    assert read_messages(b"".join(answer.release(Changes({0: Rewritten(EVIL)})))).calls == [("Bash", EVIL)]


def test_a_letter_cut_in_two_halves_is_one_letter_to_the_gate_and_to_every_agent():
    raw = sse(start(), delta('{"command": "cat \ud83d'), delta('\ude00"}'), stop(), *END)
    answer, out = run("messages", raw)
    [use] = answer.uses
    assert [("Bash", use.arguments)] == read_messages(out).calls == [("Bash", '{"command": "cat \U0001f600"}')]
    assert b"\\ud" not in out


KINDS = ["tool_use", "new_tool_use", "server_tool_use", "Tool_Use"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("as_pieces", [True, False])
def test_what_is_rewritten_stays_the_kind_of_call_that_it_was(kind, as_pieces):
    begun = USE | {"type": kind, "input": {} if as_pieces else {"command": "SECRET_X_00000000"}, "caller": "x"}
    grown = [{"type": "input_json_delta", "partial_json": '{"command": "SECRET_X_00000000"}'}] * as_pieces
    answer, _ = fed("messages", sse(*block(0, begun, *grown), *END))
    out = b"".join(answer.release(Changes({0: Rewritten(FINE)})))
    assert (b"input_json_delta" in out) is (as_pieces or kind == "tool_use")
    again, _ = fed("messages", out)
    named = "Bash" if kind == "tool_use" else f"{kind} Bash"
    assert [(use.name, use.arguments) for use in again.uses] == [(named, FINE)]
    [use] = messages.uses_of(changed := messages.change({"content": [begun]}, Changes({0: Rewritten(FINE)})))
    assert (use.name, use.arguments) == (named, FINE)
    assert changed["content"][0]["caller"] == "x"


@pytest.mark.parametrize("kind", KINDS)
def test_what_becomes_another_call_is_the_agents_own_and_nothing_else(kind):
    made = {0: Called("Read", FINE)}
    wanted = {"type": "tool_use", "id": "t", "name": "Read", "input": json.loads(FINE)}
    begun = USE | {"type": kind, "caller": "x"}
    assert messages.change({"content": [begun]}, Changes(made))["content"] == [wanted]
    _, out = run("messages", sse(*block(0, begun), *END), Changes(made))
    assert read_messages(out).calls == [("Read", FINE)]
    assert next(event.json()["content_block"] for event in parsed(out)) == wanted | {"input": {}}


def test_a_stop_for_a_call_of_another_kind_stays():
    document = {"content": [USE | {"type": "new_tool_use"}], "stop_reason": "tool_use"}
    assert messages.change(document, Changes({0: Rewritten(FINE)}))["stop_reason"] == "tool_use"


def test_an_error_in_the_stream_is_a_failure_in_its_words():
    raw = sse({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
    answer, passed = fed("messages", raw)
    assert (answer.failed, answer.complete, passed) == ("Overloaded", False, raw)


figures = st.integers(0, 10**7)


@given(plain=figures, read=figures, five=figures, hour=figures, output=figures)
def test_every_prompt_token_is_counted_once(plain, read, five, hour, output):
    usage = {"input_tokens": plain, "cache_read_input_tokens": read, "cache_creation_input_tokens": five + hour}
    split = {"ephemeral_5m_input_tokens": five, "ephemeral_1h_input_tokens": hour}
    told = messages.usage_of({"usage": usage | {"cache_creation": split, "output_tokens": output}})
    assert told == Usage(plain, read, five, hour, output)
    assert messages.usage_of({"usage": usage | {"output_tokens": output}}) == Usage(plain, read, five + hour, 0, output)


def test_a_split_that_does_not_add_up_is_believed_and_flagged():
    split = {"ephemeral_5m_input_tokens": 7, "ephemeral_1h_input_tokens": 5}
    usage = {"cache_creation_input_tokens": 3, "cache_creation": split}
    flagged = Usage(cache_write_5m=7, cache_write_1h=5, flags=("cache-write-split-differs",))
    assert messages.usage_of({"usage": usage}) == flagged


def test_a_stream_tells_its_usage_bit_by_bit_and_the_last_word_counts():
    begun = {"input_tokens": 9, "cache_read_input_tokens": 4, "output_tokens": 1}
    later = {"input_tokens": None, "cache_read_input_tokens": 5, "output_tokens": 30}
    events = [{"type": "message_start", "message": {"id": "m", "usage": begun}}]
    assert fed("messages", sse(*events))[0].usage == Usage(input=9, cache_read=4, output=1)
    events += [{"type": "message_delta", "delta": {}, "usage": usage} for usage in (later, None, {"output_tokens": 31})]
    assert fed("messages", sse(*events))[0].usage == Usage(input=9, cache_read=5, output=31)
    assert fed("messages", sse({"type": "ping"}))[0].usage is None
    assert messages.usage_of({"usage": None}) is None


BODY = {"model": "m", "messages": []}


@pytest.mark.parametrize(
    "body", [{}, {"model": "m"}, {"messages": []}, BODY | {"messages": "hi"}, BODY | {"model": []}]
)
def test_a_body_that_is_no_call_is_refused(body):
    with pytest.raises(BadRequest):
        messages.read_request(body)


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"stream": True, "max_tokens": 5}, {"stream": True, "max_output_tokens": 5}),
        ({"stream": "true", "max_tokens": -5}, {"stream": False, "max_output_tokens": None}),
        (
            {"tools": [{"name": "a"}, {"type": "web_search_20250305", "name": "web_search"}, 1]},
            {"tools": ("a", "web_search")},
        ),
        ({"tools": None}, {"tools": ()}),
        ({"system": "s"}, {"instructions": ("s",)}),
        (
            {
                "system": [{"type": "text", "text": "s"}, {"type": "text", "text": "t"}],
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": "u"}]},
                    {"role": "system", "content": "later"},
                    {"role": "assistant", "content": "# Plan Mode"},
                    "system",
                ],
            },
            {"instructions": ("s", "t", "later"), "words": "u"},
        ),
    ],
)
def test_what_is_read_of_a_body(more, found):
    asked = messages.read_request(BODY | more)
    assert {name: getattr(asked, name) for name in found} == found


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "invalid_request_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
    ],
)
def test_an_error_has_anthropics_shape(status, kind):
    error = {"type": kind, "message": "words", "code": "no-route"}
    assert messages.error(status, "no-route", "words") == {"type": "error", "error": error}


def test_a_whole_answer_that_is_none_is_unclear():
    for answer in ({"content": "x"}, {"content": [1]}, {"content": {}}):
        with pytest.raises(UnclearAnswer):
            messages.uses_of(answer)
    assert messages.uses_of({}) == messages.uses_of({"content": None}) == []
