"""`companion check path`: what an agent may read, and which line of which file says so."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import IO, Any

import click

from companion.cli.config import stop
from companion.cli.shared import Exit, console, end
from companion.config.load import load
from companion.config.workspace import WorkspacePolicies
from companion.model.facts import IgnoreMatch, PathFacts
from companion.model.policy import Policy
from companion.places import find_places
from companion.policy.guards.ignored import what_becomes_of
from companion.policy.ignore.lists import SECRETS
from companion.scan.paths import DiskPaths
from companion.scan.snapshot import Snapshot

_AT_ONCE = 1 << 20
_FOLDER = click.Path(exists=True, file_okay=False)
_COLOURS = {"allow": "green", "redact": "yellow", "ask": "yellow", "deny": "bold red", "ignore": "yellow"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would become of reading a path."""

    verdict: str
    ignored: bool
    """Whether an ignore file lists it. companion's own list is none."""
    source: str = ""
    line: int = 0
    pattern: str = ""


@click.command("path")
@click.argument("paths", nargs=-1)
@click.option("--batch", is_flag=True, help='Read JSON lines {"path": …, "is_dir": …} and answer each with one.')
@click.option("--root", type=_FOLDER, help="The workspace. Default: this folder.")
@click.option("--engine", is_flag=True, help="Only what git's ignore files say, as git would.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def check_path(paths: tuple[str, ...], root: str | None, *, batch: bool, engine: bool, as_json: bool) -> None:
    """Say what an agent may do with PATHS, and which line of which file decides.

    PATHS are taken from the workspace's folder; one that ends in / is a folder, whether it is there or not.

    Exits with 0 when all of them are allowed, with 1 when one is not. With --batch always with 0.
    """
    if batch == bool(paths):
        end("name paths, or pass --batch to read them", "companion check path --help", Exit.USAGE)
    checker = Checker.of(os.path.abspath(root or "."), engine=engine)  # noqa: PTH100 - spelt as the user spells it
    if batch:
        for answers in answer(sys.stdin.buffer, checker):
            sys.stdout.write(answers)
            sys.stdout.flush()
        return
    snapshot = checker.look()
    verdicts = [(path, snapshot.verdict(path, True if path.endswith("/") else None)) for path in paths]
    if as_json:
        click.echo(json.dumps([{"path": path, **_plain(one)} for path, one in verdicts], indent=2))
    else:
        for path, one in verdicts:
            show(path, one)
    sys.exit(Exit.DONE if all(one.verdict == "allow" for _, one in verdicts) else Exit.FAILED)


class Checker:
    """Everything that a check needs of a workspace."""

    def __init__(self, workspace: str, policy: Policy, *, engine: bool) -> None:
        self.workspace = workspace
        self.policy = replace(policy, ignore_files=()) if engine else policy
        self.engine = engine
        self.paths = DiskPaths(find_places().all, with_defaults=not engine)
        self.listed = self.paths if engine else DiskPaths(with_defaults=False)

    @classmethod
    def of(cls, workspace: str, *, engine: bool = False) -> Checker:
        """With the policy in force there. Ends the command where the configuration cannot be used."""
        loaded = load(find_places())
        if loaded.complaints:
            stop(loaded.complaints)
        return cls(workspace, WorkspacePolicies(loaded.config.policy).policy_for(workspace), engine=engine)

    def look(self) -> Looks:
        """As the disk is now."""
        return Looks(self)


class Looks:
    """Verdicts over one look at the disk."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        self._all = Snapshot(checker.paths, checker.workspace, checker.policy)
        self._listed = Snapshot(checker.listed, checker.workspace, checker.policy)

    def verdict(self, path: str, is_dir: bool | None = None) -> Verdict:
        """Of reading `path`. `is_dir` None asks the disk."""
        facts = self._all.look(path, is_dir)
        match = facts.ignored
        listed = match is not None
        if match is not None and match.source == SECRETS:
            listed = self._listed.look(path, is_dir).ignored is not None
        word = ("ignore" if listed else "allow") if self._checker.engine else self._word(facts)
        if match is None:
            return Verdict(word, listed)
        return Verdict(word, listed, match.source, match.line, match.pattern)

    def _word(self, facts: PathFacts) -> str:
        if facts.ignored is None and facts.inside:
            return "allow"
        return str(what_becomes_of(facts, self._checker.policy))


def answer(lines: IO[bytes], checker: Checker) -> Iterator[str]:
    """Answers as the questions come, in their order, one line each."""
    rest = b""
    while True:
        came = lines.read1(_AT_ONCE)  # type: ignore[attr-defined]
        whole, found, rest = (rest + came).rpartition(b"\n")
        if not came:
            whole, found, rest = rest, b"\n" if rest.strip() else b"", b""
        if found:
            looks = checker.look()
            yield "".join(_answer(line, looks) for line in whole.split(b"\n") if line.strip())
        if not came:
            return


def _answer(line: bytes, looks: Looks) -> str:
    try:
        asked = json.loads(line)
        path, is_dir = asked["path"], asked.get("is_dir")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _line(_unreadable("the line is no JSON object with a path"))
    if not isinstance(path, str) or not (is_dir is None or isinstance(is_dir, bool)):
        return _line(_unreadable("path is no string, or is_dir neither true nor false"))
    return _line(looks.verdict(path, True if is_dir is None and path.endswith("/") else is_dir))


def _unreadable(why: str) -> Verdict:
    return Verdict("deny", ignored=True, source="companion", pattern=f"({why})")


@lru_cache(maxsize=4096)
def _line(verdict: Verdict) -> str:
    return json.dumps(_plain(verdict)) + "\n"


def _plain(verdict: Verdict) -> dict[str, Any]:
    return {
        "verdict": verdict.verdict,
        "ignored": verdict.ignored,
        "source": verdict.source,
        "line": verdict.line,
        "pattern": verdict.pattern,
    }


def rule_of(match: IgnoreMatch | Verdict) -> str:
    """The rule as people read it."""
    return f"{match.source}:{match.line}: {match.pattern}" if match.line else f"{match.source} {match.pattern}"


def show(path: str, one: Verdict) -> None:
    """One line for people."""
    from rich.markup import escape  # noqa: PLC0415 - as in console()

    why = rule_of(one) if one.source else "" if one.verdict == "allow" else "it lies outside of the workspace"
    colour = _COLOURS[one.verdict]
    tail = f"  [dim]{escape(why)}[/]" if why else ""
    console().print(f"[{colour}]{one.verdict:<6}[/]  {escape(path)}{tail}")
