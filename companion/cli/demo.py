"""`companion demo`."""

from __future__ import annotations

import asyncio
import sys

import click

from companion.cli.shared import Exit, console, end, interruptible


@click.command()
@click.option("--yes", is_flag=True, help="Answer the approvals by itself, as without a terminal.")
@click.option("--agent", type=click.Choice(["scripted", "cline"]), default="scripted", show_default=True)
@interruptible
def demo(yes: bool, agent: str) -> None:
    """See it work: a coding session through the real daemon, with a built-in model, no key and no network.

    Works on a copy of the sample project and leaves nothing behind. In a terminal, you answer the approvals.
    """
    from companion.cli.demo_stage import run_demo  # noqa: PLC0415 - the whole daemon and the model
    from companion.demo.run import DemoFailed  # noqa: PLC0415

    by_person = not yes and sys.stdin.isatty() and sys.stdout.isatty()
    try:
        asyncio.run(run_demo(console(), agent, by_person=by_person))
    except DemoFailed as failed:
        end(str(failed), "companion doctor", Exit.FAILED)
