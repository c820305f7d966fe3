"""An answer that is held, given again to a request that came back for it: what was judged, or nothing."""

from __future__ import annotations

import asyncio
import json

import pytest

from companion.edges.gateway.answer import give_again
from companion.edges.gateway.held import HeldAnswers
from companion.edges.gateway.replay import document_of
from companion.edges.gateway.respond import BEAT_SECONDS
from companion.model.action import ShellCommand
from companion.model.verdict import PASS, Ask
from tests.support.answers import STREAMS
from tests.support.asgi import run
from tests.support.chunks import chunk, piece, told
from tests.support.dialects import DIALECTS, MODULES, parsed
from tests.support.rooms import gatekeeper
from tests.support.turns import Call, decide, pieces
from tests.support.wire import READERS

LS, RM = ("Bash", '{"command": "ls"}'), ("Bash", '{"command": "rm -rf build"}')
SECRETS = {"SECRET_AWS_0A1B2C3D": 'a "key"'}


def ask_rm(action, facts):
    return Ask("risky", "it deletes") if isinstance(action, ShellCommand) and "rm" in action.command else PASS


def document(name: str, text: str, calls=()) -> dict:
    return document_of(MODULES[name].DIALECT, list(parsed(STREAMS[name](text, calls))))


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("streams", [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("approve", [True, False])
def test_a_request_that_comes_back_gets_the_answer_that_is_held_in_the_form_it_asks_for(name, streams, approve):
    keeper = gatekeeper([("test", ask_rm)])
    first, second = (
        Call(name, None, keeper, id=id, lookup=SECRETS.get, stream=stream)
        for id, stream in zip("12", streams, strict=True)
    )
    calls, holding = [LS, RM], HeldAnswers()
    raw = STREAMS[name]("a SECRET_AWS_0A1B2C3D", calls)
    if not streams[0]:
        raw = json.dumps(document(name, "a SECRET_AWS_0A1B2C3D", calls)).encode()

    async def come_back() -> None:
        await asyncio.sleep(2 * BEAT_SECONDS)
        await give_again(second.turn, holding.find(second.turn.question()))

    async def main() -> int:
        answering = first.answer(pieces(raw), streamed=streams[0], holding=holding)
        _, _, asked = await asyncio.gather(answering, come_back(), decide(keeper, 5 * BEAT_SECONDS, approve=approve))
        return asked

    assert run(main()) == 1
    found = []
    for call, streamed in zip((first, second), streams, strict=True):
        answer = call.wire.body
        if not streamed:
            uses = MODULES[name].uses_of(json.loads(answer))
            found.append([(use.name, json.loads(use.arguments)) for use in uses])
            assert b'a a \\"key\\"' in answer
            continue
        read = READERS[name](answer)
        found.append([(tool, json.loads(told)) for tool, told in read.calls])
        assert (read.text, read.done) == ('a a "key"', True)
    assert found[0] == found[1]
    assert (found[0] == [(tool, json.loads(told)) for tool, told in calls]) is approve
    assert len(second.wire.pieces) > 2, "it is kept alive too"
    head = dict(second.wire.heads[0][1])
    assert head[b"x-companion-attached"] == b"1"
    assert head[b"content-type"] == (b"text/event-stream" if streams[1] else b"application/json")


def one_choice(command: str) -> dict:
    return {"index": 0, "message": {"tool_calls": [piece(json.dumps({"command": command}))]}, "finish_reason": "stop"}


OTHERS = {
    "choices of one index": (
        False,
        json.dumps({"id": "c", "choices": [one_choice("ls"), one_choice("rm -rf x")]}).encode(),
    ),
    "calls that all have the index 0": (
        True,
        told(
            *(
                chunk({"tool_calls": [piece(json.dumps({"command": text}), id=f"c{place}")]})
                for place, text in enumerate(("ls", "rm -rf x"))
            )
        ),
    ),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_an_answer_whose_calls_are_others_in_the_other_form_is_not_given_in_it(kind):
    """What was decided of a call is found by its place, which is another one there."""
    streamed, raw = OTHERS[kind]
    keeper, holding = gatekeeper([("test", ask_rm)]), HeldAnswers()
    first, second = (
        Call("chat", None, keeper, id=id, stream=stream) for id, stream in (("1", streamed), ("2", not streamed))
    )

    async def come_back() -> None:
        await asyncio.sleep(BEAT_SECONDS)
        await give_again(second.turn, holding.find(second.turn.question()))

    async def main() -> None:
        answering = first.answer(pieces(raw), streamed=streamed, holding=holding)
        await asyncio.gather(answering, come_back(), decide(keeper, 2 * BEAT_SECONDS, approve=False))

    run(main())
    assert b"ls" in first.wire.body
    assert b"rm -rf" not in first.wire.body + second.wire.body
    [(status, _)] = second.wire.heads
    assert (status, json.loads(second.wire.body)["error"]["code"]) == (502, "answer-unreadable")
