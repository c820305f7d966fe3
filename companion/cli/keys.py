"""`companion keys`: virtual keys, which agents hold in place of a provider's."""

from __future__ import annotations

import click

from companion.cli.shared import ask, console, json_option, print_json
from companion.client import calls


@click.group()
def keys() -> None:
    """Make, list and revoke virtual keys. Agents never hold a provider's key."""


@keys.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """List virtual keys; their secrets are not kept."""
    found = ask(calls.keys())
    if as_json:
        print_json(found)
        return
    out = console()
    for key in found:
        state = f"[red]revoked {key.revoked_at[:19]}[/]" if key.revoked_at else f"made {key.created_at[:19]}"
        out.print(f"[bold]{key.id}[/]  {key.name}  [dim]{state}, last used {key.last_used_at[:19] or 'never'}[/]")
    if not found:
        out.print("no keys yet. next: companion keys create NAME")


@keys.command()
@click.argument("name")
@json_option
def create(name: str, as_json: bool) -> None:
    """Make a key and show it, this once."""
    key = ask(calls.new_key(name))
    if as_json:
        print_json(key)
    else:
        console().print(f"{key.id}  [bold]{key.secret}[/]  shown this once")


@keys.command()
@click.argument("key_id", metavar="ID")
@json_option
def revoke(key_id: str, as_json: bool) -> None:
    """Make a key useless, now."""
    key = ask(calls.revoke_key(key_id))
    if as_json:
        print_json(key)
    else:
        click.echo(f"{key.id} is revoked")
