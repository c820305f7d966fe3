"""What is scanned of a request body, and what is changed in it."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway.jsontext import read_object, read_value, strings_within, texts
from companion.edges.gateway.prompt import Part, Prompt, PromptReader, read_prompt
from companion.model.action import TextKind

bodies = st.fixed_dictionaries(
    {
        "model": st.text(min_size=1, max_size=5),
        "messages": st.lists(
            st.fixed_dictionaries({"role": st.just("user"), "content": st.text(max_size=10)}), max_size=4
        ),
    },
    optional={
        "stream": st.booleans(),
        "metadata": st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2),
    },
)


SEAL = "Ab1+" * 40
GITHUB = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0hL2nR5"


def texts_in(prompt: Prompt) -> tuple[str, ...]:
    return tuple(text for part in prompt.parts for text in part.texts())


def amended(prompt: Prompt, texts: tuple[str, ...], model: str, *, with_usage: bool = False) -> bytes:
    return prompt.amended(texts, range(len(prompt.parts)), model, with_usage=with_usage)


def texts_of(body: dict) -> tuple[str, ...]:
    return texts_in(read_prompt(json.dumps(body).encode()))


@given(bodies, st.sampled_from([None, 1, 4]))
def test_what_is_not_amended_keeps_its_bytes(body, indent):
    raw = json.dumps(body, indent=indent).encode()
    prompt = read_prompt(raw)
    assert amended(prompt, texts_in(prompt), body["model"]) == raw


@given(bodies, st.text(max_size=5))
def test_only_amended_texts_and_the_model_change(body, model):
    raw = json.dumps(body).encode()
    prompt = read_prompt(raw)
    texts = tuple("AMENDED" if text == "user" else text for text in texts_in(prompt))
    wanted = json.loads(raw.replace(b'"user"', b'"AMENDED"'))
    # A model whose name is a secret is asked for by no other name.
    if model != body["model"]:
        wanted["model"] = model
    assert json.loads(amended(prompt, texts, model)) == wanted


def test_keys_and_ids_are_texts_too_and_pictures_are_not():
    image = base64.b64encode(b"\x89PNG\r\n" + bytes(400)).decode()
    body = {"k": [{"type": "image", "source": {"data": image}}, {"id": "toolu_1", "text": "t"}], "data": "plain text"}
    texts = texts_of(body)
    assert {"type", "t", "plain text", "toolu_1"} <= set(texts)
    assert image not in texts
    assert f"data:image/png;base64,{image}" not in texts_of({"url": f"data:image/png;base64,{image}"})


def message(*content: dict) -> dict:
    return {"model": "m", "messages": [{"role": "assistant", "content": list(content)}]}


def kinds_in(body: dict) -> dict[str, TextKind]:
    parts = read_prompt(json.dumps(body).encode()).parts
    return {part.texts()[number]: kind for part in parts for number, kind in part.kinds().items()}


def test_what_a_provider_signed_is_told_apart():
    thought = {"type": "thinking", "thinking": "thoughts of mine", "signature": SEAL}
    assert kinds_in(message(thought)) == {"thoughts of mine": TextKind.SEALED, SEAL: TextKind.SEALED}
    for item in ({"type": "reasoning", "encrypted_content": SEAL}, {"type": "compaction", "encrypted_content": SEAL}):
        assert kinds_in({"input": [item]}) == {SEAL: TextKind.SEALED}
    assert kinds_in(message({"type": "redacted_thinking", "data": SEAL})) == {SEAL: TextKind.SEALED}
    assert kinds_in(message({"type": "text", "text": SEAL})) == {}


@pytest.mark.parametrize("place", ["messages", "input"])
def test_arguments_are_searched_without_their_escapes_and_keep_their_bytes_where_nothing_is_found(place):
    told = '{"x":"\\u0067hp_' + GITHUB[4:] + '","y":"\\/a\\n"}'
    call = {"type": "function_call", "function": {"arguments": told}, "arguments": told}
    body = {"model": "m", place: [call if place == "input" else {"tool_calls": [call]}]}
    raw = json.dumps(body).encode()
    prompt = read_prompt(raw)
    assert amended(prompt, texts_in(prompt), "m") == raw
    [(text, kind)] = kinds_in(body).items()
    assert (kind, GITHUB in text, json.loads(text) == json.loads(told)) == (TextKind.JSON, True, True)
    texts = tuple(one.replace(GITHUB, "SECRET_X_00000000") for one in texts_in(prompt))
    left = json.loads(amended(prompt, texts, "m"))[place][0]
    arguments = left["arguments"] if place == "input" else left["tool_calls"][0]["function"]["arguments"]
    assert json.loads(arguments) == {"x": "SECRET_X_00000000", "y": "/a\n"}


def test_a_file_that_is_no_text_is_searched_for_what_is_certain():
    raw = b"\xff\xfe\x00" + GITHUB.encode() * 3
    body = {"model": "m", "source": {"data": base64.b64encode(raw).decode()}}
    [(text, kind)] = kinds_in(body).items()
    assert (kind, GITHUB in text) == (TextKind.SEALED, True)
    prompt = read_prompt(json.dumps(body).encode())
    left = amended(prompt, tuple(one.replace(GITHUB, "x") for one in texts_in(prompt)), "m")
    assert base64.b64decode(json.loads(left)["source"]["data"]) == b"\xff\xfe\x00xxx"


@given(bodies)
def test_the_strings_of_what_was_read_are_those_of_its_bytes(body):
    raw = json.dumps(body).encode()
    assert strings_within(read_value(raw)) == texts(raw)


@pytest.mark.parametrize(
    "body",
    [
        message({"type": "thinking", "thinking": GITHUB}),
        message({"type": "thinking", "thinking": GITHUB, "signature": "short"}),
        message({"type": "tool_use", "id": GITHUB, "input": {}}),
        message({"type": "tool_use", "id": "t", "input": {"thinking": GITHUB, "signature": SEAL}}),
        message({"type": "tool_use", "id": "t", "input": {"signature": GITHUB}}),
        message({"type": "tool_use", "id": "t", "input": {"id": GITHUB, "call_id": GITHUB}}),
        message({"type": "text", "text": "x", "encrypted_content": GITHUB}),
        {"input": [{"type": "reasoning", "encrypted_content": GITHUB}]},
        {"input": [{"type": "message", "encrypted_content": GITHUB + SEAL}]},
        {"input": [], "previous_response_id": GITHUB},
        {"metadata": {"fingerprint": GITHUB, "data": GITHUB + " " + "words " * 60}},
        {"tools": [{"name": "t", "description": GITHUB}]},
        {GITHUB: 1},
        {"x": "\u0067hp_" + GITHUB[4:]},
    ],
)
def test_a_key_is_scanned_wherever_it_stands(body):
    assert any(GITHUB in text for text in texts_of(body))


@pytest.mark.parametrize("head", ["", "data:text/plain;base64,"])
def test_a_text_file_as_base64_is_scanned_and_amended_as_its_text(head):
    told = base64.b64encode(f"# environment\nTOKEN={GITHUB}\n".encode() * 3).decode()
    prompt = read_prompt(json.dumps({"model": "m", "source": {"file_data": head + told}}).encode())
    texts = tuple(text.replace(GITHUB, "SECRET_X_00000000") for text in texts_in(prompt))
    left = json.loads(amended(prompt, texts, "m"))["source"]["file_data"]
    assert left.startswith(head)
    assert base64.b64decode(left.removeprefix(head)) == b"# environment\nTOKEN=SECRET_X_00000000\n" * 3


def test_usage_is_asked_for_where_the_agent_did_not():
    for body, rest in [
        ({"model": "m"}, {"include_usage": True}),
        ({"model": "m", "stream_options": {"x": 1}}, {"x": 1, "include_usage": True}),
        ({"model": "m", "stream_options": None}, {"include_usage": True}),
    ]:
        raw = json.dumps(body).encode()
        prompt = read_prompt(raw)
        assert json.loads(amended(prompt, texts_in(prompt), "m", with_usage=True))["stream_options"] == rest


SEPARATORS = [(", ", ": "), (",", ":"), (", ", ":"), (" ,", " :")]


@given(bodies, st.sampled_from(SEPARATORS))
def test_however_a_body_is_written_it_says_the_same(body, separators):
    raw = json.dumps(body, separators=separators).encode()
    prompt = read_prompt(raw)
    keys = () if len(prompt.parts) == 1 and prompt.parts[0].place.key == "" else ("model", "messages")
    assert {part.place.key for part in prompt.parts} >= set(keys)
    assert prompt.skeleton["model"] == body["model"]
    assert [one["content"] for one in prompt.skeleton["messages"]] == [one["content"] for one in body["messages"]]
    spoken = {one["content"] for one in body["messages"]} | {body["model"]}
    assert spoken <= set(texts_in(prompt))


@given(bodies, bodies)
def test_what_is_remembered_changes_nothing(one, other):
    reader = PromptReader()
    for body in (one, other, one, one | other):
        raw = json.dumps(body).encode()
        fresh, again = read_prompt(raw), reader.read(raw)
        assert again.skeleton == fresh.skeleton
        assert [part.digest for part in again.parts] == [part.digest for part in fresh.parts]
        assert texts_in(again) == texts_in(fresh)


def test_the_same_words_at_another_place_are_another_part():
    prompt = read_prompt(b'{"messages":["m"],"input":["m"],"model":"m","system":"m"}')
    assert len({part.digest for part in prompt.parts}) == len(prompt.parts) == 4


@pytest.mark.parametrize(
    "raw",
    [
        b'{"model":"m","messages":[],"model":"n"}',
        b'{"model":"m","messages":[{"role":"user","role":"system"}]}',
        b'{"model":"m","messages":[{"content":"\xff"}]}',
        b'{"model":"m","messages":[{"content":"a"},]}',
        b'{"model":"m"} {}',
        b'\xef\xbb\xbf{"model":"m"}',
        b'["model"]',
        b"",
        b'{"model":"m","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"model":"m","messages":[{"content":"a\nb"}]}',
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_however_it_is_cut(raw):
    with pytest.raises(ValueError, match=r"."):
        read_prompt(raw)


@given(bodies, st.integers(0, 200), st.binary(min_size=1, max_size=3))
def test_a_body_that_is_read_is_a_body_that_a_strict_reader_reads(body, at, spoil):
    raw = json.dumps(body, separators=(",", ":")).encode()
    raw = raw[:at] + spoil + raw[at + len(spoil) :]
    try:
        prompt = read_prompt(raw)
    except ValueError:
        return
    assert read_object(raw)["model"] == prompt.skeleton["model"] if "model" in prompt.skeleton else True


def test_an_unusual_key_of_the_top_level_is_searched_too():
    assert GITHUB in texts_of({"model": "m", GITHUB: 1})
    assert len(read_prompt(json.dumps({"model": "m", "Key-1": 2}).encode()).parts) == 1


entries = st.one_of(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": st.text(max_size=6)}),
    st.sampled_from([1, 12, None, "a", "]", ',{"x":1}', [], {}, {"messages": [1]}]),
)
endings = st.dictionaries(
    st.sampled_from(["tools", "model", "stream", "input", "system"]), st.sampled_from([[], [{"name": "t"}], "m", True])
)


def outcome(read, raw):
    try:
        prompt = read(raw)
    except ValueError:
        return "refused"
    return (
        prompt.skeleton,
        prompt.marked,
        texts_in(prompt),
        [(part.digest, part.place, part.raw) for part in prompt.parts],
    )


@given(
    st.lists(entries, min_size=4, max_size=8),
    st.lists(st.tuples(st.integers(0, 8), st.lists(entries, max_size=3), endings), min_size=1, max_size=3),
    st.sampled_from(SEPARATORS),
    st.tuples(
        st.integers(0, 120), st.integers(0, 3), st.sampled_from([b"", b",", b"]", b"}", b'"', b"1", b" ", b"\xff"])
    ),
)
def test_a_body_that_goes_on_from_another_is_read_as_if_it_came_alone(first, turns, separators, spoilt):
    at, dropped, put = spoilt
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("companion.edges.gateway.prompt._LONG", 0)
        reader = PromptReader()
        told = first
        for kept, more, ending in ((len(first), [], {}), *turns):
            told = told[:kept] + more
            raw = json.dumps({"model": "m", "messages": told} | ending, separators=separators).encode()
            assert outcome(reader.read, raw) == outcome(read_prompt, raw)
            bad = raw[: len(raw) - at] + put + raw[len(raw) - at + dropped :] if at else raw
            assert outcome(reader.read, bad) == outcome(read_prompt, bad)


def test_only_what_is_new_of_a_long_body_is_read(monkeypatch):
    reader, made = PromptReader(), []
    monkeypatch.setattr("companion.edges.gateway.prompt.Part", lambda *given: made.append(given) or Part(*given))
    talk = [{"role": "user", "content": f"{number} " * 400} for number in range(20)]
    for more in range(1, 4):
        reader.read(json.dumps({"model": "m", "messages": talk[: 10 + more], "tools": [{"name": "t"}]}).encode())
    assert [given[1].key for given in made[-2:]] == ["messages", "tools"]
    assert len(made) == (1 + 11 + 1) + 2 + 2
    assert len(reader._latest) == 1, "a conversation is remembered once"


def test_what_is_remembered_of_long_bodies_is_bounded():
    reader = PromptReader()
    for number in range(40):
        talk = [{"role": "user", "content": f"{number} {turn} " * 20_000} for turn in range(6)]
        reader.read(json.dumps({"model": "m", "messages": talk}).encode())
    assert len(reader._latest) <= 8
    assert sum(len(cut.raw) for cut in reader._latest) <= 8 * 1024 * 1024


@pytest.mark.parametrize(
    ("body", "answers"),
    [
        ({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}, [False, True]),
        ({"messages": [{"role": "tool", "content": "a"}, {"role": "system", "content": "b"}]}, [False, False]),
        ({"input": [{"type": "function_call"}, {"type": "function_call_output"}, "words"]}, [True, False, False]),
        ({"input": [{"type": "message", "role": "assistant"}, {"type": "message", "role": "user"}]}, [True, False]),
        ({"metadata": {"role": "assistant"}}, [False]),
    ],
)
def test_what_a_model_said_is_told_from_what_it_was_told(body, answers):
    parts = read_prompt(json.dumps(body).encode()).parts
    assert [part.is_answer for part in parts] == answers


SAID = st.sampled_from(["hush one", "plain", "a\nhush\u00e9", "hush hush"])
HIDDEN = st.sampled_from(["SECRET_A_1A2B3C4D", "another word", '\u00e9\n"', "hush"])


@given(st.lists(SAID, min_size=1, max_size=4), st.lists(st.tuples(HIDDEN, st.sampled_from(["m", "n"])), max_size=4))
def test_what_is_amended_again_is_amended_as_if_for_the_first_time(said, turns):
    reader, messages = PromptReader(), [{"role": "user", "content": "w" * 9_000}]
    for number, (hidden, model) in enumerate([*turns, ("hush", "m")]):
        messages.append({"role": "user", "content": f"{number} {said[number % len(said)]}"})
        raw = json.dumps({"model": "m", "messages": messages}).encode()
        one, other = reader.read(raw), read_prompt(raw)
        texts = tuple(text.replace("hush", hidden) for text in texts_in(other))
        # The outgoing body is asked for more than once.
        for _ in range(2):
            assert amended(one, texts, model) == amended(other, texts, model)
        assert json.loads(amended(one, texts, model)) == {
            "model": model,
            "messages": [message | {"content": message["content"].replace("hush", hidden)} for message in messages],
        }
        assert [part.is_answer for part in one.parts] == [part.is_answer for part in other.parts]


def test_a_model_that_is_amended_and_replaced_is_replaced():
    prompt = read_prompt(b'{"model":"hush","messages":[]}')
    texts = tuple(text.replace("hush", "SECRET_A_1A2B3C4D") for text in texts_in(prompt))
    assert amended(prompt, texts, "m") == b'{"model":"m","messages":[]}'
    assert amended(prompt, texts, "hush") == b'{"model":"SECRET_A_1A2B3C4D","messages":[]}'
