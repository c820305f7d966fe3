"""Puts the demo together: stage, daemon, agent, and the person who answers."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any

from rich.console import Console

from companion.cli.lifecycle import start_daemon, wait_for_end
from companion.client import AsyncClient, NotRunning, calls, find_operator
from companion.contract.types import Answer, Approval
from companion.demo.run import Person, operator_of, play, stand_in
from companion.demo.stage import Stage, set_stage
from companion.demo.tell import Teller
from companion.gatekeeper.tasks import spawn
from companion.places import find_places

_STOP_SECONDS = 10.0
_READ_SECONDS = 1.5
_TERMINAL_UI = "from companion_tui.app import run_until_answered as run; run()"


async def run_demo(console: Console, agent: str, *, by_person: bool) -> None:
    """Raises DemoFailed. Leaves nothing behind, also when a signal ends it."""
    _end_on_signals()
    teller = Teller(console)
    with set_stage() as stage:
        teller.note(f"stage: {stage.folder} (goes away at the end)")
        try:
            ready = await _start(stage, teller)
            teller.note(f"daemon: {ready['gateway']}, virtual key {ready['key']['id']}")
            person = _in_terminal(stage, teller) if by_person else stand_in(teller)
            if agent == "cline":
                from companion.demo.cline import play_with_cline  # noqa: PLC0415 - needs npm

                await play_with_cline(stage, ready["gateway"], ready["key"]["secret"], teller, person)
            else:
                await play(stage, ready["gateway"], ready["key"]["secret"], teller, person)
        finally:
            await _stop(stage)
    teller.close()


def _end_on_signals() -> None:
    """A terminal that closes ends the demo as Ctrl-C does."""
    if sys.platform == "win32":
        return
    this = asyncio.current_task()
    assert this is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, this.cancel)


async def _start(stage: Stage, teller: Teller) -> dict[str, Any]:
    """What the daemon said of itself. One that is starting can only be stopped once it has started."""
    with teller.busy("the daemon starts"):
        starting = spawn(
            asyncio.to_thread(start_daemon, {"gateway.port": 0}, stage.environ()), "start the demo's daemon"
        )
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            await starting
            raise


def _in_terminal(stage: Stage, teller: Teller) -> Person:
    """Hands each approval to the terminal UI, which closes when nothing waits any more."""

    async def answer(approval: Approval) -> Answer | None:
        teller.your_turn(approval.what)
        await asyncio.sleep(_READ_SECONDS)
        with teller.holding():
            await _run_terminal_ui(stage)
        async with operator_of(stage) as operator:
            if all(one.id != approval.id for one in await operator.do(calls.pending())):
                return None
        why = "the terminal UI was closed without an answer"
        teller.answered(approval.what, approve=False, why=why)
        return Answer(approve=False, by="demo", reason=why, digest=approval.digest)

    return answer


async def _run_terminal_ui(stage: Stage) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-P", "-c", _TERMINAL_UI, env=stage.environ())
    try:
        await process.wait()
    finally:
        if process.returncode is None:
            # As Ctrl-C: it puts the terminal back as it was.
            if sys.platform == "win32":
                process.terminate()
            else:
                process.send_signal(signal.SIGINT)
            await process.wait()


async def _stop(stage: Stage) -> None:
    places = find_places(stage.environ())
    try:
        async with AsyncClient(find_operator(places)) as operator:
            pid = (await operator.do(calls.status())).pid
            await operator.do(calls.shut_down())
    except NotRunning:
        return
    await asyncio.to_thread(wait_for_end, pid, _STOP_SECONDS)
