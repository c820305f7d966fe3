"""Upstreams that fail in every way at once, on real sockets: what no call may suffer from it.

COMPANION_CHAOS_RUNS says how many calls are made; their seeds are the numbers of their hundreds.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import httpx
import psutil
import pytest
from msgspec.structs import replace

from companion.model.action import Dialect
from companion.upstream.balance import Balance
from companion.upstream.dispatch import Dispatcher
from companion.upstream.faults import Faults
from companion.upstream.http1.transport import Http1Transport
from companion.upstream.sender import Sender, Target, UpstreamUnreachable
from companion.upstream.tries import Candidate
from tests.support.chaos import (
    HEAD,
    Chaos,
    Fault,
    Seen,
    answers,
    bad_chunk,
    chaos,
    deaf,
    drip,
    error_frame,
    events,
    garbage,
    good,
    half_closed,
    late,
    never,
    reset,
    stalled,
    truncated,
    wrong_length,
)

RUNS = int(os.environ.get("COMPANION_CHAOS_RUNS", "300"))
SEASON = 100
AT_ONCE = 25
HURRY = 50
"""By how much time flies for the dispatcher: rests and pauses, not the waits on sockets."""
HUGE = b"x" * (1024 * 1024 + 1)


@dataclass
class Call:
    """What became of one call."""

    name: str
    announced: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    """How each try ended: "200", "503", "broken" and so on."""
    hung_up: bool = False
    ending: str = ""
    body: bytes = b""
    status: int = 0


class Noted(Sender):
    """Notes for each call how its tries ended, and tells of each when it begins."""

    began: Callable[[Call, Target, str], None]

    def __init__(self, transport: httpx.AsyncBaseTransport, calls: dict[str, Call]) -> None:
        super().__init__(transport)
        self.calls = calls

    async def open(self, target, method, path, headers, body, *args, **kwargs):
        call = self.calls[headers["x-call"]]
        self.began(call, target, body.decode())
        ends = call.ends
        ends.append("")
        try:
            reply = await super().open(target, method, path, headers, body, *args, **kwargs)
        except UpstreamUnreachable as error:
            ends[-1] = error.kind
            raise
        ends[-1] = str(reply.status)
        return reply


def moods(chance: random.Random) -> list[list[Fault]]:
    """What an upstream does while it is in one mood."""
    size = len(HEAD) + 200
    storm = [answers(429, b'{"error":{"type":"rate_limit_error"}}', retry_after="1"), answers(429)]
    return [
        [good],
        [good, drip(chance.randint(1, 60)), late(0.005)],
        [good, reset(0), reset(chance.randrange(size)), truncated(chance.randrange(size))],
        [good, half_closed(chance.randrange(size)), garbage(chance.random(), 300), bad_chunk(), wrong_length(5)],
        [good, good, good, never, stalled(chance.randrange(size)), wrong_length(-3)],
        [good, error_frame(), answers(500, b"no"), answers(503, HUGE)],
        [answers(500), answers(502), answers(503, retry_after="1"), answers(529)],
        [good, *storm],
        [answers(400, b"bad"), answers(401), answers(404), answers(409), good],
    ]


class Moody:
    """The script of an upstream whose mood changes."""

    def __init__(self, seed: str) -> None:
        self._chance = random.Random(seed)
        self._moods = moods(self._chance)
        self._mood = self._chance.choice(self._moods)

    def __call__(self, seen: Seen) -> Fault:
        if self._chance.random() < 0.2:
            self._mood = self._chance.choice(self._moods)
        return self._chance.choice(self._mood)


class Season:
    """A hundred calls of one dispatcher, some at once."""

    def __init__(self, seed: int, sender: Noted, ups: list[Chaos], candidates: list[Candidate]) -> None:
        self.chance = random.Random(seed)
        self.ups = ups
        self.candidates = candidates
        self.calls = sender.calls
        faults = Faults(
            retries=self.chance.randint(0, 2),
            deadline_seconds=self.chance.choice([10.0, 100.0]),
            first_byte_seconds=0.25,
            idle_seconds=0.25,
            breaker_failures=self.chance.randint(1, 4),
            breaker_seconds=1.0,
        )
        self.dispatcher = Dispatcher(
            sender,
            faults,
            now=lambda: time.monotonic() * HURRY,
            chance=self.chance.random,
            sleep=lambda seconds: asyncio.sleep(seconds / HURRY),
        )
        self.finding_out: dict[tuple[str, int], Call] = {}
        sender.began = self.began

    def began(self, call: Call, target: Target, model: str) -> None:
        breaker = self.dispatcher._lanes.lane(target, model).breaker
        if breaker.state == "half-open":
            # One a rest, unless it was called off.
            before = self.finding_out.get((target.name, breaker._term))
            assert before is None or before.hung_up, "two find out at once"
            self.finding_out[target.name, breaker._term] = call

    async def one(self, call: Call, seed: float) -> None:
        chance = random.Random(seed)
        group = chance.sample(self.candidates, chance.randint(1, len(self.candidates)))
        manner = chance.choice(["read", "read", "read", "leave", "fail"])
        send = self.dispatcher.send(
            [replace(one, weight=chance.randint(0, 3)) for one in group],
            chance.choice(list(Balance)),
            "POST",
            "/v1/messages",
            {"x-call": call.name},
            lambda candidate: candidate.model.encode(),
            Dialect.MESSAGES,
            lambda candidate: call.announced.append(candidate.target.name),
        )
        try:
            async with send as served:
                tries = len(call.announced)
                assert served.attempts == tries
                call.status = served.reply.status
                assert served.gave_up == (call.status != 200)
                async for chunk in served.reply.chunks:
                    call.body += chunk
                    if manner == "leave":
                        break
                    if manner == "fail":
                        {}[call.name]
                if b"overloaded_error" in call.body:
                    served.broken()
            call.ending = "passed on" if served.gave_up else "served"
        except UpstreamUnreachable as error:
            call.ending = "broke off" if call.status else error.kind
        except KeyError:
            call.ending = "failed"
        except asyncio.CancelledError:
            call.ending = "hung up"
        if call.status:
            assert len(call.announced) == tries, "tried again after an answer was begun"

    async def run(self, names: list[str]) -> None:
        at_once = asyncio.Semaphore(AT_ONCE)

        async def made(name: str) -> None:
            call = self.calls[name] = Call(name)
            async with at_once:
                task = asyncio.create_task(self.one(call, self.chance.random()))
                if self.chance.random() < 0.15:
                    await asyncio.wait([task], timeout=self.chance.random() / 20)
                    call.hung_up = not task.done()
                    task.cancel()
                await asyncio.wait([task])
                if not task.cancelled():
                    task.result()
                call.ending = call.ending or "hung up"

        # Every call ends; how soon is not the question here.
        async with asyncio.timeout(120), asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(made(name))

    def check(self, names: list[str]) -> None:
        seen = [(up, one) for up in self.ups for one in up.seen]
        for name in names:
            call = self.calls[name]
            got = [(up, one) for up, one in seen if one.call == name]
            sent = [one for one in call.announced if one != "deaf"]
            assert len(got) <= len(sent), "a request left that was not announced"
            if not call.hung_up and "timeout" not in call.ends:
                assert len(got) == len(sent), "a request was announced that did not leave"
            assert call.ending
            if call.status == 200 and b"overloaded_error" not in call.body:
                whole = [b"".join(events(one)) for _, one in got]
                assert any(one.startswith(call.body) for one in whole), "pieces of two answers"
            if call.status and call.ending == "passed on":
                assert str(call.status) in call.ends


def open_files() -> int:
    process = psutil.Process()
    return process.num_handles() if os.name == "nt" else process.num_fds()


async def comes_true(condition: Callable[[], bool], otherwise: str) -> None:
    """An iterator that was left in the middle is closed by a task of the loop's own, when memory is next swept."""
    for _ in range(2000):
        if condition():
            return
        gc.collect()
        await asyncio.sleep(0.001)
    pytest.fail(otherwise)


def missing(endings: Counter[str], tries: Counter[str]) -> list[str]:
    """What has to happen to a call and to a try at some time, and did not yet."""
    ends = [how for how in ("served", "passed on", "broke off", "hung up", "refused") if not endings[how]]
    return ends + [how for how in ("200", "429", "500", "529", "connect", "broken") if not tries[how]]


@pytest.mark.timeout(0 if RUNS > 1000 else 180)
@pytest.mark.parametrize("transport", [httpx.AsyncHTTPTransport, Http1Transport])
async def test_whatever_upstreams_do_every_call_ends_well_or_is_told_why(transport):
    endings: Counter[str] = Counter()
    tries: Counter[str] = Counter()
    rests = 0
    tasks, files = asyncio.all_tasks(), open_files()
    least = max(1, RUNS // SEASON)
    for seed in range(10 * least):
        if seed >= least and rests and not missing(endings, tries):
            break
        async with AsyncExitStack() as stack:
            ups = [await stack.enter_async_context(chaos(Moody(f"{seed} {number}"))) for number in range(3)]
            urls = {f"up{number}": up.url for number, up in enumerate(ups)} | {"deaf": stack.enter_context(deaf())}
            candidates = [Candidate(Target(name, url, f"key-{name}"), f"model-{name}") for name, url in urls.items()]
            sender = await stack.enter_async_context(Noted(transport(), {}))
            season = Season(seed, sender, ups, candidates)
            names = [f"{seed}-{number}" for number in range(SEASON)]
            await season.run(names)
            await sender.__aexit__()
            season.check(names)
            for up in ups:
                assert {one.headers["x-api-key"] for one in up.seen} <= {f"key-up{ups.index(up)}"}
        endings.update(call.ending for call in season.calls.values())
        tries.update(end for call in season.calls.values() for end in call.ends)
        rests += len(season.finding_out)
        await comes_true(lambda: asyncio.all_tasks() == tasks, "a task is left")
        await comes_true(lambda: open_files() == files, "a socket is left")
    figures = f"{transport.__name__}: {dict(endings)}; tries {dict(tries)}; {rests} rests ended by one call"
    print(f"\n{figures}")  # noqa: T201 - the figures of a long run
    # Or nothing was shown. On a busy machine most tries run out of time, and it takes more of them.
    assert rests
    assert not missing(endings, tries)
