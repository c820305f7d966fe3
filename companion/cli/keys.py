"""`companion keys`: virtual keys, which agents hold in place of a provider's."""

from __future__ import annotations

import click

from companion.cli.shared import ask, checked_id, console, json_option, local_time, print_json
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
        state = (
            f"[red]revoked {local_time(key.revoked_at)}[/]" if key.revoked_at else f"made {local_time(key.created_at)}"
        )
        out.print(
            f"[bold]{key.id}[/]  {key.name}  [dim]{state}, last used {local_time(key.last_used_at) or 'never'}[/]"
        )
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
    key = ask(calls.revoke_key(checked_id(key_id, "virtual key", "companion keys list")))
    if as_json:
        print_json(key)
    else:
        click.echo(f"{key.id} is revoked")
