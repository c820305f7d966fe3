"""`companion pending`, `approve` and `deny`: the terminal UI's approvals, for scripts and screen readers."""

from __future__ import annotations

from typing import Any

import click

from companion.cli.moments import length
from companion.cli.shared import (
    Exit,
    ask,
    checked_id,
    console,
    daemon,
    end,
    json_option,
    local_time,
    plural,
    print_json,
)
from companion.client import calls
from companion.contract.types import Answer, Approval, Deletion, EffectLine, ScriptLine


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
        show_approval(out, approval)
        out.print(f"    {_how(approval)}\n")


def show_approval(out: Any, approval: Approval) -> None:
    """Everything that a person needs to decide."""
    from rich.markup import escape  # noqa: PLC0415 - as in console()

    who = f"{approval.client}, {approval.tier}, in {approval.workspace or 'an unknown workspace'}"
    out.print(f"[bold]{approval.id}[/]  [dim]{escape(who)}, until {local_time(approval.expires_at, date=False)}[/]")
    if approval.cwd not in {"", approval.workspace}:
        out.print(f"    in the folder {escape(approval.cwd)}")
    out.print(_marked(approval))
    out.print(f"    {escape(approval.reason)} [dim]({approval.code})[/]")
    for effect in approval.effects:
        if effect.reason and effect.reason != approval.reason:
            out.print(f"    {escape(_told(effect))}")
    if approval.deletes:
        for line in deletion_lines(approval.deletes):
            out.print(f"    [bold red]{escape(line)}[/]")
    for variable in approval.environment:
        out.print(f"    with {escape(variable)}")
    for script in approval.scripts:
        _show_script(out, script)
    if approval.hint:
        out.print(f"    {escape(approval.hint)}")


def _marked(approval: Approval) -> Any:
    """The action, what asks in it underlined: never by colour alone."""
    from rich.text import Text  # noqa: PLC0415 - as in console()

    text = Text(approval.what, style="bold yellow")
    for effect in approval.effects:
        if effect.reason and effect.end > effect.start:
            text.stylize("underline", effect.start, effect.end)
    lines = text.split("\n")
    for line in lines:
        line.pad_left(4)
    return Text("\n").join(lines)


def _told(effect: EffectLine) -> str:
    return f"{effect.kind}: {effect.reason}" + (f" ({effect.code})" if effect.code else "")


def deletion_lines(deletes: Deletion) -> list[str]:
    """How many files would be gone, and the first of them."""
    least = "" if deletes.complete else "at least "
    head = f"deletes {least}{plural(deletes.files, 'file')}, {plural(deletes.bytes, 'byte')}:"
    more = deletes.files - len(deletes.names)
    return [head, *(f"  {name}" for name in deletes.names), *([f"  and {least}{more:,} more"] if more > 0 else [])]


_STATES = {
    "new": "nobody has approved it before",
    "same": "as it was when it was last approved",
    "changed": "changed since it was last approved",
}


def _show_script(out: Any, script: ScriptLine) -> None:
    from rich.markup import escape  # noqa: PLC0415 - as in console()

    out.print(f"    runs [bold]{escape(script.path)}[/]: {_STATES.get(script.state, script.state)}")
    for line in script.shown.split("\n") if script.shown else ():
        colour = {"+": "green", "-": "red"}.get(line[:1], "") if script.state == "changed" else ""
        out.print(f"      [{colour}]{escape(line)}[/]" if colour else f"      {escape(line)}")


def _how(approval: Approval) -> str:
    further = {"session": "--session", "rule": "--always"}
    options = " | ".join(further[reach] for reach in approval.reaches if reach in further)
    reach = rf" \[{options}]" if options else ""
    return f"companion approve {approval.id}{reach}   or   companion deny {approval.id} --reason WHY"


@click.command()
@click.argument("approval_id", metavar="ID")
@click.option("--session", "session", is_flag=True, help="The same again in this session needs no further yes.")
@click.option("--always", "always", is_flag=True, help="This command in this workspace needs no further yes.")
@click.option(
    "--prefix", default="", metavar="WORDS", help="With --always: every command that begins with these words."
)
@click.option(
    "--for", "span", type=length, help="For how long: 2h, 30d; 8h for a session and 30d for a rule by default."
)
@json_option
def approve(approval_id: str, session: bool, always: bool, prefix: str, span: Any, as_json: bool) -> None:
    """Let the action with this ID happen, once.

    \b
    companion approve 1a2b3c4d
    companion approve 1a2b3c4d --always --for 7d
    companion approve 1a2b3c4d --always --prefix 'npm test'
    """  # noqa: D301 - click looks for the character itself
    if session and always:
        end("--session or --always, not both", "companion approve --help", Exit.USAGE)
    if (prefix and not always) or (span and not (session or always)):
        end("--prefix goes with --always, --for with --session or --always", "companion approve --help", Exit.USAGE)
    reach = "session" if session else "rule" if always else "once"
    seconds = max(1, int(span.total_seconds())) if span else 0
    _answer(approval_id, Answer(approve=True, by="cli", reach=reach, seconds=seconds, prefix=prefix), as_json=as_json)


@click.command()
@click.argument("approval_id", metavar="ID")
@click.option("--reason", default="", help="Why not; the model reads it.")
@json_option
def deny(approval_id: str, reason: str, as_json: bool) -> None:
    """Refuse the action with this ID; the agent goes on without it."""
    _answer(approval_id, Answer(approve=False, by="cli", reason=reason), as_json=as_json)


def _answer(approval_id: str, answer: Answer, *, as_json: bool) -> None:
    from attrs import evolve  # noqa: PLC0415 - only where something is answered

    approval_id = checked_id(approval_id, "approval", "companion pending")
    with daemon() as client:
        shown = {one.id: one for one in client.do(calls.pending())}
        known = shown.get(approval_id)
        # The digest binds the answer to the action that was pending under this id.
        approval = client.do(calls.answer(approval_id, evolve(answer, digest=known.digest if known else "")))
    if as_json:
        print_json(approval)
        return
    how = {"session": "approved for this session", "rule": "approved from now on"}.get(answer.reach, "approved")
    click.echo(f"{how if answer.approve else 'denied'}: {approval.what.splitlines()[0] if approval.what else ''}")
    if answer.reach != "once":
        click.echo("next: companion rules list")
