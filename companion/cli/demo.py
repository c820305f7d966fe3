"""`companion demo`."""

from __future__ import annotations

import asyncio
import sys

import click

from companion.cli.shared import INTERRUPTED, Exit, console, end


@click.command()
@click.option("--yes", is_flag=True, help="Answer the approvals by itself, as without a terminal.")
@click.option(
    "--agent",
    type=click.Choice(["scripted", "cline"]),
    default="scripted",
    show_default=True,
    help="Who asks: a script, or the real Cline CLI; npm fetches it for the demo where it is not installed.",
)
def demo(yes: bool, agent: str) -> None:
    """See it work: no key, no network, nothing left behind.

    Plays a coding session through the real daemon, with a built-in model in place of a provider. Works on a
    copy of the sample project. In a terminal, you answer the approvals.
    """
    from companion.cli.demo_stage import run_demo  # noqa: PLC0415 - the whole daemon and the model
    from companion.client import NotRunning, Refused  # noqa: PLC0415
    from companion.demo.run import DemoFailed  # noqa: PLC0415

    by_person = not yes and sys.stdin.isatty() and sys.stdout.isatty()
    try:
        asyncio.run(run_demo(console(), agent, by_person=by_person))
    except (DemoFailed, NotRunning, Refused, OSError) as failed:
        end(f"the demo failed: {failed}", "companion doctor", Exit.FAILED)
    except asyncio.CancelledError:
        # A signal; by Ctrl-C it is a KeyboardInterrupt.
        sys.exit(INTERRUPTED)
