"""`companion accept`: a person's word that a finding is no secret."""

from __future__ import annotations

import re
import shlex
import sys
from datetime import datetime
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from companion.cli.moments import deadline
from companion.cli.shared import Exit, ask, busy, checked_id, console, end, json_option, local_time, print_json
from companion.client import Client, NotRunning, Refused, calls, find_operator
from companion.contract.codec import WireError
from companion.contract.types import AcceptanceLine, AcceptRequest, FindingLine
from companion.places import find_places
from companion.policy.redaction import FINGERPRINT_LENGTH, PLACEHOLDER, fingerprint_of

_FINGERPRINT = re.compile(rf"[0-9a-fA-F]{{{FINGERPRINT_LENGTH}}}")
_PLACE = re.compile(r"(?P<file>.+?):(?P<line>[0-9]{1,9})(?::[0-9]{1,9})?")
_STATES = {"live": "[green]live[/]", "expired": "[yellow]expired[/]", "revoked": "[red]revoked[/]"}
_LATEST = 200
_UNLIMITED = 1000
"""Columns: elsewhere than in a terminal no name is cut or broken, so that it can be searched for."""


def _findings() -> list[FindingLine]:
    """Those of the latest calls, each secret once; none where there is no daemon."""
    try:
        with Client(find_operator()) as client:
            lines = client.do(calls.log(_LATEST))
    except (NotRunning, Refused, WireError, OSError):
        return []
    return list({one.placeholder: one for line in lines for one in line.findings}.values())


def _values_offered(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    found = [one for one in _findings() if one.placeholder.startswith(incomplete)]
    return [CompletionItem(one.placeholder, help=f"{one.rule}, {one.confidence}") for one in found]


def _rules_offered(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    rules = {one.rule: one.type for one in _findings() if one.rule.startswith(incomplete)}
    return [CompletionItem(rule, help=kind) for rule, kind in rules.items()]


def _ids_offered(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    try:
        with Client(find_operator()) as client:
            found = client.do(calls.accepted())
    except (NotRunning, Refused, WireError, OSError):
        return []
    return [CompletionItem(one.id, help=one.shown) for one in found if one.id.startswith(incomplete) and _live(one)]


def _live(one: AcceptanceLine) -> bool:
    return one.state == "live"


_until = click.option(
    "--for", "until", type=deadline, metavar="WHEN", help="As in 30d, or through 2026-12-31. Without it: for good."
)
_note = click.option("--note", default="", help="Why, for whoever looks later.")
_folder = click.Path(exists=True, resolve_path=True)


@click.group()
def accept() -> None:
    """Say that a finding is no secret, for how long, and take it back.

    From the next call on it is neither replaced nor a reason to refuse. What is kept of a value is a keyed hash.
    """


@accept.command("value")
@click.argument("what", metavar="SECRET|FILE:LINE|-", shell_complete=_values_offered)
@click.option("--in", "scope", type=_folder, metavar="PATH", help="Only there and below. Without it: everywhere.")
@_until
@_note
@json_option
def accept_value(what: str, scope: str | None, until: datetime | None, note: str, as_json: bool) -> None:
    """Accept one value.

    It is named by its placeholder or fingerprint, by the line of a file that `companion check secrets` found it in,
    or, with -, typed unseen or piped in.

    \b
    companion accept value SECRET_GITHUB_1A2B3C4D --for 30d
    companion accept value tests/fixtures.py:12 --note 'made up for the test'
    """  # noqa: D301 - click looks for the character itself
    secret, called = _named(what)
    asked = AcceptRequest(secret=secret, called=called, scope=scope or "", expires_at=_iso(until), note=note, by="cli")
    _accept(asked, as_json=as_json)


@accept.command("rule")
@click.argument("rule", shell_complete=_rules_offered)
@click.option("--in", "scope", type=_folder, metavar="PATH", help="Without it: in this repository, or this folder.")
@_until
@_note
@json_option
def accept_rule(rule: str, scope: str | None, until: datetime | None, note: str, as_json: bool) -> None:
    """Accept whatever a rule finds in a folder or a file.

    In prompts it holds where the agent works in that folder or below it; a file counts in `companion check secrets` and
    in the editor.
    """
    from companion.cli.local_scan import workspace_of  # noqa: PLC0415 - it loads the engines

    where = scope or workspace_of(Path.cwd())
    _accept(AcceptRequest(rule=rule, scope=where, expires_at=_iso(until), note=note, by="cli"), as_json=as_json)


@accept.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that have ended or were revoked, too.")
@json_option
def list_accepted(everything: bool, as_json: bool) -> None:
    """List what is accepted, where and until when."""
    found = [one for one in ask(calls.accepted()) if everything or _live(one)]
    if as_json:
        print_json(found)
        return
    out = console(width=_UNLIMITED)
    if not found:
        out.print("nothing is accepted. next: companion log shows what was found")
        return
    from rich import box  # noqa: PLC0415 - as in console()
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD)
    for name in ("id", "accepted", "where", "state", "until", "since", "by", "note"):
        table.add_column(name, overflow="fold", no_wrap=name == "id")
    for one in found:
        what = f"rule {one.rule}" if one.rule else one.shown
        ends = local_time(one.expires_at) or "for good"
        state = Text.from_markup(_STATES.get(one.state, one.state))
        cells = (what, one.scope or "everywhere", state, ends, local_time(one.made_at), one.by, one.note)
        table.add_row(one.id, *(cell if isinstance(cell, Text) else Text(cell) for cell in cells))
    out.print(table)


@accept.command("revoke")
@click.argument("acceptance", metavar="ID", shell_complete=_ids_offered)
@json_option
def revoke(acceptance: str, as_json: bool) -> None:
    """Take an acceptance back: from the next call on it is found again."""
    line = ask(calls.revoke_acceptance(checked_id(acceptance, "acceptance", "companion accept list")))
    if as_json:
        print_json(line)
    else:
        click.echo(f"{line.id} is revoked: {line.shown} is found again")


def _accept(asked: AcceptRequest, *, as_json: bool) -> None:
    line = ask(calls.accept(asked))
    if line.warning:
        click.echo(f"{click.style('warning:', fg='yellow')} {line.warning}", err=True)
    if as_json:
        print_json(line)
        return
    what = f"what {line.rule} finds" if line.rule else line.shown
    ends = f"until {local_time(line.expires_at)}" if line.expires_at else "for good"
    click.echo(f"accepted {ends}: {what}, {f'in {line.scope}' if line.scope else 'everywhere'}")
    click.echo(f"to take it back: companion accept revoke {line.id}")


def _iso(until: datetime | None) -> str:
    return until.isoformat() if until else ""


def _named(what: str) -> tuple[str, str]:
    """A placeholder or a fingerprint for what was given, and how it is called.

    Ends the command where it names no secret, or several.
    """
    if PLACEHOLDER.fullmatch(what) or _FINGERPRINT.fullmatch(what):
        return what, ""
    if what == "-":
        return fingerprint_of(_typed(), _machine_key()), ""
    place = _PLACE.fullmatch(what)
    if place is None or not Path(place["file"]).is_file():
        end(f"{what!r} names no secret that was found", "companion log, or companion check secrets FILE", Exit.USAGE)
    return _on_line(place["file"], int(place["line"]))


def _typed() -> str:
    if sys.stdin.isatty():
        value: str = click.prompt("the value", hide_input=True, err=True)
    else:
        value = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if not value:
        end("no value was given", "companion accept value --help", Exit.USAGE)
    return value


def _machine_key() -> bytes:
    path = find_places().machine_key
    try:
        return path.read_bytes()
    except OSError as error:
        end(f"the machine key {path} cannot be read: {error.strerror}", "companion up")


def _on_line(file: str, line: int) -> tuple[str, str]:
    """Fingerprint and placeholder of the one secret on a line of a file."""
    from companion.cli.check_secrets import found_in  # noqa: PLC0415 - it loads the engines
    from companion.cli.local_scan import open_local_scan, workspace_of  # noqa: PLC0415
    from companion.cli.texts import Piece, read_paths  # noqa: PLC0415
    from companion.scan.secrets.search import ScanFailed  # noqa: PLC0415

    with busy("looking for it"):
        local = open_local_scan(find_places(), workspace_of(Path(file).resolve().parent))
        try:
            pieces = [piece for piece in read_paths([file]) if isinstance(piece, Piece)]
            each = [one for piece in pieces for one in found_in(piece, local.find(piece.text, piece.path))]
        except ScanFailed as error:
            end(f"{file} was not examined: {error}", f"companion check secrets {shlex.quote(file)}")
        finally:
            local.close()
    if not local.lasting:
        end("there is no machine key yet, which names values for good", "companion up")
    found = {one.fingerprint: one for one in each if one.line == line}
    if not found:
        end(f"there is no secret on line {line} of {file}", f"companion check secrets {shlex.quote(file)}")
    if len(found) > 1:
        listed = "\n".join(f"  {one.fingerprint}  column {one.column}, {one.rule}" for one in found.values())
        end(f"line {line} of {file} holds {len(found)} secrets:\n{listed}", "companion accept value FINGERPRINT")
    (one,) = found.values()
    return one.fingerprint, one.placeholder
