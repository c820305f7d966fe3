"""`companion tui`."""

from __future__ import annotations

import sys

import click

from companion.cli.shared import Exit, end


@click.command()
def tui() -> None:
    """Open the terminal UI.

    Approve or deny what waits, see what is spent and the reason for each verdict.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        end("the terminal UI needs a terminal", "companion pending", Exit.USAGE)
    from companion_tui.app import run_tui  # noqa: PLC0415 - Textual takes a third of a second to import

    sys.exit(run_tui())
