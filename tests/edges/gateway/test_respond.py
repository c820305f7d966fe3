"""The way back: begun once, one writer at a time, and never silent for as long as agents wait."""

from __future__ import annotations

import asyncio
import json

import pytest

from companion.edges.gateway.respond import BEAT_SECONDS, Responder
from tests.support.asgi import Wire, run


async def alive(respond: Responder, seconds: float, beat: bytes = b"*") -> int:
    """How many beats were asked for within so many seconds."""
    asked = 0

    async def beats() -> bytes:
        nonlocal asked
        asked += 1
        return beat

    async with respond.kept_alive(beats):
        await asyncio.sleep(seconds)
    return asked


def test_a_response_has_one_head_its_pieces_in_order_and_one_end():
    wire = Wire()

    async def main() -> None:
        respond = Responder(wire.send)
        assert not respond.begun
        await respond.begin(200, [("a", "b"), ("a", "c")])
        assert respond.begun
        for piece in (b"x", b"", b"y"):
            await respond.write(piece)
        await respond.finish(b"z")

    run(main())
    assert wire.heads == [(200, [(b"a", b"b"), (b"a", b"c")])]
    assert wire.pieces == [b"x", b"y", b"z"]
    assert wire.over


@pytest.mark.parametrize("value", ["a\r\nset-cookie: x", "a\nb", "a\rb", "a\0b"])
def test_no_value_of_a_header_makes_another_header(value):
    wire = Wire()
    run(Responder(wire.send).begin(200, [("x-companion-model", value)]))
    [(_, [(name, told)])] = wire.heads
    assert name == b"x-companion-model"
    assert not set(told) & set(b"\r\n\0")
    assert told.startswith(b"a ")


def test_letters_that_no_header_can_carry_do_not_break_it():
    wire = Wire()
    run(Responder(wire.send).begin(200, [("x", "\u00fc\u20ac")]))
    assert wire.heads == [(200, [(b"x", b"\xfc?")])]


def test_json_is_sent_whole_with_its_length():
    wire = Wire()
    run(Responder(wire.send).send_json(402, {"a": "\u00fc"}, [("x-should-retry", "false")]))
    [(status, head)] = wire.heads
    assert (status, wire.over, json.loads(wire.body)) == (402, True, {"a": "\u00fc"})
    assert dict(head) == {
        b"content-type": b"application/json",
        b"content-length": str(len(wire.body)).encode(),
        b"x-should-retry": b"false",
    }


def test_a_silent_answer_beats_and_no_longer_than_it_is_waited_for():
    wire = Wire()

    async def main() -> int:
        respond = Responder(wire.send)
        await respond.begin(200, [])
        asked = await alive(respond, 4.5 * BEAT_SECONDS)
        await asyncio.sleep(10 * BEAT_SECONDS)
        await respond.finish(b"end")
        return asked

    assert run(main()) == 4
    assert wire.body == b"****end"


def test_an_answer_that_is_written_to_beats_only_where_it_falls_silent():
    wire = Wire()

    async def main() -> None:
        respond = Responder(wire.send)
        await respond.begin(200, [])

        async def beat() -> bytes:
            return b"*"

        async with respond.kept_alive(beat):
            for _ in range(20):
                await asyncio.sleep(0.9 * BEAT_SECONDS)
                await respond.write(b"x")
            await asyncio.sleep(1.5 * BEAT_SECONDS)
            await respond.write(b"y")

    run(main())
    assert wire.body == b"x" * 20 + b"*y"


def test_where_nothing_can_be_said_nothing_is_written_and_it_is_asked_again_later():
    wire = Wire()

    async def main() -> int:
        respond = Responder(wire.send)
        await respond.begin(200, [])
        return await alive(respond, 3.5 * BEAT_SECONDS, beat=b"")

    assert run(main()) == 3
    assert wire.pieces == []


def test_a_beat_never_stands_within_what_is_being_written():
    wire = Wire(seconds=3 * BEAT_SECONDS)

    async def main() -> None:
        respond = Responder(wire.send)
        await respond.begin(200, [])

        async def beat() -> bytes:
            return b"*"

        async with respond.kept_alive(beat):
            await respond.write(b"first")
            await asyncio.sleep(2 * BEAT_SECONDS)
            await respond.write(b"second")
        await respond.finish(b"end")

    run(main())
    assert wire.most_writers == 1
    assert b"*" in wire.pieces
    assert [piece for piece in wire.pieces if piece != b"*"] == [b"first", b"second", b"end"]


def test_an_agent_that_waited_for_a_beat_and_left_leaves_nobody_behind():
    wire = Wire()

    async def main() -> int:
        respond = Responder(wire.send)
        await respond.begin(200, [])
        waiting = asyncio.ensure_future(alive(respond, 100 * BEAT_SECONDS))
        await asyncio.sleep(2.5 * BEAT_SECONDS)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return len(asyncio.all_tasks())

    assert run(main()) == 1
    assert wire.body == b"**"


def test_a_failure_of_what_is_waited_for_comes_through():
    async def main() -> None:
        async with Responder(Wire().send).kept_alive(lambda: asyncio.sleep(0, b"*")):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(main())
