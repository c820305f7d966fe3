"""From a command line to its effects."""

from __future__ import annotations

from collections.abc import Callable

from companion.model.facts import Effect
from companion.policy.knowledge.sql.statements import bounded
from companion.policy.shell.budget import Budget
from companion.policy.shell.rules import apply
from companion.policy.shell.source import Unclear
from companion.policy.shell.walk import walk


def read_command(
    command: str, cwd: str = "", home: str = "", look: Callable[[str], str | None] | None = None
) -> tuple[Effect, ...]:
    """Everything that `command` does, as far as it is understood, in the order of its text. Never raises.

    `cwd` and `home` are absolute, or "" when nobody knows; they stand for `$PWD`, `~` and `$HOME`. The target of a
    READ, WRITE or DELETE is absolute, or relative to the folder the command starts in, whatever that is: `cat x` has
    the target "x" and `cd sub && cat x` has "sub/x". Where a `cd` may have failed, both places are told. What is
    not understood is an UNKNOWN effect; past the budget of work (64 KB, 128 programs, 8 scripts inside each other)
    one of them stands for the whole command. `companion.policy.shell.effects` tells what the code of a READ says.

    `look` gives the text of a small file in which a project spells out what it runs, by its path as effects name it, or
    None, or raises UnreadableFile; without it no such script is known.
    """
    if not command.strip():
        return ()
    budget = Budget(look=look)
    effects = budget.effects
    try:
        with bounded():
            walk(command, cwd, home, budget)
        if not budget.plain:
            effects += budget.pending
        if not budget.tame:
            effects += budget.unexported
    except Unclear as unclear:
        end = len(command) if unclear.code == "over-budget" or not unclear.end else unclear.end
        effects.append(apply(unclear.code, "this", 0 if unclear.code == "over-budget" else unclear.start, end))
    except Exception:  # noqa: BLE001 - fail closed: where this reading fails, the command is not understood
        effects.append(apply("not-understood", "this", 0, len(command)))
    return tuple(sorted(dict.fromkeys(effects), key=lambda effect: (effect.start, effect.end)))
