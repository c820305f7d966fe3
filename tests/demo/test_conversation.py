"""What is read out of a request, and that it comes from the request alone."""

import json

import pytest

from companion.demo.conversation import BadRequestError, read_request
from companion.model.action import Dialect

CHAT, RESPONSES, MESSAGES = Dialect.CHAT, Dialect.RESPONSES, Dialect.MESSAGES


def user(text):
    return {"role": "user", "content": text}


def chat_round(number):
    call = {"id": f"c{number}", "type": "function", "function": {"name": "x", "arguments": "{}"}}
    return [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": f"c{number}", "content": "done"},
    ]


def messages_round(*beside):
    result = {"type": "tool_result", "tool_use_id": "t", "content": "done"}
    return [
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "x", "input": {}}]},
        {"role": "user", "content": [result, *beside]},
    ]


def responses_round(kind="function_call"):
    return [{"type": kind, "call_id": "c", "name": "x"}, {"type": f"{kind}_output", "call_id": "c", "output": "done"}]


HOOK = user("<hook_context>seen</hook_context>")
REMINDER = {"type": "text", "text": "<system-reminder>be brief</system-reminder>"}


@pytest.mark.parametrize(
    ("dialect", "turns", "step"),
    [
        (CHAT, [user("go on")], 0),
        (CHAT, [user("go on"), *chat_round(1), *chat_round(2)], 2),
        (CHAT, [user("go on"), *chat_round(1), user("and now this")], 0),
        (CHAT, [user("go on"), *chat_round(1), user("and now this"), *chat_round(2)], 1),
        (CHAT, [user("go on"), *chat_round(1), HOOK, *chat_round(2)], 2),
        (CHAT, [user("go on"), *chat_round(1), user("<mode_notice>switched</mode_notice> do it")], 0),
        (MESSAGES, [user("go on"), *messages_round(), *messages_round(REMINDER)], 2),
        (MESSAGES, [user("go on"), *messages_round(), {"role": "system", "content": "Plan mode is active."}], 1),
        (MESSAGES, [user([REMINDER, {"type": "text", "text": "go on"}]), *messages_round()], 1),
        (MESSAGES, [user("go on"), *messages_round(), user([REMINDER])], 1),
        (MESSAGES, [user("go on"), *messages_round(), user([REMINDER, {"type": "text", "text": "more"}])], 0),
        (RESPONSES, "go on", 0),
        (RESPONSES, [user("go on"), *responses_round(), *responses_round("custom_tool_call")], 2),
        (RESPONSES, [user("go on"), *responses_round(), {"type": "message", **user("more")}], 0),
    ],
)
def test_the_step_is_the_number_of_results_since_the_last_prompt(dialect, turns, step):
    name = "input" if dialect is RESPONSES else "messages"
    asked = read_request(dialect, json.dumps({"model": "m", name: turns}).encode())
    assert asked.step == step
    assert asked.opening is (len(turns) == 1 or isinstance(turns, str))


def test_the_placeholder_seen_last_counts_and_only_where_it_is_whole():
    texts = ["SECRET_AWS_00000000", "x SECRET_GITHUB_0A1B2C3D.", "SECRET_AWS_0A1B2C3DE SECRET_aws_0A1B2C3D"]
    body = {"model": "m", "messages": [user(text) for text in texts], "metadata": "SECRET_LATER_00000000"}
    assert read_request(CHAT, json.dumps(body).encode()).placeholder == "SECRET_GITHUB_0A1B2C3D"


def test_options_of_the_dialects():
    chat = read_request(CHAT, b'{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{}]}')
    assert (chat.stream, chat.include_usage, chat.marks_cache) == (True, True, False)
    block = {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}
    assert read_request(MESSAGES, json.dumps({"model": "m", "messages": [user([block])]}).encode()).marks_cache


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"messages":[{}]}', "model is missing"),
        (b'{"model":"m"}', "messages is not a list"),
        (b'{"model":"m","messages":[]}', "messages is not a list"),
        (b'{"model":"m","messages":["x"]}', "messages is not a list"),
        (b'{"model":"m","messages":"x"}', "messages is not a list"),
    ],
)
def test_what_cannot_be_answered_is_said(raw, complaint):
    with pytest.raises(BadRequestError, match=complaint):
        read_request(CHAT, raw)
