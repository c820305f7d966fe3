"""Says in a terminal what happens in the demo, as it happens."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.markup import escape, render
from rich.padding import Padding
from rich.rule import Rule
from rich.status import Status
from rich.table import Table

from companion.contract.types import ExchangeLine, SpendReport
from companion.demo.session import Done, SessionEvent, StepStarted, Text, ToolResult
from companion.model.money import show_dollars

_SHOWN = 100
_LABEL = 9
_INDENT = (0, 0, 0, 2)
_REFUSED = "companion refused this"
_MARKS = {
    "allow": "[green]allowed[/]",
    "amend": "[cyan]redacted[/]",
    "ask": "[green]approved[/]",
    "deny": "[red]refused[/]",
}
_DENIED = "[red]denied[/]"
_NEXT = (
    ("companion up --upstream https://api.anthropic.com", "your key in COMPANION_UPSTREAM_KEY"),
    ("companion connect claude", "or cline, codex: point your agent at it"),
    ("companion tui", "approve, deny, see spend"),
)


class Teller:
    """Prints the agent's side as it goes and the gate's side from the ledger."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._refused = False
        self._held: list[RenderableType] | None = None
        self._answers: list[str] = []
        self._spinner: Status | None = None

    def act(self, title: str, words: str) -> None:
        """A new act of the play."""
        self._flush_answers()
        self._print("")
        self._print(Rule(f"[bold]{title}[/]", align="left"))
        self._print(f"[dim]{escape(words)}[/]\n")

    def hear(self, event: SessionEvent) -> None:
        """What the agent does and sees."""
        match event:
            case Text(text=text):
                self._say("[bold]model[/]", escape(text))
                self._flush_answers()
            case StepStarted(arguments=arguments) if _REFUSED in json.dumps(arguments):
                self._flush_answers()
                self._refused = True
            case ToolResult(output=output) if self._refused:
                self._refused = False
                self._say("[red bold]gate[/]", f"[red]{escape(output.strip().splitlines()[0])}[/]")
            case StepStarted(tool=tool, arguments=arguments):
                self._flush_answers()
                self._say("[bold]agent[/]", f"{escape(tool)} {escape(_short(arguments))}")
            case ToolResult(output=output):
                first = output.strip().splitlines()[0] if output.strip() else "(no output)"
                self._say("[dim]result[/]", f"[dim]{escape(_cut(first))}[/]")
            case Done(error=error) if error:
                self._say("[red]stopped[/]", f"[red]{escape(error)}[/]")
            case _:
                pass

    def note(self, words: str) -> None:
        """A line about the demo itself."""
        self._print(f"[dim]{escape(words)}[/]")

    @contextmanager
    def busy(self, words: str) -> Iterator[None]:
        """Shows in a terminal that something takes its time; what is told meanwhile stands above."""
        self._spinner = self._console.status(escape(words))
        self._spinner.start()
        try:
            yield
        finally:
            self._spinner.stop()
            self._spinner = None

    @contextmanager
    def holding(self) -> Iterator[None]:
        """While inside, the terminal belongs to somebody else: what is told meanwhile is printed afterwards."""
        spinner = self._spinner
        if spinner is not None:
            spinner.stop()
        self._held = []
        try:
            yield
        finally:
            if spinner is not None:
                spinner.start()
            held, self._held = self._held, None
            for one in held:
                self._console.print(one)

    def your_turn(self, what: str) -> None:
        """An approval is put to the person."""
        self._say("[bold yellow]you[/]", f"are asked: [yellow]{escape(what)}[/]  [dim](the terminal UI opens)[/]")

    def answered(self, what: str, *, approve: bool, why: str) -> None:
        """An approval that the demo answered itself. Told after the words of the model about it, which come later."""
        word = "[green]approved[/]" if approve else _DENIED
        self._answers.append(f"{word} {escape(what)} [dim]({escape(why)})[/]")

    def ledger(self, lines: list[ExchangeLine]) -> None:
        """Every verdict with its reason and who answered, in order."""
        self._answers.clear()
        for line in reversed(lines):
            denied = line.outcome == "ask" and line.ending == "refused"
            mark = _DENIED if denied else _MARKS.get(line.outcome, line.outcome)
            cost = f" {show_dollars(line.cost_pd)}" if line.cost_pd is not None else ""
            served = f" → {line.model}" if line.model else ""
            self._say(mark, f"{line.kind:<5} {escape(_cut(line.summary))}{escape(served)}[dim]{cost}[/]")
            if line.outcome != "allow":
                who = f" (answered by: {line.approver})" if line.approver else ""
                self._say("", f"[dim]{escape(line.reason)}{who}[/]")

    def spend(self, report: SpendReport) -> None:
        """What it would have cost at the list prices of the models that the tiers name."""
        table = Table.grid(padding=(0, 2))
        for justify in ("left", "right", "right", "left", "right"):
            table.add_column(justify=justify)
        for row in (*report.rows, report.total):
            cached = f"{row.cache_read_tokens:,} of them cached" if row.cache_read_tokens else ""
            tokens = row.input_tokens + row.cache_read_tokens + row.cache_write_tokens
            cells = (row.name, f"{row.calls} calls", f"{tokens:,} tokens in", cached, show_dollars(row.cost_pd))
            table.add_row(*cells, style="bold" if row is report.total else "")
        self._print(Padding(table, _INDENT, expand=False))

    def proof(self, sent: int, requests: int, needles: int, leaks: int) -> None:
        """What the byte capture at the model says."""
        colour = "green" if leaks == 0 else "red"
        self._print(f"  {requests} requests, {sent:,} bytes reached the model.")
        self._print(f"  Of {needles} planted secrets and lines of ignored files: [bold {colour}]{leaks} found[/].")

    def restored(self, whole: bool, page: str) -> None:
        """What stands on the disk where the model wrote a placeholder."""
        if whole:
            self._print(f"  {page} on the disk holds the real token: the model wrote a placeholder for it.")

    def close(self) -> None:
        """What to type next."""
        self._print("")
        self._print(Rule("[bold]Now yours[/]", align="left"))
        for command, meaning in _NEXT:
            self._print(f"  [bold]{command}[/]\n      [dim]{meaning}[/]")

    def _flush_answers(self) -> None:
        answers, self._answers = self._answers, []
        for answer in answers:
            self._say("[bold]person[/]", answer)

    def _say(self, label: str, text: str) -> None:
        """One entry; in a terminal, a line that is too long goes on below its own beginning."""
        if not self._console.is_terminal:
            self._print(f"  {label}{' ' * (_LABEL + 1 - cell_len(render(label).plain))}{text}")
            return
        table = Table.grid(padding=(0, 1))
        table.add_column(width=_LABEL)
        table.add_column(overflow="fold")
        table.add_row(label, text)
        self._print(Padding(table, _INDENT, expand=False))

    def _print(self, what: RenderableType) -> None:
        if self._held is None:
            self._console.print(what)
        else:
            self._held.append(what)


def _short(arguments: Mapping[str, Any]) -> str:
    return _cut(json.dumps(arguments, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
