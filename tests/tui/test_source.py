from __future__ import annotations

from pathlib import Path

import pytest

from companion.client import NotRunning, Refused
from companion.contract.codec import WireError
from companion.contract.types import Problem
from companion_tui.source import Trouble, connect_to_daemon, explain


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (NotRunning("no daemon is running"), Trouble("no daemon is running", "companion up", "not-running")),
        (
            Refused(403, Problem("not-allowed", "this socket may only ask", "companion tui")),
            Trouble("this socket may only ask", "companion tui", "not-allowed"),
        ),
        (
            WireError("required field missing @ $.id\nand more"),
            Trouble(
                "the daemon's answer cannot be read (required field missing @ $.id)", "companion doctor", "malformed"
            ),
        ),
        (WireError(""), Trouble("the daemon's answer cannot be read (no details)", "companion doctor", "malformed")),
        (
            ExceptionGroup("tasks", [ExceptionGroup("inner", [NotRunning("gone")])]),
            Trouble("gone", "companion up", "not-running"),
        ),
        (ZeroDivisionError("oh"), Trouble("unexpected: ZeroDivisionError: oh", "companion doctor", "unexpected")),
    ],
)
def test_every_error_has_words_and_a_next_step(error: BaseException, trouble: Trouble):
    assert explain(error) == trouble
    assert trouble.next in str(trouble)


def test_without_a_daemon_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path))
    with pytest.raises(NotRunning):
        connect_to_daemon()
