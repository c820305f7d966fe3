"""What companion adds to a call, beside a pass-through of stock parts and, where it is given, LiteLLM Proxy.

    python benchmarks/gateway.py [--rounds 7] [--scenarios small prompt result stream load16 load64 small-again ...]
                                 [--quick] [--litellm VENV] [--race 1000] [--outage] [--hang-up 200]
                                 [--soak 100000] [--json FILE] [--markdown]

Everything runs here, on loopback: an upstream that costs next to nothing, the yardstick S, a daemon of `companion up`
in a home of its own with a git workspace, and L. Each round measures every target, in an order that rotates. It needs
Linux.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import re
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import uvloop
from hangups import hang_ups
from load import Connection, Target, burst
from peers import CONFIG, Companion, Upstream, companion, end_in_order_on_signals, litellm, upstream, yardstick
from prompts import Ask, asking, request, small
from races import outage, race
from results import Found, judged, marks, measured, table
from upstream import CHUNKS

_TOKEN = re.compile(rb"tok\d\d-")
_SOAK_AT_ONCE = 16
_SOAK_STEPS = 10


@dataclass(frozen=True, slots=True)
class Scenario:
    """One shape of load."""

    big: bool
    stream: bool
    at_once: int
    most: int
    """Requests of one target in one round."""
    seconds: float
    result: bool = False
    """Whether the last message is the result of a tool, 7.6 KB; else it is what a user says."""
    again: bool = False
    """Whether every request is the same one; else the last message of each is new."""

    def asking(self, target: Target) -> Ask:
        """Makes the requests to a target."""
        ask = asking(target.host, target.headers, big=self.big, stream=self.stream, result=self.result)
        if not self.again:
            return ask
        same = ask()
        return lambda: same


SCENARIOS = {
    "small": Scenario(big=False, stream=False, at_once=1, most=400, seconds=3.0),
    "prompt": Scenario(big=True, stream=False, at_once=1, most=60, seconds=3.0),
    "result": Scenario(big=True, stream=False, at_once=1, most=60, seconds=3.0, result=True),
    "stream": Scenario(big=False, stream=True, at_once=1, most=80, seconds=3.0),
    "load16": Scenario(big=False, stream=False, at_once=16, most=5_000, seconds=2.0),
    "load64": Scenario(big=False, stream=False, at_once=64, most=5_000, seconds=2.0),
}
SCENARIOS |= {
    f"{name}-again": replace(scenario, again=True) for name, scenario in SCENARIOS.items() if not scenario.result
}


def say(text: str) -> None:
    """Progress, apart from what is printed."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)


async def verify(target: Target, scenario: Scenario) -> None:
    """A target that answers otherwise than the upstream would be compared for other work."""
    connection = await Connection.open(target.url)
    answer = await connection.ask(scenario.asking(target)(), keep=True)
    connection.close()
    tokens = len(set(_TOKEN.findall(answer.body)))
    if answer.status != 200 or tokens != CHUNKS:
        raise SystemExit(f"{target.name}: {answer.status} with {tokens} of {CHUNKS} tokens: {answer.body[:500]!r}")


async def verify_policy(daemon: Companion, target: Target, up: Upstream) -> None:
    """What the workspace keeps secret does not reach the upstream: policy is on, and knows the workspace."""
    connection = await Connection.open(target.url)
    body = small(f"the token is {daemon.secret}, is it not?")
    answer = await connection.ask(request(target.host, target.headers, body), keep=True)
    connection.close()
    seen = up.last
    if answer.status != 200 or daemon.secret.encode() in seen or b"is it not?" not in seen:
        raise SystemExit(
            f"the policy is not in force: {answer.status} {answer.body[:500]!r}, upstream saw {seen[:500]!r}"
        )


async def measure(found: Found, targets: list[Target], names: list[str], rounds: int, *, quick: bool) -> None:
    for name in names:
        scenario = SCENARIOS[name]
        asks = {one.name: scenario.asking(one) for one in targets}
        by_name = found.samples[name] = {target.name: [] for target in targets}
        share = 3 if quick else 1
        for number in range(-1, rounds):
            shift = (number + 1) % len(targets)
            for target in targets[shift:] + targets[:shift]:
                # Round -1 warms up and is not counted.
                say(f"{name}: " + (f"round {number + 1}/{rounds}" if number >= 0 else "warm-up") + f", {target.name}")
                ending = 5 if number < 0 else share
                most, seconds = scenario.most // ending, scenario.seconds / ending
                sample = await burst(target, asks[target.name], at_once=scenario.at_once, most=most, seconds=seconds)
                if number >= 0 and not sample.answered:
                    raise SystemExit(f"{name}: {target.name} answered nothing ({sample.failure})")
                if number >= 0:
                    by_name[target.name].append(sample)


async def soak(found: Found, target: Target, calls: int) -> None:
    """Memory while calls go on and on; a tenth of them more, before they count, brings it to where it stays."""
    ask = asking(target.host, target.headers, big=False, stream=False)
    step = max(1, calls // _SOAK_STEPS)
    for done in range(0, calls + 1, step):
        say(f"soak: on the way to {done:,} of {calls:,} calls")
        sample = await burst(target, ask, at_once=_SOAK_AT_ONCE, most=step, seconds=600)
        if sample.failed:
            raise SystemExit(f"soak: {sample.failed} calls failed ({sample.failure})")
        await target.quiet()
        found.soaked.append((done, target.memory()))


async def run(given: argparse.Namespace, found: Found) -> None:
    with ExitStack() as stack:
        say("starting")
        cache = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cmp-")))
        up = stack.enter_context(upstream())
        if given.scenarios or given.soak:
            await _load(given, found, up, cache)
        if given.outage:
            found.outage = await outage(up, cache, say)
        if given.hang_up:
            found.hang_ups = await hang_ups(up, cache, given.hang_up, say)
        if given.race:
            found.race = await race(up, cache, given.race, say)
    say("")


async def _load(given: argparse.Namespace, found: Found, up: Upstream, cache: Path) -> None:
    with ExitStack() as stack:
        targets = [up.target, stack.enter_context(yardstick(up.url))]
        daemon, own = stack.enter_context(companion(CONFIG.format(url=up.url), cache))
        targets.append(own)
        if given.litellm:
            say("starting LiteLLM")
            targets.append(stack.enter_context(litellm(given.litellm, up.url)))
        say("verifying")
        await verify_policy(daemon, own, up)
        for name in given.scenarios:
            for target in targets:
                await verify(target, SCENARIOS[name])
        await own.quiet()
        await measure(found, targets, given.scenarios, given.rounds, quick=given.quick)
        for target in targets[1:] if given.scenarios else []:
            say(f"memory: {target.name}")
            await target.quiet()
            found.memory[target.name] = target.memory()
        if given.soak:
            await soak(found, own, given.soak)


def show(found: Found, given: argparse.Namespace) -> None:
    lines = [] if given.markdown else [machine(given)]
    tables = [judged(found), *([measured(found)] if found.samples else [])]
    lines += [table(rows, markdown=given.markdown) for rows in tables if len(rows) > 1]
    if found.memory:
        lines.append("PSS after load: " + ", ".join(f"{name} {size:.0f} MB" for name, size in found.memory.items()))
    if found.soaked:
        lines.append("PSS after calls: " + ", ".join(f"{calls:,} {size:.2f} MB" for calls, size in found.soaked))
    if found.race:
        lines.append(f"race: {found.race.served:,} calls served, {found.race.refused:,} refused")
    print("\n\n".join(lines))


def machine(given: argparse.Namespace) -> str:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, load {load}, "
        f"Python {platform.python_version()}, httpx {version('httpx')}, {given.rounds} rounds"
        + (", quick: the figures say little" if given.quick else "")
    )


def write(found: Found, given: argparse.Namespace) -> None:
    whole = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(given),
        "marks": [{**dataclasses.asdict(mark), "verdict": mark.verdict} for mark in marks(found)],
        **dataclasses.asdict(found),
    }
    given.json.write_text(json.dumps(whole, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, help="how often everything is measured (default: 7, or 2 with --quick)")
    parser.add_argument("--scenarios", nargs="*", choices=SCENARIOS, default=list(SCENARIOS), help="none: no load")
    parser.add_argument("--quick", action="store_true", help="a third of the load: to see whether it works")
    parser.add_argument("--litellm", type=Path, metavar="VENV", help="a venv with litellm[proxy], to measure it as L")
    parser.add_argument("--race", type=int, default=0, metavar="ROUNDS", help="64 calls at once against a budget")
    parser.add_argument("--outage", action="store_true", help="count retries while the upstream fails")
    parser.add_argument("--hang-up", type=int, default=0, metavar="TIMES", help="how soon the upstream is left as well")
    parser.add_argument("--soak", type=int, default=0, metavar="CALLS", help="how memory grows over so many calls")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure of every round there")
    parser.add_argument("--markdown", action="store_true", help="print tables for docs/performance.md")
    parser.add_argument("--check", action="store_true", help="exit 1 when something that must be is not")
    given = parser.parse_args()
    given.rounds = given.rounds or (2 if given.quick else 7)
    given.litellm = given.litellm and given.litellm.absolute()
    end_in_order_on_signals()
    found = Found()
    uvloop.run(run(given, found))
    show(found, given)
    if given.json:
        write(found, given)
    if given.check and any(mark.verdict not in ("pass", "aim") for mark in marks(found)):
        sys.exit(1)


if __name__ == "__main__":
    main()
