"""The demo's daemon is always ended, and an approval that is handed to the terminal UI gets an answer in any case."""

from __future__ import annotations

import asyncio
import io
import sys
import threading

import psutil
import pytest
from attrs import evolve
from rich.console import Console

from companion.cli import demo_stage
from companion.client import calls
from companion.contract.types import Answer
from companion.demo.record import Capture
from companion.demo.run import operator_of
from companion.demo.stage import Stage
from companion.demo.tell import Teller
from companion.places import find_places
from tests.support.control import Control

posix = pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C as a signal")

ANSWERS = """
from companion.client import Client, calls, find_operator
from companion.contract.types import Answer
with Client(find_operator()) as client:
    for one in client.do(calls.pending()):
        client.do(calls.answer(one.id, Answer(True, "tui", digest=one.digest)))
"""


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path, tmp_path / "w", tmp_path / "h", Capture(), ())


@pytest.fixture
def control(stage):
    with Control(find_places(stage.environ())) as running:
        yield running


@pytest.fixture
def printed():
    return io.StringIO()


@pytest.fixture
def teller(printed):
    return Teller(Console(file=printed, width=200, soft_wrap=True))


@pytest.fixture
def person(stage, teller, monkeypatch):
    monkeypatch.setattr(demo_stage, "_READ_SECONDS", 0)
    return demo_stage._in_terminal(stage, teller)


async def test_an_answer_of_the_terminal_ui_is_left_to_it(control, person, monkeypatch, printed):
    monkeypatch.setattr(demo_stage, "_TERMINAL_UI", ANSWERS)
    approval, outcome = control.opens("rm -rf build")
    assert await person(approval) is None
    assert outcome.result(10).by == "tui"
    assert "are asked: rm -rf build" in printed.getvalue()


async def test_a_terminal_ui_that_was_closed_without_an_answer_is_a_no(control, person, stage, monkeypatch):
    monkeypatch.setattr(demo_stage, "_TERMINAL_UI", "pass")
    approval, _ = control.opens("rm -rf build")
    answer = await person(approval)
    assert answer == Answer(False, "demo", "the terminal UI was closed without an answer", digest=approval.digest)
    async with operator_of(stage) as operator:
        assert [one.id for one in await operator.do(calls.pending())] == [approval.id]


@posix
async def test_broken_off_the_terminal_ui_puts_the_terminal_back_first(stage, tmp_path, monkeypatch):
    ready, restored = tmp_path / "ready", tmp_path / "restored"
    script = (
        "import pathlib, signal, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "try:\n"
        f"    pathlib.Path({str(ready)!r}).touch()\n"
        "    time.sleep(60)\n"
        f"except KeyboardInterrupt: pathlib.Path({str(restored)!r}).touch()\n"
    )
    monkeypatch.setattr(demo_stage, "_TERMINAL_UI", script)
    running = asyncio.create_task(demo_stage._run_terminal_ui(stage))
    async with asyncio.timeout(20):
        while not ready.exists():
            await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert restored.exists()


async def test_a_daemon_that_is_starting_is_waited_for_so_that_it_can_be_stopped(stage, teller, monkeypatch):
    begun, go_on, started = threading.Event(), threading.Event(), []

    def start_daemon(overrides, environ):
        begun.set()
        go_on.wait(20)
        started.append((overrides, environ["COMPANION_HOME"]))
        return {}

    monkeypatch.setattr(demo_stage, "start_daemon", start_daemon)
    starting = asyncio.create_task(demo_stage._start(stage, teller))
    await asyncio.to_thread(begun.wait, 20)
    starting.cancel()
    for _ in range(20):
        await asyncio.sleep(0)
    assert not starting.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert started == [({"gateway.port": 0}, str(stage.home))]


async def test_stopping_waits_until_the_process_has_ended(control, stage):
    sleeping = await asyncio.create_subprocess_exec("sleep", "60")
    control.status = evolve(control.status, pid=sleeping.pid)
    control.when_shut_down = sleeping.terminate
    await demo_stage._stop(stage)
    assert not psutil.pid_exists(sleeping.pid)
    await sleeping.wait()


async def test_where_no_daemon_runs_there_is_nothing_to_stop(stage):
    asked = asyncio.create_task(demo_stage._stop(stage))
    await asyncio.wait([asked])
    assert asked.exception() is None
    assert list(stage.folder.iterdir()) == []
