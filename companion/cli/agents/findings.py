"""What `companion doctor` says: one finding a check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    """Works, but somebody should look."""
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check and what came of it. `next` is the command to type; "" where nothing is to be done."""

    check: str
    state: State
    said: str
    next: str = ""


def ok(check: str, said: str) -> Finding:
    return Finding(check, State.OK, said)


def warn(check: str, said: str, next_step: str = "") -> Finding:
    return Finding(check, State.WARN, said, next_step)


def fail(check: str, said: str, next_step: str = "") -> Finding:
    return Finding(check, State.FAIL, said, next_step)
