"""Pieces of a command's tree, for tests of what reads them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable

from tree_sitter import Node

from companion.model.facts import Effect
from companion.policy.shell.budget import Budget
from companion.policy.shell.parse import Syntax, parse
from companion.policy.shell.words import Value


def tree_of(command: str) -> Syntax:
    return parse(command, Budget())


def all_nodes(syntax: Syntax, *kinds: str) -> list[Node]:
    """The nodes of these kinds, in the order of the text."""
    found, waiting = [], [syntax.root]
    while waiting:
        node = waiting.pop()
        found += [node] if node.type in kinds else []
        waiting += reversed(node.children)
    return found


def words_of(*texts: str | None) -> tuple[Value, ...]:
    """The words of one command; None is one that is not known."""
    values: list[Value] = []
    at = 0
    for text in texts:
        values.append(Value(text, at, at + len(text or "?"), many=text is None))
        at = values[-1].end + 1
    return tuple(values)


def told(effects: Iterable[Effect]) -> list[tuple[str, str, str]]:
    """Each effect as its kind, target and code."""
    return [(effect.kind.value, effect.target, effect.code) for effect in effects]


BASH = shutil.which("bash")
HOSTILE = "'a[$(builtin printf ran >&9)]'"
"""A word that runs a command where a shell computes it."""
_PRELUDE = f'exec 9>&1\nn=7\nq={HOSTILE}\nset -- "$q"\n: "$q"\n'


def said_by_bash(script: str, home: str = "") -> str:
    """The output of a script that starts in /."""
    done = subprocess.run(
        [BASH, "--norc", "-c", f"exec 2>/dev/null\n{script}"],
        cwd="/",
        env={"HOME": home},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=20,
        check=False,
    )
    return done.stdout.decode()


def runs_what_it_computes(command: str) -> bool:
    """Whether bash, in which `q` and each parameter but `n` holds HOSTILE, runs what it holds."""
    return "ran" in said_by_bash(_PRELUDE + command)
