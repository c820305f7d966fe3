"""Whose each line is that git's own search found. Each begins with its file, or stands below a line that names it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Protocol

from companion.model.facts import IgnoreMatch
from companion.policy.ignore.headers import unquoted
from companion.policy.ignore.lines import (
    begins_with_number,
    is_agents_own,
    mark_of_truncation,
    paths_at_start,
    without_colours,
)

_SPACE = re.compile(r"\s")
_REVISION = re.compile(r"[\w./~^@{}+-]{1,256}:(?=[^\s:])")
_QUOTED = re.compile(r'(?:[\w./~^@{}+-]{1,256}:)?("(?:[^"\\]|\\.)*+")')
_BINARY = re.compile(r"Binary file (.+) matches")
_NUMBER = re.compile(r"\d+[:=-]")
_MOST_GONE = 16


class Found(Protocol):
    """What one needs to know of the files that lines name."""

    def covers(self, path: str) -> IgnoreMatch | None:
        """The rule that keeps a path from the model; None when it may be read."""
        ...

    def is_file(self, path: str) -> bool: ...

    def lost(self) -> IgnoreMatch | None:
        """The rule to name for lines of a file that nobody can tell; None where no such file is tracked."""
        ...


def owners_of_found(lines: Sequence[str], files: Found, *, has_headings: bool) -> list[IgnoreMatch | None]:
    """Of each line the rule that keeps it from the model; None for a line that may be read."""
    bare = [without_colours(line).rstrip("\r\n").replace("\0", ":") for line in lines]
    owned: list[IgnoreMatch | None] = []
    heading: IgnoreMatch | None = None
    for at, line in enumerate(bare):
        if has_headings and (begins_with_number(line) or not line.strip() or line == "--"):
            owned.append(heading)
            continue
        placed, match = _place(line, files)
        if has_headings:
            if match is not None or (placed and (heading is None or _is_heading(bare, at))):
                heading = match
            match = match or heading
        mark = mark_of_truncation(line)
        if match is None and mark is not None and mark != line.strip():
            match = files.lost()
        owned.append(match)
    return owned


def _is_heading(lines: Sequence[str], at: int) -> bool:
    """Whether a line that names a file can be no line of the file above: that one may hold any words."""
    return not lines[at - 1].strip() or (at + 1 < len(lines) and _NUMBER.match(lines[at + 1]) is not None)


def _place(line: str, files: Found) -> tuple[bool, IgnoreMatch | None]:
    """Whether a line names a file that is there, and what keeps the file that it names."""
    if is_agents_own(line):
        return False, None
    if found := _BINARY.fullmatch(line):
        return True, _first(_with_revisions([unquoted(found[1])]), files)
    if found := _QUOTED.match(line):
        return True, _first([unquoted(found[1])], files)
    paths = _with_revisions(paths_at_start(line))
    there = [path for path in paths if files.is_file(path)]
    if there:
        # Of several files that it may be of, the one that is kept counts.
        return True, _first(there, files)
    short = [path for path in reversed(paths) if not _SPACE.search(path)]
    to_colon = _with_revisions([line.partition(":")[0]])
    return False, _first(list(islice(short, _MOST_GONE)) + to_colon, files)


def _with_revisions(paths: Iterable[str]) -> list[str]:
    """Paths as they are and, where they may begin with the revision that was searched, without it."""
    both: dict[str, None] = {}
    for path in paths:
        both[path] = None
        if found := _REVISION.match(path):
            both[path[found.end() :]] = None
    return list(both)


def _first(paths: Sequence[str], files: Found) -> IgnoreMatch | None:
    return next(filter(None, map(files.covers, paths)), None)
