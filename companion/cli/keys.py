"""`companion keys`: virtual keys, which agents hold in place of a provider's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click
from click.shell_completion import CompletionItem

from companion.cli.moments import after, deadline, length, moment
from companion.cli.shared import Exit, ask, console, daemon, end, json_option, local_time, print_json
from companion.client import Client, NotRunning, Refused, calls, find_operator
from companion.contract.codec import WireError
from companion.contract.types import KeyLine, KeyRequest
from companion.model.action import Tier

_UNLIMITED = 1000
"""Columns: elsewhere than in a terminal no name is cut or broken, so that it can be searched for."""
_STATES = {"live": "[green]live[/]", "expired": "[yellow]expired[/]", "revoked": "[red]revoked[/]"}
_LIST = "companion keys list"


def _offered(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids, and names that a shell can take as they are, of the keys that something can still be done to."""
    try:
        with Client(find_operator()) as client:
            found = [key for key in client.do(calls.keys()) if key.state != "revoked"]
    except (NotRunning, Refused, WireError, OSError):
        return []
    plain = [key for key in found if not set(key.name) & set(" :")]
    items = [*((key.name, key.id) for key in plain), *((key.id, key.name) for key in found)]
    return [CompletionItem(value, help=told) for value, told in items if value.startswith(incomplete)]


_key = click.argument("key", metavar="ID|NAME", shell_complete=_offered)


@click.group()
def keys() -> None:
    """Make, list, rotate, expire and revoke virtual keys. Agents never hold a provider's key."""


@keys.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """List virtual keys; their secrets are not kept."""
    found = ask(calls.keys())
    if as_json:
        print_json(found)
        return
    out = console(width=_UNLIMITED)
    if not found:
        out.print("no keys yet. next: companion keys create NAME")
        return
    from rich import box  # noqa: PLC0415 - as in console()
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD)
    for name in ("name", "id", "state", "scope", "last used", "expires"):
        table.add_column(name, overflow="fold", no_wrap=name == "id")
    for key in found:
        state = Text.from_markup(_STATES.get(key.state, key.state))
        table.add_row(Text(key.name), key.id, state, Text(_scope(key)), _used(key), _expires(key))
    out.print(table)


@keys.command()
@_key
@json_option
def show(key: str, as_json: bool) -> None:
    """Show what a key stands for and may do."""
    with daemon() as client:
        found = _find(client, key)
    if as_json:
        print_json(found)
        return
    told = {
        "id": found.id,
        "state": f"{_STATES.get(found.state, found.state)} {local_time(found.revoked_at)}".rstrip(),
        "made": local_time(found.created_at),
        "last used": _used(found),
        "expires": _expires(found),
        "old secret": f"works until {local_time(found.old_secret_until)}" if found.old_secret_until else "",
        "project": found.project,
        "user": found.user,
        "team": found.team,
        "tags": ", ".join(found.tags),
        "tiers": ", ".join(found.tiers) or "all",
        "models": ", ".join(found.models) or "all",
    }
    out = console()
    # A name or a model may have colons, which rich would make a picture of.
    out.print(f"[bold]{found.name}[/]", emoji=False)
    for name, value in told.items():
        if value:
            out.print(f"  {name:<10}  {value}", emoji=False)


@keys.command()
@click.argument("name")
@click.option("--project", default="", help="The project that its calls belong to; else the agent's folder.")
@click.option("--user", default="", help="Whose key it is.")
@click.option("--team", default="", help="Whose team's.")
@click.option("--tag", "tags", multiple=True, help="A word of your own. May be given again.")
@click.option(
    "--tier", "tiers", multiple=True, type=click.Choice(list(map(str, Tier))), help="Only this tier, or these."
)
@click.option("--model", "models", multiple=True, metavar="PATTERN", help="Only these models, as in 'claude-*'.")
@click.option("--expires", type=deadline, metavar="WHEN", help="As in 30d, or through 2026-12-31. Without it: never.")
@json_option
def create(name: str, expires: datetime | None, as_json: bool, **narrowed: Any) -> None:
    """Make a key and show it, this once.

    Without options it may do everything. NAME is yours to choose.

    \b
    companion keys create ci --project web --team core --tier small --expires 30d
    companion keys create review --model 'claude-haiku-*' --model 'gpt-*-mini'
    """  # noqa: D301 - click looks for the character itself
    asked: dict[str, Any] = narrowed | {field: list(narrowed[field]) for field in ("tags", "tiers", "models")}
    key = ask(calls.new_key(KeyRequest(name, expires_at=expires.isoformat() if expires else "", **asked)))
    if as_json:
        print_json(key)
        return
    out = console()
    out.print(f"{key.id}  [bold]{key.secret}[/]  shown this once")
    if key.expires_at:
        out.print(f"expires {local_time(key.expires_at)}")


@keys.command()
@_key
@click.option(
    "--grace", type=length, metavar="DURATION", help="How long the old secret works on. Without it: not at all."
)
@json_option
def rotate(key: str, grace: timedelta | None, as_json: bool) -> None:
    """Give a key another secret and show it, this once.

    Id, name and scope stay. The old secret ends at once, or after --grace 1h.
    """
    seconds = int(grace.total_seconds()) if grace else 0
    with daemon() as client:
        new = client.do(calls.rotate_key(_find(client, key).id, seconds))
    if as_json:
        print_json(new)
        return
    old = f"works until {local_time(new.old_secret_until)}" if new.old_secret_until else "has ended"
    out = console()
    out.print(f"{new.id}  [bold]{new.secret}[/]  shown this once")
    out.print(f"the old secret {old}")


@keys.command()
@_key
@click.option("--in", "more", type=length, metavar="DURATION", help="It ends after this time, as in 30d.")
@click.option("--at", "at", type=moment, metavar="TIME", help="It ends then, or with that day.")
@click.option("--never", is_flag=True, help="It does not end by itself.")
@json_option
def expire(key: str, more: timedelta | None, at: datetime | None, never: bool, as_json: bool) -> None:
    """Say when a key ends. One that has expired works again until then."""
    if (more is not None) + (at is not None) + never != 1:
        end("when? give one of --in, --at and --never", "companion keys expire ID --in 30d", Exit.USAGE)
    at = at if more is None else after(more)
    with daemon() as client:
        line = client.do(calls.expire_key(_find(client, key).id, at.isoformat() if at else ""))
    if as_json:
        print_json(line)
    else:
        ends = f"expires {local_time(line.expires_at)}" if line.expires_at else "never expires"
        click.echo(f"{line.id} {ends}")


@keys.command()
@_key
@json_option
def revoke(key: str, as_json: bool) -> None:
    """Make a key useless, now and for good."""
    with daemon() as client:
        line = client.do(calls.revoke_key(_find(client, key).id))
    if as_json:
        print_json(line)
    else:
        click.echo(f"{line.id} is revoked")


def _find(client: Client, given: str) -> KeyLine:
    """The key of this id or name; of one name a live key before those revoked. Ends the command for none or several."""
    if not given:
        end("which virtual key?", _LIST, Exit.USAGE)
    found = client.do(calls.keys())
    named = [key for key in found if key.name == given]
    standing = [key for key in named if key.state != "revoked"]
    chosen = {key.id: key for key in [*(key for key in found if key.id == given), *(standing or named)]}
    if not chosen:
        end(f"there is no virtual key {given!r}", _LIST)
    if len(chosen) > 1:
        which = " and ".join(f"{key.id} ({key.name}, {key.state})" for key in chosen.values())
        end(
            f"{given!r} means several virtual keys: {which}",
            f"write the id or the name that only one of them has: {_LIST}",
        )
    return next(iter(chosen.values()))


def _scope(key: KeyLine) -> str:
    """What it stands for and may do, on one line."""
    told = {"project": [key.project], "user": [key.user], "team": [key.team]}
    told |= {"tags": key.tags, "tiers": key.tiers, "models": key.models}
    return "; ".join(f"{what} {', '.join(values)}" for what, values in told.items() if any(values)) or "everything"


def _used(key: KeyLine) -> str:
    return local_time(key.last_used_at) or "never"


def _expires(key: KeyLine) -> str:
    return local_time(key.expires_at) or "never"
