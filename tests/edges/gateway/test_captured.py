"""A captured body, told by JSON paths: the same strings in the same order as the gateway examines them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway.captured import Captured, read_captured
from companion.edges.gateway.dialect import BadRequest
from companion.model.facts import Confidence, Finding

PICTURE = base64.b64encode(b"\x89PNG\r\n" + bytes(range(256))).decode()
TURN = {"role": "user", "content": "hello"}
BODIES: dict[str, dict[str, Any]] = {
    "chat": {"model": "m", "messages": [TURN], "stream": True},
    "responses": {"model": "m", "input": "hello"},
    "messages": {"model": "m", "max_tokens": 5, "system": "be kind", "messages": [TURN]},
}
leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=6)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)


def at(body: Any, path: str) -> Any:
    """What stands at a path, read by other means than those that made it."""
    while path:
        if path.startswith("["):
            key, end = json.JSONDecoder().raw_decode(path[1:])
            path = path[end + 2 :]
        else:
            path = path.removeprefix(".")
            end = next((i for i, c in enumerate(path) if c in ".["), len(path))
            key, path = path[:end], path[end:]
        body = body[key]
    return body


@given(
    st.dictionaries(st.text(max_size=5), values, max_size=3),
    st.lists(values, max_size=3),
    st.sampled_from([None, 2]),
)
def test_law_every_string_is_where_its_path_says(more: dict[str, Any], turns: list[Any], indent: int | None):
    body = more | {"model": "m", "messages": [{"role": "user", "content": turn} for turn in turns]}
    captured = read_captured(json.dumps(body, indent=indent).encode(), "chat")
    for leaf in captured.leaves():
        if leaf.is_key:
            assert leaf.raw in leaf.path or json.dumps(leaf.raw) in leaf.path
        else:
            assert at(body, leaf.path) == leaf.raw


@pytest.mark.parametrize(
    ("body", "dialect"),
    [
        *((body, name) for name, body in BODIES.items()),
        ({"model": "m", "messages": [{"role": "user", "content": [{"type": "tool_result"}]}]}, "messages"),
        ({"model": "m", "messages": [TURN], "tools": [{"name": "x", "input_schema": {}}]}, "messages"),
        ({"model": "m", "input": ["x"], "encoding_format": "float"}, "embeddings"),
    ],
    ids=str,
)
def test_the_dialect_is_guessed_by_what_only_one_has(body: dict[str, Any], dialect: str):
    captured = read_captured(json.dumps(body).encode())
    assert captured.dialect == dialect
    assert captured.call.model == "m"


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b'{"a":1,"a":2}', b"\xff", b'{"model":"m"}', b'{"messages":[]}', b'{"model":"m","messages":7}'],
    ids=str,
)
def test_what_the_gateway_would_not_take_is_refused(raw: bytes):
    with pytest.raises(BadRequest):
        read_captured(raw)


def captured_of(**more: Any) -> Captured:
    return read_captured(json.dumps(BODIES["messages"] | more).encode())


def test_a_finding_is_placed_in_the_string_that_it_is_in():
    captured = captured_of(metadata={"a b": ["x", "y"]})
    number = next(n for n, part in enumerate(captured.prompt.parts) if part.place.key == "metadata")
    texts = captured.prompt.parts[number].texts()
    finding = Finding(texts.index("y"), 0, 1, "T", "r", "e", Confidence.LOW, "SECRET_T_00000000")
    [(leaf, one)] = captured.place([finding], [number])
    assert (leaf.path, leaf.text, one) == ('metadata["a b"][1]', "y", finding)


def test_a_picture_is_left_alone_and_said_to_be():
    block = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}}
    captured = captured_of(messages=[TURN, {"role": "user", "content": [block]}])
    assert [leaf.path for leaf in captured.leaves() if leaf.left_alone] == ["messages[1].content[0].source.data"]


def test_what_nobody_amends_stays_and_a_chat_stream_is_asked_for_its_usage():
    plain = captured_of()
    assert plain.outgoing(plain.call) == plain.prompt.raw
    chat = read_captured(json.dumps(BODIES["chat"]).encode())
    assert json.loads(chat.outgoing(chat.call))["stream_options"] == {"include_usage": True}
