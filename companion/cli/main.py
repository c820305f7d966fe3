"""The `companion` command. Commands are loaded when they are used, so each starts as fast as what it needs."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any

import click

from companion import __version__
from companion.cli.lazy import LazyGroup
from companion.cli.shared import INTERRUPTED, end, speaks_utf8

# Name to module and attribute, in the order in which help lists them.
_COMMANDS = {
    "up": "companion.cli.lifecycle:up",
    "down": "companion.cli.lifecycle:down",
    "status": "companion.cli.lifecycle:status",
    "doctor": "companion.cli.doctor:doctor",
    "connect": "companion.cli.connect:connect",
    "disconnect": "companion.cli.connect:disconnect",
    "tui": "companion.cli.tui:tui",
    "pending": "companion.cli.approvals:pending",
    "approve": "companion.cli.approvals:approve",
    "deny": "companion.cli.approvals:deny",
    "rules": "companion.cli.rules:rules",
    "run": "companion.cli.terminal:run",
    "shell": "companion.cli.terminal:shell",
    "spend": "companion.cli.reports:spend",
    "log": "companion.cli.reports:log",
    "check": "companion.cli.check:check",
    "accept": "companion.cli.accept:accept",
    "keys": "companion.cli.keys:keys",
    "ignore": "companion.cli.ignore:ignore",
    "config": "companion.cli.config:config",
    "demo": "companion.cli.demo:demo",
    "completion": "companion.cli.completion:completion",
}


class _Commands(LazyGroup):
    def main(self, *args: Any, **extra: Any) -> Any:
        """Escapes what the terminal or file has no letters for, and leaves colour out where NO_COLOR says so."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper) and (stream.errors == "strict" or not speaks_utf8(stream)):
                stream.reconfigure(errors="backslashreplace")
        if os.environ.get("NO_COLOR"):
            extra.setdefault("color", False)
        return super().main(*args, **extra)

    def invoke(self, ctx: click.Context) -> object:
        """A folder or file that cannot be used is the user's to mend: it is named, without a traceback."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo(err=True)
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            raise
        except OSError as error:
            if error.filename:
                end(f"{error.filename}: {error.strerror}", "see that HOME and COMPANION_HOME name folders of yours")
            if not _is_somewhere():
                end("the current folder is gone", "cd, then the same again")
            end(str(error.strerror or error), "companion doctor")


def _is_somewhere() -> bool:
    try:
        Path.cwd()
    except OSError:
        return False
    return True


@click.group(
    cls=_Commands, table=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="companion")
def main() -> None:
    """Makes coding agents safe and affordable to run beside your editor.

    Start with `companion demo` to see it work, then `companion up` and `companion connect cline|claude|codex`.

    Exit codes: 0 done, 1 refused or failed, 2 wrong usage or configuration, 3 no daemon is running.
    """
