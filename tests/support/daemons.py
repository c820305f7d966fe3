"""A real daemon in its own process and its own COMPANION_HOME, and ways to talk to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from companion.client import Client, calls, find_operator
from companion.places import Places, find_places

PATIENT = """
[limits]
runaway_per_minute = 0
runaway_per_hour = 0
[faults]
breaker_failures = 1000
"""
"""For tests that call without end, or fail on purpose, and are about something else."""

BIN = Path(sys.executable).parent


class Companion:
    """One home; its daemon may be started, stopped and killed."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environ = {key: value for key, value in os.environ.items() if not key.startswith("COMPANION_")}
        self.environ |= {"COMPANION_HOME": str(home), "NO_COLOR": "1"}
        self.gateway = ""
        self.key = ""

    @property
    def places(self) -> Places:
        return find_places(self.environ)

    def run(self, *arguments: str, check: bool = True, **given) -> subprocess.CompletedProcess[str]:
        """The real command line."""
        done = subprocess.run(
            [str(BIN / "companion"), *arguments],
            env=self.environ | given.pop("environ", {}),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **given,
        )
        if check:
            assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done

    def ask_code(self, *arguments: str) -> int:
        """The exit code of a command."""
        return self.run(*arguments, check=False).returncode

    def configure(self, text: str) -> None:
        """Writes the configuration file of a daemon that has not started yet."""
        self.places.config_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.places.config_file.write_text(text)

    def up(self, *arguments: str) -> None:
        said = json.loads(self.run("up", "--port", "0", "--json", *arguments).stdout)
        self.gateway, self.key = said["gateway"], said["key"]

    def down(self) -> None:
        self.run("down")

    @property
    def pid(self) -> int:
        return json.loads(self.places.discovery.read_text())["pid"]

    def kill(self) -> None:
        """kill -9, and waits until it is gone."""
        process = psutil.Process(self.pid)
        process.send_signal(signal.SIGKILL)
        wait_until(lambda: has_ended(process.pid))

    def ask(self, call):
        with Client(find_operator(self.places)) as client:
            return client.do(call)

    def lines(self, kind: str = ""):
        """The ledger, oldest first, once every line is closed."""
        found = []

        def closed() -> bool:
            found[:] = self.ask(calls.log(limit=1000, kind=kind))
            return all(line.closed_at for line in found)

        wait_until(closed)
        return found[::-1]

    def headers(self, **more: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}", **more}

    def post(self, path: str, body: object, **more: str) -> httpx.Response:
        return httpx.post(self.gateway + path, json=body, headers=self.headers(**more), timeout=30, trust_env=False)


def wait_until(true, seconds: float = 30.0) -> None:
    """Waits for a condition, never for a time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.02)


def has_ended(pid: int) -> bool:
    """A process that was killed runs on for a moment, and whoever started it may never ask how it ended."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@contextmanager
def companion() -> Iterator[Companion]:
    """A home of its own, cleared away with its daemon."""
    # Short: a unix socket's path may have a hundred bytes.
    with tempfile.TemporaryDirectory(prefix="cmp-") as folder:
        made = Companion(Path(folder) / "h")
        try:
            yield made
        finally:
            if made.places.discovery.exists():
                made.run("down", check=False)
