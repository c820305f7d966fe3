"""Says in a terminal what happens in the demo, as it happens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from rich.console import Console
from rich.markup import escape

from companion.contract.types import ExchangeLine, SpendReport
from companion.demo.session import Done, SessionEvent, StepStarted, Text, ToolResult
from companion.model.money import show_dollars

_SHOWN = 100
_REFUSED = "companion refused this"
_MARKS = {
    "allow": "[green]allowed [/]",
    "amend": "[cyan]redacted[/]",
    "ask": "[yellow]held    [/]",
    "deny": "[red]refused [/]",
}


class Teller:
    """Prints the agent's side as it goes and the gate's side from the ledger."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._refused = False

    def act(self, title: str, words: str) -> None:
        """A new act of the play."""
        self._console.print()
        self._console.rule(f"[bold]{title}[/]", align="left")
        self._console.print(f"[dim]{escape(words)}[/]\n")

    def hear(self, event: SessionEvent) -> None:
        """What the agent does and sees."""
        match event:
            case Text(text=text):
                self._console.print(f"  [bold]model[/]     {escape(text)}")
            case StepStarted(arguments=arguments) if _REFUSED in json.dumps(arguments):
                self._refused = True
            case ToolResult(output=output) if self._refused:
                self._refused = False
                self._console.print(f"  [red bold]gate[/]      [red]{escape(output.strip().splitlines()[0])}[/]")
            case StepStarted(tool=tool, arguments=arguments):
                self._console.print(f"  [bold]agent[/]     {escape(tool)} {escape(_short(arguments))}")
            case ToolResult(output=output):
                first = output.strip().splitlines()[0] if output.strip() else "(no output)"
                self._console.print(f"  [dim]result    {escape(_cut(first))}[/]")
            case Done(error=error) if error:
                self._console.print(f"  [red]stopped   {escape(error)}[/]")
            case _:
                pass

    def busy(self, words: str) -> AbstractContextManager[object]:
        """Shows that something takes its time."""
        return self._console.status(escape(words))

    def answered(self, what: str, *, approve: bool, why: str) -> None:
        """An approval that the demo answered itself."""
        word = "[green]approved[/]" if approve else "[red]denied[/]"
        self._console.print(f"  [bold]person[/]    {word} {escape(what)} [dim]({escape(why)})[/]")

    def ledger(self, lines: list[ExchangeLine]) -> None:
        """Every verdict with its reason, in order."""
        for line in reversed(lines):
            mark = _MARKS.get(line.outcome, line.outcome)
            cost = f" {show_dollars(line.cost_pd)}" if line.cost_pd is not None else ""
            served = f" → {line.model}" if line.model else ""
            self._console.print(f"  {mark} {line.kind:<5} {escape(_cut(line.summary))}{escape(served)}[dim]{cost}[/]")
            if line.outcome != "allow":
                who = f" ({line.approver} answered)" if line.approver else ""
                self._console.print(f"           [dim]{escape(line.reason)}{who}[/]")

    def spend(self, report: SpendReport) -> None:
        """What it would have cost at the list prices of the models that the tiers name."""
        for row in report.rows:
            cached = f", {row.cache_read_tokens:,} of them cached" if row.cache_read_tokens else ""
            tokens = row.input_tokens + row.cache_read_tokens + row.cache_write_tokens
            self._console.print(
                f"  {row.name:<5} {row.calls:>3} calls  {tokens:>8,} tokens in{cached}  {show_dollars(row.cost_pd)}"
            )
        self._console.print(f"  [bold]total {report.total.calls:>3} calls  {show_dollars(report.total.cost_pd)}[/]")

    def proof(self, sent: int, requests: int, needles: int, leaks: int) -> None:
        """What the byte capture at the model says."""
        colour = "green" if leaks == 0 else "red"
        self._console.print(
            f"  {requests} requests, {sent:,} bytes reached the model. "
            f"Of {needles} planted secrets and lines of ignored files: [bold {colour}]{leaks} found[/]."
        )

    def close(self) -> None:
        """What to type next."""
        self._console.print()
        self._console.rule("[bold]Now yours[/]", align="left")
        for command, meaning in (
            ("companion up --upstream https://api.anthropic.com", "start it; your key in COMPANION_UPSTREAM_KEY"),
            ("companion connect claude", "or cline, or codex: point your agent at it; shows the diff"),
            ("companion tui", "approve, deny, see spend"),
        ):
            self._console.print(f"  [bold]{command:<52}[/] [dim]{meaning}[/]")


def _short(arguments: Mapping[str, Any]) -> str:
    return _cut(json.dumps(arguments, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
