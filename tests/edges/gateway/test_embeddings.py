"""Embeddings: every text of the prompt can be searched, and nothing but vectors comes back."""

from __future__ import annotations

import pytest

from companion.edges.gateway import chat, embeddings
from companion.edges.gateway.dialect import BadRequest, UnclearAnswer
from companion.edges.gateway.tooluse import Changes, Said
from companion.model.action import Dialect
from companion.model.money import Usage


@pytest.mark.parametrize("given", ["x", "", ["x"], ["x", "y"]])
def test_texts_are_a_prompt(given):
    asked = embeddings.read_request({"model": "m", "input": given, "stream": True})
    assert (asked.model, asked.stream, asked.tools, asked.max_output_tokens) == ("m", False, (), 0)


@pytest.mark.parametrize("given", [[1, 2], [[1, 2]], ["x", 1], [], {}, None, 7, [["x"]], [{"text": "x"}]])
def test_a_prompt_that_nobody_could_search_is_refused(given):
    with pytest.raises(BadRequest, match="input"):
        embeddings.read_request({"model": "m", "input": given})


@pytest.mark.parametrize("body", [{"input": "x"}, {"model": None, "input": "x"}, {"model": ["m"], "input": "x"}])
def test_a_body_without_a_model_is_refused(body):
    with pytest.raises(BadRequest, match="model"):
        embeddings.read_request(body)


def test_what_is_read_is_paid_for():
    assert embeddings.usage_of({"usage": {"prompt_tokens": 7, "total_tokens": 9}}) == Usage(input=7)
    assert embeddings.usage_of({"usage": {"prompt_tokens": -7}}) == Usage()
    assert embeddings.usage_of({"usage": None}) is embeddings.usage_of({}) is None


def test_vectors_stay_as_they_are_and_anything_else_is_unclear():
    answer = {"object": "list", "data": [{"embedding": [0.1]}]}
    assert embeddings.uses_of(answer) == []
    assert embeddings.change(answer, Changes(extra=(Said("x"),))) is answer
    for other in ({}, {"data": {}}, {"data": None}, answer | {"choices": []}):
        with pytest.raises(UnclearAnswer):
            embeddings.uses_of(other)


def test_there_is_no_stream_and_a_refusal_has_openais_shape():
    with pytest.raises(UnclearAnswer):
        embeddings.stream(None)
    assert embeddings.DIALECT is Dialect.EMBEDDINGS
    assert embeddings.error(400, "no-route", "words") == chat.error(400, "no-route", "words")
    assert embeddings.stream_error("no-route", "words") == chat.stream_error("no-route", "words")
