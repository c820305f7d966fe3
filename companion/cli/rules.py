"""`companion rules`: every yes that is kept, and how it is taken back."""

from __future__ import annotations

import click

from companion.cli.shared import ask, checked_id, console, json_option, local_time, plural, print_json
from companion.client import calls


@click.group()
def rules() -> None:
    """What you have said yes to for longer than once."""


@rules.command("list")
@json_option
def list_rules(as_json: bool) -> None:
    """List them, with how often each stood in for you."""
    found = ask(calls.rules())
    if as_json:
        print_json(found)
        return
    from rich.markup import escape  # noqa: PLC0415 - as in console()

    out = console()
    if not found:
        out.print("nothing is approved for longer than once")
    for one in found:
        where = f"in {one.workspace}" if one.reach == "rule" else f"in a session of {one.client}"
        out.print(f"[bold]{one.id}[/]  {one.reach}  [bold]{escape(one.shown)}[/]")
        until = f"until {local_time(one.expires_at)}"
        out.print(f"    {escape(where)}, {until}, by {escape(one.by)}, used {plural(one.used, 'time')}")


@rules.command()
@click.argument("rule_id", metavar="ID")
@json_option
def revoke(rule_id: str, as_json: bool) -> None:
    """Take one back: from now on it is asked again."""
    line = ask(calls.revoke_rule(checked_id(rule_id, "rule", "companion rules list")))
    if as_json:
        print_json(line)
    else:
        click.echo(f"revoked: {line.shown}")
