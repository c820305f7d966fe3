"""`companion check command`: what would be decided of a command, without a daemon and without running it."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from companion.cli.config import stop
from companion.cli.shared import Exit, console, end, json_option
from companion.config.load import load
from companion.config.workspace import WorkspacePolicies
from companion.gatekeeper.facts import examine_command
from companion.gatekeeper.ports import PathJudge
from companion.model.action import ShellCommand, Tier
from companion.model.exchange import Origin
from companion.model.facts import Effect, Facts
from companion.model.verdict import Decision, Outcome
from companion.places import find_places
from companion.policy.display import visible
from companion.policy.evaluate import evaluate
from companion.policy.guards import GUARDS
from companion.scan.paths import DiskPaths
from companion.scan.project_files import ProjectFiles

_LONGEST_LINE = 8 * 1024 * 1024
_STYLES = {Outcome.ALLOW: "green", Outcome.AMEND: "green", Outcome.ASK: "yellow", Outcome.DENY: "red"}
_NEXT = 'companion check command "git status"'


@dataclass(frozen=True, slots=True)
class Examiner:
    """Decides as the daemon would, one command after the other."""

    policies: WorkspacePolicies
    paths: PathJudge
    home: str
    tier: Tier
    workspace: str

    def decide(self, command: str, cwd: str) -> tuple[Decision, Facts]:
        origin = Origin(client="companion", workspace=self.workspace, tier=self.tier)
        action = ShellCommand(command, cwd or self.workspace)
        policy = self.policies.policy_for(self.workspace)
        facts = examine_command(action, origin, policy, self.paths, self.home, ProjectFiles())
        return evaluate(GUARDS, action, facts), facts


@click.command("command", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("words", nargs=-1, metavar="[CMD]...", type=click.UNPROCESSED)
@click.option("--batch", is_flag=True, help='Read {"command", "cwd"?} lines, print one verdict a line, in order.')
@click.option(
    "--mode",
    type=click.Choice([Tier.ACT.value, Tier.PLAN.value]),
    default=Tier.ACT.value,
    show_default=True,
    help="Whether the agent acts or plans.",
)
@click.option("--cwd", type=click.Path(exists=True, file_okay=False, resolve_path=True), help="The workspace.")
@json_option
def check_command(words: tuple[str, ...], mode: str, cwd: str | None, *, batch: bool, as_json: bool) -> None:
    """Say whether a command would run, be asked about or be refused, by which rule, and what it does.

    CMD is one quoted command line, or its words. Nothing is run, and nothing is written down. The exit code is 0 for a
    command that would run without a question, else 1; with --batch it is 0.
    """
    if batch == bool(words) or not (batch or "".join(words).strip()):
        end("one command or --batch, please", _NEXT, Exit.USAGE)
    loaded = load(find_places())
    if loaded.complaints:
        stop(loaded.complaints, as_json=as_json)
    places = find_places()
    workspace = cwd or os.path.realpath(Path.cwd())
    policies = WorkspacePolicies(loaded.config.policy)
    examiner = Examiner(policies, DiskPaths(places.all), str(Path.home()), Tier(mode), workspace)
    if batch:
        _answer_all(examiner, sys.stdin.buffer)
        return
    command = words[0] if len(words) == 1 else shlex.join(words)
    decision, facts = examiner.decide(command, workspace)
    if as_json:
        click.echo(json.dumps(_plain(decision, facts), indent=2, ensure_ascii=False))
    else:
        _tell(command, decision, facts)
    sys.exit(Exit.DONE if decision.outcome is Outcome.ALLOW else Exit.FAILED)


def _answer_all(examiner: Examiner, lines: Iterable[bytes]) -> None:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            given = json.loads(line) if len(line) <= _LONGEST_LINE else None
        except ValueError:
            given = None
        command = given.get("command") if isinstance(given, dict) else None
        folder = given.get("cwd") if isinstance(given, dict) else None
        if not isinstance(command, str) or not isinstance(folder, str | None):
            end(f'line {number} is no {{"command": TEXT, "cwd"?: FOLDER}}', _NEXT, Exit.USAGE)
        decision, facts = examiner.decide(command, folder or "")
        sys.stdout.write(json.dumps(_plain(decision, facts)) + "\n")
    sys.stdout.flush()


def _plain(decision: Decision, facts: Facts) -> dict[str, Any]:
    return {
        "verdict": decision.outcome.value,
        "code": decision.code,
        "reason": decision.reason,
        "hint": decision.hint,
        "effects": [_plain_effect(effect) for effect in facts.effects],
    }


def _plain_effect(effect: Effect) -> dict[str, Any]:
    told = {"kind": effect.kind.value, "target": effect.target, "start": effect.start, "end": effect.end}
    return told | {name: text for name in ("code", "reason", "hint") if (text := getattr(effect, name))}


def _tell(command: str, decision: Decision, facts: Facts) -> None:
    """The command with what was found in it marked, then the verdict."""
    from rich.text import Text  # noqa: PLC0415 - rich takes longer to import than a verdict in JSON

    out = console()
    style = _STYLES[decision.outcome]
    shown = Text()
    told = [effect for effect in facts.effects if effect.code and effect.reason]
    marked = {at for effect in told for at in range(effect.start, min(effect.end, len(command)))}
    for at, character in enumerate(command):
        shown.append(visible(character), style=f"bold {style}" if at in marked else "")
    out.print(shown)
    out.print(Text(f"{decision.outcome.value}: {decision.reason} [{decision.code}]", style=f"bold {style}"))
    if decision.hint:
        out.print(Text(f"instead: {decision.hint}"))
    for effect in facts.effects:
        place = visible(command[effect.start : effect.end].replace("\n", " "))
        why = f" ({effect.code})" if effect.code else ""
        out.print(Text(f"  {effect.kind.value:10} {visible(effect.target)}{why}  in: {place[:80]}"))
