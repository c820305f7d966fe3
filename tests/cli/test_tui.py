"""`companion tui`: opens in a terminal, and elsewhere says what to type instead."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

import companion_tui.app
from companion.cli import tui


def terminal(answer: bool) -> SimpleNamespace:
    return SimpleNamespace(isatty=lambda: answer)


@pytest.mark.parametrize(("reads", "writes"), [(True, False), (False, True), (False, False)])
def test_without_a_terminal_the_commands_do(monkeypatch, reads, writes):
    ends = SimpleNamespace(stdin=terminal(reads), stdout=terminal(writes), exit=sys.exit)
    monkeypatch.setattr(tui, "sys", ends)
    monkeypatch.setattr(companion_tui.app, "run_tui", lambda: pytest.fail("it was opened"))
    result = CliRunner().invoke(tui.tui)
    assert result.exit_code == 2
    assert result.stderr == "companion: the terminal UI needs a terminal\nnext: companion pending\n"


@pytest.mark.parametrize("code", [0, 1])
def test_in_a_terminal_its_exit_code_is_the_commands(monkeypatch, code):
    ends = SimpleNamespace(stdin=terminal(True), stdout=terminal(True), exit=sys.exit)
    monkeypatch.setattr(tui, "sys", ends)
    monkeypatch.setattr(companion_tui.app, "run_tui", lambda: code)
    assert CliRunner().invoke(tui.tui).exit_code == code
