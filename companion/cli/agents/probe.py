"""Doctor's checks of connected agents, and the proof that one goes through the gateway: a run of it."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from companion.cli.agents.agent import Agent
from companion.cli.agents.errors import Impossible
from companion.cli.agents.findings import Finding, fail, ok, warn
from companion.cli.agents.ground import Surroundings, is_virtual, read_link, takes
from companion.cli.agents.hook_check import check_hooks
from companion.cli.agents.record import Backup
from companion.cli.agents.settings import look, mask
from companion.cli.shared import local_time, plural
from companion.client import Client, calls
from companion.contract.types import ExchangeLine, Status
from companion.policy.display import one_line

PROMPT = "Say the word ready"
_OTHERS = 0o077
_SECONDS = 60.0
_POLL_SECONDS = 0.25
_LINES = 50


def check_agent(agent: Agent, around: Surroundings, status: Status | None) -> Iterator[Finding]:
    """Its settings, its key, its program, and when it last came through. Partly without a daemon."""
    try:
        record = Backup(around.places, agent.NAME).read()
        file = look(Path(record.path) if record else agent.settings(around.environ, around.home, None))
        document, link = read_link(agent, file)
    except Impossible as error:
        yield fail(agent.NAME, str(error), error.next)
        return
    again = f"companion connect {agent.NAME}"
    if not link.gateway or not is_virtual(link.key):
        yield fail(agent.NAME, f"{file.path} does not lead to the gateway", again)
        return
    if sys.platform != "win32" and file.mode & _OTHERS:
        said = f"others may read the key in {file.path} (mode {stat.S_IMODE(file.mode):04o})"
        yield fail(agent.NAME, said, f"chmod 600 {file.path}")
    for detour in agent.detours(document, around.environ):
        yield fail(agent.NAME, detour, f"mend {file.path}, or the shell's environment")
    if status is None:
        yield ok(agent.NAME, f"{file.path} leads to {link.gateway}; no daemon runs to compare it with")
    elif link.gateway != status.gateway:
        yield fail(agent.NAME, f"{file.path} leads to {link.gateway}, the gateway is {status.gateway}", again)
    elif (taken := takes(status.gateway, link.key)) is None:
        yield fail(
            agent.NAME,
            f"{file.path} leads to {link.gateway}, which does not answer",
            "companion down, then companion up",
        )
    elif not taken:
        yield fail(agent.NAME, f"the gateway refuses the key in {file.path}", again)
    else:
        yield ok(agent.NAME, f"{file.path} leads to {link.gateway}, and its key is live")
    yield from check_hooks(agent, around, record, document, status)
    if program := shutil.which(agent.PROGRAM, path=around.environ.get("PATH")):
        yield ok(agent.NAME, f"its program is {program}")
    else:
        yield warn(agent.NAME, f"{agent.PROGRAM} is not on the PATH", f"install {agent.TITLE}, or set PATH")


def last_seen(agent: Agent, status: Status) -> Finding:
    """When an exchange of this agent last came, as far as the running daemon knows."""
    prove = f"companion doctor --agent {agent.NAME}"
    for seen in status.clients:
        if seen.client == agent.NAME:
            return ok(agent.NAME, f"last came through at {local_time(seen.last_at)}, {plural(seen.exchanges, 'call')}")
    return warn(agent.NAME, "has not come through since the daemon started; a run of it proves that it does", prove)


@dataclass(frozen=True, slots=True)
class Run:
    """How a headless run ended."""

    code: int | None
    """None when it was still running and had to be killed."""
    said: str
    """The line of its output that says most: the first that speaks of an error, else the last."""


def prove(agent: Agent, around: Surroundings, client: Client, seconds: float = _SECONDS) -> Finding:
    """Runs the agent once with a tiny prompt, in an empty folder, and looks whether its exchange arrives."""
    program = shutil.which(agent.PROGRAM, path=around.environ.get("PATH"))
    if program is None:
        return fail(agent.NAME, f"no proof: {agent.PROGRAM} is not on the PATH", f"install {agent.TITLE}, or set PATH")
    before = {line.id for line in client.do(calls.log(_LINES))}
    record = Backup(around.places, agent.NAME).read()
    environ = dict(around.environ)
    if record is not None and record.folder:
        environ |= agent.variables(Path(record.folder))
    run = _run([program, *agent.headless(PROMPT)], environ, seconds)
    # The ledger's line may close a moment after the agent has gone.
    deadline = time.monotonic() + 2.0
    while True:
        arrived = [line for line in client.do(calls.log(_LINES)) if line.id not in before and _is_from(line, agent)]
        if (arrived and all(line.closed_at for line in arrived)) or time.monotonic() > deadline:
            break
        time.sleep(_POLL_SECONDS)
    return _judged(agent, run, arrived)


def _is_from(line: ExchangeLine, agent: Agent) -> bool:
    return line.client == agent.NAME and line.kind == "model"


def _judged(agent: Agent, run: Run, arrived: list[ExchangeLine]) -> Finding:
    end = f"it ended with {run.code}" if run.code is not None else "it had to be stopped"
    if not arrived:
        said = f"not proven: {agent.TITLE} ran, {end}, and no call of it arrived. It said: {run.said or 'nothing'}"
        return fail(agent.NAME, said, f"companion connect {agent.NAME} --dry-run")
    line = arrived[0]
    proven = f"proven: it ran, {end}, and {len(arrived)} of its calls went through the gateway"
    if line.ending in {"", "served"}:
        return ok(agent.NAME, f"{proven} (tier {line.tier}, model {line.model or line.model_asked})")
    return warn(
        agent.NAME, f"{proven}, but the last one was {line.ending}: {line.reason or line.status}", "companion log"
    )


def _run(command: list[str], environ: dict[str, str], seconds: float) -> Run:
    with tempfile.TemporaryDirectory(prefix="companion-doctor-", ignore_cleanup_errors=True) as folder:
        printed = Path(folder, "output")
        workspace = Path(folder, "workspace")
        workspace.mkdir()
        with printed.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=workspace,
                env=environ,
                start_new_session=os.name == "posix",
            )
            try:
                code: int | None = process.wait(seconds)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                _kill_below(process.pid, workspace)
                process.wait()
        lines = [line for line in printed.read_text("utf-8", "replace").splitlines() if line.strip()]
    said = next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "")
    return Run(code, mask(one_line(said)))


def _kill_below(pid: int, workspace: Path) -> None:
    """Kills what the run left: its processes, and those that it put aside. Only they work in a folder this fresh."""
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    with contextlib.suppress(psutil.Error):
        psutil.Process(pid).kill()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and Path(process.cwd()) == workspace.resolve():
                process.kill()
