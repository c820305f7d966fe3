"""`companion config`: what holds, where it comes from, and what is wrong with it."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import cattrs
import click
from attrs import evolve
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from companion.config.complaints import COMMAND_LINE, Complaint, ConfigError
from companion.config.explain import Explanation, as_plain, as_text, explain, keys, unknown_key
from companion.config.load import load
from companion.config.provenance import Loaded, Origin
from companion.config.schema import Secrets
from companion.config.upstream_key import read_key
from companion.config.workspace import FILE_NAME, WorkspacePolicies
from companion.model.policy import Policy
from companion.places import find_places

BAD_CONFIGURATION = 2
"""The exit code of every command that a bad configuration stops."""

_NAMED_BY_YOU = ("upstreams", "tiers")
"""Sections that are there only where the configuration has them."""

_EXPECTED_FILES = {
    "rules": "a rule that can be in force",
    "plugins": "a plugin that can be used",
    "baselines": "a baseline of detect-secrets",
}

_FOLDER = click.Path(exists=True, file_okay=False, resolve_path=True)


@click.group("config")
def config() -> None:
    """Show and check the configuration."""


@config.command("path")
def show_path() -> None:
    """Print where your configuration file is, or would be."""
    click.echo(find_places().config_file)


@config.command("explain")
@click.argument("key", default="")
@click.option("--workspace", type=_FOLDER, help="Show what holds in this folder.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def explain_key(key: str, workspace: str | None, *, as_json: bool) -> None:
    """Say what holds at KEY, who said it and what it overrode.

    KEY may be a section; without it, every key.
    """
    loaded = load(find_places())
    if loaded.complaints:
        stop(loaded.complaints, as_json=as_json)
    chosen = keys(loaded, key)
    if not chosen and key in _NAMED_BY_YOU:
        if as_json:
            click.echo("[]")
        else:
            click.echo(f"{key}: none is configured\nnext: name one in {loaded.file}, then: companion config check")
        return
    if not chosen:
        stop([unknown_key(loaded, key)], as_json=as_json)
    reading = WorkspacePolicies(loaded.config.policy).reading(workspace) if workspace else None
    explanations = [explain(loaded, one, reading) for one in chosen]
    if as_json:
        plain = [_plain(one) for one in explanations]
        click.echo(json.dumps(plain[0] if chosen == (key,) else plain, indent=2, ensure_ascii=False))
    elif chosen == (key,):
        _tell(explanations[0])
    else:
        _tabulate(explanations)
    if reading and reading.complaints:
        stop(reading.complaints)


@config.command("check")
@click.option("--workspace", type=_FOLDER, help="Check this folder's .companion.toml too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def check_all(workspace: str | None, *, as_json: bool) -> None:
    """List everything that is wrong. Exits with 0 when nothing is, else with 2."""
    loaded = load(find_places())
    complaints, remarks = list(loaded.complaints), list(loaded.remarks)
    if not loaded.complaints:
        for wrong in _wrong_keys(loaded):
            # Another shell may have started the daemon, with another environment.
            if wrong.file == "environment":
                remarks.append(str(wrong))
            else:
                complaints.append(wrong)
        complaints += _wrong_files(loaded)
    if workspace:
        policy = Policy() if loaded.complaints else loaded.config.policy
        reading = WorkspacePolicies(policy).reading(workspace)
        complaints += reading.complaints
        remarks += reading.remarks.values()
    if complaints:
        stop(complaints, as_json=as_json)
    if as_json:
        click.echo(json.dumps({"ok": True, "file": loaded.file, "remarks": remarks}, indent=2, ensure_ascii=False))
        return
    there = Path(loaded.file).exists()
    click.echo(f"{loaded.file}: nothing is wrong" if there else f"{loaded.file}: no such file, so the defaults hold")
    for remark in remarks:
        click.echo(f"remark: {remark}")


def stop(complaints: Sequence[Complaint], *, as_json: bool = False) -> NoReturn:
    """Prints every complaint and the next step, then ends the command with exit code 2.

    As text they go to the standard error, as JSON to the standard output.
    """
    following = _next_step(complaints[0])
    if as_json:
        plain = [cattrs.unstructure(one) for one in complaints]
        click.echo(json.dumps({"ok": False, "complaints": plain, "next": following}, indent=2, ensure_ascii=False))
    else:
        console = Console(stderr=True, soft_wrap=True, highlight=False)
        for one in complaints:
            subject = f" [bold]{escape(one.key)}[/]:" if one.key else ""
            hint = f"; {escape(one.hint)}" if one.hint else ""
            place = f"[red]{escape(one.place)}[/]:" if one.place else ""
            console.print(f"{place}{subject} expected {escape(one.expected)}, found {escape(one.found)}{hint}".lstrip())
        console.print(f"next: {escape(following)}")
    raise SystemExit(BAD_CONFIGURATION)


def _next_step(complaint: Complaint) -> str:
    if not complaint.file:
        return "companion config explain"
    if complaint.file == COMMAND_LINE:
        return "companion up --help"
    if Path(complaint.file).name == FILE_NAME:
        folder = shlex.quote(str(Path(complaint.file).parent))
        return f"mend {complaint.file}, then type: companion config check --workspace {folder}"
    return f"mend {complaint.file}, then type: companion config check"


def _wrong_keys(loaded: Loaded) -> list[Complaint]:
    """What hinders reading the upstreams' keys."""
    wrong: list[Complaint] = []
    for name, upstream in loaded.config.upstreams.items():
        try:
            read_key(name, upstream, os.environ)
        except ConfigError as error:
            wrong += error.complaints
    return wrong


def _wrong_files(loaded: Loaded) -> list[Complaint]:
    """What is not in force of the user's own files for secrets."""
    wrong: list[Complaint] = []
    said = loaded.config.secrets
    if said == Secrets():
        return wrong
    from companion.settings import user_files  # noqa: PLC0415 - it loads the engines

    for key, fault in user_files(loaded.config).faults():
        path = loaded.file if key == "baselines" else str(getattr(said, key))
        wrong.append(Complaint(path, 0, fault.where, _EXPECTED_FILES[key], fault.why))
    return wrong


def _plain(one: Explanation) -> dict[str, Any]:
    return {
        "key": one.key,
        "value": as_plain(one.value),
        "origin": _plain_origin(one.origin),
        "expected": one.expected,
        "overrode": [{"value": as_plain(s.value), "origin": _plain_origin(s.origin)} for s in one.overrode],
        "remarks": list(one.remarks),
    }


def _plain_origin(origin: Origin) -> dict[str, Any]:
    return {"layer": str(origin.layer), "file": origin.file, "line": origin.line, "note": origin.note}


def _tell(one: Explanation) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"[bold]{escape(one.key)}[/] = {escape(as_text(one.value))}")
    console.print(f"  from {escape(str(one.origin))}")
    for setting in one.overrode:
        console.print(f"  over {escape(as_text(setting.value))}, from {escape(str(setting.origin))}")
    console.print(f"  may be {escape(one.expected)}")
    for remark in one.remarks:
        console.print(f"  remark: {escape(remark)}")


def _tabulate(explanations: Sequence[Explanation]) -> None:
    table = Table("key", "value", "from", box=None, pad_edge=False)
    for one in explanations:
        # The whole path stands in `explain KEY`; here it would push everything else aside.
        origin = evolve(one.origin, file=Path(one.origin.file).name)
        table.add_row(*(Text(cell, overflow="fold") for cell in (one.key, as_text(one.value), str(origin))))
    Console(highlight=False).print(table)
