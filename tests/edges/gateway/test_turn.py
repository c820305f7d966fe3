"""One model call on its way: what leaves of it, what names it, and how its agent is told of a failure."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from companion.edges.gateway import turn as turns
from companion.edges.gateway.dialect import BadRequest
from companion.edges.gateway.envelope import read_envelope
from companion.edges.gateway.gate import WireGate
from companion.edges.gateway.prompt import read_prompt
from companion.edges.gateway.respond import Responder
from companion.edges.gateway.tooluse import Rewritten, ToolUse
from companion.edges.gateway.turn import Turn, parse_object, read_whole
from companion.model.action import ModelCall
from companion.model.exchange import Exchange, Origin
from tests.support.asgi import Wire, run
from tests.support.dialects import DIALECTS, MODULES
from tests.support.gateways import told
from tests.support.rooms import NOON, gatekeeper
from tests.support.wire import READERS

ORIGIN = Origin("claude", "key-1", workspace="/w")


def made(name: str, body: dict, query: str = "", headers: dict[str, str] | None = None, origin=ORIGIN) -> Turn:
    """A turn as it is read, with all that it leaves beside the body as its last part."""
    module, prompt = MODULES[name], read_prompt(json.dumps(body).encode())
    envelope = read_envelope(f"/v1/{module.DIALECT}", query, headers or {})
    action = ModelCall(module.DIALECT, "m", parts=(*prompt.parts, envelope))
    gate = WireGate(gatekeeper([]), {"SECRET_A_00000000": "all"}.get, lambda: "id", lambda: NOON)
    asked = module.read_request(prompt.skeleton)
    return Turn(module, asked, prompt, envelope, Exchange("1", NOON, origin, action), None, gate, None)


def body(name: str, **more: object) -> dict:
    return {"model": "m", "input" if name == "responses" else "messages": []} | more


def examined(turn: Turn, numbers: list[int], change) -> ModelCall:
    """The call as the guards left it: of these parts each text is changed."""
    action = turn.exchange.action
    texts = [change(text) for number in numbers for text in action.parts[number].texts()]
    return structs.replace(action, texts=tuple(texts), examined=tuple(numbers))


WORDS = st.text("abS ", max_size=6)
HEADERS = st.dictionaries(st.sampled_from(["x-a", "x-b", "user-agent"]), st.text("abS", min_size=1, max_size=5))


@given(st.lists(WORDS, max_size=3), HEADERS, st.text("abS", max_size=4), st.data())
def test_law_what_was_amended_leaves_amended_and_all_else_as_it_came(said, headers, query, data):
    """Whichever parts were examined, and whether what stands beside the body is among them."""
    spoken = body("messages", messages=[{"role": "user", "content": text} for text in said])
    turn = made("messages", spoken, f"q={query}", headers)
    numbers = data.draw(st.lists(st.sampled_from(range(len(turn.exchange.action.parts))), unique=True).map(sorted))
    action = examined(turn, numbers, lambda text: text.replace("S", "-"))
    parts = turn.prompt.parts
    gone = {parts[number].place.start for number in numbers if number < len(parts)}
    wanted = [
        (content.replace("S", "-") if at in gone else content)
        for content, at in zip(said, [one.place.start for one in parts if one.place.key == "messages"], strict=False)
    ]
    left = json.loads(turn.outgoing(action, "other"))
    assert [message["content"] for message in left["messages"]] == wanted
    assert left["model"] == "other"
    path, beside = turn.told_beside(action)
    hidden = len(parts) in numbers
    assert path == f"/v1/messages?q={query.replace('S', '-') if hidden else query}"
    assert beside == {name: value.replace("S", "-") if hidden else value for name, value in headers.items()}


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("examines", [False, True])
def test_what_nobody_amends_leaves_byte_for_byte(name, examines):
    turn = made(name, body(name, odd={"ä": [1, 2.5, None]}), "beta=true&x=%26", {"x-odd": "a b"})
    numbers = list(range(len(turn.exchange.action.parts))) if examines else []
    action = examined(turn, numbers, lambda text: text)
    assert turn.outgoing(action, "m") == turn.prompt.raw
    path, headers = turn.told_beside(action)
    assert (path, dict(headers)) == (f"/v1/{turn.module.DIALECT}?beta=true&x=%26", {"x-odd": "a b"})


@pytest.mark.parametrize(
    ("name", "more", "adds"),
    [
        ("chat", {"stream": True}, True),
        ("chat", {"stream": True, "stream_options": {"include_usage": False}}, True),
        ("chat", {"stream": True, "stream_options": {"include_usage": True}}, False),
        ("chat", {"stream": False}, False),
        ("chat", {}, False),
        ("messages", {"stream": True, "max_tokens": 9}, False),
        ("responses", {"stream": True}, False),
    ],
)
def test_usage_is_asked_for_where_a_stream_would_not_tell_it(name, more, adds):
    turn = made(name, body(name, **more))
    assert turn.adds_usage is adds
    left = json.loads(turn.outgoing(examined(turn, [], str), "m"))
    assert left == body(name, **more) | ({"stream_options": {"include_usage": True}} if adds else {})


def test_a_question_is_who_asks_where_and_what_whatever_its_form():
    plain = made("messages", body("messages", stream=True, max_tokens=5))
    assert made("messages", body("messages", stream=False)).question() == plain.question()
    others = [
        made("messages", body("messages", system="x")),
        made("messages", body("messages"), "beta=true"),
        made("messages", body("messages"), origin=structs.replace(ORIGIN, key_id="key-2")),
        made("chat", body("messages")),
    ]
    assert len({one.question() for one in [plain, *others]}) == 5


@pytest.mark.parametrize(("shown", "secret"), [(None, None), ({"SECRET_A_00000000": "shown"}.get, "shown")])
def test_the_gate_restores_what_the_model_was_shown_and_nothing_else(shown, secret):
    use = ToolUse(0, "Bash", '{"command": "echo SECRET_A_00000000"}')
    turn = made("messages", body("messages"))
    changes = run(turn.gate_for(shown).judge([use], ["Bash"], ORIGIN, "1"))
    assert changes.by_key == ({0: Rewritten(f'{{"command": "echo {secret}"}}')} if secret else {})


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("message", ["it broke", "companion: it broke", "companion cannot"])
def test_a_failure_is_told_once_as_companions_in_the_form_that_the_agent_reads(name, message):
    words = message if message.startswith("companion") else f"companion: {message}"

    async def fail(*, begun: bool) -> Wire:
        wire = Wire()
        turn = structs.replace(made(name, body(name)), respond=Responder(wire.send))
        if begun:
            await turn.respond.begin(200, [("content-type", "text/event-stream")])
        await turn.fail(502, "broke", message)
        return wire

    plain, streamed = told(run(fail(begun=False))), told(run(fail(begun=True)))
    assert (plain.status, plain.json()["error"]["message"]) == (502, words)
    assert plain.headers["content-type"] == "application/json"
    assert streamed.status == 200
    # Codex shows the code behind the words.
    assert READERS[name](streamed.body).error.removesuffix(" (broke)") == words


async def arriving(*pieces: bytes):
    for piece in pieces:
        yield piece


@given(st.lists(st.binary(max_size=9), max_size=6))
def test_law_a_body_is_whole_however_it_comes(pieces):
    assert run(read_whole(arriving(*pieces))) == b"".join(pieces)


@pytest.mark.parametrize("size", [10, 11, 100])
@pytest.mark.parametrize("cut", [1, 3, 100])
def test_the_limit_of_an_answer_is_exact_and_nothing_is_read_past_it(monkeypatch, size, cut):
    monkeypatch.setattr(turns, "_LARGEST_ANSWER", 10)
    raw, read = bytes(size), []

    async def coming():
        for at in range(0, size, cut):
            read.append(raw[at : at + cut])
            yield read[-1]

    if size > 10:
        with pytest.raises(BadRequest, match="more than 10 bytes"):
            run(read_whole(coming()))
        assert sum(map(len, read[:-1])) <= 10
    else:
        assert run(read_whole(coming())) == raw


@pytest.mark.parametrize("large", [0, 1 << 20], ids=["in a thread", "at once"])
@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
        (b"{}", {}),
        (b"[]", None),
        (b"", None),
        (b'"a"', None),
        (b'{"a": 1} {}', None),
        (b'{"a": 1, "a": 2}', None),
        (b'\xef\xbb\xbf{"a": 1}', None),
        (b'{"a": "\xff"}', None),
        ('{"a": 1}'.encode("utf-16"), None),
        (b"[" * 100_000, None),
    ],
)
def test_an_object_is_what_every_reader_reads_alike_and_nothing_else_is_one(monkeypatch, large, raw, value):
    monkeypatch.setattr(turns, "_LARGE", large)
    if value is None:
        with pytest.raises(BadRequest, match="cannot be read as JSON"):
            run(parse_object(raw))
    else:
        assert run(parse_object(raw)) == value


@pytest.mark.parametrize("large", [True, False])
async def test_while_a_large_answer_is_read_others_go_on(large):
    raw = json.dumps({"a": "x" * (1 << 20 if large else 10)}).encode()
    turned = []
    asyncio.get_running_loop().call_soon(turned.append, True)
    assert (await parse_object(raw))["a"]
    assert bool(turned) is large
