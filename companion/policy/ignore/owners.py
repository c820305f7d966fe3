"""Whose each line of a search's result is.

Where that is not certain, a line counts as one of an ignored file if any lies where the search went.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum, auto
from itertools import islice
from typing import Protocol

from companion.model.facts import IgnoreMatch
from companion.policy.ignore.lines import (
    begins_with_bracket,
    begins_with_number,
    begins_with_path,
    is_agents_own,
    is_heading,
    mark_of_truncation,
    names_path,
    paths_at_start,
    without_colours,
)

_SPACE = re.compile(r"\s")
_NAMES_ALONE = re.compile(
    r"Binary file (.+) matches|(?:grep|rg): (.+?): (?:binary file matches|Permission denied|No such file or directory"
    r"|Is a directory|warning: recursive directory loop)(?: \(os error \d+\))?"
)
_MOST_GONE = 16


class Manner(Enum):
    """How whatever brought a result writes it."""

    TOOL = auto()
    """Lines without a path belong to the path above them."""
    COMMAND = auto()
    """Every line begins with its path."""
    REST = auto()
    """Perhaps the rest of what a COMMAND printed, perhaps the output of something else."""


class Places(Protocol):
    """What a search needs to know of paths, as its tool spells them."""

    def covers(self, path: str) -> IgnoreMatch | None:
        """The rule that keeps a path from the model; None when it may be read."""
        ...

    def is_file(self, path: str) -> bool: ...

    def lost(self) -> IgnoreMatch | None:
        """The rule to name for lines of a file that nobody finds; None where no ignored file lies where it went."""
        ...


def owners(lines: Sequence[str], places: Places, manner: Manner) -> list[IgnoreMatch | None]:
    """Of each line the rule that keeps it from the model; None for a line that may be read."""
    reading = _Reading(places, manner)
    return [reading.owner_of(without_colours(line).rstrip("\r\n")) for line in lines]


class _Reading:
    """What is known of a result up to a line."""

    def __init__(self, places: Places, manner: Manner) -> None:
        self._places = places
        self._manner = manner
        self._owner: IgnoreMatch | None = None
        """The rule that keeps the file whose lines these are."""
        self._placed = False
        """Whether any file was named."""
        self._headed = False
        """Whether it was named by a line of its own."""
        self._torn = manner is Manner.REST
        """Whether a line may be the rest of one that nobody has."""

    def owner_of(self, line: str) -> IgnoreMatch | None:
        if (mark := mark_of_truncation(line)) is not None:
            self._torn = True
            return self._owner if mark == line.strip() else self._owner or self._places.lost()
        if self._place(line):
            self._torn = False
            return self._owner
        return self._unplaced(line)

    def _place(self, line: str) -> bool:
        """Whether the line says whose it is; the owner is then told by it."""
        paths = list(paths_at_start(line))
        files = [path for path in paths if self._places.is_file(path)]
        begins = begins_with_path(line) or begins_with_bracket(line)
        if not files and begins:
            names = islice((path for path in reversed(paths) if not _SPACE.search(path)), _MOST_GONE)
            files = [path for path in names if self._places.covers(path)]
        if not files:
            return False
        # Of several files that it may be of, the one that is kept counts: somebody may have made the others.
        match = next(filter(None, map(self._places.covers, files)), None)
        numbered = begins_with_number(line)
        firm = begins or (numbered and not self._headed and not line[:1].isspace() and not files[0].isdigit())
        if match is None and not firm and (numbered or self._owner is not None):
            return False
        self._owner, self._placed, self._headed = match, True, is_heading(line, files[0])
        return True

    def _unplaced(self, line: str) -> IgnoreMatch | None:
        if (self._owner is not None and self._manner is not Manner.REST) or is_agents_own(line):
            return self._owner
        if (found := _NAMES_ALONE.fullmatch(line)) is not None:
            return self._places.covers(found[1] or found[2])
        if self._manner is Manner.COMMAND:
            return self._places.lost()
        is_lost = self._torn or self._names_one(line)
        if self._manner is Manner.REST:
            self._torn, self._owner = False, None
            return self._places.lost() if is_lost else None
        if is_lost:
            self._owner = self._places.lost()
        return self._owner

    def _names_one(self, line: str) -> bool:
        """Whether it is a line of a file that was not found."""
        if begins_with_path(line) or begins_with_bracket(line):
            return names_path(line)
        return begins_with_number(line) and (not self._placed or (not self._headed and names_path(line)))
