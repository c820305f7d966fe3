"""`companion connect` and `companion disconnect`: agents' settings, set up and put back."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import click

from companion.cli.agents.agent import Agent
from companion.cli.agents.connecting import connect as connect_agent
from companion.cli.agents.disconnecting import disconnect as disconnect_agent
from companion.cli.agents.errors import Impossible
from companion.cli.agents.ground import Choice, Report, Surroundings
from companion.cli.agents.known import AGENTS
from companion.cli.agents.record import connected
from companion.cli.shared import Exit, complain, console, daemon, end, json_option, print_json
from companion.client import Client, NotRunning, Refused, calls, find_operator
from companion.contract.codec import WireError
from companion.places import find_places

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command()
@click.argument("agent", type=click.Choice(list(AGENTS)))
@click.option(
    "--config-dir", "folder", type=click.Path(file_okay=False, path_type=Path), help="The agent's own settings folder."
)
@click.option("--model", default="", metavar="NAME", help="The model that the agent asks for.")
@click.option("--hooks/--no-hooks", default=True, show_default=True, help="Also ask from the agent's own hooks.")
@click.option("--dry-run", is_flag=True, help="Show the change and make none.")
@json_option
def connect(agent: str, folder: Path | None, model: str, *, hooks: bool, dry_run: bool, as_json: bool) -> None:
    """Send an agent through the gateway.

    Sets its base URL, a virtual key, its header and a hook in its own settings file. Shows what changes; the settings
    from before come back, byte for byte, with `companion disconnect`.

    \b
    companion connect cline --dry-run
    companion connect codex --config-dir ~/elsewhere/codex
    """  # noqa: D301 - click looks for the character itself
    choice = Choice(folder.expanduser().absolute() if folder else None, model, dry_run, hooks)
    with _explained(), daemon() as client:
        report = connect_agent(AGENTS[agent], surroundings(), client, choice, datetime.now(UTC))
    if as_json:
        print_json(report)
    else:
        _show_connected(AGENTS[agent], report, _typed(agent, choice))


@click.command()
@click.argument("agent", type=click.Choice(list(AGENTS)), required=False)
@click.option("--all", "every", is_flag=True, help="Every agent that is connected.")
@json_option
def disconnect(agent: str | None, every: bool, as_json: bool) -> None:
    """Put an agent's settings back as they were and revoke its key.

    What you changed in them since stays; only companion's entries go.
    """
    around = surroundings()
    names = connected(around.places)
    if (agent is None) == (not every):
        found = f"connected: {', '.join(names)}" if names else "no agent is connected"
        following = "companion disconnect --all" if names else "companion connect claude"
        end(f"name an agent, or type --all ({found})", following, Exit.USAGE)
    wanted = [agent] if agent else [name for name in names if name in AGENTS]
    reports: list[Report] = []
    failed: list[Impossible] = []
    with _perhaps_a_client() as client:
        for name in wanted:
            try:
                reports.append(disconnect_agent(AGENTS[name], around, client))
            except Impossible as error:
                failed.append(error)
    if as_json:
        print_json(reports)
    else:
        for report in reports:
            _show_disconnected(AGENTS[report.agent], report)
        if not wanted:
            click.echo("no agent is connected")
    for one in failed[:-1]:
        complain(str(one), one.next)
    if failed:
        end(str(failed[-1]), failed[-1].next)


def surroundings() -> Surroundings:
    """Of this process."""
    return Surroundings(find_places(), os.environ, Path.home())


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except Impossible as error:
        end(str(error), error.next)


@contextmanager
def _perhaps_a_client() -> Iterator[Client | None]:
    """None when no daemon answers."""
    with ExitStack() as stack:
        client: Client | None = None
        with suppress(NotRunning, Refused, WireError):
            found = stack.enter_context(Client(find_operator()))
            found.do(calls.status())
            client = found
        yield client


def show_diff(diff: str) -> None:
    """A unified diff in colour."""
    from rich.text import Text  # noqa: PLC0415 - as in console()

    out = console()
    for line in diff.splitlines():
        heading = line.startswith(("+++", "---"))
        out.print(Text(line, style="bold" if heading else _COLOURS.get(line[:1], "")))


def _typed(agent: str, choice: Choice) -> str:
    """The command that does what was asked for, `--dry-run` aside."""
    words = ["companion", "connect", agent]
    if choice.model:
        words += ["--model", choice.model]
    if choice.folder:
        words += ["--config-dir", str(choice.folder)]
    if not choice.hooks:
        words.append("--no-hooks")
    return shlex.join(words)


def _show_connected(agent: Agent, report: Report, command: str) -> None:
    from rich.markup import escape  # noqa: PLC0415 - as in console()

    out = console()
    if report.linked_from:
        out.print(f"{escape(report.linked_from)} is a symbolic link: {escape(report.settings)} is changed")
    show_diff(report.diff)
    if not report.changed:
        out.print(f"[bold green]{agent.TITLE} is connected already[/], to {report.gateway}; nothing was changed")
        return
    if report.dry_run:
        out.print(f"\nnothing was written. next: [bold]{escape(command)}[/]")
        return
    out.print(f"\n[bold green]{agent.TITLE} is connected[/] to {report.gateway}, key {report.key_id or 'kept'}")
    for path in report.files:
        out.print(f"  companion's own file beside it: {escape(path)}")
    for remark in report.remarks:
        out.print(f"  {escape(remark)}")
    out.print(
        f"next: [bold]companion doctor --agent {agent.NAME}[/] proves it; companion disconnect {agent.NAME} undoes it"
    )


def _show_disconnected(agent: Agent, report: Report) -> None:
    from rich.markup import escape  # noqa: PLC0415 - as in console()

    out = console()
    show_diff(report.diff)
    if report.gateway:
        exact = "gone again" if report.gone else "byte for byte as before"
        how = exact if report.exact else "without companion's entries"
        key = f", key {report.key_id} is revoked" if report.key_revoked else ""
        out.print(f"[bold green]{agent.TITLE} is disconnected[/]: {escape(report.settings)} is {how}{key}")
    for remark in report.remarks:
        out.print(f"  {escape(remark)}")
