"""How long prompts are searched for secrets: cold, as a next turn, small, hostile; and what the event loop notices.

    python benchmarks/secret_speed.py [--rounds 7] [--only small turn cold first hostile] [--json]

Everything goes the way of a real call: the body is read by PromptReader and examined by SecretScan with all engines
that are installed. Text is this repository's own, so that nothing has to be fetched. Of each figure the fastest round
counts (the machine may be shared), and the median stands beside it.

The functions are for other benchmarks to import as well: each takes a loaded scan and gives seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import json
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from companion.edges.gateway.prompt import PromptReader
from companion.scan.secrets.scanner import SecretScan, default_engines

MEGABYTE = 1_000_000
_BLOCK = 6_000
_NEW = 2_000
_SMALL = 1_000
_KEY = b"benchmark of companion, not a key"
_FILES = ("companion", "tests", "docs", "lsp", "tui", "benchmarks")
_SUFFIXES = {".py", ".md", ".toml"}
_BEAT_SECONDS = 0.001
_numbers = itertools.count()


def loaded_scan(cache: Path | None = None, seen: int = 100_000) -> SecretScan:
    """A scan with every engine ready, that has met so many letters, and remembers nothing of what will be asked."""
    scan = SecretScan(_KEY, default_engines(cache))
    scan.load()
    scan.scrub(ordinary_text(seen))
    return scan


def ordinary_text(size: int) -> str:
    """Code and prose, as a prompt holds it, with line numbers as agents show them; no two calls give the same."""
    root = Path(__file__).parents[1]
    paths = sorted(path for name in _FILES for path in (root / name).rglob("*") if path.suffix in _SUFFIXES)
    mark = f"# turn {next(_numbers):010d}\n"
    parts, length = [mark], len(mark)
    for path in itertools.cycle(paths):
        if length >= size:
            break
        text = path.read_text("utf-8")
        parts.append(text)
        length += len(text)
    return "".join(parts)[:size]


def messages_of(text: str) -> list[dict[str, object]]:
    """A conversation in which a tool read `text` piece by piece."""
    pieces = [text[at : at + _BLOCK] for at in range(0, len(text), _BLOCK)]
    messages: list[dict[str, object]] = [{"role": "user", "content": "Read the whole project and say what it does."}]
    for number, piece in enumerate(pieces):
        name = f"toolu_{next(_numbers):010d}"
        call = {"type": "tool_use", "id": name, "name": "Read", "input": {"file_path": f"f{number}"}}
        result = {"type": "tool_result", "tool_use_id": name, "content": f"{name}\n{piece}"}
        messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    return messages


def body_of(messages: Sequence[dict[str, object]]) -> bytes:
    return json.dumps({"model": "m", "max_tokens": 1024, "messages": messages}).encode()


Took = tuple[float, float]
"""Seconds by the clock, and seconds of a processor: the one moves with the neighbours, the other hardly does."""


async def examined(scan: SecretScan, reader: PromptReader, raw: bytes) -> Took:
    """From the body's bytes to the findings."""
    gc.collect()
    gc.disable()
    try:
        began, worked = time.perf_counter(), time.process_time()
        prompt = reader.read(raw)
        await scan.examine(prompt.parts, "")
        return time.perf_counter() - began, time.process_time() - worked
    finally:
        gc.enable()


async def cold_prompt(scan: SecretScan, size: int = MEGABYTE) -> Took:
    """A prompt of `size` of which nothing was seen before."""
    return await examined(scan, PromptReader(), body_of(messages_of(ordinary_text(size))))


async def next_turn(scan: SecretScan, size: int = MEGABYTE, new: int = _NEW) -> Took:
    """A prompt of `size` that was examined before, with `new` bytes added at its end."""
    reader = PromptReader()
    messages = messages_of(ordinary_text(size))
    await examined(scan, reader, body_of(messages))
    return await examined(scan, reader, body_of([*messages, *messages_of(ordinary_text(new))[1:]]))


async def small_part(scan: SecretScan, calls: int = 300) -> Took:
    """A prompt whose last message is new and holds 1 KB, reading it not counted."""
    reader = PromptReader()
    prompts = [
        reader.read(body_of([{"role": "user", "content": f"{number} {ordinary_text(_SMALL)}"}]))
        for number in range(calls)
    ]
    gc.collect()
    began, worked = time.perf_counter(), time.process_time()
    for prompt in prompts:
        await scan.examine(prompt.parts, "")
    return (time.perf_counter() - began) / calls, (time.process_time() - worked) / calls


HOSTILE: dict[str, str] = {
    "one line of letters": "a",
    "blanks": " ",
    "line ends": "\n",
    "token heads": "eyJhbGci.",
    "jwt heads": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.",
    "assignments": "password=",
    "assignments with values": 'password = "Xk9#mQ2vL8pRt4Zw"\n',
    "short assignments": "key:a1B2c3D4\n",
    "open quotes": 'token = "',
    "key heads": "-----BEGIN PRIVATE KEY-----\n",
    "key tails": "-----END PRIVATE KEY-----\n",
    "key lines": "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n",
    "putty lines": "Private-Lines: 4\nAAAA\n",
    "urls with users": "https://a:b@",
    "urls": "postgres://user:Zx81kQ92@db/",
    "hex": "0123456789abcdef",
    "hex words": "d41d8cd98f00b204e9800998ecf8427e ",
    "aws heads": "AKIA",
    "aws keys": "AKIAQ3EGRTZ5NVLW7XYB ",
    "github heads": "ghp_",
    "slack heads": "xoxb-1",
    "quotes of forty": "'wJalrXUtnFEMIK7MDENGbPxRfiCYzzzzzzzzKEYa'",
    "placeholders": "SECRET_AWS_1A2B3C4D",
    "placeholder heads": "SECRET_",
    "basic headers": "Authorization: Basic cm9ib3Q6enE3S3AyTHc5WHY0 ",
    "bearer heads": "Authorization: Bearer ",
    "base64": "Q2xhdWRlIGlzIGEgbW9kZWwgb2YgYW50aHJvcGlj",
    "dotted names": "a.b.c.d.",
    "escapes": '\\"\\\\n',
    "dashes": "-",
    "underscores": "_",
    "equals": "=",
    "colons": "a:",
    "letters of other scripts": "ключ=",
    "dotless": "\u0130",
    "mailchimp": "0123456789abcdef0123456789abcdef-us1",
    "telegram": "1234567890:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "connection strings": "Server=a;Password=",
    "netrc": "machine a login b password ",
    "env lines": "\nA=",
    "sixty-four": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01 ",
}
"""Units that are repeated to a megabyte: what every engine looks for, over and over, and never or always finds."""


class Hostile(NamedTuple):
    """How a hostile prompt fared."""

    seconds: float
    worked: float
    """Of a processor, all threads together."""
    stood: float
    """The longest that the loop did not come back while this process worked."""
    hidden: bool
    """Whether the text was hidden whole, because the engines would have taken too long."""


async def hostile_prompt(scan: SecretScan, unit: str, size: int = MEGABYTE) -> Hostile:
    """A prompt of `size` bytes, one text of `unit`."""
    text = f"{next(_numbers)} " + unit * (size // (len(json.dumps(unit)) - 2))
    prompt = PromptReader().read(body_of([{"role": "user", "content": text}]))
    stood, running = 0.0, True

    async def beat() -> None:
        nonlocal stood
        while running:
            began, worked = time.perf_counter(), time.process_time()
            await asyncio.sleep(_BEAT_SECONDS)
            late = time.perf_counter() - began - _BEAT_SECONDS
            # While neighbours have the processor nobody here works.
            stood = max(stood, min(late, time.process_time() - worked))

    beating = asyncio.ensure_future(beat())
    await asyncio.sleep(5 * _BEAT_SECONDS)
    stood = 0.0
    began, worked = time.perf_counter(), time.process_time()
    found = await scan.examine(prompt.parts, "")
    took, work = time.perf_counter() - began, time.process_time() - worked
    running = False
    await beating
    return Hostile(took, work, stood, any(finding.rule == "too-much-to-search" for finding in found.findings))


def best(figures: Sequence[Took]) -> str:
    clock, processor = [one[0] * 1000 for one in figures], [one[1] * 1000 for one in figures]
    return f"{min(clock):8.3f} ms (median {statistics.median(clock):.3f}), of a processor {min(processor):8.3f} ms"


async def _hostile(rounds: int) -> list[tuple[str, Hostile]]:
    found = []
    for name, unit in HOSTILE.items():
        runs = []
        for _ in range(rounds):
            # What was learnt from the one must not count for the other.
            scan = loaded_scan()
            runs.append(await hostile_prompt(scan, unit))
            scan.close()
        least = (min(run[number] for run in runs) for number in range(3))
        found.append((name, Hostile(*least, any(run.hidden for run in runs))))
    return found


async def measure(rounds: int, only: Sequence[str]) -> dict[str, object]:
    said: dict[str, object] = {}
    single: dict[str, tuple[str, Callable[[SecretScan], Awaitable[Took]], int]] = {
        "small": ("a new part of 1 KB", small_part, 100_000),
        "turn": ("a next turn: 2 KB new on 1 MB", next_turn, 100_000),
        "cold": ("a cold prompt of 1 MB", cold_prompt, 2 * MEGABYTE),
        "first": ("the same as the first of all", cold_prompt, 100),
    }
    for name, (title, run, seen) in single.items():
        if name in only:
            figures = []
            for _ in range(rounds):
                scan = loaded_scan(seen=seen)
                figures.append(await run(scan))
                scan.close()
            said[name] = figures
            print(f"{title:<32} {best(figures)}", flush=True)
    if "hostile" in only:
        rows = await _hostile(max(2, rounds // 2))
        said["hostile"] = rows
        print("hostile, 1 MB                       clock  processor  loop stood")
        for name, row in sorted(rows, key=lambda row: -row[1].worked):
            figures_of = f"{row.seconds * 1000:8.1f} ms {row.worked * 1000:8.1f} ms {row.stood * 1000:7.1f} ms"
            print(f"  {name:<28} {figures_of}   {'hidden whole' if row.hidden else ''}")
        worst = [max(row[number] for _, row in rows) * 1000 for number in range(3)]
        print(f"  {'the worst of each':<28} {worst[0]:8.1f} ms {worst[1]:8.1f} ms {worst[2]:7.1f} ms")
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", nargs="+", default=["small", "turn", "cold", "first", "hostile"])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    said = asyncio.run(measure(given.rounds, given.only))
    if given.json:
        print(json.dumps(said))


if __name__ == "__main__":
    main()
