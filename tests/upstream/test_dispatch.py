"""What calls learn from each other: whom to leave alone, and whom to ask first."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections import Counter

import httpx
import pytest
from msgspec.structs import replace

from companion.telemetry import catalogue
from companion.upstream.balance import Balance
from companion.upstream.faults import Faults
from companion.upstream.sender import UpstreamUnreachable
from tests.support.dispatching import DOWN, GOOD, WALL, A, B, C, Scene, raises, says, streams, whole

QUICK = Faults(retries=0, breaker_failures=2, breaker_seconds=10)


def states(scene: Scene) -> dict[str, str]:
    return {one.upstream: str(one.state) for one in scene.dispatcher.standing()}


async def opened(answer=says(503), **more) -> Scene:
    scene = Scene({"a": answer, **more}, QUICK, chance=lambda: 0.0)
    for _ in range(2):
        await outcome(scene, A)
    assert states(scene) == {"a": "open"}
    scene.requests.clear()
    return scene


async def outcome(scene: Scene, *candidates) -> str:
    """The upstream and status of a call, or the kind of its failure."""
    try:
        told = await scene.call(*candidates)
    except UpstreamUnreachable as error:
        return error.kind
    return f"{told.upstream} {told.status}"


async def test_a_call_needs_a_candidate():
    with pytest.raises(ValueError, match="candidate"):
        async with Scene({}).send():
            pass


@pytest.mark.parametrize(
    ("answer", "opens"),
    [
        (says(500), True),
        (says(529), True),
        (says(408), True),
        (says(424), True),
        (DOWN, True),
        (raises(httpx.ReadTimeout("no")), True),
        (raises(httpx.ReadError("no")), True),
        (streams(b"half", httpx.ReadError("no")), True),
        (streams(b"half", httpx.ReadError("no"), status=500), True),
        (says(429, retry_after="0"), False),
        (says(400), False),
        (says(401), False),
        (says(404), False),
        (says(409), False),
        (says(200), False),
        (raises(httpx.PoolTimeout("no")), False),
    ],
)
async def test_which_failures_have_an_upstream_left_alone(answer, opens):
    scene = Scene({"a": answer}, QUICK)
    for _ in range(4):
        await outcome(scene, A)
        scene.clock.seconds += 0.01
    assert states(scene)["a"] == ("open" if opens else "closed")
    assert len(scene.requests) == (2 if opens else 4)


def why(scene: Scene) -> list[tuple[str, float]]:
    return [(one.cause, one.since) for one in scene.dispatcher.standing()]


@pytest.mark.parametrize(
    ("answer", "last"),
    [
        (says(529), "529"),
        (raises(httpx.ConnectError("no")), "no connection"),
        (raises(httpx.ReadTimeout("no")), "no answer in time"),
        (streams(b"half", httpx.ReadError("no")), "the answer broke off"),
    ],
)
async def test_why_one_is_left_alone_and_since_when_is_told(answer, last):
    scene = Scene({"a": answer}, QUICK)
    for _ in range(4):
        await outcome(scene, A)
    assert why(scene) == [(f"2 failures in a row, the last: {last}", WALL)]


async def test_an_answer_that_failed_within_itself_is_told_as_one_that_broke_off():
    scene = Scene({"a": GOOD}, QUICK)
    for _ in range(2):
        async with scene.send(A) as served:
            await whole(served)
            served.broken()
    assert why(scene) == [("2 failures in a row, the last: the answer broke off", WALL)]


async def test_for_how_long_one_wants_to_be_left_alone_is_told_and_other_numbers_forget_it():
    scene = Scene({"a": says(429, retry_after="30")}, QUICK)
    await outcome(scene, A)
    assert why(scene) == [("asked to be left alone for 30 s (429)", WALL)]
    scene.dispatcher.replace(Faults(breaker_failures=1))
    scene.answers["a"] = says(503)
    await outcome(scene, A)
    assert why(scene) == [("a failure: 503", WALL)]


async def test_one_that_is_left_alone_is_passed_over_and_with_no_other_the_call_is_refused_with_a_time():
    scene = await opened(b=GOOD)
    assert await outcome(scene, A, B) == "b 200"
    with pytest.raises(UpstreamUnreachable, match=r"upstream a is left alone .* next try in 10 s") as caught:
        await scene.call(A)
    assert (caught.value.kind, caught.value.upstream, caught.value.wait) == ("refused", "a", 10.0)
    assert scene.asked == "b"


async def test_the_words_tell_of_both_those_that_failed_and_those_left_alone():
    scene = await opened(b=DOWN)
    with pytest.raises(UpstreamUnreachable, match=r"b .* cannot be reached; upstream a is left alone") as caught:
        await scene.call(A, B)
    assert (caught.value.kind, caught.value.upstream, caught.value.wait) == ("connect", "b", 10.0)


async def test_of_fifty_calls_at_once_one_finds_out():
    scene = await opened()
    scene.clock.seconds += 10
    release = asyncio.Event()

    async def slow(request):
        await release.wait()
        return httpx.Response(200)

    scene.answers["a"] = slow
    calls = [asyncio.create_task(outcome(scene, A)) for _ in range(50)]
    while sum(call.done() for call in calls) < 49:
        await asyncio.sleep(0)
    assert scene.asked == "a"
    release.set()
    assert Counter(await asyncio.gather(*calls)) == {"a 200": 1, "refused": 49}
    assert await outcome(scene, A) == "a 200"


async def test_others_go_through_as_soon_as_the_one_is_answered_not_only_when_its_answer_ends():
    scene = await opened()
    scene.clock.seconds += 10
    scene.answers["a"] = GOOD
    async with scene.send(A):
        assert await outcome(scene, A) == "a 200"


async def test_one_that_is_cancelled_before_it_found_out_lets_another():
    scene = await opened()
    scene.clock.seconds += 10
    begun = asyncio.Event()

    async def never(request):
        begun.set()
        await asyncio.Event().wait()

    scene.answers["a"] = never
    call = asyncio.create_task(scene.call(A))
    await begun.wait()
    assert await outcome(scene, A) == "refused"
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    scene.answers["a"] = GOOD
    assert await outcome(scene, A) == "a 200"


@pytest.mark.parametrize("status", [400, 401, 429])
async def test_an_upstream_that_answers_anything_sensible_is_there_again(status):
    scene = await opened()
    scene.clock.seconds += 10
    scene.answers["a"] = says(status, retry_after="0")
    assert await outcome(scene, A) == f"a {status}"
    assert states(scene) == {"a": "closed"}


async def test_an_answer_that_says_within_itself_that_it_failed_counts():
    scene = Scene({"a": GOOD}, QUICK)
    for _ in range(2):
        async with scene.send(A) as served:
            await whole(served)
            served.broken()
    assert states(scene) == {"a": "open"}


async def test_a_hang_up_or_an_error_of_ours_counts_neither_way():
    scene = Scene({"a": [says(503), GOOD]}, QUICK)
    await scene.call()
    for error in (KeyError("ours"), asyncio.CancelledError(), GeneratorExit()):
        with pytest.raises(type(error)):
            async with scene.send(A):
                raise error
    scene.answers["a"] = says(503)
    await scene.call()
    assert states(scene) == {"a": "open"}


async def test_an_answer_that_came_whole_forgives():
    scene = Scene({"a": [says(503), GOOD, says(503), GOOD, says(503)]}, QUICK)
    for _ in range(5):
        await scene.call()
    assert states(scene) == {"a": "closed"}


async def test_a_break_after_the_answer_was_read_does_not_count():
    scene = Scene({"a": streams(b"all", httpx.ReadError("no"))}, QUICK)
    for _ in range(3):
        async with scene.send(A) as served:
            assert await anext(served.reply.chunks) == b"all"
    assert states(scene) == {"a": "closed"}


async def test_one_that_asked_for_time_gets_it_from_every_call():
    scene = Scene({"a": [says(429, b"busy", retry_after="60"), GOOD], "b": GOOD})
    told = await scene.call(A)
    assert (told.status, told.body, told.headers["retry-after"]) == (429, b"busy", "60")
    assert states(scene) == {"a": "paused"}
    assert await outcome(scene, A, B) == "b 200"
    with pytest.raises(UpstreamUnreachable, match="next try in 60 s") as caught:
        await scene.call(A)
    assert (caught.value.kind, caught.value.wait) == ("refused", 60.0)
    assert scene.asked == "ab"
    scene.clock.seconds += 60
    assert await outcome(scene, A, B) == "a 200"


async def test_another_model_of_it_is_not_meant():
    scene = Scene({"a": [says(429, retry_after="60"), GOOD]})
    await scene.call(A)
    assert await outcome(scene, replace(A, model="other")) == "a 200"


async def test_a_moment_is_waited_for_where_no_other_can_serve():
    scene = Scene({"a": [says(429, retry_after="4"), GOOD], "b": GOOD}, Faults(retries=0))
    await scene.call(A)
    assert await outcome(scene, A, B) == "b 200"
    assert scene.clock.slept == []
    assert await outcome(scene, A) == "a 200"
    assert scene.clock.slept == [5.0], "four, and a part of them by chance"


async def test_one_that_failed_too_often_is_not_waited_for_however_soon_its_rest_ends():
    scene = await opened()
    scene.clock.seconds += 9
    assert await outcome(scene, A) == "refused"
    assert scene.clock.slept == []


async def test_no_moment_is_waited_for_beyond_the_deadline():
    scene = Scene({"a": [says(429, retry_after="4"), GOOD]}, Faults(retries=0, deadline_seconds=3))
    await scene.call(A)
    assert await outcome(scene, A) == "refused"
    assert scene.clock.slept == []


async def test_by_weight_calls_are_shared_out():
    scene = Scene({"a": GOOD, "b": GOOD, "c": GOOD})
    group = [replace(A, weight=5), replace(B, weight=2), replace(C, weight=1)]
    for _ in range(80):
        await scene.call(*group, balance=Balance.WEIGHTED)
    assert Counter(scene.asked) == {"a": 50, "b": 20, "c": 10}


async def test_in_turn_with_one_left_alone_the_others_take_turns():
    scene = Scene({"a": GOOD, "b": GOOD, "c": GOOD})
    scene.dispatcher._lanes.lane(B.target, B.model).breaker.pause(1000, "busy")
    for _ in range(6):
        await scene.call(A, B, C, balance=Balance.ROUND_ROBIN)
    assert scene.asked == "acacac"


async def test_the_fastest_is_asked_and_one_that_recovers_comes_back():
    scene = Scene({})
    seconds = {"a": 3.0, "b": 0.5}

    def takes(request):
        scene.clock.seconds += seconds[request.url.host[0]]
        return httpx.Response(200)

    scene.answers = {"a": takes, "b": takes}

    async def share(calls: int) -> Counter:
        scene.requests.clear()
        for _ in range(calls):
            await scene.call(A, B, balance=Balance.LEAST_LATENCY)
        return Counter(scene.asked)

    assert (await share(200))["b"] > 180
    seconds["a"] = 0.01
    await share(1200)
    assert (await share(100))["a"] > 90


async def test_other_numbers_make_all_upstreams_count_as_well_and_the_same_do_not():
    scene = await opened()
    scene.dispatcher.replace(dataclasses.replace(QUICK))
    assert states(scene) == {"a": "open"}
    scene.dispatcher.replace(dataclasses.replace(QUICK, retries=1))
    assert states(scene) == {}
    assert await outcome(scene, A) == "a 503"
    assert scene.asked == "aa"


async def test_openings_and_the_time_to_the_first_byte_are_measured():
    openings = catalogue.upstream_breaker_openings_total.read().get(("a",), 0)
    await opened()
    assert catalogue.upstream_breaker_openings_total.read()[("a",)] == openings + 1
    before = catalogue.upstream_seconds.read().get(("a",))
    await Scene({"a": GOOD}).call()
    assert catalogue.upstream_seconds.read()[("a",)].count == (before.count if before else 0) + 1


async def test_many_calls_at_once_over_upstreams_that_come_and_go():
    """Whatever the order of events: never two that find out at once, and every announcement a request."""
    number = itertools.count()
    finding_out: Counter = Counter()
    scene = Scene({}, Faults(breaker_failures=2, breaker_seconds=1))

    async def moody(request):
        name = request.url.host[0]
        half_open = states(scene)[name] == "half-open"
        finding_out[name] += half_open
        assert finding_out[name] <= 1
        turn = next(number)
        for _ in range(turn % 5):
            await asyncio.sleep(0)
        finding_out[name] -= half_open
        scene.clock.seconds += 0.1
        return httpx.Response(200 if turn % 3 == 0 else 503)

    scene.answers = dict.fromkeys("abc", moody)
    for _ in range(20):
        told = await asyncio.gather(*(outcome(scene, A, B, C) for _ in range(25)))
        assert len(told) == 25
    assert len(scene.announced) == len(scene.requests)
    assert "half-open" in states(scene).values() or "open" in states(scene).values()
