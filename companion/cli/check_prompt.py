"""`companion check prompt`: what a captured request would become, by the gateway's own code, without sending it."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

from companion.cli.local_scan import LocalScan, open_local_scan, workspace_of
from companion.cli.shared import Exit, busy, console, end, json_option, plural, print_json
from companion.config.load import load
from companion.config.workspace import WorkspacePolicies
from companion.edges.gateway.captured import DIALECTS, Captured, Leaf, read_captured
from companion.edges.gateway.dialect import BadRequest
from companion.gatekeeper.facts import Gatherer
from companion.gatekeeper.tasks import end_all
from companion.model.action import ModelCall
from companion.model.exchange import Exchange, Origin
from companion.model.facts import Excerpt, Finding
from companion.model.policy import Policy
from companion.model.verdict import Decision, Outcome
from companion.places import Places, find_places
from companion.policy.display import visible
from companion.policy.evaluate import evaluate
from companion.policy.guards import GUARDS
from companion.scan.fingerprints.excerpts import IgnoredText
from companion.scan.paths import DiskPaths
from companion.scan.secrets.search import ScanFailed

_LARGEST = 64 * 1024 * 1024
_BESIDE = 50
_PATIENCE = 120.0
"""Seconds for an index of what is ignored in the workspace."""
_ENDING = 2.0


class Judged(Struct, frozen=True):
    """What would happen."""

    captured: Captured
    decision: Decision
    found: list[tuple[Leaf, Finding]]
    excerpts: list[tuple[Leaf, Excerpt]]

    @property
    def refused(self) -> bool:
        return self.decision.outcome is Outcome.DENY

    @property
    def body(self) -> bytes:
        """As it would leave; nothing where it is refused."""
        action = self.decision.action
        assert isinstance(action, ModelCall)
        return b"" if self.refused else self.captured.outgoing(action)


@click.command("prompt")
@click.argument("file", type=click.Path())
@click.option("--dialect", type=click.Choice(list(DIALECTS)), help="Without it, guessed from the body.")
@click.option("--body", "body_only", is_flag=True, help="Print the body as it would leave, and nothing else.")
@click.option(
    "--workspace",
    type=click.Path(exists=True, file_okay=False, resolve_path=True),
    help="Where the agent works. Without it: as the prompt says, or this repository.",
)
@json_option
def check_prompt(file: str, *, dialect: str | None, body_only: bool, workspace: str | None, as_json: bool) -> None:
    """Show what a captured request would become: what would be replaced, where, and what would be refused.

    FILE is the JSON body of a request to the gateway, or - for standard input. Nothing is sent. The model's name stays
    as it is; at the gateway the tier may change it.

    Exits with 0 when the request would go out, else with 1.
    """
    if body_only and as_json:
        end("--body and --json exclude each other", "companion check prompt --help", Exit.USAGE)
    raw = _read(file)
    try:
        captured = read_captured(raw, dialect or "")
    except BadRequest as bad:
        end(f"the gateway would refuse this: {bad}", "companion check prompt --help")
    where = workspace or captured.workspace or workspace_of(Path.cwd())
    places = find_places()
    with busy("loading the rules"):
        local = open_local_scan(places, where, patience=1.0)
    try:
        judged = asyncio.run(_judge(captured, local, places, where))
    except ScanFailed as error:
        end(f"the gateway would refuse this: {error}", "companion doctor")
    finally:
        local.close()
    if body_only:
        sys.stdout.buffer.write(judged.body)
        sys.stdout.buffer.flush()
    elif as_json:
        print_json(_plain(judged, where))
    else:
        for remark in local.remarks:
            click.echo(f"{click.style('remark:', fg='yellow')} {remark}", err=True)
        _show(judged, where, file)
    if judged.refused and body_only:
        end(f"it would be refused: {judged.decision.reason}", judged.decision.hint)
    sys.exit(Exit.FAILED if judged.refused else Exit.DONE)


def _read(file: str) -> bytes:
    try:
        raw = sys.stdin.buffer.read(_LARGEST + 1) if file == "-" else _file(Path(file))
    except OSError as error:
        end(f"{file}: {error.strerror}", "companion check prompt --help")
    if len(raw) > _LARGEST:
        end(f"{file} is larger than {_LARGEST} bytes, which the gateway takes at most")
    return raw


def _file(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LARGEST + 1)


async def _judge(captured: Captured, local: LocalScan, places: Places, workspace: str) -> Judged:
    """As `Gatekeeper.admit` does it: the facts, then the guards."""
    loaded = load(places)
    policies = WorkspacePolicies(Policy() if loaded.complaints else loaded.config.policy)
    exchange = Exchange("check", datetime.now(UTC), Origin(workspace=workspace), captured.call)
    # An index of its own: whatever is asked here, the daemon's stays as it is.
    with tempfile.TemporaryDirectory(prefix="companion-") as folder:
        ignored_text = IgnoredText(Path(folder), local.key, places.all, patience=_PATIENCE)
        gatherer = Gatherer(local.scanner, DiskPaths(places.all), policies, ignored_text, str(Path.home()))
        try:
            action, facts = await gatherer.gather(exchange)
        finally:
            ignored_text.close()
            await end_all(_ENDING)
    assert isinstance(action, ModelCall)
    found = captured.place(facts.findings, action.examined)
    excerpts = captured.place(facts.excerpts, action.examined)
    return Judged(captured, evaluate(GUARDS, action, facts), found, excerpts)


def _without_secrets(judged: Judged) -> Callable[[str], str]:
    """What takes secrets out of a path: a key of an object may be one."""
    known = {leaf.text[one.start : one.end]: one.placeholder for leaf, one in judged.found}
    spelt = {json.dumps(value)[1:-1]: placeholder for value, placeholder in known.items()} | known

    def safe(path: str) -> str:
        for value, placeholder in spelt.items():
            path = path.replace(value, placeholder)
        return path

    return safe


def _plain(judged: Judged, workspace: str) -> dict[str, Any]:
    decision, safe = judged.decision, _without_secrets(judged)
    return {
        "dialect": judged.captured.dialect,
        "workspace": workspace,
        "outcome": str(decision.outcome),
        "code": decision.code,
        "reason": decision.reason,
        "next": decision.hint,
        "findings": [
            {
                "path": safe(leaf.path),
                "key": leaf.is_key,
                "start": one.start,
                "end": one.end,
                "type": one.type,
                "rule": one.rule,
                "engine": one.engine,
                "confidence": str(one.confidence),
                "placeholder": one.placeholder,
                "fingerprint": one.fingerprint,
            }
            for leaf, one in judged.found
        ],
        "ignored_text": [
            {
                "path": safe(leaf.path),
                "start": one.start,
                "end": one.end,
                "source": one.rule.source,
                "line": one.rule.line,
                "pattern": one.rule.pattern,
            }
            for leaf, one in judged.excerpts
        ],
        "left_alone": [safe(leaf.path) for leaf in judged.captured.leaves() if leaf.left_alone],
        "body": judged.body.decode("utf-8", "replace"),
    }


def _show(judged: Judged, workspace: str, file: str) -> None:
    from rich.text import Text  # noqa: PLC0415 - as in console()

    out = console()
    decision, safe = judged.decision, _without_secrets(judged)
    last = ""
    for leaf, one in judged.found:
        if leaf.path != last:
            out.print(Text(_line(safe(leaf.path)) + (" (the key itself)" if leaf.is_key else ""), "bold"))
            last = leaf.path
        colour = "red" if one.confidence == "high" else "yellow"
        low, high = max(0, one.start - _BESIDE), one.end + _BESIDE
        inside = [other for where, other in judged.found if where is leaf]
        before, after = _around(leaf.text, low, one.start, inside), _around(leaf.text, one.end, high, inside)
        out.print(Text.assemble("  ", (one.confidence, colour), f"  {one.rule} ({one.engine})"))
        out.print(Text.assemble("  ", (f"- {before}{'•' * 8}{after}", "red"), overflow="fold"))
        if not judged.refused:
            out.print(Text.assemble("  ", (f"+ {before}{one.placeholder}{after}", "green"), overflow="fold"))
    for leaf, excerpt in judged.excerpts:
        rule = excerpt.rule
        said = f"{plural(excerpt.end - excerpt.start, 'character')} of a file that {rule.source}:{rule.line} ignores"
        out.print(Text.assemble((_line(safe(leaf.path)), "bold"), f"\n  {_line(said)}"))
    words = {Outcome.ALLOW: "[green]it would leave as it is[/]", Outcome.AMEND: "[cyan]it would be amended[/]"}
    out.print(f"{words.get(decision.outcome, '[red]it would be refused[/]')}", Text(_line(decision.reason)))
    alone = sum(leaf.left_alone for leaf in judged.captured.leaves())
    are = "that is no text" if alone == 1 else "that are no text"
    untouched = f"; {plural(alone, 'string')} {are} left alone" if alone else ""
    out.print(Text(f"read as {judged.captured.dialect}, in {_line(workspace)}{untouched}", "dim"))
    if decision.hint:
        out.print(Text(f"next: {_line(decision.hint)}"))
    elif judged.found:
        out.print(Text(f"next: companion check prompt {_line(file)} --body    shows all of it"))


def _around(text: str, low: int, high: int, findings: list[Finding]) -> str:
    """A stretch of a text on one line, without what of a secret reaches into it."""
    parts, at = [], low
    for one in findings:
        if one.end > at and one.start < high:
            parts += [text[at : max(at, one.start)], one.placeholder]
            at = min(max(at, one.end), high)
    return _line("".join([*parts, text[at:high]]))


def _line(text: str) -> str:
    return visible(text, keep_newlines=False)
