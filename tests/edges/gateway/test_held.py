"""An answer that waits for a person waits for every agent that comes back for it, and for nobody else."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway import held
from companion.edges.gateway.held import HeldAnswers, Question
from companion.edges.gateway.prompt import read_prompt
from companion.edges.gateway.tooluse import Changes, Said
from companion.model.exchange import Origin

ORIGIN = Origin("claude", "key-1", workspace="/w")
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True}
CHANGES = Changes({0: Said("no")})


def question(body=BODY, origin=ORIGIN, path="/v1/messages") -> Question:
    return Question(path, origin, read_prompt(json.dumps(body).encode()).digest(held.OF_THE_FORM))


class Person:
    def __init__(self) -> None:
        self.answered = asyncio.get_running_loop().create_future()
        self.left = False

    async def decide(self) -> Changes:
        try:
            return await self.answered
        except asyncio.CancelledError:
            self.left = True
            raise


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(held, "_AT_ONCE_SECONDS", 0.001)
    monkeypatch.setattr(held, "GRACE_SECONDS", 0.05)


async def found(answers: HeldAnswers, wanted: Question):
    while (one := answers.find(wanted)) is None:
        await asyncio.sleep(0.001)
    return one


async def test_what_nobody_has_to_decide_is_never_held():
    async def at_once() -> Changes:
        return CHANGES

    answers: HeldAnswers = HeldAnswers()
    assert await answers.judged("said", at_once(), question) == CHANGES
    assert not answers


async def test_whoever_comes_back_gets_the_same_decision():
    answers, person = HeldAnswers(), Person()
    first = asyncio.create_task(answers.judged("said", person.decide(), question))
    one = await found(answers, question(BODY | {"stream": False, "max_tokens": 9}))
    second = asyncio.create_task(one.changes())
    await asyncio.sleep(0)
    person.answered.set_result(CHANGES)
    assert (await first, await second, one.recording) == (CHANGES, CHANGES, "said")
    assert not answers


async def test_the_question_outlives_whoever_asked_for_a_while_and_no_longer():
    answers, person = HeldAnswers(), Person()
    first = asyncio.create_task(answers.judged("said", person.decide(), question))
    one = await found(answers, question())
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert not person.left
    again = asyncio.create_task(one.changes())
    await asyncio.sleep(0.1)
    assert not person.left, "somebody waits again"
    again.cancel()
    await asyncio.gather(again, return_exceptions=True)
    while answers:
        await asyncio.sleep(0.01)
    assert person.left
    assert not one.open


async def test_an_agent_that_goes_before_anybody_was_asked_takes_all_along():
    answers, person = HeldAnswers(), Person()
    first = asyncio.create_task(answers.judged("said", person.decide(), question))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await asyncio.sleep(0)
    assert person.left
    assert not answers


async def test_a_judgement_that_fails_fails_for_all():
    async def fails() -> Changes:
        await asyncio.sleep(0.01)
        raise ZeroDivisionError

    answers: HeldAnswers = HeldAnswers()
    with pytest.raises(ZeroDivisionError):
        await answers.judged("said", fails(), question)
    assert not answers


words = st.text(max_size=3)
values = st.recursive(
    st.none() | st.booleans() | words, lambda inner: st.lists(inner) | st.dictionaries(words, inner), max_leaves=5
)
bodies = st.dictionaries(words | st.sampled_from(["stream", "max_tokens"]), values, max_size=4)


@given(bodies, bodies)
def test_two_bodies_are_the_same_question_only_when_they_say_the_same(one, other):
    form = {"stream", "stream_options", "max_tokens", "thinking"}
    same = {k: v for k, v in one.items() if k not in form} == {k: v for k, v in other.items() if k not in form}
    assert (question(one) == question(other)) is same


@pytest.mark.parametrize(
    "other",
    [
        question(origin=Origin("claude", "key-2", workspace="/w")),
        question(origin=Origin("claude", "key-1", workspace="/v")),
        question(origin=Origin("cline", "key-1", workspace="/w")),
        question(origin=Origin("claude", "key-1", "s2", workspace="/w")),
        question(path="/v1/chat/completions"),
        question(BODY | {"model": "n"}),
    ],
)
def test_nobody_gets_the_answer_to_another_question(other):
    assert other != question()
