"""The files of a workspace, told apart: whose text is ignored, and whose is allowed."""

from __future__ import annotations

import math
import os
import stat
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Protocol

from companion.model.facts import IgnoreMatch
from companion.scan.fingerprints.skipped import is_agents_own, is_public, is_skipped
from companion.scan.fingerprints.store import Left, Source, Stamp, stamp_of

MOST_ENTRIES = 200_000
MOST_SOURCES = 20_000
_SETTLED_NS = 120 * 10**9
"""Text that git ignores and that is younger is what a tool is writing, such as a log: the agent sees it anyway."""

HURRIED = "not looked at yet, as the folder is so large; that is going on"

Judge = Callable[[str], IgnoreMatch | None]
"""The rule that ignores a path, absolute, as of now."""


class FolderRules(Protocol):
    """The rules for what lies in one folder, as of now."""

    def match(self, name: str, *, is_dir: bool) -> IgnoreMatch | None:
        """The rule that ignores what the folder holds under this name, links aside."""
        ...

    def below(self, name: str) -> FolderRules:
        """Those of a folder in it."""
        ...


@dataclass(slots=True)
class Walked:
    """What a walk found."""

    ignored: list[Source] = field(default_factory=list[Source])
    """Deny lists' first."""
    allowed: list[str] = field(default_factory=list[str])
    looked_at: dict[str, Stamp] = field(default_factory=dict[str, Stamp])
    left_out: dict[str, Left] = field(default_factory=dict[str, Left])
    young: bool = False
    """Whether something was left out that will count in a while."""
    hurried: bool = False
    """Whether something was left out for want of time."""

    def leave(self, reason: str, path: str) -> None:
        known = self.left_out.get(reason)
        self.left_out[reason] = Left(known.files + 1, known.example) if known else Left(1, path)


_Waiting = deque[tuple[str, IgnoreMatch | None, FolderRules | None]]
_name = attrgetter("name")


@dataclass(frozen=True, slots=True)
class Walk:
    """Looks at every folder once, the ones nearest to the top first; follows links to files, not to folders."""

    judge: Judge
    rule_files: frozenset[str]
    """Names of the files that hold rules."""
    skip: tuple[str, ...]
    with_git: bool
    most: int = MOST_ENTRIES
    rules_in: Callable[[str], FolderRules] | None = None
    """The same rules folder by folder, which is quicker."""

    def run(self, top: str, until: float = math.inf) -> Walked:
        """Up to the time `until` of the monotonic clock."""
        walked = Walked()
        waiting: _Waiting = deque([(top, self.judge(top), self.rules_in(top) if self.rules_in else None)])
        looked_at = 0
        while waiting:
            folder, inherited, rules = waiting.popleft()
            if time.monotonic() > until:
                walked.hurried = True
                walked.leave(HURRIED, folder)
                break
            for entry in self._entries(folder, walked):
                looked_at += 1
                if looked_at > self.most:
                    walked.leave(f"beyond the first {self.most:,} entries of the workspace", folder)
                    waiting.clear()
                    break
                self._take(entry, inherited, rules, waiting, walked)
        walked.ignored.sort(key=lambda source: not source.rule.denied)
        for source in walked.ignored[MOST_SOURCES:]:
            walked.leave(f"more than {MOST_SOURCES:,} files", source.path)
        del walked.ignored[MOST_SOURCES:]
        return walked

    def take(self, entry: os.DirEntry[str], walked: Walked) -> None:
        """Adds one file that is new in a folder."""
        self._take(entry, None, None, deque(), walked)

    def rule_of(self, path: str) -> IgnoreMatch | None:
        """The rule by which the text of a file counts as ignored, as of now."""
        match = self.judge(path)
        return match if match and (match.denied or self.with_git) else None

    def _entries(self, folder: str, walked: Walked) -> list[os.DirEntry[str]]:
        try:
            walked.looked_at[folder] = stamp_of(os.stat(folder))  # noqa: PTH116 - as below
            with os.scandir(folder) as entries:
                return sorted(entries, key=_name)
        except OSError:
            # The agent cannot list it either: it has the rights that companion has.
            walked.leave("a folder that cannot be listed", folder)
            return []

    def _take(
        self,
        entry: os.DirEntry[str],
        inherited: IgnoreMatch | None,
        rules: FolderRules | None,
        waiting: _Waiting,
        walked: Walked,
    ) -> None:
        name = entry.name
        if name == ".git":
            return
        try:
            is_folder = entry.is_dir(follow_symlinks=False)
            match = inherited if inherited and inherited.denied else self._match(entry, rules, is_folder) or inherited
            if is_folder:
                if not match or not self._is_left_out(entry, match, walked):
                    waiting.append((entry.path, match, rules.below(name) if rules else None))
                return
            if match is None and name not in self.rule_files:
                # Most files are such: the kind that the folder tells is enough.
                if entry.is_file():
                    walked.allowed.append(entry.path)
                return
            found = entry.stat()
        except OSError:
            return
        if stat.S_ISREG(found.st_mode):
            if name in self.rule_files:
                walked.looked_at[entry.path] = stamp_of(found)
            if match is None:
                walked.allowed.append(entry.path)
            elif not self._is_left_out(entry, match, walked):
                self._add(entry.path, match, found, walked)

    def _match(self, entry: os.DirEntry[str], rules: FolderRules | None, is_folder: bool) -> IgnoreMatch | None:
        if rules is None or entry.is_symlink():
            return self.judge(entry.path)
        return rules.match(entry.name, is_dir=is_folder)

    def _is_left_out(self, entry: os.DirEntry[str], match: IgnoreMatch, walked: Walked) -> bool:
        if is_skipped(entry.name, self.skip):
            walked.leave("dependencies, caches and build output (policy.excerpts_skip)", entry.path)
        elif entry.is_file() and is_public(entry.name):
            walked.leave("licences and the like", entry.path)
        elif match.denied:
            return False
        elif not self.with_git:
            # A folder of git's may hold what a deny list names.
            return not entry.is_dir(follow_symlinks=False)
        elif is_agents_own(entry.name):
            walked.leave("what agents take their instructions from", entry.path)
        else:
            return False
        return True

    def _add(self, path: str, match: IgnoreMatch, found: os.stat_result, walked: Walked) -> None:
        if not match.denied and time.time_ns() - found.st_mtime_ns < _SETTLED_NS:
            walked.young = True
            walked.leave("ignored by git and changed within the last two minutes", path)
            return
        walked.ignored.append(Source(path, match, stamp_of(found)))
