"""Puts the demo together: stage, daemon, agent, and the person who answers."""

from __future__ import annotations

import asyncio
import contextlib
import sys

import psutil
from rich.console import Console

from companion.cli.lifecycle import start_daemon
from companion.client import AsyncClient, NotRunning, calls, find_operator
from companion.contract.types import Answer, Approval
from companion.demo.run import Person, play, stand_in
from companion.demo.stage import Stage, set_stage
from companion.demo.tell import Teller
from companion.places import find_places

_STOP_SECONDS = 10.0


async def run_demo(console: Console, agent: str, *, by_person: bool) -> None:
    """Raises DemoFailed."""
    teller = Teller(console)
    with set_stage() as stage:
        console.print(f"[dim]stage: {stage.folder} (goes away at the end)[/]")
        ready = await asyncio.to_thread(start_daemon, {"gateway.port": 0}, stage.environ())
        console.print(f"[dim]daemon: {ready['gateway']}, virtual key {ready['key']['id']}[/]")
        try:
            person = _in_terminal(stage) if by_person else stand_in(teller)
            if agent == "cline":
                from companion.demo.cline import play_with_cline  # noqa: PLC0415 - needs npm

                await play_with_cline(stage, ready["gateway"], ready["key"]["secret"], teller, person)
            else:
                await play(stage, ready["gateway"], ready["key"]["secret"], teller, person)
        finally:
            await _stop(stage)
    teller.close()


def _in_terminal(stage: Stage) -> Person:
    """Hands each approval to the terminal UI, which closes when nothing waits any more."""
    opened: asyncio.Lock = asyncio.Lock()

    async def answer(approval: Approval) -> Answer | None:
        del approval  # the terminal UI shows it
        async with opened:
            command = [sys.executable, "-P", "-c", "from companion_tui.app import run_until_answered as run; run()"]
            process = await asyncio.create_subprocess_exec(*command, env=stage.environ())
            await process.wait()
        return None

    return answer


async def _stop(stage: Stage) -> None:
    places = find_places(stage.environ())
    try:
        async with AsyncClient(find_operator(places)) as operator:
            pid = (await operator.do(calls.status())).pid
            await operator.do(calls.shut_down())
    except NotRunning:
        return
    with contextlib.suppress(psutil.Error):
        await asyncio.to_thread(psutil.Process(pid).wait, _STOP_SECONDS)
