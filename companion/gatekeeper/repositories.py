"""What git names in what it prints, on the disk: files by their names from the top of a repository."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field

from companion.gatekeeper.ports import PathJudge, Tracked
from companion.model.facts import IgnoreMatch, PathFacts
from companion.model.policy import IgnoredAction, Policy
from companion.policy.ignore.headers import Header
from companion.policy.ignore.printed import Printed

_SIDES = frozenset("abciwo12")


def kept(known: PathFacts, policy: Policy) -> IgnoreMatch | None:
    """The rule that keeps a file's text from the model. Under ASK a person has said what may leave."""
    return keeps(known.ignored, policy)


def keeps(match: IgnoreMatch | None, policy: Policy) -> IgnoreMatch | None:
    """As `kept`, of the rule over a file."""
    return match if match and (match.denied or policy.gitignored is not IgnoredAction.ASK) else None


@dataclass(slots=True)
class Repositories:
    """Files as git spells them: from the tops of repositories and, of searches, from `folders`."""

    paths: PathJudge
    tracked: Tracked | None
    workspace: str
    policy: Policy
    printed: Printed
    folders: tuple[str, ...] = ("",)
    """The workspace, and every folder in which git may have run."""
    moved: bool = False
    """Whether it may have run anywhere."""
    _tops: list[str] = field(default_factory=list[str])
    _known: dict[tuple[str, bool], IgnoreMatch | None] = field(
        default_factory=dict[tuple[str, bool], IgnoreMatch | None]
    )
    _there: dict[str, bool] = field(default_factory=dict[str, bool])
    _lost: list[IgnoreMatch | None] = field(default_factory=list[IgnoreMatch | None])

    def kept(self, header: Header) -> IgnoreMatch | None:
        """The rule that keeps any of a header's files from the model."""
        return next(filter(None, (self._covers(name, True) for name in dict.fromkeys(self._names(header)))), None)

    def covers(self, path: str) -> IgnoreMatch | None:
        """The rule that keeps a path from the model, as a search spells it."""
        return self._covers(path, False)

    def is_file(self, path: str) -> bool:
        """Whether the path is one of a file, from any place that it may be spelt from."""
        if path not in self._there:
            self._there[path] = any(self._is_file(path, start) for start in self._starts(False))
        return self._there[path]

    def lost(self) -> IgnoreMatch | None:
        """The rule to name for lines of a file that nobody can tell; None where no such file is tracked."""
        if not self._lost:
            self._lost.append(next(self._tracked(), None))
        return self._lost[0]

    def _names(self, header: Header) -> Iterator[str]:
        yield from header.names
        for name in header.prefixed:
            side, slash, below = name.partition("/")
            if slash and below:
                yield below
            # A folder may be called like a side.
            if not slash or side not in _SIDES or self._is_known(name):
                yield name
        for name in (*header.names, *header.prefixed):
            yield from (name.removeprefix(prefix) for prefix in self.printed.prefixes if name.startswith(prefix))

    def _is_known(self, name: str) -> bool:
        return any(self._is_file(name, start) for start in self._starts(True))

    def _covers(self, path: str, of_patch: bool) -> IgnoreMatch | None:
        if (path, of_patch) not in self._known:
            self._known[path, of_patch] = self._judged(path, of_patch)
        return self._known[path, of_patch]

    def _judged(self, path: str, of_patch: bool) -> IgnoreMatch | None:
        starts = self._starts(of_patch)
        there = [start for start in starts if self._is_file(path, start)]
        if of_patch and not there:
            # Gone since, or named from where git ran.
            starts = list(dict.fromkeys((*starts, *self.folders)))
        facts = (self.paths.judge_literally(path, self.workspace, self.policy, cwd=start) for start in there or starts)
        match = next(filter(None, (kept(known, self.policy) for known in facts)), None)
        return self.lost() if match is None and self.moved and not there and not of_patch else match

    def _is_file(self, path: str, start: str) -> bool:
        return self.paths.is_file(path, self.workspace, cwd=start)

    def _starts(self, of_patch: bool) -> list[str]:
        tops = self._all_tops()
        if of_patch and tops and not self.printed.is_relative:
            return tops
        return list(dict.fromkeys((*self.folders, *tops)))

    def _all_tops(self) -> list[str]:
        if not self._tops and self.tracked is not None:
            found = (self.tracked.top(folder, self.workspace) for folder in self.folders)
            self._tops += dict.fromkeys(top for top in found if top)
        return self._tops

    def _tracked(self) -> Iterator[IgnoreMatch]:
        """The rules that keep files of these repositories."""
        if self.tracked is None:
            folders = (
                self.paths.judge_tree(posixpath.normpath(folder or "."), self.workspace, self.policy)
                for folder in self.folders
            )
            yield from filter(None, (kept(known, self.policy) for known in folders))
            return
        for top in self._all_tops():
            for match in self.tracked.ignored(top, self.workspace, self.policy):
                if (found := keeps(match, self.policy)) is not None:
                    yield found
