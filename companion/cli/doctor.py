"""`companion doctor`: every check there is, and for each what to do next."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from companion.cli.agents.findings import Finding, State, fail
from companion.cli.agents.ground import Surroundings
from companion.cli.agents.known import AGENTS
from companion.cli.agents.machine import check_config, check_disk, check_places, check_platform
from companion.cli.agents.probe import check_agent, last_seen, prove
from companion.cli.agents.record import connected
from companion.cli.agents.running import check_alerts, check_daemon, check_engines, check_gateway, check_upstreams
from companion.cli.connect import surroundings
from companion.cli.shared import Exit, busy, console, daemon, json_option, print_json
from companion.contract.types import Status

_STATE, _CHECK = 4, 16
"""Widths of the first two columns; the longest check is "upstream" with a name."""
_COLOURS = {State.OK: "green", State.WARN: "yellow", State.FAIL: "bold red"}


@click.command()
@click.option("--agent", type=click.Choice(list(AGENTS)), help="Run this agent once, to prove that it goes through.")
@json_option
def doctor(agent: str | None, as_json: bool) -> None:
    """Check everything, and say what to do next.

    Machine, folders, configuration, daemon, upstreams, agents.

    Exits with 0 when nothing fails, else with 1. With --agent the agent is run once, headless, in an empty folder:
    that is one small call to its model.
    """
    found: list[Finding] = []
    for finding in _examine(surroundings(), agent):
        found.append(finding)
        if not as_json:
            _show(finding)
    failed = [one for one in found if one.state is State.FAIL]
    if as_json:
        print_json({"ok": not failed, "checks": found})
    else:
        _sum_up(found)
    sys.exit(Exit.FAILED if failed else Exit.DONE)


def _examine(around: Surroundings, agent: str | None) -> Iterator[Finding]:
    """Findings as they come."""
    yield from check_platform()
    yield from check_places(around.places)
    configuration, loaded = check_config(around.places, around.environ)
    yield from configuration
    daemon_findings, status = check_daemon(around.places)
    yield from daemon_findings
    yield from check_disk(around.places)
    if status is not None:
        yield from _examine_daemon(status)
    elif not loaded.complaints:
        yield from check_upstreams({name: one.url for name, one in loaded.config.upstreams.items()}, running=False)
    yield from _examine_agents(around, status, agent)


def _examine_daemon(status: Status) -> Iterator[Finding]:
    yield from check_gateway(status)
    yield from check_upstreams(status.upstreams)
    yield from check_engines(status)
    yield from check_alerts(status)


def _examine_agents(around: Surroundings, status: Status | None, wanted: str | None) -> Iterator[Finding]:
    for name in dict.fromkeys([*connected(around.places), *([wanted] if wanted else [])]):
        if name not in AGENTS:
            continue
        found = list(check_agent(AGENTS[name], around, status))
        yield from found
        if name == wanted:
            yield _proof(name, around, status, found)
        elif status is not None:
            yield last_seen(AGENTS[name], status)


def _proof(name: str, around: Surroundings, status: Status | None, found: list[Finding]) -> Finding:
    if status is None:
        return fail(name, "no proof: no daemon is running", "companion up")
    if any(one.state is State.FAIL for one in found):
        # A run past the gateway would cost money and prove what is known already.
        return fail(name, "no proof: it was not run, because of what fails above", f"companion connect {name}")
    with busy(f"{AGENTS[name].TITLE} runs once"), daemon() as client:
        return prove(AGENTS[name], around, client)


def _show(finding: Finding) -> None:
    from rich.markup import escape  # noqa: PLC0415 - as in console()
    from rich.table import Table  # noqa: PLC0415

    colour = _COLOURS[finding.state]
    out = console()
    said = escape(finding.said)
    if finding.next and finding.state is not State.OK:
        said += f"\nnext: [bold]{escape(finding.next)}[/]"
    if not out.is_terminal:
        plain = said.replace("\n", "\n" + " " * (_STATE + _CHECK + 3))
        out.print(f"[{colour}]{finding.state:<{_STATE}}[/]  [bold]{escape(f'{finding.check:<{_CHECK}}')}[/] {plain}")
        return
    table = Table.grid(padding=(0, 1))
    table.add_column(width=_STATE + 1)
    table.add_column(width=_CHECK)
    table.add_column(overflow="fold")
    table.add_row(f"[{colour}]{finding.state}[/]", f"[bold]{escape(finding.check)}[/]", said)
    out.print(table)


def _sum_up(found: list[Finding]) -> None:
    counts = {state: sum(one.state is state for one in found) for state in State}
    console().print(f"\n{counts[State.OK]} ok, {counts[State.WARN]} to look at, {counts[State.FAIL]} failed")
