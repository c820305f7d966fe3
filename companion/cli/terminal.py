"""`companion run` and `companion shell`: a person's own terminal, gated as agents are."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import click

from companion.cli import hook_client
from companion.cli.agents.hooks import where
from companion.cli.shared import INTERRUPTED, Exit, end
from companion.places import find_places
from companion.policy.accounts import variables_for

REFUSED = 126
"""The exit code of a command that was not run, as shells have it."""

_NOT_FOUND = 127
_HINT_SECONDS = 1.0
_SIGNALLED = 128

# What makes the same words another command.
_VARIABLES = (
    "BASH_ENV",
    "CDPATH",
    "DYLD_INSERT_LIBRARIES",
    "DYLD_LIBRARY_PATH",
    "ENV",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_SSH_COMMAND",
    "GIT_WORK_TREE",
    "IFS",
    "LD_AUDIT",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "NODE_OPTIONS",
    "NODE_PATH",
    "PERL5LIB",
    "PERL5OPT",
    "PROMPT_COMMAND",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "RUBYLIB",
    "RUBYOPT",
    "SHELLOPTS",
)

# The line is an argument, so that what comes after it stays outside of it, whatever it ends with.
_LINE = 'eval "$1"; set -- "$?" "$2"; pwd -P >&"$2"; exit "$1"'


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("words", nargs=-1, required=True, metavar="CMD [ARG]...", type=click.UNPROCESSED)
def run(words: tuple[str, ...]) -> None:
    """Judge a command as an agent's, then run it here.

    CMD is one quoted command line for the shell, or a program and its words. Input, output and the exit code are the
    command's own; 126 says that it was refused. A question is answered elsewhere: companion tui, or companion approve.

    \b
    companion run -- git push origin main
    companion run 'ls | wc -l'
    """  # noqa: D301 - click looks for the character itself
    if not "".join(words).strip():
        end("which command?", "companion run -- git status", Exit.USAGE)
    command = words[0] if len(words) == 1 else shlex.join(words)
    _refuse_unless_allowed(command, Path.cwd(), Path.cwd())
    sys.exit(_carry_out([*_shell(), "-c", command] if len(words) == 1 else list(words)))


@click.command()
@click.option("-c", "command", metavar="LINE", help="One line, and no prompt.")
def shell(command: str | None) -> None:
    """A shell in which each line is judged before it runs.

    Lines run one by one in your shell's own language; the folder is kept between them, variables and functions are not.
    Leave with exit or Ctrl-D.
    """
    start = Path.cwd()
    if command is not None:
        if not command.strip():
            sys.exit(0)
        _refuse_unless_allowed(command, start, start)
        sys.exit(_carry_out([*_shell(), "-c", command]))
    if sys.stdin.isatty():
        import readline  # noqa: F401, PLC0415 - gives `input` history and editing
    code = 0
    while (line := _next_line()) is not None:
        words = line.split()
        if words[:1] == ["exit"] and len(words) <= 2:
            sys.exit(int(words[1]) & 0xFF if len(words) == 2 and words[1].isdigit() else code)
        if words:
            code = _do_line(line, start)
    sys.exit(code)


def _next_line() -> str | None:
    """None at the end."""
    while True:
        try:
            return input(f"companion {Path.cwd().name or '/'}> " if sys.stdin.isatty() else "")
        except EOFError:
            if sys.stdin.isatty():
                click.echo()
            return None
        except KeyboardInterrupt:
            click.echo()


def _do_line(line: str, start: Path) -> int:
    """The exit code. The folder of this process becomes that in which the line ended."""
    try:
        reason = _ask(line, Path.cwd(), start)
    except KeyboardInterrupt:
        click.echo(err=True)
        return INTERRUPTED
    if reason:
        click.echo(reason, err=True)
        return REFUSED
    if os.name != "posix":
        return _carry_out([*_shell(), "-c", line])
    reading, writing = os.pipe()
    try:
        code = _carry_out([*_shell(), "-c", _LINE, "companion", line, str(writing)], keep=writing)
    finally:
        os.close(writing)
    with os.fdopen(reading, encoding="utf-8", errors="surrogateescape") as told:
        folder = told.read().removesuffix("\n")
    if folder:
        try:
            os.chdir(folder)
        except OSError as error:
            click.echo(f"companion: {folder}: {error.strerror}", err=True)
    return code


def _refuse_unless_allowed(command: str, folder: Path, workspace: Path) -> None:
    """Ends this process where the command may not run."""
    try:
        reason = _ask(command, folder, workspace)
    except KeyboardInterrupt:
        click.echo(err=True)
        sys.exit(INTERRUPTED)
    if reason:
        click.echo(reason, err=True)
        sys.exit(REFUSED)


def _ask(command: str, folder: Path, workspace: Path) -> str:
    """Why it may not run; "" when it may. Says where to answer once it takes a person's time."""
    names = (*_VARIABLES, *variables_for(command))
    environment = {name: os.environ[name] for name in names if os.environ.get(name)}
    payload = json.dumps(
        {
            "command": command,
            "cwd": str(folder),
            "workspace": str(workspace),
            "session": f"terminal-{os.getppid()}",
            "environment": environment,
        }
    )
    hint = threading.Timer(_HINT_SECONDS, _say_where)
    hint.daemon = True
    hint.start()
    try:
        return hook_client.ask("terminal", where(find_places()), payload.encode("utf-8", "surrogateescape"))
    finally:
        hint.cancel()


def _say_where() -> None:
    click.echo(
        "companion: this waits for a yes. next: companion tui, or companion pending, in another terminal", err=True
    )


def _shell() -> list[str]:
    found = shutil.which("bash") or shutil.which("sh")
    if found is None:
        end("there is neither bash nor sh on the PATH", "set PATH", Exit.FAILED)
    return [found]


def _carry_out(words: Sequence[str], keep: int | None = None) -> int:
    """The exit code as a shell has it. `keep` is a descriptor that the command gets as well.

    Ctrl-C is the command's: this process waits for what it makes of it.
    """
    # A handler, unlike SIG_IGN, is not handed down.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        process = subprocess.Popen(words, pass_fds=() if keep is None else (keep,))
        code = process.wait()
    except FileNotFoundError:
        click.echo(f"companion: {words[0]}: not found", err=True)
        return _NOT_FOUND
    except OSError as error:
        click.echo(f"companion: {words[0]}: {error.strerror}", err=True)
        return REFUSED
    finally:
        signal.signal(signal.SIGINT, before)
    return _SIGNALLED - code if code < 0 else code
