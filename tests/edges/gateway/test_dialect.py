"""What dialects share: frames and events that hide nothing, placeholders in JSON, values from the wire."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from companion.edges.gateway.dialect import (
    UnclearAnswer,
    index_in,
    last_words,
    letters_in,
    never_streamed,
    objects_in,
    refuse_elsewhere,
    refuse_misspelt,
    restore_arguments,
    restore_strings,
    strings_in,
    texts_in,
    unchanged,
    whole_letters,
    whole_number,
)
from companion.edges.gateway.sse import build
from companion.edges.gateway.tooluse import Changes, Form, Said, ToolUse
from tests.support.answers import STREAMS
from tests.support.dialects import DIALECTS, EVIL, fed, given_out, sse, texts

SECRET = '"\\\n'
"""Every character of it is another one inside JSON."""
SECRETS = {"SECRET_AWS_0A1B2C3D": f"two {SECRET}"}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)

ENDS = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}

FRAMES = {
    "as it is": lambda raw: raw,
    "a byte order mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "bytes that are no UTF-8": lambda raw: raw.replace(b'"name"', b'"x\xff": 1, "name"'),
    "surrogates as bytes": lambda raw: raw.replace(b'"name"', b'"x\xed\xa0\x80": 1, "name"'),
    "a number too long to read": lambda raw: raw.replace(b'"name"', b'"x": ' + b"1" * 5000 + b', "name"'),
    "too deep to read": lambda raw: raw.replace(b'"name"', b'"x": ' + b"[" * 5000 + b"]" * 5000 + b', "name"'),
    "keys twice": lambda raw: raw.replace(b'"name": "Bash"', b'"name": "Bash", "name": "Read"'),
    "an escaped key": lambda raw: raw.replace(b'"name"', b'"na\\u006de"').replace(b"tool_", b"tool\\u005f"),
    "ends of two kinds": lambda raw: raw.replace(b"\n\n", b"\n\r"),
    "no end": lambda raw: raw.rstrip(),
    "comments between": lambda raw: raw.replace(b"data:", b": x\ndata:"),
    "several data lines": lambda raw: raw.replace(b"{", b"{\ndata: "),
    "events inside of events": lambda raw: raw.replace(b"data: {", b'data: {"x": {},\ndata: {'),
    "a space before the field": lambda raw: raw.replace(b"data:", b" data:"),
}


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("step", [1, 1 << 20])
def test_no_frame_hides_a_call(name, end, frame, step):
    raw = STREAMS[name]("hi", [("Bash", json.dumps({"command": "EVIL", "file_path": "a"}))], 99)
    assert b"EVIL" not in given_out(name, FRAMES[frame](raw).replace(b"\n", ENDS[end]), step)


@pytest.mark.parametrize("end", [b"\x0b", b"\x0c", b"\x1c", b"\x1e", "\x85".encode(), "\u2028".encode()])
def test_no_line_of_a_comment_or_a_string_is_a_line_to_a_loose_reader(end):
    call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "Bash", "arguments": EVIL}}
    hidden = sse({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
    assert b"EVIL" not in given_out("chat", b": x" + end + hidden)
    text = json.dumps({"choices": [{"index": 0, "delta": {"content": "x END x"}}]}).encode()
    assert end not in given_out("chat", b"data: " + text.replace(b"END", end) + b"\n\n")


BEGUN = {
    "messages": {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "EVIL"}},
    },
    "responses": {
        "type": "response.output_item.done",
        "output_index": 0,
        "item": {"type": "function_call", "id": "f", "call_id": "c", "name": "Bash", "arguments": EVIL},
    },
}


@pytest.mark.parametrize("name", BEGUN)
def test_a_type_that_only_the_event_line_tells_counts(name):
    untyped, kind = {key: value for key, value in BEGUN[name].items() if key != "type"}, BEGUN[name]["type"]
    answer, passed = fed(name, build(untyped, kind))
    assert passed == b""
    assert [use.name for use in answer.uses] == ["Bash"]
    assert answer.release(Changes()) == [build(untyped | {"type": kind}, kind)]


@pytest.mark.parametrize("name", BEGUN)
def test_an_event_line_that_contradicts_the_type_is_put_right(name):
    answer, passed = fed(name, build(BEGUN[name], "ping"))
    assert passed == b""
    assert answer.release(Changes()) == [build(BEGUN[name], BEGUN[name]["type"])]


@pytest.mark.parametrize("name", BEGUN)
@pytest.mark.parametrize("kind", [None, 7, ["x"], "a\nevent: message_stop", "a\u2028"])
def test_a_type_that_no_event_line_can_carry_is_unclear(name, kind):
    with pytest.raises(UnclearAnswer):
        fed(name, build({"type": kind}, "ping"))


@pytest.mark.parametrize("name", DIALECTS)
@settings(max_examples=80)
@given(event=st.dictionaries(st.sampled_from(["type", "choices", "delta", "index", "item", "response"]), json_values))
def test_an_event_of_any_shape_is_read_or_unclear_and_nothing_else(name, event):
    try:
        fed(name, build(event))
    except UnclearAnswer:
        pass


@given(json_values)
def test_where_no_placeholder_is_known_every_byte_stays(value):
    raw = json.dumps({"SECRET_": value}).encode()
    assert restore_strings(raw, SECRETS.get) == raw


@given(before=texts, after=texts, key=st.sampled_from(["text", "input", "x"]), ascii_only=st.booleans())
def test_a_placeholder_is_restored_as_a_value_and_what_is_signed_or_a_key_is_left_alone(before, after, key, ascii_only):
    told = f"{before} SECRET_AWS_0A1B2C3D {after}"
    body = {key: [told, {"thinking": told, "n": 1}], "SECRET_AWS_0A1B2C3D": None}
    raw = json.dumps(body, ensure_ascii=ascii_only).encode()
    restored = told.replace("SECRET_AWS_0A1B2C3D", SECRETS["SECRET_AWS_0A1B2C3D"])
    wanted = {key: [restored, {"thinking": told, "n": 1}], "SECRET_AWS_0A1B2C3D": None}
    assert json.loads(restore_strings(raw, SECRETS.get, frozenset({"thinking"}))) == wanted


@pytest.mark.parametrize("form", [Form.FUNCTION, Form.LOCAL_SHELL, Form.CUSTOM])
def test_a_secret_in_arguments_is_written_as_their_form_writes_it(form):
    known = {"SECRET_X_00000000": SECRET}.get
    if form is Form.CUSTOM:
        assert restore_arguments(ToolUse(0, "t", "a SECRET_X_00000000 b", form), known) == f"a {SECRET} b"
        return
    use = ToolUse(0, "t", '{"a": "SECRET_X_00000000"}', form)
    assert json.loads(restore_arguments(use, known)) == {"a": SECRET}
    told = json.dumps({"function": {"arguments": use.arguments}}).encode()
    assert json.loads(json.loads(restore_strings(told, known))["function"]["arguments"]) == {"a": SECRET}
    plain = json.dumps({"input": {"arguments": "words SECRET_X_00000000"}}).encode()
    assert json.loads(restore_strings(plain, known)) == {"input": {"arguments": f"words {SECRET}"}}


@pytest.mark.parametrize(
    ("event", "letters"),
    [
        ({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "abc"}}, 3),
        ({"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "abcd"}}, 4),
        ({"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": "{}"}}, 2),
        ({"type": "content_block_delta", "delta": {"type": "signature_delta", "signature": "x" * 99}}, 0),
        ({"type": "response.output_text.delta", "delta": "abc"}, 3),
        ({"choices": [{"delta": {"role": "assistant", "content": "ab"}}, {"delta": {"content": "c"}}]}, 3),
        ({"choices": [{"delta": {"tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]}}]}, 2),
        ({"choices": [{"delta": {"content": None}}], "text": "abc"}, 0),
        ({"choices": None}, 0),
    ],
)
def test_what_an_event_adds_to_what_the_model_wrote(event, letters):
    assert letters_in(event) == letters


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "a"),
        ([{"role": "user", "content": "a"}, {"role": "user", "content": [{"text": "b"}, {"text": "c"}]}], "b\nc"),
        ([{"role": "user", "content": "a"}, {"role": "user", "content": [{"type": "tool_result"}]}], "a"),
        ([{"role": "user", "content": "a"}, {"role": "user", "content": " <system-reminder>x"}], "a"),
        ([{"role": "user", "content": [{"text": "<environment_context>"}, {"text": "b"}]}], "b"),
        ([{"role": "system", "content": "a"}, "user"], ""),
        ("as it is", "as it is"),
        (None, ""),
    ],
)
def test_what_the_person_said_last(messages, words):
    assert last_words(messages) == words


def test_of_what_the_person_said_a_part_is_enough():
    assert len(last_words([{"role": "user", "content": "x" * 50_000}])) == len(last_words("x" * 50_000)) == 20_000


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("a", ("a",)),
        ("", ("",)),
        ([{"text": "a"}, {"text": 1}, "b", None, {"type": "image"}, {"text": "c"}], ("a", "c")),
        (None, ()),
        ({"text": "a"}, ()),
    ],
)
def test_the_texts_of_a_message(content, found):
    assert texts_in(content) == found
    assert strings_in(content) == "\n".join(found)


@pytest.mark.parametrize(
    ("value", "number"), [(7, 7), (0, 0), (-1, 0), (True, 0), (1.5, 0), ("7", 0), (None, 0), (10**12, 10**12)]
)
def test_tokens_from_the_wire(value, number):
    assert whole_number(value) == number


def test_places_and_lists_of_the_wire_are_those_that_every_reader_takes_for_them():
    assert index_in(0, "x") == 0
    assert objects_in(None, "x") == []
    assert objects_in([{"a": 1}], "x") == [{"a": 1}]
    for value in (True, False, -1, 0.0, "0", None):
        with pytest.raises(UnclearAnswer, match="x is not a place"):
            index_in(value, "x")
    for value in ({"0": {}}, [{}, 1], [[]], "", 0, False):
        with pytest.raises(UnclearAnswer, match="x is not a list of objects"):
            objects_in(value, "x")


@given(json_values, json_values)
def test_a_call_is_found_however_deep_it_stands_unless_it_is_the_one_that_was_judged(value, other):
    judged = {"call": value}
    document = {"a": [other, {"b": [judged, value]}]}

    def is_call(found: dict) -> bool:
        return "call" in found

    assume('"call":' not in json.dumps([value, other]))
    refuse_elsewhere(document, is_call, [judged])
    with pytest.raises(UnclearAnswer):
        refuse_elsewhere(document, is_call, [])
    with pytest.raises(UnclearAnswer):
        refuse_elsewhere(document, is_call, [{"call": value}])


NAMES = frozenset({"tool_calls", "index", "kind"})


@pytest.mark.parametrize("key", ["Tool_Calls", "INDEX", "tool_call\u017f", "\u212aind"])
def test_a_key_that_a_reader_blind_to_case_takes_for_another_is_unclear(key):
    with pytest.raises(UnclearAnswer):
        refuse_misspelt({"index": 0, key: None}, NAMES)


def test_a_key_that_nobody_takes_for_another_is_none():
    refuse_misspelt({"index": 0, "tool_calls": [], "toolCalls": 1, "Content": {"Index": 1}, "": 0}, NAMES)


@given(st.text(), st.integers(0, 50))
def test_a_text_that_was_cut_between_halves_of_a_letter_is_whole_again(text, at):
    units = (text[:at] + "\U0001f600" + text[at:]).encode("utf-16-le", "surrogatepass")
    halves = [units[place : place + 2].decode("utf-16-le", "surrogatepass") for place in range(0, len(units), 2)]
    assert whole_letters("".join(halves)) == text[:at] + "\U0001f600" + text[at:]


@pytest.mark.parametrize("units", [[0xD83D], [0xDE00], [0xDE00, 0xD83D], [0xD83D, 0xD83D, 0xDE00], [0x1F600, 0xDE00]])
def test_half_a_letter_is_unclear(units):
    with pytest.raises(UnclearAnswer):
        whole_letters("".join(map(chr, [97, *units, 98])))


def test_a_dialect_without_calls_changes_nothing_and_has_no_stream():
    answer = {"data": []}
    assert unchanged(answer, Changes(extra=(Said("x"),))) is answer
    with pytest.raises(UnclearAnswer):
        never_streamed(None)
