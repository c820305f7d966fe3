"""The law of the wires: the deltas of a streamed answer add up to the answer in one piece."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.demo.offered import Call
from companion.demo.wires import Turn, body_of, error_body, frames_of
from companion.model.action import Dialect
from companion.model.money import Usage

USAGE = Usage(input=100, cache_read=900, output=7)
texts = st.text(st.characters(codec="utf-8"), max_size=80)
calls = st.one_of(
    st.none(),
    st.builds(lambda value, plain: Call("run", json.dumps({"v": value}, ensure_ascii=plain)), texts, st.booleans()),
)
turns = st.builds(lambda text, call: Turn("ab12", "m", text or ("" if call else "."), call, USAGE), texts, calls)


def events(dialect, turn, **options):
    """Strict: each frame is one event, an optional name line and one data line that is JSON."""
    found = []
    for frame in frames_of(dialect, turn, **options):
        text = frame.decode()
        assert text.endswith("\n\n")
        *head, data = text[:-2].split("\n")
        assert data.startswith("data: ")
        if data == "data: [DONE]":
            found.append(None)
            continue
        event = json.loads(data[6:])
        assert head == ([] if dialect is Dialect.CHAT else [f"event: {event['type']}"])
        found.append(event)
    return found


def chat_from(found):
    assert found.pop() is None
    message = {"role": "assistant", "content": "", "refusal": None}
    ids, finish, usage = set(), None, None
    for chunk in found:
        ids.add((chunk["id"], chunk["model"], chunk["object"]))
        if not chunk["choices"]:
            usage = chunk["usage"]
            continue
        assert chunk["usage"] is None
        (choice,) = chunk["choices"]
        assert finish is None
        finish = choice["finish_reason"]
        message["content"] += choice["delta"].get("content", "")
        for piece in choice["delta"].get("tool_calls", []):
            assert piece.pop("index") == 0
            if "id" in piece:
                message["tool_calls"] = [piece]
            else:
                message["tool_calls"][0]["function"]["arguments"] += piece["function"]["arguments"]
    assert len(ids) == 1
    message["content"] = message["content"] or None
    return message, finish, usage


@given(turn=turns)
@settings(max_examples=60)
def test_chat(turn):
    whole = body_of(Dialect.CHAT, turn)
    message, finish, usage = chat_from(events(Dialect.CHAT, turn, include_usage=True))
    assert message == whole["choices"][0]["message"]
    assert finish == whole["choices"][0]["finish_reason"]
    assert usage == whole["usage"]


def messages_from(found):
    assert found[0]["type"] == "message_start"
    assert found[-1]["type"] == "message_stop"
    message, pieces, opened = found[0]["message"], {}, None
    for event in found[1:-1]:
        match event["type"]:
            case "content_block_start":
                assert opened is None
                opened = event["index"]
                assert opened == len(message["content"])
                message["content"].append(event["content_block"])
            case "content_block_delta":
                assert event["index"] == opened
                block = message["content"][opened]
                if event["delta"]["type"] == "text_delta":
                    block["text"] += event["delta"]["text"]
                else:
                    pieces[opened] = pieces.get(opened, "") + event["delta"]["partial_json"]
            case "content_block_stop":
                assert event["index"] == opened
                opened = None
            case "message_delta":
                message |= event["delta"]
                message["usage"] |= event["usage"]
            case other:
                assert other == "ping"
    for index, text in pieces.items():
        message["content"][index]["input"] = json.loads(text)
    return message, "".join(pieces.values())


@given(turn=turns)
@settings(max_examples=60)
def test_messages(turn):
    message, arguments = messages_from(events(Dialect.MESSAGES, turn))
    assert message == body_of(Dialect.MESSAGES, turn)
    assert arguments == (turn.call.arguments if turn.call else "")


def responses_from(found):
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    assert found[0]["type"] == "response.created"
    assert found[0]["response"]["output"] == []
    items, pieces = [], {}
    for event in found:
        match event["type"].removeprefix("response."):
            case "output_item.added":
                assert event["output_index"] == len(items)
                items.append(event["item"])
            case "output_item.done":
                assert event["item"]["id"] == items[event["output_index"]]["id"]
                items[event["output_index"]] = event["item"]
            case "output_text.delta" | "function_call_arguments.delta" | "custom_tool_call_input.delta":
                pieces[event["item_id"]] = pieces.get(event["item_id"], "") + event["delta"]
            case "output_text.done":
                assert event["text"] == pieces[event["item_id"]]
            case "function_call_arguments.done":
                assert event["arguments"] == pieces[event["item_id"]]
            case "custom_tool_call_input.done":
                assert event["input"] == pieces[event["item_id"]]
    for item in items:
        content = item.get("content")
        said = content[0]["text"] if content else item.get("arguments", item.get("input"))
        assert pieces[item["id"]] == said
    assert found[-1]["type"] == "response.completed"
    assert found[-1]["response"]["output"] == items
    return found[-1]["response"]


@given(turn=turns, custom=st.booleans())
@settings(max_examples=60)
def test_responses(turn, custom):
    if turn.call and custom:
        turn = Turn(turn.id, turn.model, turn.text, Call("apply_patch", "*** Begin\n+x", custom=True), turn.usage)
    assert responses_from(events(Dialect.RESPONSES, turn)) == body_of(Dialect.RESPONSES, turn)


@pytest.mark.parametrize("dialect", [Dialect.CHAT, Dialect.MESSAGES, Dialect.RESPONSES])
def test_arguments_come_in_several_pieces_and_text_in_words(dialect):
    turn = Turn("ab12", "m", "three short words", Call("run", json.dumps({"commands": ["git status"]})), USAGE)
    deltas = [e for e in events(dialect, turn) if e and "delta" in json.dumps(e)]
    assert len(deltas) > 6


def test_usage_counts_cached_tokens_as_each_provider_does():
    turn = Turn("ab12", "m", "hi", None, Usage(input=100, cache_read=890, cache_write_5m=10, output=7))
    chat = body_of(Dialect.CHAT, turn)["usage"]
    assert (chat["prompt_tokens"], chat["prompt_tokens_details"]["cached_tokens"], chat["total_tokens"]) == (
        1000,
        890,
        1007,
    )
    responses = body_of(Dialect.RESPONSES, turn)["usage"]
    assert (responses["input_tokens"], responses["input_tokens_details"]["cached_tokens"]) == (1000, 890)
    messages = body_of(Dialect.MESSAGES, turn)["usage"]
    assert (messages["input_tokens"], messages["cache_read_input_tokens"], messages["cache_creation_input_tokens"]) == (
        100,
        890,
        10,
    )


def test_a_namespace_travels_with_the_call():
    turn = Turn("ab12", "m", "", Call("look_up", "{}", namespace="mcp"), USAGE)
    assert body_of(Dialect.RESPONSES, turn)["output"][0]["namespace"] == "mcp"


def test_errors_have_the_dialects_shape():
    assert error_body(Dialect.MESSAGES, "k", "m") == {"type": "error", "error": {"type": "k", "message": "m"}}
    assert error_body(Dialect.CHAT, "k", "m")["error"]["message"] == "m"
