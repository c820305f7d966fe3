"""The demo with the real Cline CLI from npm as the agent; the model stays the scripted one."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from companion.client import AsyncClient, calls
from companion.demo.run import ASKED_MODEL, DemoFailed, Person, answering, get_ready, operator_of, show_outcome
from companion.demo.stage import Stage
from companion.demo.tell import Teller
from companion.gatekeeper.tasks import spawn

_RUN_SECONDS = 600
_INSTALL_SECONDS = 600
_POLL_SECONDS = 0.2
_LAST_WORDS = 300
_PROMPT = "Clean up this project and publish it."


async def play_with_cline(stage: Stage, gateway: str, key: str, teller: Teller, person: Person) -> None:
    """Raises DemoFailed, also when there is neither Cline nor npm."""
    program = await _find_cline(stage, teller)
    settings = _settings(stage.folder / "cline", gateway, key)
    command = [program, "--config", str(settings), "--data-dir", str(settings / "data"), "--json"]
    command += ["-P", "openai-compatible", "-m", ASKED_MODEL, "--auto-approve", "true"]
    async with operator_of(stage) as operator:
        await get_ready(operator, teller)
        async with answering(operator, person):
            for title, words, mode in (
                ("Plan", "Cline plans: another model answers, and nothing may be changed.", ["--plan"]),
                ("Act", "Cline works: ignored files stay closed, secrets become placeholders, danger waits.", []),
            ):
                teller.act(title, words)
                with teller.busy("Cline is at work"):
                    async with _telling(operator, teller):
                        await _run([*command, *mode, _PROMPT], stage, stage.workspace, _RUN_SECONDS, _environ(stage))
        await show_outcome(stage, operator, teller)


async def _find_cline(stage: Stage, teller: Teller) -> str:
    if found := shutil.which("cline"):
        return found
    npm = shutil.which("npm")
    if npm is None:
        raise DemoFailed("neither cline nor npm is installed: install Node.js, or run companion demo without --agent")
    folder = stage.folder / "npm"
    folder.mkdir()
    (folder / "package.json").write_text('{"private": true}', "utf-8")
    install = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error", "cline"]
    with teller.busy("installing cline from npm into the stage"):
        await _run(install, stage, folder, _INSTALL_SECONDS)
    program = folder / "node_modules" / ".bin" / ("cline.cmd" if os.name == "nt" else "cline")
    if not program.exists():
        raise DemoFailed("npm installed no cline")
    return str(program)


def _settings(folder: Path, gateway: str, key: str) -> Path:
    """What `companion connect cline` writes, in a folder of the demo's own."""
    given: dict[str, object] = {"provider": "openai-compatible", "apiKey": key, "model": ASKED_MODEL}
    given |= {"baseUrl": f"{gateway}/v1", "headers": {"x-companion-client": "cline"}}
    entry = {"settings": given, "updatedAt": "2026-01-01T00:00:00.000Z", "tokenSource": "manual"}
    stored = {"version": 1, "lastUsedProvider": "openai-compatible", "modes": {}, "providers": {}}
    target = folder / "data" / "settings"
    target.mkdir(parents=True)
    (target / "providers.json").write_text(json.dumps(stored | {"providers": {"openai-compatible": entry}}), "utf-8")
    (target / "global-settings.json").write_text('{"telemetryOptOut": true}', "utf-8")
    return folder


async def _run(
    command: list[str], stage: Stage, folder: Path, seconds: float, environ: Mapping[str, str] | None = None
) -> None:
    """Raises DemoFailed. However it ends, the program and all that it started have ended."""
    name, said = Path(command[0]).stem, stage.folder / "said.log"
    # Not a pipe: what the program leaves running holds a pipe open.
    with said.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=os.name != "nt",
        )
    try:
        await asyncio.wait_for(process.wait(), seconds)
    except TimeoutError:
        raise DemoFailed(f"{name} did not come to an end") from None
    finally:
        _end(process)
        await process.wait()
    if process.returncode:
        last = said.read_bytes().decode(errors="replace").strip()[-_LAST_WORDS:]
        raise DemoFailed(f"{name} ended with exit code {process.returncode}: {last}")


def _environ(stage: Stage) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COMPANION_", "CLINE_", "GIT_"))}
    return kept | {"HOME": str(stage.folder), "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}


def _end(process: asyncio.subprocess.Process) -> None:
    """Ends the agent with everything that it started; Cline leaves a helper running."""
    if os.name == "nt":
        if process.returncode is None:
            process.kill()
        return
    try:
        os.killpg(process.pid, 9)
    except ProcessLookupError:
        return


@asynccontextmanager
async def _telling(operator: AsyncClient, teller: Teller) -> AsyncIterator[None]:
    """While inside, each judged action is told when its line is closed; Cline's own output says less."""
    known = {line.id for line in await operator.do(calls.log(limit=200))}
    following = spawn(_follow(operator, teller, known), "follow the ledger")
    try:
        yield
        await asyncio.sleep(_POLL_SECONDS * 2)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def _follow(operator: AsyncClient, teller: Teller, known: set[str]) -> None:
    while True:
        lines = await operator.do(calls.log(limit=200))
        for line in reversed(lines):
            if line.closed_at and line.id not in known and line.kind != "model":
                known.add(line.id)
                teller.ledger([line])
        await asyncio.sleep(_POLL_SECONDS)
