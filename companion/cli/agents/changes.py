"""The entries that companion sets in an agent's settings, and how they are taken back and nothing else with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from companion.cli.agents.syntax import MISSING, KeyPath, Syntax, digest, lookup


@dataclass(frozen=True, slots=True)
class Change:
    """One entry to set."""

    path: KeyPath
    value: Any
    owned: bool = False
    """Whether the entry is companion's alone: taken back even when something in it was changed since."""
    line: str = ""
    """Where the value is a text of several lines, the one that is companion's."""
    item: Any = None
    """Where the value is a list, the entry of it that is companion's."""

    @property
    def mark(self) -> Mark:
        item = "" if self.item is None else digest(self.item)
        return Mark(self.path, digest(self.value), self.owned, self.line, item)


@dataclass(frozen=True, slots=True)
class Mark:
    """A change that was made, remembered without its value, which may hold a key."""

    path: KeyPath
    digest: str
    owned: bool = False
    line: str = ""
    item: str = ""
    """Digest of the list's entry; "" where the value is no list."""


def apply(syntax: Syntax, text: str, changes: Sequence[Change]) -> str:
    """The text with every change made. Raises Unfit."""
    for change in changes:
        if lookup(syntax.parse(text), change.path) != change.value:
            text = syntax.put(text, change.path, change.value)
    return text


def undo(syntax: Syntax, text: str, base: str, marks: Sequence[Mark]) -> str:
    """The text with companion's entries as they are in `base`; what somebody else changed since stays.

    Raises Unparseable or Unfit.
    """
    for mark in reversed(marks):
        text = _undo_one(syntax, text, base, mark)
    return _without_empty(syntax, text, base, marks)


def _undo_one(syntax: Syntax, text: str, base: str, mark: Mark) -> str:
    found = lookup(syntax.parse(text), mark.path)
    if found is MISSING:
        return text
    if mark.owned or digest(found) == mark.digest:
        return syntax.restore(text, mark.path, base)
    if mark.line and isinstance(found, str) and mark.line in found.split("\n"):
        left = [line for line in found.split("\n") if line != mark.line]
        return syntax.put(text, mark.path, "\n".join(left)) if left else syntax.drop(text, mark.path)
    if mark.item and isinstance(found, list):
        others = [entry for entry in found if digest(entry) != mark.item]
        return syntax.put(text, mark.path, others) if others else syntax.drop(text, mark.path)
    return text


def _without_empty(syntax: Syntax, text: str, base: str, marks: Sequence[Mark]) -> str:
    """Drops the objects that were made on the way to an entry and hold nothing any more."""
    parents = {mark.path[:depth] for mark in marks for depth in range(1, len(mark.path))}
    before = syntax.parse(base)
    for path in sorted(parents, key=len, reverse=True):
        if lookup(syntax.parse(text), path) == {} and lookup(before, path) is MISSING:
            text = syntax.drop(text, path)
    return text
