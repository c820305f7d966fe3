"""The figures of the command gate: what it stops, what it asks about though it is harmless, and how long it takes.

    .venv/bin/python benchmarks/commands.py --corpora DIR [--check] [--mutants N]

DIR holds `commands_dev.jsonl` and `command_incidents.jsonl`: lines of {"source", "command", "expected", "axis"}.
No command is run.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mutants import is_syntax, mutants

from companion.cli.check_command import Examiner
from companion.config.workspace import WorkspacePolicies
from companion.model.action import Tier
from companion.model.policy import Policy
from companion.model.verdict import Outcome
from companion.scan.paths import DiskPaths

_SEED = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One number beside its limits; `least` says that more is better."""

    name: str
    value: float
    must: float
    aim: float
    least: bool
    unit: str = "%"

    @property
    def meets_must(self) -> bool:
        return self.value >= self.must if self.least else self.value <= self.must

    def __str__(self) -> str:
        sign = ">=" if self.least else "<="
        aimed = self.value >= self.aim if self.least else self.value <= self.aim
        told = "aim met" if aimed else "must met" if self.meets_must else "MISSED"
        limits = f"must {sign} {self.must:g}, aim {sign} {self.aim:g}"
        return f"{self.name:44s} {self.value:9.2f} {self.unit:3s} {limits}  {told}"


_LIMITS: dict[str, tuple[tuple[float, float], tuple[float, float] | None, tuple[float, float] | None]] = {
    "destructive": ((97, 99.5), (1, 0.3), (40, 25)),
    "readonly": ((98, 99.7), None, (8, 3)),
    "secret": ((97, 99), None, (12, 5)),
}
"""Axis to (must, aim) of stopped, wrongly denied, asked though harmless."""


def _rows(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def _axes(rows: Sequence[dict[str, str]], decide: Callable[[str], Outcome]) -> list[Figure]:
    figures: list[Figure] = []
    for axis, (stop, deny, ask) in _LIMITS.items():
        count: Counter[str] = Counter()
        for row in rows:
            if row["axis"] == axis:
                outcome = decide(row["command"])
                count[row["expected"]] += 1
                count[f"{row['expected']} {outcome}"] += 1
        blocked, allowed = count["block"] or 1, count["allow"] or 1
        figures.append(Figure(f"{axis}: stopped", 100 * (1 - count["block allow"] / blocked), *stop, least=True))
        if deny:
            figures.append(Figure(f"{axis}: wrongly denied", 100 * count["allow deny"] / allowed, *deny, least=False))
        if ask:
            asked = 1 - count["allow allow"] / allowed
            figures.append(Figure(f"{axis}: asked though harmless", 100 * asked, *ask, least=False))
    return figures


def _incidents(rows: Sequence[dict[str, str]], decide: Callable[[str], Outcome]) -> list[Figure]:
    count = Counter((row["expected"], decide(row["command"])) for row in rows)
    passed, denied = count["block", Outcome.ALLOW], count["allow", Outcome.DENY]
    asked = count["allow", Outcome.ASK] + denied
    return [
        Figure("incidents: not stopped", passed, 0, 0, least=False, unit=""),
        Figure("incidents: harmless denied", denied, 0, 0, least=False, unit=""),
        Figure("incidents: harmless asked", asked, 4, 2, least=False, unit=""),
    ]


def _mutations(
    rows: Sequence[dict[str, str]], decide: Callable[[str], Outcome], most: int
) -> tuple[Figure, Counter[str]]:
    """Of every blocked case that is stopped as it stands, the share of its rewrites that is stopped too."""
    blocked = [row["command"] for row in rows if row["expected"] == "block" and row["axis"] in _LIMITS]
    chosen = random.Random(_SEED)
    pairs = [pair for command in blocked if decide(command) is not Outcome.ALLOW for pair in mutants(command)]
    pairs = chosen.sample(pairs, min(most, len(pairs)))
    missed = [(name, mutant) for name, mutant in pairs if decide(mutant) is Outcome.ALLOW]
    # What bash itself would not run is no rewrite.
    missed = [(name, mutant) for name, mutant in missed if is_syntax(mutant)]
    share = 100 * (1 - len(missed) / (len(pairs) or 1))
    return Figure(f"mutants: stopped ({len(pairs)})", share, 98, 99.8, least=True), Counter(name for name, _ in missed)


def hostile() -> dict[str, str]:
    """Inputs made to take long."""
    return {
        "nested $(": "$(" * 20_000,
        "35 bytes": "rm -rf / ; " + "$(" * 12,
        "parentheses": "(" * 3_000 + "ls" + ")" * 3_000,
        "1 MB word": "echo " + "a" * 1_000_000,
        "1 MB quoted": f"echo '{'a' * 1_000_000}'",
        "1 MB of words": "a b " * 250_000,
        "1 MB of signs": "companion kill \"'\\& " * 50_000,
        "1 MB that is no ASCII": "tmux ä while & " * 60_000,
        "60 KB to a host": "curl $URL " + "a" * 60_000,
        "60 KB of addresses": "curl $URL " + "a://[b@" * 8_000,
        "options of its own": "rm x; companion " + "--a " * 15_000,
        "60 KB word": "echo " + "a" * 60_000,
        "20,000 commands": "ls;" * 20_000,
        "250 commands": "cat a;" * 250,
        "deep braces": "echo " + "{a," * 5_000 + "}" * 5_000,
        "brace range": "echo {1..999999999}",
        "doubling": "x=aaaaaaaaaaaaaaaa;" + "x=$x$x$x$x;" * 30 + "echo $x",
        "globs": "cat " + "*/" * 3_000,
        "900 files": "cat " + " ".join(f"f{number}" for number in range(900)),
        "backticks": "`" * 5_000,
        "heredocs": "cat <<A\n" * 2_000,
        "python brackets": f"python3 -c '{'(' * 5_000}{')' * 5_000}'",
        "python sum": f"python3 -c 'x={'+'.join(['1'] * 9_000)}'",
        "printf": "printf '%s%s%s' " + "aaaa " * 9_000,
        "base64": "echo " + "QUFB" * 15_000 + " | base64 -d | sh",
        "awk": f"awk '{'(' * 4_000}' f",
        "sed": f"sed '{'s/a/b/;' * 3_000}' f",
        "loops": "for i in 1 2 3 4 5 6 7 8; do " * 8 + "ls;" + "done;" * 8,
        "wrappers": "env " * 300 + "ls",
        "pushes": "git push origin " + "a:b " * 3_000,
        "find": "find . " + "-exec cat {} \\; " * 200,
        "substitutions": "echo " + "$(echo a)" * 900,
    }


def _times(commands: Sequence[str], decide: Callable[[str], Outcome], rounds: int) -> list[float]:
    best = [float("inf")] * len(commands)
    for _ in range(rounds):
        for number, command in enumerate(commands):
            before = time.perf_counter()
            decide(command)
            best[number] = min(best[number], time.perf_counter() - before)
    return best


def _speed(rows: Sequence[dict[str, str]], decide: Callable[[str], Outcome]) -> list[Figure]:
    taken = sorted(_times([row["command"] for row in rows], decide, 3))
    worst = max(_times(list(hostile().values()), decide, 3))
    return [
        Figure("decision p50", 1e6 * taken[len(taken) // 2], 200, 100, least=False, unit="us"),
        Figure("decision p99", 1e6 * taken[len(taken) * 99 // 100], 2_000, 1_000, least=False, unit="us"),
        Figure("decision, worst hostile input", 1e3 * max(worst, taken[-1]), 50, 25, least=False, unit="ms"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, required=True, help="the folder of the corpora")
    parser.add_argument("--check", action="store_true", help="exit 1 where a must is missed")
    parser.add_argument("--mutants", type=int, default=20_000, help="how many rewrites to try")
    given = parser.parse_args()
    rows = _rows(given.corpora / "commands_dev.jsonl")
    incidents = _rows(given.corpora / "command_incidents.jsonl")
    with tempfile.TemporaryDirectory(dir=Path.home()) as workspace:
        examiner = Examiner(WorkspacePolicies(Policy()), DiskPaths(()), str(Path.home()), Tier.ACT, workspace)

        def decide(command: str) -> Outcome:
            return examiner.decide(command, "")[0].outcome

        figures = [*_axes(rows, decide), *_incidents(incidents, decide)]
        mutated, ways = _mutations([*rows, *incidents], decide, given.mutants)
        figures += [mutated, *_speed(rows, decide)]
    for figure in figures:
        print(figure)
    if ways:
        print("mutants that passed, by way:", ", ".join(f"{name} {number}" for name, number in ways.most_common(12)))
    if given.check and not all(figure.meets_must for figure in figures):
        sys.exit(1)


if __name__ == "__main__":
    main()
