"""Answers with calls as text: what passes at once, what is held, and that nothing but refused calls is changed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway import chat, messages
from companion.edges.gateway.dialect import UnclearAnswer
from companion.edges.gateway.refusal import say
from companion.edges.gateway.sse import SseParser
from companion.edges.gateway.tooluse import Changes
from companion.edges.gateway.written_answers import DIALECTS, WrittenStream, change_in, uses_in
from tests.support.answers import STREAMS
from tests.support.wire import READERS

MODULES = {"chat": chat, "messages": messages}
NAMES = frozenset({"execute_command", "read_file"})
RUN = "<execute_command>\n<command>rm x</command>\n</execute_command>"
READ = "<read_file><path>a</path></read_file>"
BOTH = pytest.mark.parametrize("name", sorted(MODULES))
REFUSED = say("no", NAMES, plan=False)


def events(name: str, text: str, size: int = 5):
    parser = SseParser()
    return [*parser.feed(STREAMS[name](text, [], size)), *parser.close()]


def fed(name: str, text: str, size: int = 5, lookup=None) -> tuple[WrittenStream, bytes]:
    stream = WrittenStream(MODULES[name], NAMES, lookup)
    return stream, b"".join(piece for event in events(name, text, size) for piece in stream.feed(event))


def document(name: str, *texts: str) -> dict:
    if name == "chat":
        return {"id": "1", "choices": [{"index": 0, "message": {"role": "assistant", "content": texts[0]}}]}
    return {"id": "1", "content": [{"type": "text", "text": text} for text in texts]}


def test_the_forms_are_those_in_which_agents_read_calls_as_text():
    assert {str(dialect) for dialect in DIALECTS} == {str(module.DIALECT) for module in MODULES.values()}


@BOTH
def test_without_a_tag_all_passes_as_it_comes(name):
    stream, told = fed(name, "two > one, so there")
    assert told == STREAMS[name]("two > one, so there", [], 5)
    assert not stream.holding
    assert stream.complete
    assert stream.usage.output == 5


@BOTH
@pytest.mark.parametrize("size", [1, 5, 400])
def test_what_comes_before_the_first_tag_passes_and_the_rest_is_held(name, size):
    text = f"I look first.\n{READ}\n{RUN}\nthen"
    stream, told = fed(name, text, size)
    assert stream.holding
    before = READERS[name](told).text
    assert before == "" if size == 400 else text.startswith(before) and len(before) >= len("I look fi")
    assert [use.name for use in stream.uses] == ["read_file", "execute_command"]
    assert told + b"".join(stream.release(Changes())) == STREAMS[name](text, [], size)


@BOTH
@pytest.mark.parametrize("size", [1, 7, 400])
def test_a_refused_call_is_told_as_words_and_the_rest_as_it_was(name, size):
    text = f"I look first.\n{READ}\n{RUN}\nthen"
    stream, told = fed(name, text, size)
    read = READERS[name](told + b"".join(stream.release(Changes({1: REFUSED}))))
    assert read.text.startswith(f"I look first.\n{READ}\n<execute_command>\n<command>echo no")
    assert read.text.endswith("</execute_command>\nthen")
    assert "rm x" not in read.text
    assert read.done


@BOTH
@given(st.text("<a>/xe \n", max_size=60), st.integers(1, 9))
def test_law_what_nobody_refuses_comes_whole(name, text, size):
    stream, told = fed(name, text, size)
    assert READERS[name](told + b"".join(stream.release(Changes()))).text == text


@BOTH
def test_placeholders_come_back_in_text_and_calls(name):
    lookup = {"SECRET_KEY_00000000": "k<3"}.get
    stream, told = fed(name, f"the key SECRET_KEY_00000000\n{READ}", lookup=lookup)
    assert told == b""
    assert READERS[name](b"".join(stream.release(Changes()))).text == f"the key k<3\n{READ}"


@BOTH
def test_a_beat_may_come_at_any_time_and_adds_nothing(name):
    text = f"I look.\n{READ}"
    for lookup in (None, {}.get):
        stream, told = WrittenStream(MODULES[name], NAMES, lookup), b""
        for event in events(name, text):
            told += b"".join(stream.feed(event))
            told += stream.beat() if stream.holding else b""
        assert READERS[name](told + b"".join(stream.release(Changes()))).text == text


@BOTH
def test_a_native_call_where_none_was_offered_is_unclear(name):
    stream = WrittenStream(MODULES[name], NAMES, None)
    parser = SseParser()
    with pytest.raises(UnclearAnswer):
        [stream.feed(event) for event in parser.feed(STREAMS[name]("hi", [("Bash", "{}")], 5))]


def test_a_second_choice_is_unclear():
    stream = WrittenStream(chat, NAMES, None)
    parser = SseParser()
    data = json.dumps({"choices": [{"index": 1, "delta": {"content": "x"}}]}).encode()
    with pytest.raises(UnclearAnswer):
        [stream.feed(event) for event in parser.feed(b"data: " + data + b"\n\n")]
    with pytest.raises(UnclearAnswer):
        uses_in(chat, {"choices": [{"message": {"content": text}} for text in "ab"]}, NAMES)


@pytest.mark.parametrize("content", [["<execute_command>"], {"text": "x"}, 3])
def test_text_that_is_no_string_is_unclear(content):
    with pytest.raises(UnclearAnswer):
        uses_in(chat, document("chat", content), NAMES)


@BOTH
def test_a_whole_answer_is_changed_where_a_call_was_refused(name):
    made = document(name, f"I look.\n{READ}\n{RUN}")
    uses = uses_in(MODULES[name], made, NAMES)
    assert [use.name for use in uses] == ["read_file", "execute_command"]
    after = json.dumps(change_in(MODULES[name], made, Changes({1: REFUSED}), NAMES))
    assert "echo no" in after
    assert "rm x" not in after
    assert "I look." in after


def test_a_call_in_two_blocks_of_text_is_one():
    made = document("messages", "<execute_command><command>rm", " x</command></execute_command>")
    [use] = uses_in(messages, made, NAMES)
    assert json.loads(use.arguments) == {"command": "rm x"}
    after = change_in(messages, made, Changes({0: REFUSED}), NAMES)
    assert [block["type"] for block in after["content"]] == ["text"]
    assert "rm" not in after["content"][0]["text"]
