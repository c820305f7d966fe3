"""What commands share: how they reach the daemon, how they print, how they end."""

from __future__ import annotations

import codecs
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import IntEnum
from typing import Any, NoReturn, ParamSpec, TextIO, TypeVar

import click

from companion.client import Call, Client, NotRunning, Refused, find_operator
from companion.contract.codec import WireError, to_plain

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


_ID = re.compile(r"[A-Za-z0-9_-]+")

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""


class Exit(IntEnum):
    """Exit codes of every command; docs/cli.md lists them."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_RUNNING = 3


def end(message: str, next_step: str = "", code: Exit = Exit.FAILED) -> NoReturn:
    """Ends the command: what is wrong, and the next command to type."""
    complain(message, next_step)
    sys.exit(code)


def complain(message: str, next_step: str = "") -> None:
    """Says what is wrong, and the next command to type where there is one."""
    click.echo(f"{click.style('companion:', fg='red', bold=True)} {message}", err=True)
    if next_step:
        click.echo(f"{click.style('next:', bold=True)} {next_step}", err=True)


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
    click.echo(json.dumps(to_plain(value), indent=2, ensure_ascii=not speaks_utf8(sys.stdout)))


def speaks_utf8(stream: TextIO) -> bool:
    """Whether every letter can be written there. On Windows a pipe has the letters of one language."""
    return codecs.lookup(stream.encoding or "ascii").name == "utf-8"


def json_option(command: Callable[P, R]) -> Callable[P, R]:
    """Adds `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def console(*, stderr: bool = False, width: int | None = None) -> Any:
    """A rich console: colour in a terminal, plain elsewhere, NO_COLOR honoured. `width` counts outside a terminal."""
    from rich.console import Console  # noqa: PLC0415 - rich takes longer to import than most commands run

    in_terminal = sys.stdout.isatty()
    return Console(stderr=stderr, highlight=False, soft_wrap=not in_terminal, width=None if in_terminal else width)


@contextmanager
def busy(words: str) -> Iterator[None]:
    """Shows in a terminal that something takes its time; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield
        return
    with console(stderr=True).status(words):
        yield


def local_time(iso: str, *, date: bool = True) -> str:
    """A time of the wire in this machine's zone, as the terminal UI shows it; as it came where it cannot be read."""
    try:
        found = datetime.fromisoformat(iso).astimezone()
    except ValueError:
        return iso
    return f"{found:%Y-%m-%d %H:%M:%S}" if date else f"{found:%H:%M:%S}"


def plural(number: int, noun: str) -> str:
    """As in "1 call", "3 calls"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def checked_id(name: str, kind: str, next_step: str) -> str:
    """An id as the daemon makes them; ends the command for a text that can be none."""
    if not name:
        end(f"which {kind}?", next_step, Exit.USAGE)
    if not _ID.fullmatch(name):
        end(f"there is no {kind} {name!r}", next_step)
    return name
