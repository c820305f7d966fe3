"""`companion demo`: who answers, who asks, and how it ends. The play itself is in tests/whole."""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from companion.cli import demo, demo_stage
from companion.client import NotRunning, Refused
from companion.contract.types import Problem
from companion.demo.run import DemoFailed


@pytest.fixture
def played(monkeypatch):
    """How the demo was started; `played.error` is how it ends."""
    made = SimpleNamespace(runs=[], error=None)

    async def run_demo(console, agent, *, by_person):
        made.runs.append((agent, by_person))
        if made.error:
            raise made.error

    monkeypatch.setattr(demo_stage, "run_demo", run_demo)
    return made


def run(*arguments):
    return CliRunner().invoke(demo.demo, list(arguments))


def test_without_a_terminal_it_answers_by_itself(played):
    assert run().exit_code == 0
    assert run("--agent", "cline").exit_code == 0
    assert played.runs == [("scripted", False), ("cline", False)]


@pytest.mark.parametrize(("arguments", "by_person"), [([], True), (["--yes"], False)])
def test_in_a_terminal_the_person_answers_unless_told_otherwise(played, monkeypatch, arguments, by_person):
    terminal = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(demo, "sys", SimpleNamespace(stdin=terminal, stdout=terminal, exit=sys.exit))
    run(*arguments)
    assert played.runs == [("scripted", by_person)]


@pytest.mark.parametrize(
    "error",
    [
        DemoFailed("2 planted values reached the model"),
        NotRunning("the daemon does not answer"),
        Refused(409, Problem("ledger", "the ledger is gone")),
        OSError("no room"),
    ],
)
def test_why_it_failed_is_said(played, error):
    played.error = error
    result = run()
    assert result.exit_code == 1
    assert result.stderr == f"companion: the demo failed: {error}\nnext: companion doctor\n"


def test_a_signal_in_the_middle_is_130(played):
    played.error = asyncio.CancelledError()
    result = run()
    assert (result.exit_code, result.stderr) == (130, "")


def test_another_agent_is_wrong_usage(played):
    assert run("--agent", "emacs").exit_code == 2
    assert played.runs == []
