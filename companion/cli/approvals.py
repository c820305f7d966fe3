"""`companion pending`, `approve` and `deny`: the terminal UI's approvals, for scripts and screen readers."""

from __future__ import annotations

import click

from companion.cli.shared import ask, checked_id, console, daemon, json_option, local_time, print_json
from companion.client import calls
from companion.contract.types import Answer, Approval


@click.command()
@json_option
def pending(as_json: bool) -> None:
    """List what waits for a yes or a no."""
    waiting = ask(calls.pending())
    if as_json:
        print_json(waiting)
        return
    out = console()
    if not waiting:
        out.print("nothing waits")
    for approval in waiting:
        _show(out, approval)


def _show(out: object, approval: Approval) -> None:
    from rich.markup import escape  # noqa: PLC0415 - as in console()

    show = out.print  # type: ignore[attr-defined]
    who = f"{approval.client}, {approval.tier}, in {approval.workspace or 'an unknown workspace'}"
    show(f"[bold]{approval.id}[/]  [dim]{escape(who)}, until {local_time(approval.expires_at, date=False)}[/]")
    for line in approval.what.split("\n"):
        show(f"    [bold yellow]{escape(line)}[/]")
    show(f"    {escape(approval.reason)} [dim]({approval.code})[/]")
    if approval.hint:
        show(f"    {escape(approval.hint)}")
    show(f"    companion approve {approval.id}   or   companion deny {approval.id} --reason WHY\n")


@click.command()
@click.argument("approval_id", metavar="ID")
@json_option
def approve(approval_id: str, as_json: bool) -> None:
    """Let the action with this ID happen, once."""
    _answer(approval_id, approve=True, reason="", as_json=as_json)


@click.command()
@click.argument("approval_id", metavar="ID")
@click.option("--reason", default="", help="Why not; the model reads it.")
@json_option
def deny(approval_id: str, reason: str, as_json: bool) -> None:
    """Refuse the action with this ID; the agent goes on without it."""
    _answer(approval_id, approve=False, reason=reason, as_json=as_json)


def _answer(approval_id: str, *, approve: bool, reason: str, as_json: bool) -> None:
    approval_id = checked_id(approval_id, "approval", "companion pending")
    with daemon() as client:
        shown = {one.id: one for one in client.do(calls.pending())}
        known = shown.get(approval_id)
        # The digest binds the answer to the action that was pending under this id.
        answer = Answer(approve=approve, by="cli", reason=reason, digest=known.digest if known else "")
        approval = client.do(calls.answer(approval_id, answer))
    if as_json:
        print_json(approval)
    else:
        click.echo(f"{'approved' if approve else 'denied'}: {approval.what.splitlines()[0] if approval.what else ''}")
