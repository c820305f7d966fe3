"""`companion check`: what companion would say of something, without a daemon and without doing it."""

from __future__ import annotations

import click

from companion.cli.lazy import LazyGroup

CHECKS: dict[str, str] = {
    "secrets": "companion.cli.check_secrets:check_secrets",
    "prompt": "companion.cli.check_prompt:check_prompt",
    "command": "companion.cli.check_command:check_command",
    "path": "companion.cli.check_path:check_path",
}


@click.group("check", cls=LazyGroup, table=CHECKS)
def check() -> None:
    """Ask what would be decided, and why. Needs no daemon and changes nothing."""
