"""Starts what is measured, each in processes of its own, and ends it again."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from load import Target, family
from upstream import MODEL, Manner

from companion.client import Client, find_operator
from companion.places import find_places

HERE = Path(__file__).parent
COMPANION = str(Path(sys.executable).parent / "companion")
_STOP_SECONDS = 10.0
_LITELLM_SECONDS = 240.0
# A proxy of the user's environment knows nothing of this machine's loopback.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))

CONFIG = """
[upstreams.bench]
url = "{url}"
provider = "openai"

[budgets]
day = "1000000"

[limits]
runaway_per_minute = 0
runaway_per_hour = 0
"""
"""Everything is on as it is by default, and a budget that is counted and never reached; only the brake is off, which
stops an agent that calls as often as this."""

_LITELLM_CONFIG = {
    "model_list": [
        {"model_name": MODEL, "litellm_params": {"model": f"openai/{MODEL}", "api_base": "", "api_key": "sk-none"}}
    ],
    "litellm_settings": {"telemetry": False, "num_retries": 0, "request_timeout": 600},
    "general_settings": {"dangerously_permit_weak_or_unset_master_key": True},
}
_LITELLM_LOGS = {"version": 1, "disable_existing_loggers": False, "loggers": {"uvicorn": {"level": "WARNING"}}}


def environment(**more: str) -> dict[str, str]:
    """Of a process that is measured: the user's own, without settings of companion and without proxies."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("COMPANION_") and not name.lower().endswith("_proxy")
    }
    return {**kept, **more}


def fetch(url: str, body: object = None) -> bytes:
    """GET, or POST where there is a body."""
    data = None if body is None else json.dumps(body).encode()
    with _DIRECT.open(urllib.request.Request(url, data=data), timeout=10) as answer:
        return answer.read()


class Upstream:
    """The provider that is played, from the outside."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.url = target.url

    def be(self, **manner: object) -> None:
        """How it answers from now on; see upstream.Manner."""
        Manner(**manner)
        fetch(f"{self.url}/control", manner)

    @property
    def count(self) -> int:
        """Calls that came."""
        return int(fetch(f"{self.url}/count"))

    @property
    def gone(self) -> list[float]:
        """When the connections were closed on which it held an answer."""
        return json.loads(fetch(f"{self.url}/gone"))

    @property
    def last(self) -> bytes:
        """The body of the last call."""
        return fetch(f"{self.url}/last")


def _end(pid: int) -> None:
    """Ends a process and its descendants, by force if need be."""
    with suppress(psutil.NoSuchProcess):
        processes = [psutil.Process(one) for one in family(pid)]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        for process in psutil.wait_procs(processes, _STOP_SECONDS)[1]:
            with suppress(psutil.NoSuchProcess):
                process.kill()


@contextmanager
def _script(name: str, script: str, *arguments: str) -> Iterator[Target]:
    """One of the programs beside this one, which prints its URL once it serves."""
    command = [sys.executable, str(HERE / script), *arguments]
    # A session of its own: Ctrl-C reaches this program alone, which then ends the others in order.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(), start_new_session=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            raise SystemExit(f"{script} ended before it was ready")
        yield Target(name, url, pids=family(process.pid))
    finally:
        _end(process.pid)
        process.wait()


@contextmanager
def upstream() -> Iterator[Upstream]:
    with _script("direct", "upstream.py") as target:
        yield Upstream(target)


@contextmanager
def yardstick(url: str) -> Iterator[Target]:
    with _script("S", "yardstick.py", url) as target:
        yield target


class Companion:
    """A daemon in a home of its own."""

    def __init__(self, folder: Path, config: str, cache: Path) -> None:
        self.home = folder / "h"
        self.workspace = folder / "workspace"
        self.secret = f"tk_{secrets.token_hex(20)}"
        """Stands in the workspace's .env: must never reach the upstream."""
        self._environ = environment(COMPANION_HOME=str(self.home), COMPANION_CACHE=str(cache))
        self.places = find_places(self._environ)
        self.places.config_file.parent.mkdir(mode=0o700, parents=True)
        self.places.config_file.write_text(config)
        self._make_workspace()

    def _make_workspace(self) -> None:
        (self.workspace / "build").mkdir(parents=True)
        (self.workspace / ".gitignore").write_text(".env\n*.log\nbuild/\n!build/README.md\n")
        (self.workspace / ".env").write_text(f"PAYMENTS_TOKEN={self.secret}\n")
        (self.workspace / "app.py").write_text("print('hello')\n")
        subprocess.run(["git", "init", "--quiet", str(self.workspace)], check=True, env=environment())

    def up(self) -> Target:
        command = [COMPANION, "up", "--port", "0", "--json"]
        process = subprocess.Popen(
            command,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            out, err = process.communicate()
        except BaseException:
            # Let it come up, since only then can it be taken down.
            process.communicate()
            raise
        if process.returncode:
            raise SystemExit(f"companion up: {err or out}")
        said = json.loads(out)
        headers = {"authorization": f"Bearer {said['key']}", "x-companion-workspace": str(self.workspace)}
        # Itself alone: what it has others make at its start, they end with.
        return Target("companion", said["gateway"], headers, (self._pid(),))

    def _pid(self) -> int:
        return json.loads(self.places.discovery.read_text())["pid"]

    def client(self) -> Client:
        return Client(find_operator(self.places))

    def down(self) -> None:
        if not self.places.discovery.exists():
            return
        pid = self._pid()
        subprocess.run([COMPANION, "down"], env=self._environ, check=False, capture_output=True)
        _end(pid)


@contextmanager
def companion(config: str, cache: Path) -> Iterator[tuple[Companion, Target]]:
    """Up by `companion up`; `cache` keeps what the engines compile."""
    # Short: a unix socket's path may have a hundred bytes.
    with tempfile.TemporaryDirectory(prefix="cmp-") as folder:
        made = Companion(Path(folder), config, cache)
        try:
            yield made, made.up()
        finally:
            made.down()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


@contextmanager
def litellm(venv: Path, url: str) -> Iterator[Target]:
    """LiteLLM Proxy as it is fastest: no database, no keys, one worker on uvloop, no log of requests."""
    given: Mapping[str, str] = {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOG": "ERROR",
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
        "NO_DOCS": "True",
    }
    with tempfile.TemporaryDirectory(prefix="cmp-") as name:
        folder, port = Path(name), _free_port()
        config = json.loads(json.dumps(_LITELLM_CONFIG))
        config["model_list"][0]["litellm_params"]["api_base"] = f"{url}/v1"
        # YAML reads JSON.
        (folder / "config.yaml").write_text(json.dumps(config))
        (folder / "logs.json").write_text(json.dumps(_LITELLM_LOGS))
        command = [str(venv / "bin" / "litellm"), "--config", "config.yaml", "--host", "127.0.0.1"]
        command += ["--port", str(port), "--num_workers", "1", "--telemetry", "False", "--log_config", "logs.json"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=folder, stdout=log, stderr=log, env=environment(**given), start_new_session=True
            )
        try:
            address = f"http://127.0.0.1:{port}"
            _await(f"{address}/health/liveliness", process, folder / "log")
            yield Target("L", address, {"authorization": "Bearer sk-none"}, family(process.pid))
        finally:
            _end(process.pid)
            process.wait()


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _LITELLM_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"LiteLLM ended before it was ready:\n{log.read_text()[-2000:]}")
        with suppress(OSError):
            fetch(url)
            return
        time.sleep(0.5)
    raise SystemExit(f"LiteLLM was not ready after {_LITELLM_SECONDS:.0f} s:\n{log.read_text()[-2000:]}")


def end_in_order_on_signals() -> None:
    """Whatever ends this program ends what it started: a signal unwinds it, once."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def leave(number: int, _frame: object) -> None:
        for one in signals:
            signal.signal(one, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for one in signals:
        signal.signal(one, leave)
