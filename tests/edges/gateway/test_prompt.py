"""What is scanned of a request body, and what is changed in it."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway.prompt import read_prompt

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


@given(bodies, st.sampled_from([None, 1, 4]))
def test_what_is_not_amended_keeps_its_bytes(body, indent):
    raw = json.dumps(body, indent=indent).encode()
    prompt = read_prompt(raw)
    assert prompt.amended(prompt.texts, body["model"]) == raw


@given(bodies, st.text(max_size=5))
def test_only_amended_texts_and_the_model_change(body, model):
    raw = json.dumps(body).encode()
    prompt = read_prompt(raw)
    texts = tuple("AMENDED" if text == "user" else text for text in prompt.texts)
    wanted = json.loads(raw.replace(b'"user"', b'"AMENDED"')) | {"model": model}
    assert json.loads(prompt.amended(texts, model)) == wanted


def test_keys_are_texts_too_and_ids_and_images_are_not():
    image = "A" * 400
    body = {"k": [{"type": "image", "source": {"data": image}}, {"id": "toolu_1", "text": "t"}], "data": "plain text"}
    texts = read_prompt(json.dumps(body).encode()).texts
    assert {"k", "type", "t", "plain text"} <= set(texts)
    assert image not in texts
    assert "toolu_1" not in texts


def test_usage_is_asked_for_where_the_agent_did_not():
    for body, rest in [
        ({"model": "m"}, {"include_usage": True}),
        ({"model": "m", "stream_options": {"x": 1}}, {"x": 1, "include_usage": True}),
        ({"model": "m", "stream_options": None}, {"include_usage": True}),
    ]:
        raw = json.dumps(body).encode()
        prompt = read_prompt(raw)
        assert json.loads(prompt.amended(prompt.texts, "m", with_usage=True))["stream_options"] == rest
