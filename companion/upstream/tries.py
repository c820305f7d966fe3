"""The tries of one call: at which candidates, how often, and what is handed out in the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from companion.model.action import Dialect
from companion.telemetry import catalogue
from companion.upstream.breaker import Permit
from companion.upstream.failures import BROKE_OFF, Again, Failure, failure_of, failure_without_answer
from companion.upstream.faults import Faults
from companion.upstream.lanes import Lane
from companion.upstream.retry import backoff, cost_of
from companion.upstream.sender import Reply, Sender, Target, UpstreamUnreachable

_MOST_ERROR_BYTES = 1024 * 1024
_ERROR_BODY_SECONDS = 30.0
_SERVED = range(200, 300)


class Candidate(Struct, frozen=True):
    """One way to serve a call."""

    target: Target
    model: str
    weight: int = 1
    """For Balance.WEIGHTED, from 0 up."""


class Served(Struct, frozen=True):
    """The answer that is handed out: one that serves the call, or the last thing that an upstream had to say."""

    candidate: Candidate
    reply: Reply
    attempts: int
    """Requests that were announced for this call, those that reached nobody among them."""
    failure: Failure | None
    """Why the answer does not serve the call; None when it does."""
    broken: Callable[[], None]
    """To be called when the answer breaks off, or says within itself that the upstream failed."""

    @property
    def gave_up(self) -> bool:
        """Whether companion has done what it could, so that asking again at once brings nothing."""
        return self.failure is not None


class Asked(Struct, frozen=True):
    """A call, as every candidate may get it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body_for: Callable[[Candidate], bytes]
    dialect: Dialect | None
    attempting: Callable[[Candidate], None]
    """Called right before each request leaves; for one that the transport sent twice, once more afterwards."""
    unsent: Callable[[], None] = lambda: None
    """Called for each announced request that did not leave after all, because nobody could be reached."""


@dataclass(frozen=True, slots=True)
class World:
    """What a test replaces."""

    now: Callable[[], float]
    """A monotonic clock, in seconds."""
    wall: Callable[[], float]
    """Seconds since 1970."""
    chance: Callable[[], float]
    """Numbers from 0 up to 1."""
    sleep: Callable[[float], Awaitable[object]]


@dataclass(slots=True)
class Tries:
    """One call on its way through its candidates. Whoever makes the tries closes `open`, whatever came of them."""

    sender: Sender
    faults: Faults
    world: World
    asked: Asked
    deadline: float
    """On the clock of `world`."""
    attempts: int = 0
    open: Reply | None = None
    """The answer that still has a body to come, and a connection of its own."""
    _at: Lane | None = None
    _answer: Served | None = None
    """The last one that did not serve."""
    _errors: list[UpstreamUnreachable] = field(default_factory=list[UpstreamUnreachable])
    _resting: list[Lane] = field(default_factory=list[Lane])

    async def serve(self, ways: Sequence[tuple[Candidate, Lane]]) -> tuple[Served, Permit | None]:
        """Tries them in this order. The permit is of an answer that serves; its end is not settled yet.

        Raises UpstreamUnreachable when no upstream had anything to say.
        """
        for number, (candidate, lane) in enumerate(ways):
            if number and self._left() <= 0:
                break
            result = await self._try(candidate, lane)
            if result is not None:
                return result
        if self._answer is not None:
            return replace(self._answer, attempts=self.attempts), None
        raise self._unreachable()

    async def _try(self, candidate: Candidate, lane: Lane) -> tuple[Served, Permit | None] | None:
        """At one candidate, as often as it may be. None when another one is to be asked."""
        body: bytes | None = None
        result: Served | Failure | None = None
        for number in range(self.faults.retries + 1):
            tokens = 0
            if isinstance(result, Failure) and not (tokens := await self._before_again(lane, result, number)):
                return None
            permit = lane.breaker.enter()
            if permit is None:
                lane.quota.give(tokens)
                self._resting.append(lane)
                return None
            try:
                body = self.asked.body_for(candidate) if body is None else body
                result = await self._send(candidate, lane, permit, body)
            except BaseException:
                permit.release()
                lane.quota.give(tokens)
                raise
            if isinstance(result, Served):
                if result.failure is None:
                    lane.quota.give(tokens or 1)
                return result, permit
        return None

    async def _before_again(self, lane: Lane, failure: Failure, tries: int) -> int:
        """Waits until the next try is due. What it took from the quota; 0 when it is not to be made."""
        delay = backoff(failure, tries, self.world.chance)
        if failure.again is not Again.HERE or delay >= self._left():
            return 0
        cost = cost_of(failure)
        if not lane.quota.take(cost):
            catalogue.upstream_retries_withheld_total.add(upstream=lane.target.name)
            return 0
        try:
            await self.world.sleep(delay)
        except BaseException:
            lane.quota.give(cost)
            raise
        catalogue.upstream_retries_total.add(upstream=lane.target.name)
        return cost

    async def _send(self, candidate: Candidate, lane: Lane, permit: Permit, body: bytes) -> Served | Failure:
        """One try. A Failure is one after which the call may go on; everything else is handed out."""
        if self._at is not None and self._at is not lane:
            catalogue.upstream_failovers_total.add(upstream=self._at.target.name)
        self._at = lane
        self._announce(candidate)
        asked, faults, started = self.asked, self.faults, self.world.now()
        try:
            self.open = reply = await self.sender.open(
                candidate.target,
                asked.method,
                asked.path,
                asked.headers,
                body,
                asked.dialect,
                first_byte_seconds=max(0.0, min(faults.first_byte_seconds, self._left())),
                idle_seconds=faults.idle_seconds,
                sent_again=partial(self._announce, candidate),
            )
        except UpstreamUnreachable as error:
            self._errors.append(error)
            if error.kind == "connect":
                self.asked.unsent()
            failure = failure_without_answer(error.kind)
            if failure.trips:
                permit.failed(failure.cause)
            permit.release()
            return failure
        if reply.status in _SERVED:
            permit.answered()
            now = self.world.now()
            lane.latency.measured(now - started, now)
            catalogue.upstream_seconds.observe(now - started, upstream=lane.target.name)
            return Served(candidate, reply, self.attempts, None, partial(permit.failed, BROKE_OFF))
        return await self._failed(candidate, lane, permit, reply)

    async def aclose(self) -> None:
        """Ends what is still open."""
        reply, self.open = self.open, None
        if reply is not None:
            await reply.aclose()

    async def _failed(self, candidate: Candidate, lane: Lane, permit: Permit, reply: Reply) -> Served | Failure:
        """What becomes of an answer that does not serve the call."""
        seconds = max(0.0, min(_ERROR_BODY_SECONDS, self._left()))
        raw, whole, error = await _read(reply, lane.target, seconds)
        if whole:
            await self.aclose()
        failure = failure_of(reply.status, reply.headers, b"" if error else raw, self.world.wall())
        assert failure is not None
        if failure.trips:
            permit.failed(failure.cause)
        else:
            permit.answered()
            permit.release()
        if failure.pauses:
            lane.breaker.pause(failure.wait, failure.cause)
        if error is not None:
            if failure.again is Again.NEVER:
                raise error
            self._errors.append(error)
            return failure
        rest = None if whole else reply.chunks
        broken = partial(permit.failed, BROKE_OFF)
        answer = Served(candidate, replace(reply, chunks=_joined(raw, rest)), self.attempts, failure, broken)
        if not whole or failure.again is Again.NEVER:
            # One that is too long to be kept while others are asked is the answer.
            return answer
        self._answer = answer
        return failure

    def _announce(self, candidate: Candidate) -> None:
        self.attempts += 1
        self.asked.attempting(candidate)

    def _left(self) -> float:
        return self.deadline - self.world.now()

    def _unreachable(self) -> UpstreamUnreachable:
        """Says what was tried, and what was left alone for how long."""
        said = Counter(str(error) for error in self._errors)
        words = [message if times == 1 else f"{message} ({times} tries)" for message, times in said.items()]
        waits = [lane.breaker.wait for lane in self._resting]
        words += [
            f"upstream {lane.target.name} is left alone after failures or at its own wish; next try in {wait:.0f} s"
            for lane, wait in zip(self._resting, waits, strict=True)
        ]
        upstream, kind = self._resting[0].target.name if self._resting else "", "refused"
        if self._errors:
            upstream, kind = self._errors[-1].upstream, self._errors[-1].kind
        return UpstreamUnreachable(upstream, kind, "; ".join(words), min(waits, default=None))


async def _read(reply: Reply, target: Target, seconds: float) -> tuple[bytes, bool, UpstreamUnreachable | None]:
    """The body of an error, whether that is all of it, and what went wrong instead."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in reply.chunks:
                parts.append(chunk)
                size += len(chunk)
                if size > _MOST_ERROR_BYTES:
                    return b"".join(parts), False, None
    except TimeoutError:
        message = f"upstream {target.name} did not finish its answer {reply.status} in time"
        return b"", True, UpstreamUnreachable(target.name, "timeout", message)
    except UpstreamUnreachable as error:
        return b"", True, error
    return b"".join(parts), True, None


async def _joined(begun: bytes, rest: AsyncIterator[bytes] | None) -> AsyncIterator[bytes]:
    if begun:
        yield begun
    if rest is not None:
        async for chunk in rest:
            yield chunk
