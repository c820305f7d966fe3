"""Whether an index still says how things are, asked of the disk when it counts."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field, replace

from companion.model.policy import Policy
from companion.scan.fingerprints.build import read_text
from companion.scan.fingerprints.prints import prints
from companion.scan.fingerprints.rulefiles import GONE, names_of_rule_files, rule_files_above, stamp_at
from companion.scan.fingerprints.store import Header, Source, Stamp
from companion.scan.fingerprints.text import compared
from companion.scan.fingerprints.walk import Walk, Walked

_SLACK_NS = 2 * 10**9
"""The coarsest clock of a file system in use (FAT)."""
_MOST_NEW = 2_000


@dataclass(slots=True)
class Look:
    """What has changed since an index was made, up to the last look. Not safe in threads."""

    header: Header
    workspace: str
    policy: Policy
    walk: Walk
    key: bytes
    rules_changed: bool = False
    """Whether other files may be ignored now: only a new index tells."""
    outdated: bool = False
    """Whether a new index would say more or less, which has time."""
    sources: list[Source] = field(default_factory=list[Source])
    """The index's, as they are now, and new ones that a deny list names."""
    prints: dict[bytes, int] = field(default_factory=dict[bytes, int])
    """Of the changed and the new ones, with the source's number."""
    _seen: dict[str, Stamp] = field(default_factory=dict[str, Stamp])
    _rule_files: frozenset[str] = frozenset()
    _judged: dict[str, Stamp] = field(default_factory=dict[str, Stamp])
    """New entries of folders that were judged already."""

    def __post_init__(self) -> None:
        self.sources = list(self.header.sources)
        self._seen = dict(self.header.looked_at)
        self._rule_files = frozenset(rule_files_above(self.workspace, self.policy))

    def again(self) -> bool:
        """Looks at every file, folder and rule file; whether there are prints that were not there before. Blocking."""
        before = len(self.prints)
        names = names_of_rule_files(self.policy)
        for path, stamp in list(self._seen.items()):
            now = stamp_at(path)
            if now == stamp:
                continue
            self._seen[path] = now
            if path in self._rule_files or os.path.basename(path) in names:  # noqa: PTH119 - as in walk.py
                self.rules_changed = True
            elif now != GONE:
                self._take_folder(path, names)
        for number, source in enumerate(self.sources):
            now = stamp_at(source.path)
            if now not in {source.stamp, GONE}:
                self._take_source(number, Source(source.path, source.rule, now))
        return len(self.prints) > before

    def _take_folder(self, folder: str, names: frozenset[str]) -> None:
        """What is new in a folder that changed."""
        try:
            with os.scandir(folder) as found:
                entries = list(found)
        except OSError:
            return
        for entry in entries:
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if status.st_ctime_ns < self.header.built_ns - _SLACK_NS or entry.path in self._seen:
                continue
            stamp = (status.st_ctime_ns, status.st_size, status.st_ino)
            if self._judged.get(entry.path) == stamp:
                continue
            self._judged[entry.path] = stamp
            if entry.name in names:
                self.rules_changed = True
            elif stat.S_ISDIR(status.st_mode):
                self._take_new_folder(entry.path)
            elif not any(source.path == entry.path for source in self.sources):
                self._take_entry(entry)

    def _take_entry(self, entry: os.DirEntry[str]) -> None:
        walked = Walked()
        self.walk.take(entry, walked)
        self._take_walked(walked)

    def _take_new_folder(self, folder: str) -> None:
        if os.path.basename(folder) == ".git":  # noqa: PTH119 - as in walk.py
            return
        walked = replace(self.walk, most=_MOST_NEW).run(folder)
        names = names_of_rule_files(self.policy)
        if any(os.path.basename(path) in names for path in walked.looked_at):  # noqa: PTH119
            self.rules_changed = True
        self._seen.update(walked.looked_at)
        self._take_walked(walked)

    def _take_walked(self, walked: Walked) -> None:
        self.outdated = self.outdated or bool(walked.ignored) or walked.young
        for source in walked.ignored:
            if source.rule.denied:
                self.sources.append(source)
                self._print(len(self.sources) - 1)

    def _take_source(self, number: int, source: Source) -> None:
        self.sources[number] = source
        self.outdated = True
        if source.rule.denied:
            self._print(number)

    def _print(self, number: int) -> None:
        data = read_text(self.sources[number].path)
        if data is not None:
            self.prints.update(dict.fromkeys(prints(compared(data), self.key), number))
