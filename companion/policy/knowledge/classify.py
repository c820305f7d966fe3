"""From a program's name and its arguments to what it does, by the tables that know it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import import_module

from companion.model.facts import EffectKind
from companion.policy.knowledge.finding import NO_INPUT, Fact, Found, Input, Words
from companion.policy.knowledge.index import CODE, FILES
from companion.policy.knowledge.tables import tool
from companion.policy.knowledge.tools import judge_tool

Judge = Callable[[str, Words, Input], Iterator[Found]]

_CMDLET = re.compile(r"[A-Z][A-Za-z]*-[A-Z]\w+")


def knows(program: str) -> bool:
    """Whether there is anything to say of a program by its name."""
    return _judge(program) is not None


def classify(program: str, words: Words, feed: Input = NO_INPUT) -> tuple[Found, ...] | None:
    """What `program` does with these arguments; None where no table knows it. Never raises.

    Nothing found would mean that nothing can be said, so there is always at least one finding.
    """
    judge = _judge(program)
    if judge is None:
        return None
    try:
        found = tuple(judge(program, words, feed))
    except Exception:  # noqa: BLE001 - fail closed: where a table fails, the command is not understood
        found = ()
    return found or (Fact(EffectKind.UNKNOWN, program, "not-understood"),)


@lru_cache(maxsize=1024)
def _judge(program: str) -> Judge | None:
    """Who judges a program. Its module, or its table, is read when the program is first met."""
    if place := CODE.get(program):
        return _load(place)
    if program in FILES:
        return _by_table
    # So are named commands of PowerShell, and nothing else.
    return _load("windows.cmdlets") if _CMDLET.fullmatch(program) else None


def _load(place: str) -> Judge:
    judge: Judge = import_module(f"companion.policy.knowledge.{place}").judge
    return judge


def _by_table(program: str, words: Words, _feed: Input) -> Iterator[Found]:
    known = tool(program)
    if known is not None:
        yield from judge_tool(known, words)
