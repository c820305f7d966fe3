"""The files of a workspace, told apart: whose text is ignored, and whose is allowed."""

from __future__ import annotations

import os
import stat
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from companion.model.facts import IgnoreMatch
from companion.scan.fingerprints.skipped import is_agents_own, is_public, is_skipped
from companion.scan.fingerprints.store import Left, Source, Stamp, stamp_of

MOST_ENTRIES = 200_000
MOST_SOURCES = 20_000
_SETTLED_NS = 120 * 10**9
"""Text that git ignores and that is younger is what a tool is writing, such as a log: the agent sees it anyway."""

Judge = Callable[[str], IgnoreMatch | None]
"""The rule that ignores a path, absolute, as of now."""


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

    def leave(self, reason: str, path: str) -> None:
        known = self.left_out.get(reason)
        self.left_out[reason] = Left(known.files + 1, known.example) if known else Left(1, path)


@dataclass(frozen=True, slots=True)
class Walk:
    """Looks at every folder once, the ones nearest to the top first; follows links to files, not to folders."""

    judge: Judge
    rule_files: frozenset[str]
    """Names of the files that hold rules."""
    skip: tuple[str, ...]
    with_git: bool
    most: int = MOST_ENTRIES

    def run(self, top: str) -> Walked:
        walked = Walked()
        waiting = deque([(top, self.judge(top))])
        looked_at = 0
        while waiting:
            folder, inherited = waiting.popleft()
            for entry in self._entries(folder, walked):
                looked_at += 1
                if looked_at > self.most:
                    walked.leave(f"beyond the first {self.most:,} entries of the workspace", folder)
                    waiting.clear()
                    break
                self._take(entry, inherited, waiting, walked)
        walked.ignored.sort(key=lambda source: not source.rule.denied)
        for source in walked.ignored[MOST_SOURCES:]:
            walked.leave(f"more than {MOST_SOURCES:,} files", source.path)
        del walked.ignored[MOST_SOURCES:]
        return walked

    def take(self, entry: os.DirEntry[str], walked: Walked) -> None:
        """Adds one file that is new in a folder."""
        self._take(entry, None, deque(), walked)

    def _entries(self, folder: str, walked: Walked) -> list[os.DirEntry[str]]:
        try:
            walked.looked_at[folder] = stamp_of(os.stat(folder))  # noqa: PTH116 - as below
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError:
            # The agent cannot list it either: it has the rights that companion has.
            walked.leave("a folder that cannot be listed", folder)
            return []

    def _take(
        self,
        entry: os.DirEntry[str],
        inherited: IgnoreMatch | None,
        waiting: deque[tuple[str, IgnoreMatch | None]],
        walked: Walked,
    ) -> None:
        if entry.name == ".git":
            return
        try:
            is_folder = entry.is_dir(follow_symlinks=False)
            found = entry.stat()
        except OSError:
            return
        match = inherited if inherited and inherited.denied else self.judge(entry.path) or inherited
        if is_folder:
            if match and self._is_left_out(entry, match, walked):
                return
            waiting.append((entry.path, match))
        elif stat.S_ISREG(found.st_mode):
            if entry.name in self.rule_files:
                walked.looked_at[entry.path] = stamp_of(found)
            if match is None:
                walked.allowed.append(entry.path)
            elif not self._is_left_out(entry, match, walked):
                self._add(entry.path, match, found, walked)

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
