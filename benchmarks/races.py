"""What must hold exactly, through a real daemon: budgets in a race, and what an outage makes of calls."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from load import Connection, Target
from peers import CONFIG, Companion, Upstream, companion
from prompts import request, small

from companion.client import calls

RACERS = 64
"""Calls at once."""
_FIT = 10
"""So many calls of a race fit the budget, and a half of one more."""
_ROUNDS_OF_A_DAEMON = 500
"""A window counts a thousand names apart."""
_MOST_OUTPUT = 64
_INPUT_PICODOLLARS, _OUTPUT_PICODOLLARS = 150_000, 600_000
"""Of a token of gpt-4o-mini, as the provider published them."""
_PICODOLLARS = 10**12
_BYTES_A_TOKEN = 2
_CLOSING_SECONDS = 30.0

_OUTAGE = """
[faults]
breaker_failures = {failures}
breaker_seconds = {seconds}
"""
_MOST_FAILURES = 1_000
_CUT_CALLS, _PATIENT_CALLS, _CALLS = 50, 800, 1_000
_AT_ONCE = 16

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Race:
    """What came of many calls at once against a budget, over all rounds. Money in picodollars."""

    rounds: int
    served: int
    refused: int
    budget: int
    overshoot: int
    """The most by which a budget was passed; 0 when none was."""
    uncounted: int
    """The difference between what the upstream served and what the ledger has, over all rounds; must be 0."""


@dataclass(frozen=True, slots=True)
class Outage:
    """Calls of agents, and what the upstream saw of them."""

    amplification: float
    """Calls upstream for a call of an agent while all fail, the breaker as it is by default."""
    amplification_unbroken: float
    """The same where the breaker does not help: only the quota of retries does."""
    after_first_byte: int
    """Retries of answers that broke off amid the stream."""
    probes: int
    """Calls upstream when 64 come at once to an upstream that has rested."""


def _cost(prompt: int, output: int) -> int:
    return prompt * _INPUT_PICODOLLARS + output * _OUTPUT_PICODOLLARS


async def race(up: Upstream, cache: Path, rounds: int, say: Say) -> Race:
    """Each round is a client of its own, with a budget of its own."""
    body = small("x" * 900, max_tokens=_MOST_OUTPUT)
    most = -(-len(body) // _BYTES_A_TOKEN)
    budget = _cost(most, _MOST_OUTPUT) * (2 * _FIT + 1) // 2
    config = f'{CONFIG.format(url=up.url)}\n[budgets.client."*"]\nday = "{Decimal(budget) / _PICODOLLARS:f}"\n'
    statuses: Counter[int] = Counter()
    overshoot = uncounted = 0
    for first in range(0, rounds, _ROUNDS_OF_A_DAEMON):
        with companion(config, cache) as (daemon, target):
            spent: dict[str, int] = {}
            connections = await asyncio.gather(*(Connection.open(target.url) for _ in range(RACERS)))
            for number in range(first, min(rounds, first + _ROUNDS_OF_A_DAEMON)):
                if number % 50 == 0:
                    say(f"race {number + 1}/{rounds}")
                # Calls that cost all that was set aside, at once and after a while, and calls that cost a part of it.
                prompt, output = (most, _MOST_OUTPUT) if number % 3 else (most // 3, _MOST_OUTPUT // 4)
                delay = 0.005 if number % 3 == 1 else 0.0
                up.be(prompt_tokens=prompt, cached_tokens=0, completion_tokens=output, delay=delay)
                name, before = f"race-{number:05d}", up.count
                asked = request(target.host, {**target.headers, "x-companion-client": name}, body)
                answers = await asyncio.gather(*(connection.ask(asked) for connection in connections))
                statuses.update(answer.status for answer in answers)
                spent[name] = (up.count - before) * _cost(prompt, output)
            for connection in connections:
                connection.close()
            ledger = await _ledger(daemon, sum(spent.values()))
        overshoot = max(overshoot, *(max(spent[name], ledger.get(name, 0)) - budget for name in spent))
        uncounted += sum(abs(spent[name] - ledger.get(name, 0)) for name in spent)
    up.be()
    served, refused = statuses.pop(200, 0), statuses.pop(402, 0)
    if statuses or not served or not refused:
        raise SystemExit(f"no race: {served} calls served, {refused} refused, others {dict(statuses)}")
    return Race(rounds, served, refused, budget, overshoot, uncounted)


async def _ledger(daemon: Companion, expected: int) -> dict[str, int]:
    """Picodollars by client, once they are as many as expected or the writer has had time enough."""
    deadline = time.monotonic() + _CLOSING_SECONDS
    with daemon.client() as client:
        while True:
            report = client.do(calls.spend("client", days=2))
            if report.total.cost_pd == expected or time.monotonic() > deadline:
                return {row.name: row.cost_pd for row in report.rows}
            await asyncio.sleep(0.1)


async def outage(up: Upstream, cache: Path, say: Say) -> Outage:
    """An upstream that fails amid streams, then always, then is tried again."""
    patient = CONFIG.format(url=up.url) + _OUTAGE.format(failures=_MOST_FAILURES, seconds=15)
    brisk = CONFIG.format(url=up.url) + _OUTAGE.format(failures=5, seconds=1)
    with companion(patient, cache) as (_, target):
        say("outage: streams break off")
        up.be(mode="cut")
        seen, statuses = await _ask(up, target, _CUT_CALLS, stream=True)
        if statuses != {200: _CUT_CALLS}:
            raise SystemExit(f"a stream that breaks off has begun with 200, not {dict(statuses)}")
        after_first_byte = seen - _CUT_CALLS
        # An answer that comes whole makes good again what came before, so that the next count begins at none.
        up.be()
        await _ask(up, target, _AT_ONCE)
        say("outage: the upstream fails, without the breaker")
        up.be(mode="fail")
        seen, _ = await _ask(up, target, _PATIENT_CALLS)
        if seen < _PATIENT_CALLS:
            raise SystemExit(
                f"the breaker stood in the way: only {seen} of {_PATIENT_CALLS} calls came to the upstream"
            )
        unbroken = seen / _PATIENT_CALLS
    with companion(brisk, cache) as (_, target):
        say("outage: the upstream fails")
        seen, statuses = await _ask(up, target, _CALLS)
        if not seen or 200 in statuses:
            raise SystemExit(f"no outage: {dict(statuses)}")
        # By half longer than it says, at most.
        await asyncio.sleep(1.6)
        up.be(mode="fail", delay=0.5)
        say("outage: half-open")
        probes, _ = await _ask(up, target, RACERS, at_once=RACERS)
        if not probes:
            raise SystemExit("an upstream that has rested was not tried again")
    up.be()
    return Outage(seen / _CALLS, unbroken, after_first_byte, probes)


async def _ask(
    up: Upstream, target: Target, times: int, *, stream: bool = False, at_once: int = _AT_ONCE
) -> tuple[int, Counter[int]]:
    """How many calls the upstream saw, and what the agent was answered."""
    asked = request(target.host, target.headers, small("hello", stream=stream, max_tokens=_MOST_OUTPUT))
    before, left = up.count, times
    statuses: Counter[int] = Counter()

    async def go_on() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            connection = await Connection.open(target.url)
            try:
                statuses[(await connection.ask(asked)).status] += 1
            finally:
                connection.close()

    await asyncio.gather(*(go_on() for _ in range(at_once)))
    return up.count - before, statuses
