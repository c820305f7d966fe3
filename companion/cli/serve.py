"""Runs the daemon in this process: in the foreground, or as the child that `companion up` starts."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, NoReturn

from companion.cli.shared import Exit
from companion.config.complaints import COMMAND_LINE, ConfigError
from companion.config.load import load
from companion.contract.types import NewKey
from companion.daemon import Daemon
from companion.edges.control.claim import Unclaimable, claimed
from companion.ledger.errors import LedgerError
from companion.ledger.keys import KeyStore
from companion.places import find_places

_Problem = Callable[[str, str, Exit], None]


def serve(
    overrides: Mapping[str, object], ready: Callable[[str, NewKey], None], problem: _Problem | None = None
) -> int:
    """Runs until told to stop; the exit code. `problem` hears why the daemon could not start."""
    tell = problem or _print_problem
    places = find_places()
    try:
        config = load(places, overrides).config
        with claimed(places):
            daemon = Daemon(config, places, overrides)
            _run(daemon, lambda url, keys: ready(url, keys.create(_key_name())))
    except ConfigError as error:
        typed = all(one.file == COMMAND_LINE for one in error.complaints)
        tell(str(error), "companion up --help" if typed else "companion config check", Exit.USAGE)
        return Exit.USAGE
    except Unclaimable as error:
        tell(str(error), error.next, Exit.FAILED)
        return Exit.FAILED
    except LedgerError as error:
        tell(str(error), error.next, Exit.FAILED)
        return Exit.FAILED
    except OSError as error:
        tell(f"{error.filename or 'the system'}: {error.strerror or error}", "companion doctor", Exit.FAILED)
        return Exit.FAILED
    except KeyboardInterrupt:
        return Exit.DONE
    return Exit.DONE


def _key_name() -> str:
    """Names of live keys differ, and a key of an earlier start may still be in an agent's settings."""
    return f"up-{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"  # noqa: DTZ005 - a label for people here


def _run(daemon: Daemon, ready: Callable[[str, KeyStore], None]) -> None:
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    if sys.platform != "win32":
        import uvloop  # noqa: PLC0415 - not there on Windows

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(daemon.run(ready))


def leave(code: int) -> NoReturn:
    """Ends the process when `serve` has returned: all is written by then, and threads that still load are left."""
    # Python would wait for them, and compiling rules takes ten seconds; what they keep, they put in place whole.
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def child() -> None:
    """Entry of the detached daemon: one line of JSON to the parent, then silence."""
    overrides: dict[str, Any] = json.loads(sys.argv[1])

    def say(message: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, sys.stdout.fileno())
        os.close(silence)

    def ready(url: str, key: NewKey) -> None:
        say({"gateway": url, "key": {"id": key.id, "name": key.name, "secret": key.secret}})

    def problem(message: str, next_step: str, code: Exit) -> None:
        say({"problem": message, "next": next_step, "exit": int(code)})

    try:
        code = serve(overrides, ready, problem)
    except Exception as error:
        problem(f"the daemon failed: {type(error).__name__}: {error}", "companion up --foreground", Exit.FAILED)
        raise
    leave(code)


def _print_problem(message: str, next_step: str, _: Exit) -> None:
    sys.stderr.write(f"companion: {message}\n" + (f"next: {next_step}\n" if next_step else ""))
