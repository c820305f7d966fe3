"""What becomes of one call whose upstreams fail."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import httpx
import pytest

from companion.telemetry import catalogue
from companion.upstream.failures import Again
from companion.upstream.faults import Faults
from companion.upstream.http1.transport import SENT
from companion.upstream.sender import Sender, UpstreamUnreachable
from tests.support.dispatching import DOWN, GOOD, A, B, C, Scene, raises, says, streams

PATIENT = Faults(breaker_failures=10**9)
BUDGET = b'{"error":{"type":"budget_exceeded"}}'
EMPTY = b'{"error":{"code":"insufficient_quota"}}'


def total(instrument, upstream: str) -> float:
    return instrument.read().get((upstream,), 0)


async def test_a_call_that_is_served_at_once_is_one_request():
    scene = Scene({"a": says(200, b"good", x_kept="1")})
    told = await scene.call(A, B)
    assert (told.upstream, told.status, told.body, told.headers["x-kept"]) == ("a", 200, b"good", "1")
    assert (told.attempts, told.gave_up, told.failure) == (1, False, None)
    assert scene.announced == ["a"]
    assert scene.clock.slept == []


@pytest.mark.parametrize(
    "first",
    [
        DOWN,
        raises(httpx.ConnectTimeout("no")),
        raises(httpx.ReadError("no")),
        raises(httpx.RemoteProtocolError("no")),
        *[says(status) for status in (408, 409, 500, 502, 503, 504, 529)],
        says(429, retry_after="2"),
        says(503, retry_after="5"),
        streams(b"half", httpx.ReadError("no"), status=503),
    ],
)
async def test_what_helps_by_repetition_is_repeated_and_the_agent_does_not_hear_of_it(first):
    scene = Scene({"a": [first, GOOD]})
    told = await scene.call(A, B)
    assert (told.status, told.body, told.attempts, told.gave_up) == (200, b"good", 2, False)
    assert scene.asked == "aa"
    assert len(scene.clock.slept) == 1


@pytest.mark.parametrize(
    "first",
    [
        raises(httpx.ReadTimeout("no")),
        raises(httpx.PoolTimeout("no")),
        *[says(status) for status in (307, 401, 402, 403, 404, 424, 429, 501, 520)],
        says(429, EMPTY),
        says(429, EMPTY, retry_after="1"),
        says(429, retry_after="6"),
        says(503, retry_after="6"),
        says(500, x_should_retry="false"),
    ],
)
async def test_what_another_may_do_better_goes_to_it_without_waiting(first):
    scene = Scene({"a": first, "b": GOOD})
    told = await scene.call(A, B)
    assert (told.upstream, told.body, told.attempts, told.gave_up) == ("b", b"good", 2, False)
    assert scene.asked == "ab"
    assert scene.clock.slept == []


@pytest.mark.parametrize("status", [400, 413, 422])
@pytest.mark.parametrize("body", [b"{ not even\njson ", BUDGET])
async def test_what_nobody_can_mend_is_passed_on_as_it_came_and_nobody_else_is_asked(status, body):
    scene = Scene({"a": says(status, body, x_told="yes", retry_after="9")})
    told = await scene.call(A, B)
    assert (told.upstream, told.status, told.body, told.attempts) == ("a", status, body, 1)
    assert told.headers["x-told"] == "yes"
    assert told.headers["retry-after"] == "9"
    assert told.gave_up
    assert told.failure.again is Again.NEVER
    assert scene.asked == "a"


async def test_a_budget_is_not_passed_by_going_elsewhere():
    scene = Scene({"a": says(429, BUDGET, retry_after="1"), "b": GOOD})
    assert (await scene.call(A, B)).body == BUDGET
    assert scene.asked == "a"


async def test_one_repetition_each_then_the_next_each_with_its_own_body():
    scene = Scene({"a": says(503), "b": DOWN, "c": [says(500), GOOD]})
    told = await scene.call(A, B, C)
    assert (told.upstream, told.attempts, told.gave_up) == ("c", 6, False)
    assert scene.asked == "aabbcc"
    assert scene.announced == list("aabbcc")
    assert scene.bodies == list("abc"), "made once for all tries of a candidate"
    assert [request.content for request in scene.requests] == [b"model-a"] * 2 + [b"model-b"] * 2 + [b"model-c"] * 2
    assert {request.headers["x-api-key"] for request in scene.requests} == {"key-a", "key-b", "key-c"}
    assert all(request.headers["x-api-key"] == f"key-{request.url.host[0]}" for request in scene.requests)


@pytest.mark.parametrize("retries", [0, 1, 3])
async def test_as_many_repetitions_as_are_configured(retries):
    scene = Scene({"a": says(500)}, Faults(retries=retries, breaker_failures=9))
    assert (await scene.call()).attempts == retries + 1
    assert len(scene.clock.slept) == retries


async def test_when_all_fail_the_last_that_an_upstream_said_is_passed_on_untouched():
    scene = Scene({"a": says(503, b"\x00 odd", retry_after="7", x_told="a"), "b": says(502, b"b"), "c": DOWN})
    told = await scene.call(A, B, C)
    assert (told.upstream, told.status, told.body, told.gave_up) == ("b", 502, b"b", True)
    assert told.attempts == 5
    scene = Scene({"a": says(503, b"\x00 odd", retry_after="7", x_told="a"), "b": DOWN})
    told = await scene.call(A, B)
    assert (told.upstream, told.status, told.body, told.attempts) == ("a", 503, b"\x00 odd", 3)
    assert told.headers["retry-after"] == "7"
    assert told.headers["x-told"] == "a"
    assert told.failure.wait == 7


async def test_when_none_says_anything_the_words_tell_what_was_tried():
    scene = Scene({"a": DOWN, "b": raises(httpx.ReadTimeout("no")), "c": says(500)})
    with pytest.raises(UpstreamUnreachable) as caught:
        await scene.call(A, B)
    assert str(caught.value) == (
        "upstream a (a.example) cannot be reached (2 tries); upstream b (b.example) did not answer in time"
    )
    assert (caught.value.upstream, caught.value.kind, caught.value.wait) == ("b", "timeout", None)


async def test_it_waits_at_least_as_long_as_it_was_asked_to():
    scene = Scene({"a": [says(429, retry_after="2"), GOOD]}, chance=lambda: 0.0)
    await scene.call()
    assert scene.clock.slept == [2.0]
    scene = Scene({"a": [says(503), says(503), GOOD]}, Faults(retries=2), chance=lambda: 1.0)
    await scene.call()
    assert scene.clock.slept == [0.05, 0.1]
    scene = Scene({"a": [says(529), says(529), GOOD]}, Faults(retries=2), chance=lambda: 1.0)
    await scene.call()
    assert scene.clock.slept == [1.0, 2.0]


def taking(scene: Scene, seconds: float, answer):
    def answered(request: httpx.Request):
        scene.clock.seconds += seconds
        return answer(request)

    return answered


async def test_one_deadline_for_all_tries():
    scene = Scene({}, Faults(retries=9, deadline_seconds=600))
    scene.answers = dict.fromkeys("abc", taking(scene, 250, says(500, b"said")))
    told = await scene.call(A, B, C)
    assert (told.status, told.attempts, scene.asked) == (500, 3, "aaa"), "750 s are over"


async def test_no_wait_beyond_the_deadline():
    scene = Scene({"a": says(429, retry_after="4"), "b": GOOD}, Faults(deadline_seconds=3))
    assert (await scene.call(A, B)).upstream == "b"
    assert scene.clock.slept == []


class Noting(Sender):
    limits: list[tuple[float, float]] = []  # noqa: RUF012 - reset by the test

    async def open(self, *args, **limits):
        self.limits.append((limits["first_byte_seconds"], limits["idle_seconds"]))
        return await super().open(*args, **limits)


async def test_a_try_has_no_more_time_than_the_call():
    Noting.limits = []
    faults = Faults(retries=9, deadline_seconds=600, first_byte_seconds=300, idle_seconds=200)
    scene = Scene({}, faults, chance=lambda: 0.0, sender=Noting)
    scene.answers = {"a": taking(scene, 250, says(500))}
    await scene.call()
    assert Noting.limits == [(300, 200), (300, 200), (100, 200)]


async def test_an_error_too_long_to_be_kept_is_the_answer_whole_and_unrepeated():
    pieces = [bytes([number]) * 300_000 for number in range(6)]
    scene = Scene({"a": streams(*pieces, status=503)})
    told = await scene.call(A, B)
    assert (told.status, told.gave_up, told.attempts) == (503, True, 1)
    assert told.body == b"".join(pieces)
    scene = Scene({"a": streams(*pieces, httpx.ReadError("no"), status=503)})
    with pytest.raises(UpstreamUnreachable, match="broke"):
        await scene.call(A, B)


async def test_an_error_of_exactly_the_most_is_kept_and_repeated():
    scene = Scene({"a": says(503, b"x" * 1024 * 1024)})
    told = await scene.call()
    assert (len(told.body), told.attempts) == (1024 * 1024, 2)


async def test_an_error_that_breaks_off_is_no_answer():
    scene = Scene({"a": streams(b'{"err', httpx.ReadError("no"), status=503)})
    with pytest.raises(UpstreamUnreachable, match=r"broke \(ReadError\) \(2 tries\)"):
        await scene.call()
    scene = Scene({"a": streams(b'{"err', httpx.ReadError("no"), status=400), "b": GOOD})
    with pytest.raises(UpstreamUnreachable, match="broke"):
        await scene.call(A, B)
    assert scene.asked == "a", "a call at fault stays one, however it was said"


async def test_an_error_that_does_not_end_is_not_waited_for_beyond_the_deadline():
    async def endless(request):
        async def chunks():
            yield b"so"
            await asyncio.Event().wait()

        return httpx.Response(503, content=chunks())

    scene = Scene({"a": endless}, Faults(deadline_seconds=0.02, retries=0))
    with pytest.raises(UpstreamUnreachable, match="did not finish its answer 503 in time") as caught:
        await scene.call()
    assert caught.value.kind == "timeout"


@pytest.mark.parametrize(
    ("answer", "faults"),
    [
        (says(503), PATIENT),
        (says(429, retry_after="0"), PATIENT),
        (says(529), Faults(retries=10, breaker_failures=10**9)),
        (DOWN, Faults(retries=10)),
    ],
)
async def test_in_an_outage_hardly_more_requests_leave_than_calls_come(answer, faults):
    calls = 2000
    scene = Scene({"a": answer, "b": answer}, faults)
    withheld = total(catalogue.upstream_retries_withheld_total, "a")
    for _ in range(calls):
        with suppress(UpstreamUnreachable):
            await scene.call(A, B)
        scene.clock.seconds += 1
    for name in "ab":
        assert scene.asked.count(name) <= 1.05 * calls
    if faults is PATIENT:
        assert scene.asked.count("a") > calls, "some were repeated"
        assert total(catalogue.upstream_retries_withheld_total, "a") > withheld


async def test_repetitions_that_help_cost_nothing():
    answers = [says(503), GOOD] * 300
    scene = Scene({"a": answers}, PATIENT)
    assert [(await scene.call()).status for _ in range(300)] == [200] * 300


async def test_after_an_outage_success_brings_the_repetitions_back():
    scene = Scene({"a": says(503)}, PATIENT)
    for _ in range(100):
        await scene.call()
    assert (await scene.call()).attempts == 1
    scene.answers["a"] = GOOD
    for _ in range(14):
        await scene.call()
    scene.answers["a"] = says(503)
    assert (await scene.call()).attempts == 2


async def test_one_upstreams_outage_takes_no_repetitions_from_another():
    scene = Scene({"a": says(503), "b": says(503)}, PATIENT)
    for _ in range(100):
        await scene.call(A)
    assert (await scene.call(B)).attempts == 2


async def test_what_the_transport_sent_twice_is_announced_twice():
    def sent_twice(request: httpx.Request):
        request.extensions[SENT] = 2
        return httpx.Response(200)

    def failed_twice(request: httpx.Request):
        request.extensions[SENT] = 2
        return httpx.ReadError("no")

    reached = asyncio.Event()

    async def called_off(request: httpx.Request):
        request.extensions[SENT] = 2
        reached.set()
        await asyncio.Event().wait()

    scene = Scene({"a": [failed_twice, sent_twice, called_off]})
    assert (await scene.call()).attempts == 4
    assert scene.announced == ["a"] * 4
    await cancelled(scene, reached)
    assert scene.announced == ["a"] * 6


async def cancelled(scene: Scene, until: asyncio.Event) -> None:
    """Begins a call, and cancels it when it has come so far."""
    call = asyncio.create_task(scene.call(A, B))
    await until.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


def waits(reached: asyncio.Event, status: int | None = None):
    """Stops in the middle: before the head, or within a body."""

    async def body():
        yield b"x"
        reached.set()
        await asyncio.Event().wait()

    async def answered(request):
        if status is not None:
            return httpx.Response(status, content=body())
        reached.set()
        return await asyncio.Event().wait()

    return answered


@pytest.mark.parametrize("status", [None, 200, 503])
@pytest.mark.parametrize("number", [0, 1])
async def test_a_call_that_is_cancelled_says_nothing_about_its_upstream(status, number):
    reached = asyncio.Event()
    scene = Scene({"a": [says(503)] * number + [waits(reached, status)]}, Faults(breaker_failures=2 + number))
    lane = scene.dispatcher._lanes.lane(A.target, A.model)
    await cancelled(scene, reached)
    assert scene.asked == "a" * (number + 1)
    assert lane.quota.left == 500
    lane.breaker.enter().failed("529")
    assert lane.breaker.state == "closed"
    lane.breaker.enter().failed("529")
    assert lane.breaker.state == "open", "two failures, as if it had not been"


async def test_one_that_is_cancelled_while_it_waits_takes_no_repetition():
    scene = Scene({"a": says(503)})
    reached = asyncio.Event()

    async def sleep(seconds: float) -> None:
        reached.set()
        await asyncio.Event().wait()

    scene.dispatcher._world = type(scene.dispatcher._world)(
        scene.clock, scene.clock, scene.dispatcher._world.chance, sleep
    )
    lane = scene.dispatcher._lanes.lane(A.target, A.model)
    await cancelled(scene, reached)
    assert lane.quota.left == 500
    assert scene.asked == "a"


async def test_a_body_that_cannot_be_made_leaves_no_trace():
    scene = Scene({"a": GOOD}, Faults(breaker_failures=1, breaker_seconds=10))
    scene.answers["a"] = says(503)
    await scene.call()
    scene.clock.seconds += 20

    def fails(candidate):
        raise KeyError("no such thing")

    scene.body_for, made = fails, scene.body_for
    with pytest.raises(KeyError):
        await scene.call()
    assert scene.asked == "a"
    scene.body_for, scene.answers["a"] = made, GOOD
    assert (await scene.call()).status == 200, "the one call that finds out is still free"


async def test_repetitions_and_changes_of_upstream_are_counted():
    retries, failovers = catalogue.upstream_retries_total, catalogue.upstream_failovers_total
    before = [total(one, name) for one in (retries, failovers) for name in "abc"]
    scene = Scene({"a": says(503), "b": says(401), "c": GOOD})
    await scene.call(A, B, C)
    after = [total(one, name) for one in (retries, failovers) for name in "abc"]
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 0, 0, 1, 1, 0]
