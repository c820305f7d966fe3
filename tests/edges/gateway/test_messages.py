"""What is Messages' own: blocks by index, tools that the provider runs, signed thinking, cache writes of two lives."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.edges.gateway import messages
from companion.edges.gateway.dialect import BadRequest, UnclearAnswer
from companion.edges.gateway.tooluse import Called, Changes, Rewritten, Said
from companion.model.money import Usage
from tests.support.dialects import EVIL, FINE, NO_INDEX, fed, given_out, parsed, run, sse, whole
from tests.support.wire import read_messages

SECRETS = {"SECRET_AWS_0A1B2C3D": "a key"}


def start(index: object = 0, name: object = "Bash", kind: str = "tool_use", given: object = None) -> dict:
    block = {"type": kind, "id": f"t{index}", "name": name, "input": given or {}}
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(text: str, index: object = 0, kind: str = "input_json_delta") -> dict:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, "partial_json": text}}


def stop(index: object = 0) -> dict:
    return {"type": "content_block_stop", "index": index}


def called(index: int, name: str, arguments: str) -> list[dict]:
    return [start(index, name), delta(arguments, index), stop(index)]


def block(index: int, begun: dict, *deltas: dict) -> list[dict]:
    grown = [{"type": "content_block_delta", "index": index, "delta": one} for one in deltas]
    return [{"type": "content_block_start", "index": index, "content_block": begun}, *grown, stop(index)]


END = [{"type": "message_delta", "delta": {"stop_reason": "tool_use"}}, {"type": "message_stop"}]
USE = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "EVIL"}}

SMUGGLED = {
    "one index twice": [start(), delta(EVIL), stop(), start(), delta(FINE), stop()],
    "pieces that are no arguments": [
        start(),
        delta('{"command": "ls", "description": ', kind="text_delta"),
        delta(EVIL),
        delta("}", kind="text_delta"),
        stop(),
    ],
    "a piece that is no text": [start(), delta({"command": "EVIL"}), stop()],
    "pieces after the end": [start(), delta('{"command": "ls", "description": "EVIL"'), stop(), delta("}")],
    "pieces before the beginning": [delta(EVIL), start(), stop()],
    "an end before the beginning": [stop(), *called(0, "Bash", EVIL)],
    "a message that starts with a call": [{"type": "message_start", "message": {"id": "m", "content": [USE]}}],
    "a server tool with a name of the agent's": [start(kind="server_tool_use", given={"command": "EVIL"}), stop()],
    "an unknown kind of use": [start(kind="new_tool_use", given={"command": "EVIL"}), stop()],
    "an event of an unknown type": [{"type": "content_block", "content_block": USE}],
    "a call within a delta": block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "", "next": [USE]}),
    "an index that is true": [start(1), start(True), delta(EVIL, True), stop(True), delta(FINE, 1), stop(1)],
    "input at the start": [start(given={"command": "EVIL"}), stop()],
    "input at the start and more of it": [start(given={"command": "ls"}), delta(EVIL), stop()],
    "no index": [{"type": "content_block_start", "content_block": USE}, {"type": "content_block_stop"}],
    "no name": [start(name=None), delta(EVIL), stop()],
    "a name that is a list": [start(name=["Bash"]), delta(EVIL), stop()],
    "no block": [{"type": "content_block_start", "index": 0}, delta(EVIL), stop()],
    "never ended": [start(), delta(EVIL)],
}


@pytest.mark.parametrize("case", SMUGGLED)
@pytest.mark.parametrize("named", [True, False])
def test_no_call_is_smuggled_through_a_stream(case, named):
    assert b"EVIL" not in given_out("messages", sse(*SMUGGLED[case], *END, named=named))


@pytest.mark.parametrize(
    "answer",
    [
        {"content": {"0": USE}},
        {"content": [{"type": "text", "text": "x", "next": USE}]},
        {"content": [USE | {"type": "server_tool_use"}]},
        {"content": [USE | {"type": "new_tool_use"}]},
        {"content": [USE | {"name": None}]},
        {"content": [USE | {"input": "EVIL"}]},
        {"content": [], "message": {"content": [USE]}},
        {"content": [USE | {"input": {"command": "ls"}}, USE]},
    ],
)
def test_no_call_is_smuggled_through_a_whole_answer(answer):
    assert "EVIL" not in whole("messages", answer)


@pytest.mark.parametrize("index", NO_INDEX)
def test_an_index_that_readers_could_take_for_another_is_unclear(index):
    for events in ([start(index)], [start(1), start(0), delta(EVIL, index)], [start(1), start(0), stop(index)]):
        with pytest.raises(UnclearAnswer):
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


def test_an_error_in_the_stream_is_a_failure_in_its_words():
    raw = sse({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
    answer, passed = fed("messages", raw)
    assert (answer.failed, answer.complete, passed) == ("Overloaded", False, raw)


figures = st.integers(0, 10**7)


@settings(deadline=None)
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
