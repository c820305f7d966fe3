"""Ignore rules: whether every decision is git's, how long it takes, and that none is stale.

python benchmarks/ignore.py [--decisions N] [--seed N] [--rounds N] [--check] [--markdown]

Needs git; the listing also needs ripgrep. Figures are the best of several rounds, as the machine may be busy. With
--check the exit code is 1 where something that must be is not.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ignore_ground import Fuzz, git_says, plant_large

from companion.model.policy import Policy
from companion.scan.listing import allowed_files
from companion.scan.paths import DiskPaths
from companion.scan.snapshot import Snapshot

_GIT_ALONE = Policy(ignore_files=())
_QUIET = {"GIT_CONFIG_NOSYSTEM": "1"}
_SETS = 200
_SETTLED = 0.3


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    what: str
    value: float
    unit: str
    must: float
    aim: float | None = None

    @property
    def verdict(self) -> str:
        if self.aim is not None and self.value <= self.aim:
            return "aim"
        return "pass" if self.value <= self.must else "FAIL"


def main() -> None:
    read = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    read.add_argument("--decisions", type=int, default=100_000, help="how many to compare with git")
    read.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    read.add_argument("--rounds", type=int, default=5)
    read.add_argument("--changes", type=int, default=10_000, help="how many changes of rules to follow")
    read.add_argument("--check", action="store_true")
    read.add_argument("--markdown", action="store_true")
    asked = read.parse_args()
    with tempfile.TemporaryDirectory(prefix="ignore-bench-") as folder:
        ground = Path(os.path.realpath(folder))
        figures = [
            *against_git(ground / "fuzz", asked.seed, asked.decisions),
            *in_large_tree(ground, asked.rounds),
            freshness(ground / "fresh", asked.changes, asked.seed),
        ]
    show(figures, markdown=asked.markdown)
    if asked.check and any(figure.verdict == "FAIL" for figure in figures):
        sys.exit(1)


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def against_git(ground: Path, seed: int, decisions: int) -> list[Figure]:
    done = differ = failed = 0
    number = seed
    while done < decisions:
        for hostile in (False, True):
            for fold_case in (False, True):
                root = ground / "r"
                root.mkdir(parents=True)
                try:
                    paths = Fuzz(number, hostile=hostile, fold_case=fold_case).plant(root, _SETS)
                    theirs = git_says(root, [path for path, _ in paths])
                    assert len(theirs) == len(paths), "git did not answer for every path"
                    look = Snapshot(
                        DiskPaths(home=str(ground), environ=_QUIET, with_defaults=False), str(root), _GIT_ALONE
                    )
                    for (path, is_dir), (source, line, ignored) in zip(paths, theirs, strict=True):
                        done += 1
                        try:
                            match = look.look(path, is_dir).ignored
                        except Exception as error:  # noqa: BLE001 - each is counted
                            failed += 1
                            say(f"raised: seed {number} {path!r}: {error!r}")
                            continue
                        if bool(match) != ignored or (match and (match.source, match.line) != (source, line)):
                            differ += 1
                            say(f"differs: seed {number} {hostile=} {path!r}: git {source}:{line} {ignored}, {match}")
                finally:
                    shutil.rmtree(ground)
        number += 1
        say(f"{done:,} decisions, {differ} differ (seeds {seed} to {number - 1})")
    return [
        Figure(f"differ from git, of {done:,} decisions", differ, "", 0),
        Figure("exceptions", failed, "", 0),
    ]


def in_large_tree(ground: Path, rounds: int) -> list[Figure]:
    root = ground / "large"
    root.mkdir()
    say("planting 100,000 files")
    paths = plant_large(root)
    time.sleep(_SETTLED)
    policy = Policy()
    pick = random.Random(1)
    some = pick.sample(paths, 5_000)
    cold, bulk = [], []
    # A machine that is busy with others interrupts some of the decisions: of each path the best round counts.
    best = dict.fromkeys(some, math.inf)
    for number in range(rounds):
        say(f"decisions, round {number + 1}/{rounds}")
        judge = DiskPaths(home=str(ground), environ=_QUIET)
        cold.append(took(lambda judge=judge: judge.judge(pick.choice(paths), str(root), policy)) * 1e3)
        for path in some:
            judge.judge(path, str(root), policy)
        pick.shuffle(some)
        for path in some:
            best[path] = min(
                best[path], took(lambda path=path, judge=judge: judge.judge(path, str(root), policy)) * 1e6
            )
        look = Snapshot(judge, str(root), policy)
        bulk.append(took(lambda look=look: [look.look(path, False) for path in paths]) / len(paths) * 1e6)
    warm = sorted(best.values())
    figures = [
        Figure("warm decision, p50", warm[len(warm) // 2], "µs", 40, 20),
        Figure("warm decision, p95", warm[int(len(warm) * 0.95)], "µs", 40, 20),
        Figure("first decision in 100,000 files, 51 ignore files", min(cold), "ms", 50, 10),
        Figure("each of many decisions at once", min(bulk), "µs", 40, 20),
    ]
    return figures + listing(ground, root, policy, rounds)


def listing(ground: Path, root: Path, policy: Policy, rounds: int) -> list[Figure]:
    if not shutil.which("rg"):
        say("ripgrep is not installed, so the listing has nothing to be compared with")
        return []
    words = ["rg", "--files", "--hidden", "--glob", "!.git", str(root)]
    ratios, with_lists = [], []
    for number in range(rounds):
        say(f"listing, round {number + 1}/{rounds}")
        theirs: list[int] = []
        peer = took(
            lambda theirs=theirs: theirs.append(
                subprocess.run(words, capture_output=True, check=True).stdout.count(b"\n")
            )
        )
        ours: list[str] = []
        plain = DiskPaths(home=str(ground), environ=_QUIET, with_defaults=False)
        same_rules = took(lambda plain=plain, ours=ours: ours.extend(allowed_files(plain, str(root), _GIT_ALONE)))
        assert len(ours) == theirs[0], f"{len(ours)} files listed, by ripgrep {theirs[0]}"
        full = DiskPaths(home=str(ground), environ=_QUIET)
        everything = took(lambda full=full: list(allowed_files(full, str(root), policy)))
        ratios.append(same_rules / peer)
        with_lists.append(everything / peer)
    return [
        Figure("listing what git lets pass, by `rg --files`", min(ratios), "x", 6, 2),
        Figure("listing what an agent may read, by `rg --files`", min(with_lists), "x", 6, 2),
    ]


def freshness(root: Path, changes: int, seed: int) -> Figure:
    """Rules that change in every way there is, each followed by one decision about what they cover and what not."""
    (root / "a" / "b").mkdir(parents=True)
    (root / ".git" / "info").mkdir(parents=True)
    judge = DiskPaths(home=str(root.parent), environ=_QUIET)
    pick = random.Random(seed)
    policy = Policy()
    stale = 0
    for number in range(changes):
        folder = pick.choice(("", "a", "a/b"))
        name = pick.choice((".gitignore", ".clineignore", ".companionignore"))
        file = root / folder / name if pick.random() < 0.8 else root / ".git" / "info" / "exclude"
        word = f"x{number:06}"
        pick.choice(_WAYS)(file, f"{word}\n")
        if judge.judge(f"a/b/{word}", str(root), policy).ignored is None:
            stale += 1
        way = pick.random()
        if way < 0.3:
            file.unlink()
        elif way < 0.6:
            _in_place(file, f"y{number:06}\n")
        else:
            continue
        if judge.judge(f"a/b/{word}", str(root), policy).ignored is not None:
            stale += 1
    return Figure(f"stale after {changes:,} changes of rules", stale, "", 0)


def _in_place(file: Path, text: str) -> None:
    """Same inode, often the same size."""
    file.write_text(text)


def _renamed(file: Path, text: str) -> None:
    """As editors save."""
    fresh = file.with_name("fresh")
    fresh.write_text(text)
    fresh.replace(file)


def _with_old_times(file: Path, text: str) -> None:
    """As an archive unpacks."""
    file.write_text(text)
    os.utime(file, (1, 1))


_WAYS: tuple[Callable[[Path, str], None], ...] = (_in_place, _in_place, _renamed, _with_old_times)


def took(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def show(figures: list[Figure], *, markdown: bool) -> None:
    if markdown:
        print("| what | figure | must | aim |  |\n|---|---|---|---|---|")
    for one in figures:
        value = f"{one.value:,.0f}" if not one.unit else f"{one.value:.1f} {one.unit}"
        must, aim = f"≤ {one.must:g}", "" if one.aim is None else f"≤ {one.aim:g}"
        if markdown:
            print(f"| {one.what} | {value} | {must} | {aim} | {one.verdict} |")
        else:
            print(f"{one.verdict:<5} {one.what:<55} {value:>10}  must {must:<6} {'aim ' + aim if aim else ''}")


if __name__ == "__main__":
    main()
