"""Folders with the rules for what lies in them, and whether the disk still says the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from companion.model.facts import IgnoreMatch
from companion.policy.ignore.patterns import encode
from companion.policy.ignore.rules import IgnoreFile, Rules
from companion.scan.rule_files import Stamp
from companion.scan.worktree import relative_to

_MOST_NAMES = 256

UNSETTLED_FOLDER: Final[Stamp] = (-1, -1, -1, -1)
"""Of a folder in which a change may not show, or that is none: it is looked through anew each time."""


@dataclass(frozen=True, slots=True)
class TopRules:
    """Rules for a workspace that are no plain ignore file."""

    file: tuple[IgnoreFile, ...]
    root: str
    """Absolute folder that the rules' paths start from."""
    files: tuple[str, ...]
    """Every file that had a say, or would have one if it were there."""


TopSource = Callable[[str], TopRules]
"""Reads the rules for the workspace in that folder."""


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """Which files count beside git's own. All in gitignore syntax."""

    deny: tuple[str, ...] = ()
    """Names that count at every level; a match is denied."""
    own: tuple[TopSource, ...] = ()
    """Rules that the workspace's own folder brings along, in forms of their own; a match is denied."""
    fixed: tuple[tuple[Rules, str], ...] = ()
    """Rules that no file of the workspace holds, and the absolute folder that each starts from."""


@dataclass(frozen=True, slots=True)
class Family:
    """Rules of one kind as they stand in one folder."""

    rules: Rules
    root: str
    """Absolute folder that the rules' paths start from."""
    kind: str
    excluded: IgnoreMatch | None = None
    """What excludes the folder itself, and so everything in it."""


FIXED, DENY, OWN, GIT = "fixed", "deny", "own", "git"


class Node:
    """A folder with the rules for what lies in it. Never changed once made, but for what it remembers of names."""

    __slots__ = ("_modes", "_sieves", "asked", "families", "files", "is_plain", "names", "path", "stamp")

    def __init__(
        self,
        path: str,
        stamp: Stamp,
        files: tuple[tuple[str, bool, Stamp], ...],
        families: tuple[Family, ...],
        *,
        is_plain: bool,
    ) -> None:
        self.path = path
        self.asked = _encoded(path)
        self.stamp = stamp
        self.files = tuple((_encoded(each), follow, stamp) for each, follow, stamp in files)
        """(path, whether links are followed, stamp) of every file that was looked at and cannot be told by `stamp`."""
        self.families = families
        self.is_plain = is_plain
        """Whether it and all between it and the top are folders, or not there yet: no link leads elsewhere."""
        self.names: dict[tuple[str, bool], tuple[IgnoreMatch | None, ...]] = {}
        self._modes: dict[str, int] = {}
        self._sieves = tuple(_Sieve(family, path) for family in families)

    def mode(self, name: str) -> int:
        """The kind and rights of the entry called `name`, links not followed; 0 where there is none. Raises OSError.

        A folder whose times are as they were has the same entries, so each is looked at once.
        """
        known = self._modes.get(name)
        if known is not None:
            return known
        try:
            mode = os.lstat(f"{self.path}{os.sep}{name}").st_mode
        except FileNotFoundError:
            mode = 0
        if self.stamp is not UNSETTLED_FOLDER:
            if len(self._modes) >= _MOST_NAMES:
                self._modes.clear()
            self._modes[name] = mode
        return mode

    def matches(self, name: str, *, is_dir: bool) -> tuple[IgnoreMatch | None, ...]:
        """For each family what excludes the entry of this folder called `name`."""
        known = self.names.get((name, is_dir))
        if known is not None:
            return known
        raw = encode(name)
        found = tuple(sieve.match(raw, is_dir=is_dir) for sieve in self._sieves)
        if len(self.names) >= _MOST_NAMES:
            self.names.clear()
        self.names[name, is_dir] = found
        return found

    def first_match(self, name: str, *, is_dir: bool) -> IgnoreMatch | None:
        """The strongest of `matches`. Remembers nothing: for walks."""
        raw = encode(name)
        for sieve in self._sieves:
            found = sieve.match(raw, is_dir=is_dir)
            if found is not None:
                return found
        return None

    def lets_pass(self, name: str, *, is_dir: bool) -> bool:
        """Whether nothing excludes the entry called `name`. Remembers nothing: for walks."""
        raw = encode(name)
        return not any(sieve.match(raw, is_dir=is_dir) for sieve in self._sieves)


class _Sieve:
    """One family's rules, made ready for the names in one folder."""

    __slots__ = ("_denied", "_excluded", "_files")

    def __init__(self, family: Family, folder: str) -> None:
        self._excluded = family.excluded
        self._denied = family.rules.denied
        relative = relative_to(folder, family.root)
        start = encode(relative) + b"/" if relative else b""
        self._files = tuple(
            (file.source, file.rules, start[len(file.prefix) :], file.fold_case)
            for file in reversed(family.rules.files)
        )

    def match(self, name: bytes, *, is_dir: bool) -> IgnoreMatch | None:
        if self._excluded is not None:
            return self._excluded
        for source, patterns, start, fold_case in self._files:
            path = start + name
            if fold_case:
                found = patterns.last_match(path.lower(), name.lower(), is_dir=is_dir)
            else:
                found = patterns.last_match(path, name, is_dir=is_dir)
            if found is not None:
                if found.negated:
                    return None
                return IgnoreMatch(source, found.line, found.text, denied=self._denied)
        return None


def _encoded(path: str) -> str | bytes:
    """A path that the disk is asked about often: encoded once, and left to fail later where that cannot be."""
    try:
        return os.fsencode(path)
    except ValueError:
        return path


def folder_stamp(found: os.stat_result) -> Stamp:
    return (found.st_ctime_ns, found.st_mtime_ns, found.st_ino, found.st_dev)


def fresh(chain: tuple[Node, ...]) -> int:
    """How many folders from the top on would be found the same again. Most of a decision's time is spent here."""
    lstat, stat_, access = os.lstat, os.stat, os.access
    count = 0
    try:
        for node in chain:
            found = lstat(node.asked)
            changed, modified, inode, device = node.stamp
            if (
                found.st_ctime_ns != changed
                or found.st_ino != inode
                or found.st_mtime_ns != modified
                or found.st_dev != device
            ):
                return count
            for path, follow, stamp in node.files:
                if stamp:
                    found = stat_(path) if follow else lstat(path)
                    # A stamp's parts one by one, in the order in which they differ: a tuple of them costs more.
                    if (
                        found.st_ctime_ns != stamp[1]
                        or found.st_mtime_ns != stamp[0]
                        or found.st_size != stamp[2]
                        or found.st_ino != stamp[3]
                        or found.st_dev != stamp[4]
                    ):
                        return count
                elif access(path, os.F_OK):
                    return count
            count += 1
    except (OSError, ValueError):
        pass
    return count
