"""`companion up`, `down` and `status`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import psutil

from companion.cli.shared import Exit, ask, busy, console, end, json_option, local_time, plural, print_json
from companion.client import Client, NotRunning, Refused, calls, find_operator
from companion.contract.types import BudgetLine, IndexLine, LimitLine, NewKey, Status, UpstreamLine
from companion.places import CACHE_VARIABLE, HOME_VARIABLE, find_places

_START_SECONDS = 30.0
_STOP_SECONDS = 20.0
_LOOK_SECONDS = 0.02
_MOST_LIMITS = 20
_LIMITED = {
    "requests_per_minute": ("request", "a minute"),
    "tokens_per_minute": ("token", "a minute"),
    "parallel": ("call", "at a time"),
}


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the gateway; 0 takes any free one.")
@click.option("--upstream", metavar="URL", help="Serve every tier by this one upstream; key: COMPANION_UPSTREAM_KEY.")
@click.option("--foreground", is_flag=True, help="Stay in this terminal; Ctrl-C ends the daemon.")
@json_option
def up(port: int | None, upstream: str | None, foreground: bool, as_json: bool) -> None:
    """Start the daemon; return when it is ready.

    Prints the gateway's URL and a fresh virtual key, which is shown this once.

    \b
    companion up --upstream https://api.anthropic.com     (key in COMPANION_UPSTREAM_KEY)
    companion up --port 0 --upstream http://127.0.0.1:8080 --json
    """  # noqa: D301 - click looks for the character itself
    overrides: dict[str, object] = {"gateway.port": port, "upstream": upstream}
    if foreground:
        from companion.cli.serve import leave, serve  # noqa: PLC0415 - the whole daemon

        leave(serve(overrides, lambda url, key: _show_ready(url, key, as_json=as_json)))
    with busy("the daemon starts"):
        ready = start_daemon(overrides)
    _show_ready(ready["gateway"], NewKey(**ready["key"]), as_json=as_json)
    if not as_json:
        _show_keyless(upstream)
        _show_next(ask(calls.status()))


def start_daemon(overrides: dict[str, object], environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Starts the daemon detached and waits until it is ready; what it said of itself. Ends the command on failure."""
    given = json.dumps({key: value for key, value in overrides.items() if value is not None})
    # -P keeps the current folder off the import path: a workspace must not be able to put its own code in.
    command = [sys.executable, "-P", "-c", "from companion.cli.serve import child; child()", given]
    flags = {"creationflags": 0x00000208} if sys.platform == "win32" else {"start_new_session": True}
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=find_places().state.anchor,
        env=_absolute(os.environ if environ is None else environ),
        **flags,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
    except KeyboardInterrupt:
        process.terminate()
        process.wait(_START_SECONDS)
        raise
    process.stdout.close()
    try:
        said: dict[str, Any] = json.loads(line)
    except ValueError:
        code = process.wait(_START_SECONDS)
        end(f"the daemon ended before it was ready (exit code {code})", "companion up --foreground")
    if "problem" in said:
        process.wait(_START_SECONDS)
        end(said["problem"], said["next"], Exit(said["exit"]))
    return said


def _absolute(environ: Mapping[str, str]) -> dict[str, str]:
    """With folders that mean the same in the daemon, which runs in another folder than the command."""
    chosen = {name: environ[name] for name in (HOME_VARIABLE, CACHE_VARIABLE) if environ.get(name)}
    return {**environ, **{name: str(Path(folder).expanduser().absolute()) for name, folder in chosen.items()}}


def _show_ready(url: str, key: NewKey, *, as_json: bool) -> None:
    if as_json:
        print_json({"gateway": url, "key_id": key.id, "key": key.secret})
        return
    out = console()
    out.print("[bold green]companion is up[/]")
    out.print(f"  gateway      [bold]{url}[/]")
    out.print(f"               {url}/v1 for the OpenAI dialects")
    out.print(f"  virtual key  [bold]{key.secret}[/]")
    out.print(f"               id {key.id}; shown this once")


def _show_keyless(upstream: str | None) -> None:
    """One over https without a key is mostly one whose key was forgotten, and each call would fail at the provider."""
    from companion.config.load import UPSTREAM_KEY_VARIABLE as name  # noqa: N811, PLC0415 - a name in capitals, loaded only where a daemon starts

    if upstream and upstream.startswith("https:") and name not in os.environ:
        out = console()
        out.print(f"  [yellow]{name} is not set, so {upstream} is called without a key[/]")
        out.print(f"  [yellow]if it wants one: export {name}=…, companion down, then companion up again[/]")


def _show_next(found: Status) -> None:
    out = console()
    if not found.upstreams:
        out.print("  [yellow]no upstream is configured yet, so no model can be called[/]")
        out.print("\nnext: [bold]companion down[/], then [bold]companion up --upstream https://api.anthropic.com[/]")
        out.print("      (your key in COMPANION_UPSTREAM_KEY), or name your upstreams in the configuration file:")
        out.print("      companion config path")
        return
    named = all(not served.endswith("/*") for served in found.tiers.values())
    cline = "cline" if named else "cline --model NAME"
    out.print(f"\nnext: [bold]companion connect claude[/] (or codex, or {cline}), then [bold]companion tui[/]")


@click.command()
@json_option
def down(as_json: bool) -> None:
    """Stop the daemon: nothing new is taken, what runs is finished."""
    try:
        with Client(find_operator()) as client:
            pid = client.do(calls.status()).pid
            client.do(calls.shut_down())
    except NotRunning:
        _report_down(as_json=as_json, was_running=False)
        return
    except Refused as refused:
        end(refused.problem.message, refused.problem.next)
    with busy("what runs is finished"):
        ended = wait_for_end(pid, _STOP_SECONDS)
    if not ended:
        end(f"process {pid} has not ended yet: calls are still running", "companion status")
    _report_down(as_json=as_json, was_running=True)


def wait_for_end(pid: int, seconds: float) -> bool:
    """Whether the process has ended, or does in this time. Blocks."""
    until = time.monotonic() + seconds
    try:
        process = psutil.Process(pid)
        # One that is over stays in the system's list until its parent asks after it, and the first process of a
        # container may never do so.
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() >= until:
                return False
            time.sleep(_LOOK_SECONDS)
    except psutil.NoSuchProcess:
        pass
    return True


def _report_down(*, as_json: bool, was_running: bool) -> None:
    if as_json:
        print_json({"was_running": was_running})
    else:
        click.echo("companion is down" if was_running else "companion was not running")


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Show how the daemon stands.

    Its gateway, tiers, spend, what waits for you, and what is wrong.
    """
    found = ask(calls.status())
    if as_json:
        print_json(found)
        return
    _show_status(found)


def _show_status(found: Status) -> None:
    from rich.markup import escape  # noqa: PLC0415 - as in console()

    from companion.model.money import show_dollars  # noqa: PLC0415 - decimal is not free

    out = console()
    out.print(
        f"[bold green]companion {found.version}[/] is up, process {found.pid}, since {local_time(found.started_at)}"
    )
    out.print(f"  gateway    {found.gateway}")
    for tier, served in found.tiers.items():
        out.print(f"  {tier:<9}  {served}")
    if not found.tiers:
        out.print("  tiers      [yellow]none[/]: no upstream is configured (companion up --upstream URL)")
    budget = f" of {show_dollars(found.budget_day_pd)}" if found.budget_day_pd is not None else ""
    unpriced = f", {found.unpriced_today} unpriced" if found.unpriced_today else ""
    out.print(
        f"  today      {show_dollars(found.spent_today_pd)}{budget}, {plural(found.exchanges_today, 'call')}{unpriced}"
    )
    for one in found.budgets:
        _show_budget(one)
    _show_limits(found)
    for lane in found.resting:
        _show_resting(lane)
    if found.waiting:
        out.print(f"  limits     [yellow]{plural(found.waiting, 'call')} waiting for a turn[/]")
    waiting = f"[bold yellow]{found.pending} waiting[/]: companion pending" if found.pending else "nothing waits"
    out.print(f"  approvals  {waiting}")
    agents = ", ".join(f"{one.client} ({one.exchanges})" for one in found.clients)
    out.print(f"  agents     {agents or 'none seen yet: companion connect claude'}")
    for name, engine in found.engines.items():
        out.print(f"  secrets    {name}: {engine}")
    for index in found.indexes:
        _show_index(index)
    for alert in found.alerts:
        colour = "red" if alert.severity == "page" else "yellow"
        # An alert's name carries labels in brackets, and one of them may be a model's name.
        out.print(f"  [{colour}]! {escape(alert.name)}[/]: {escape(alert.summary)}\n      {escape(alert.todo)}")


def _show_resting(lane: UpstreamLine) -> None:
    from rich.markup import escape  # noqa: PLC0415 - as in console()

    since = f" since {local_time(lane.since)}" if lane.since else ""
    cause = f": {escape(lane.cause)}" if lane.cause else ""
    when = f"asked again in {lane.seconds} s" if lane.seconds else "the next call finds out"
    console().print(
        f"  upstream   [yellow]{escape(lane.upstream)}/{escape(lane.model)} is {lane.state}[/]{since}{cause}; {when}"
    )


def _show_index(index: IndexLine) -> None:
    from rich.markup import escape  # noqa: PLC0415 - as in console()

    if index.state == "ready":
        known = f"{plural(index.files, 'file')}, {index.bytes / 1e6:.1f} MB recognised"
    else:
        why = f": {escape(index.failure)}" if index.failure else f", {index.percent} %"
        known = f"[yellow]{index.state}[/]{why}"
    out = console()
    out.print(f"  ignored    {escape(index.workspace)}: {known}")
    for left in index.left_out:
        out.print(f"             [dim]not: {escape(left)}[/]")


def _show_budget(one: BudgetLine) -> None:
    from rich.markup import escape  # noqa: PLC0415 - as in console()

    from companion.model.money import show_dollars  # noqa: PLC0415 - decimal is not free

    whose = "" if one.dimension == "global" else f" of {one.dimension} {escape(one.name) or 'unknown'}"
    percent = 100 * one.spent_pd // one.limit_pd
    colour = "red" if percent >= 100 else "yellow" if percent >= 80 else "green"
    aside = f", {show_dollars(one.reserved_pd)} set aside" if one.reserved_pd else ""
    console().print(
        f"  budget     [{colour}]{percent} %[/] of the {one.window}'s{whose}: "
        f"{show_dollars(one.spent_pd)} of {show_dollars(one.limit_pd)}{aside}, anew {local_time(one.resets_at)}"
    )


def _show_limits(found: Status) -> None:
    """Those at which calls wait first, then those that are used most."""
    limits = sorted(found.limits, key=lambda one: (-one.waiting, -_percent(one)))
    for one in limits[:_MOST_LIMITS]:
        _show_limit(one)
    more = len(limits[_MOST_LIMITS:]) + found.limits_left_out
    if more:
        console().print(f"             [dim]and {plural(more, 'more limit')}, less used: companion status --json[/]")


def _show_limit(one: LimitLine) -> None:
    from rich.markup import escape  # noqa: PLC0415 - as in console()

    from companion.policy.display import one_line  # noqa: PLC0415 - only where there is a limit

    noun, often = _LIMITED.get(one.kind, ("", one.kind))
    what = f"{plural(one.amount, noun)} {often}" if noun else f"{one.amount:,} {often}"
    whose = "" if one.dimension == "global" else f" for {one.dimension} {escape(one_line(one.name, 80)) or 'unknown'}"
    waits = f", [bold]{plural(one.waiting, 'call')} waiting[/]" if one.waiting else ""
    percent = _percent(one)
    colour = "red" if one.waiting else "yellow" if percent >= 80 else "green" if one.used else "dim"
    console().print(
        f"  limit      [{colour}]{percent} %[/] of {what}{whose}: {one.used:,} of {one.at_once:,} at once{waits}"
    )


def _percent(one: LimitLine) -> int:
    return 100 * one.used // max(1, one.at_once)
