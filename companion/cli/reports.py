"""`companion spend` and `log`."""

from __future__ import annotations

from typing import Any

import click

from companion.cli.shared import ask, console, json_option, local_time, plural, print_json
from companion.client import calls
from companion.contract.types import CloudLine, ExchangeLine, SpendRow

_DIMENSIONS = ["model", "tier", "client", "workspace", "key", "day"]
_UNLIMITED = 1000
"""Columns: elsewhere than in a terminal no name is cut or broken, so that it can be searched for."""
_INDENT = 9
_MARKS = {"allow": "[green]allow[/]", "amend": "[cyan]amend[/]", "ask": "[yellow]ask[/]", "deny": "[red]deny[/]"}


@click.command()
@click.option("--by", type=click.Choice(_DIMENSIONS), default="model", show_default=True, help="What the rows are.")
@click.option("--days", type=click.IntRange(1, 3660), default=1, show_default=True, help="Days up to today.")
@json_option
def spend(by: str, days: int, as_json: bool) -> None:
    """Show what was spent, and on what.

    Calls whose price is unknown are counted apart: they are never part of a cost.
    """
    report = ask(calls.spend(by, days))
    if as_json:
        print_json(report)
        return
    from rich import box  # noqa: PLC0415 - as in console()
    from rich.table import Table  # noqa: PLC0415

    span = report.first_day if days == 1 else f"{report.first_day} to {report.last_day}"
    table = Table(box=box.SIMPLE_HEAD, title=f"Spend {span} ({report.timezone})", title_justify="left")
    table.add_column(by, overflow="fold")
    out = console(width=_UNLIMITED)
    gap = "\n" if out.is_terminal else " "
    for name in ("calls", "input", f"cache{gap}read", f"cache{gap}write", "output", "cost"):
        table.add_column(name, justify="right")
    for row in report.rows:
        table.add_row(*_cells(row))
    table.add_section()
    table.add_row(*_cells(report.total), style="bold")
    out.print(table)
    if report.total.unpriced_calls:
        unpriced = f"{plural(report.total.unpriced_calls, 'call')}, {plural(report.total.unpriced_tokens, 'token')}"
        out.print(f"[yellow]unpriced: {unpriced}[/] whose price is unknown; they are not in the cost")


def _cells(row: SpendRow) -> list[str]:
    from companion.model.money import show_dollars  # noqa: PLC0415

    tokens = (row.input_tokens, row.cache_read_tokens, row.cache_write_tokens, row.output_tokens)
    unpriced = f" + {row.unpriced_calls} unpriced" if row.unpriced_calls else ""
    return [row.name, f"{row.calls:,}", *(f"{count:,}" for count in tokens), show_dollars(row.cost_pd) + unpriced]


@click.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, newest first.")
@click.option("--kind", type=click.Choice(["model", "shell", "file", "tool"]), help="Only this kind of action.")
@click.option("--cloud", is_flag=True, help="Only commands that call a service: AWS, a cluster, GitHub and the like.")
@click.option("--before", default="", metavar="ID", help="Go on from this exchange.")
@json_option
def log(limit: int, kind: str | None, before: str, *, cloud: bool, as_json: bool) -> None:
    """Show recent exchanges with the reason for each verdict.

    Secrets found in a call are named by what stood for them. What is none: companion accept value NAME
    """
    lines = ask(calls.log(limit, before, kind or "", cloud=cloud))
    if as_json:
        print_json(lines)
        return
    out = console()
    if not lines:
        out.print(_nothing(before, cloud=cloud))
    if len(lines) == limit:
        out.print(f"[dim]older ones: companion log --before {lines[-1].id}[/]")
    for line in reversed(lines):
        _show_line(out, line)


def _nothing(before: str, *, cloud: bool) -> str:
    if before:
        return f"nothing before {before}"
    return "no command has called a service yet" if cloud else "nothing yet. next: companion connect claude"


def _mark(line: ExchangeLine) -> str:
    """The verdict; of an approval the answer too, in the terminal UI's words."""
    if line.outcome == "ask" and line.closed_at:
        return "[red]ask: no[/]" if line.ending == "refused" else "[green]ask: yes[/]"
    return _MARKS.get(line.outcome, line.outcome or "[blue]open[/]")


def call_line(call: CloudLine) -> str:
    """A call of a service on one line, as far as it is known."""
    where = [f"account {call.account}" if call.account else "", f"region {call.region}" if call.region else ""]
    where.append(f"at {call.endpoint}" if call.endpoint else "")
    return ", ".join([f"cloud: {call.service} {call.operation}".rstrip() + f" ({call.access})", *filter(None, where)])


def _show_line(out: Any, line: ExchangeLine) -> None:
    from rich.markup import escape  # noqa: PLC0415
    from rich.padding import Padding  # noqa: PLC0415

    from companion.model.money import show_dollars  # noqa: PLC0415

    show = out.print
    at = local_time(line.opened_at, date=False)
    unpriced = "unpriced" if line.unpriced else ""
    cost = unpriced if line.cost_pd is None else show_dollars(line.cost_pd)
    mark = _mark(line)
    said = f"[dim]{at}[/] {line.client:<7} {line.tier:<5} {line.kind:<5} {mark} {escape(line.summary)}"
    show(f"{said} [dim]{cost}[/]" if cost else said)
    if line.reason:
        who = f", answered by {line.approver}" if line.approver else ""
        said = f"[dim]{line.ending}: {escape(line.reason)} ({line.code}{who})[/]"
        show(Padding(said, (0, 0, 0, _INDENT), expand=False) if out.is_terminal else " " * _INDENT + said)
    for call in line.cloud:
        show(f"{' ' * _INDENT}[dim]{escape(call_line(call))}[/]")
    for one in line.findings:
        times = f", {one.times} times" if one.times > 1 else ""
        said = f"{one.placeholder}  {one.confidence}  {one.rule} ({one.engine}){times}"
        show(f"{' ' * _INDENT}[dim]{escape(said)}[/]")
