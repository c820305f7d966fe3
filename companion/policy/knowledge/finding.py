"""What a table of knowledge says about one program with its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from companion.model.facts import CloudCall, EffectKind

Words = Sequence[str | None]
"""A program's arguments. None is a word that is not known: it may be an option, and may come to several words."""


@dataclass(frozen=True, slots=True)
class Input:
    """What stands on the program's standard input when the command itself puts it there."""

    piped: bool = False
    text: str | None = None
    """A text that is known; with `piped` it is not."""


NO_INPUT = Input()


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that the program does.

    `at` is the number of the argument that shows it, -1 the program itself. The target of a READ, WRITE or DELETE is
    a path, "" where it is the argument as it stands. For the other kinds `code` names a rule of
    `companion.policy.shell.rules`, and "" says that this needs nobody's word.
    """

    kind: EffectKind
    target: str = ""
    code: str = ""
    at: int = -1
    call: CloudCall | None = None


@dataclass(frozen=True, slots=True)
class Inner:
    """Another program that this one starts here: the arguments from number `at` on are its name and its arguments."""

    at: int


@dataclass(frozen=True, slots=True)
class Script:
    """A text that a POSIX shell runs here."""

    text: str
    at: int = -1


Found = Fact | Inner | Script
