"""An answer says the same in both of its forms."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway.dialect import UnclearAnswer
from companion.edges.gateway.replay import document_of, events_of, texts_told
from companion.edges.gateway.sse import SseEvent, SseParser
from companion.model.action import Dialect
from tests.support.answers import STREAMS
from tests.support.wire import READERS

NAMES = {Dialect.CHAT: "chat", Dialect.MESSAGES: "messages", Dialect.RESPONSES: "responses"}

texts = st.text(st.characters(codec="utf-8"), max_size=30)
arguments = st.dictionaries(st.text("abc", min_size=1), texts, max_size=3).map(json.dumps)
called = st.lists(st.tuples(st.sampled_from(["Bash", "read_files", "mcp__x"]), arguments), max_size=3)


def parsed(raw: bytes):
    parser = SseParser()
    return [*parser.feed(raw), *parser.close()]


def told(dialect: Dialect, document: dict) -> tuple[str, list[tuple[str, object]], str]:
    """Text, calls and the reason to stop, read from a document as an agent reads it."""
    match dialect:
        case Dialect.CHAT:
            [choice] = document["choices"]
            calls = [call["function"] for call in choice["message"].get("tool_calls", [])]
            found = [(call["name"], json.loads(call["arguments"])) for call in calls]
            return choice["message"]["content"] or "", found, choice["finish_reason"]
        case Dialect.MESSAGES:
            blocks = document["content"]
            text = "".join(block["text"] for block in blocks if block["type"] == "text")
            found = [(block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"]
            return text, found, document["stop_reason"]
        case _:
            items = document["output"]
            text = "".join(part["text"] for item in items if item["type"] == "message" for part in item["content"])
            found = [(item["name"], json.loads(item["arguments"])) for item in items if item["type"] == "function_call"]
            return text, found, document["status"]


@pytest.mark.parametrize("dialect", NAMES)
@given(text=texts, calls=called, size=st.integers(1, 9))
def test_a_stream_told_as_a_document_says_the_same(dialect, text, calls, size):
    raw = STREAMS[NAMES[dialect]](text, calls, size)
    document = document_of(dialect, parsed(raw))
    read = READERS[NAMES[dialect]](raw)
    said, found, stop = told(dialect, document)
    assert (said, found) == (read.text, [(name, json.loads(arguments)) for name, arguments in read.calls])
    assert stop == (read.stop or "completed")
    assert document["usage"]


@pytest.mark.parametrize("dialect", NAMES)
@given(text=texts, calls=called)
def test_a_document_told_as_a_stream_is_read_the_same_and_comes_back_whole(dialect, text, calls):
    document = document_of(dialect, parsed(STREAMS[NAMES[dialect]](text, calls)))
    raw = b"".join(event.raw for event in events_of(dialect, document))
    read = READERS[NAMES[dialect]](raw)
    said, found, _ = told(dialect, document)
    assert read.done
    assert (read.text, [(name, json.loads(text)) for name, text in read.calls]) == (said, found)
    assert document_of(dialect, parsed(raw)) == document


def test_signed_thinking_keeps_its_signature_in_both_forms():
    content = [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "b3BhcXVl"},
        {"type": "text", "text": "so", "citations": None},
    ]
    document = {"id": "m", "type": "message", "role": "assistant", "content": content, "stop_reason": "end_turn"}
    document |= {"stop_sequence": None, "usage": {"input_tokens": 3, "output_tokens": 2}}
    assert document_of(Dialect.MESSAGES, events_of(Dialect.MESSAGES, document)) == document


def test_what_the_dialect_does_not_know_is_carried_along():
    item = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "x"}}
    document = {"id": "r", "status": "incomplete", "output": [item], "incomplete_details": {"reason": "max_tokens"}}
    assert document_of(Dialect.RESPONSES, events_of(Dialect.RESPONSES, document)) == document


@pytest.mark.parametrize("dialect", [Dialect.MESSAGES, Dialect.RESPONSES])
def test_what_tells_no_answer_is_refused(dialect):
    raw = b'data: {"type":"content_block_delta","index":4,"delta":{"type":"text_delta","text":"x"}}\n\n'
    with pytest.raises(UnclearAnswer):
        document_of(dialect, parsed(raw))


def event(data: dict) -> SseEvent:
    [one] = parsed(b"data: " + json.dumps(data).encode() + b"\n\n")
    return one


def test_a_response_that_tells_its_items_only_once_is_told_with_them():
    item = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hello"}]}
    told = [
        {"type": "response.created", "response": {"id": "r", "output": []}},
        {"type": "response.output_item.done", "output_index": 1, "item": item | {"id": "b"}},
        {"type": "response.output_item.done", "output_index": 0, "item": item | {"id": "a"}},
        {"type": "response.completed", "response": {"id": "r", "output": []}},
    ]
    document = document_of(Dialect.RESPONSES, [event(one) for one in told])
    assert [one["id"] for one in document["output"]] == ["a", "b"]


def test_a_chunk_without_an_index_is_of_the_first_choice():
    told = [{"choices": [{"delta": {"content": text}}]} for text in ("he", "llo")]
    document = document_of(Dialect.CHAT, [event(one) for one in told])
    assert [choice["message"]["content"] for choice in document["choices"]] == ["hello"]


@pytest.mark.parametrize("dialect", NAMES)
@given(text=texts, calls=called, size=st.integers(1, 9))
def test_law_who_looks_at_texts_alone_is_told_the_same_document(dialect, text, calls, size):
    events = parsed(STREAMS[NAMES[dialect]](text, calls, size))
    assert texts_told(dialect, events) == document_of(dialect, events)


SAID = st.text('ab"\\\né{}', max_size=4)
CHUNKS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(["content", "reasoning_content", "refusal", "role", "x"]), SAID, max_size=2),
        st.sampled_from([None, "stop"]),
        st.booleans(),
    ),
    max_size=9,
)
DELTAS = st.lists(
    st.tuples(
        st.sampled_from([("text_delta", "text"), ("thinking_delta", "thinking"), ("x_delta", "x")]), SAID, st.booleans()
    ),
    max_size=9,
)


@given(CHUNKS, st.sampled_from([(",", ":"), (", ", ": ")]))
def test_law_runs_of_chunks_are_told_as_each_by_itself(chunks, marks):
    said = [
        {"id": "1", "choices": [{"index": int(second), "delta": delta, "finish_reason": finish}]}
        for delta, finish, second in chunks
    ]
    events = [SseEvent(b"", "", json.dumps(one, separators=marks).encode()) for one in said]
    assert texts_told(Dialect.CHAT, events) == document_of(Dialect.CHAT, events)


@given(DELTAS, st.sampled_from([(",", ":"), (", ", ": ")]))
def test_law_runs_of_deltas_are_told_as_each_by_itself(deltas, marks):
    said = [
        {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": "a"}}
        for index in (0, 1, 1)
    ]
    said += [
        {"type": "content_block_delta", "index": int(second), "delta": {"type": kind, key: text}}
        for (kind, key), text, second in deltas
    ]
    events = [SseEvent(b"", "", json.dumps(one, separators=marks).encode()) for one in said]
    assert texts_told(Dialect.MESSAGES, events) == document_of(Dialect.MESSAGES, events)


@pytest.mark.parametrize("dialect", NAMES)
@pytest.mark.parametrize("data", [b"{", b'{"a":1,"a":2}', b"1", b'"x"', b"]", b"],["])
def test_events_that_tell_no_document_tell_no_texts_either(dialect, data):
    with pytest.raises((UnclearAnswer, ValueError)):
        texts_told(dialect, [SseEvent(b"", "", data)])
