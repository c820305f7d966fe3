"""What commands share: how they reach the daemon, how they print, how they end."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

import click

from companion.client import Call, Client, NotRunning, Refused, find_operator
from companion.contract.codec import WireError, to_plain

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class Exit(IntEnum):
    """Exit codes of every command; docs/cli.md lists them."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_RUNNING = 3


def end(message: str, next_step: str = "", code: Exit = Exit.FAILED) -> NoReturn:
    """Ends the command: what is wrong, and the next command to type."""
    click.echo(f"{click.style('companion:', fg='red', bold=True)} {message}", err=True)
    if next_step:
        click.echo(f"{click.style('next:', bold=True)} {next_step}", err=True)
    sys.exit(code)


@contextmanager
def daemon() -> Iterator[Client]:
    """A client of the operator's socket; ends the command when there is no daemon or it says no."""
    try:
        with Client(find_operator()) as client:
            yield client
    except NotRunning as gone:
        end(str(gone), gone.next, Exit.NOT_RUNNING)
    except Refused as refused:
        end(refused.problem.message, refused.problem.next)
    except WireError as error:
        end(f"the daemon's answer cannot be read: {error}", "companion down, then companion up")


def ask(call: Call[T]) -> T:
    """One call, one answer."""
    with daemon() as client:
        return client.do(call)


def print_json(value: object) -> None:
    """The value as JSON on standard output, and nothing else."""
    click.echo(json.dumps(to_plain(value), indent=2, ensure_ascii=False))


def json_option(command: Callable[P, R]) -> Callable[P, R]:
    """Adds `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def console(*, stderr: bool = False) -> Any:
    """A rich console: colour in a terminal, plain elsewhere, NO_COLOR honoured."""
    from rich.console import Console  # noqa: PLC0415 - rich takes longer to import than most commands run

    return Console(stderr=stderr, highlight=False, soft_wrap=not sys.stdout.isatty())


def interruptible(command: Callable[P, R]) -> Callable[P, R]:
    """Ends quietly on Ctrl-C."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except KeyboardInterrupt:
            click.echo(err=True)
            sys.exit(130)

    return run
