"""A count of tokens asks for nothing, costs nothing and is never an answer of a model."""

from __future__ import annotations

import pytest

from companion.edges.gateway import count, messages
from companion.edges.gateway.dialect import BadRequest, UnclearAnswer
from companion.edges.gateway.tooluse import Changes, Said
from companion.model.action import Dialect

BODY = {"model": "m", "system": "s", "messages": [{"role": "user", "content": "u"}], "tools": [{"name": "t"}]}


def test_a_body_is_read_as_a_call_that_writes_nothing_and_is_not_streamed():
    asked = count.read_request(BODY | {"stream": True, "max_tokens": 99})
    assert (asked.stream, asked.max_output_tokens) == (False, 0)
    called = messages.read_request(BODY)
    assert (asked.model, asked.tools, asked.instructions, asked.words) == ("m", ("t",), called.instructions, "u")
    with pytest.raises(BadRequest):
        count.read_request({"model": "m"})


@pytest.mark.parametrize("answer", [{"input_tokens": 0}, {"input_tokens": 7, "context_management": {"x": 1}}])
def test_a_count_is_an_answer_that_costs_nothing_and_stays_as_it_is(answer):
    assert count.uses_of(answer) == []
    assert count.usage_of(answer | {"usage": {"input_tokens": 7}}) is None
    assert count.change(answer, Changes(extra=(Said("x"),))) is answer


@pytest.mark.parametrize(
    "answer",
    [{}, {"input_tokens": "7"}, {"input_tokens": None}, {"input_tokens": 7, "content": []}, {"type": "error"}],
)
def test_anything_else_is_unclear(answer):
    with pytest.raises(UnclearAnswer):
        count.uses_of(answer)


def test_there_is_no_stream_and_a_refusal_has_anthropics_shape():
    with pytest.raises(UnclearAnswer):
        count.stream(None)
    assert count.DIALECT is Dialect.COUNT_TOKENS
    assert count.error(400, "no-route", "words") == messages.error(400, "no-route", "words")
    assert count.stream_error("no-route", "words") == messages.stream_error("no-route", "words")
