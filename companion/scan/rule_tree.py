"""Ignore files on disk as they stand now, folder by folder.

Every decision asks the disk about each folder and each file that has a say, so a rule written now counts from the next
decision on. What was read before serves as long as nothing of it has changed: a folder's own times tell that no file
came into it or left it, a file's times that it still says the same.
"""
# ruff: noqa: PTH118, PTH120 - a decision asks the disk a dozen times: strings, not Path

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from companion.policy.ignore.rules import IgnoreFile, Rules, decide
from companion.scan.folders import DENY, FIXED, GIT, OWN, UNSETTLED_FOLDER, Family, Lists, Node, folder_stamp, fresh
from companion.scan.git_config import GitSettings
from companion.scan.rule_files import (
    LINK,
    MISSING,
    NO_FILE,
    UNSETTLED,
    Content,
    RuleFiles,
    Stamp,
    is_settled,
    settled_stamp,
)
from companion.scan.worktree import common_git_folder, parts_below, relative_to, shown

GIT_FILE = ".gitignore"

_MOST_FOLDERS = 8192
_DEEP = 32

_FOLDERS_TELL = sys.platform != "win32"
"""Whether a folder's times change at once when a file comes into it or leaves it."""

_LEFT_OUT_BY_GIT = (LINK, NO_FILE)


class Tree:
    """All folders below one top, under the same lists. Blocking, short; safe in threads."""

    def __init__(
        self,
        files: RuleFiles,
        top: str,
        git_top: str,
        lists: Lists,
        settings_of: Callable[[str], GitSettings],
        *,
        workspace: str = "",
        fold_case: bool = False,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """`top` is where files begin to count, `git_top` where git's do; `workspace` is what paths are shown from."""
        self.top = top
        self._git_top = git_top
        self._files = files
        self._lists = lists
        self._settings_of = settings_of
        self._workspace = workspace or top
        self._fold_case = fold_case
        self._now_ns = now_ns
        self._chains: dict[str, tuple[Node, ...]] = {}

    def node(self, folder: str) -> Node:
        """The rules in `folder`, absolute and normal, at or below the top, as they are on disk now."""
        chain = self._chains.get(folder)
        if chain is None:
            return self._build(folder, self._above(folder))[-1]
        kept = fresh(chain)
        return chain[-1] if kept == len(chain) else self._build(folder, chain[:kept])[-1]

    def _above(self, folder: str) -> tuple[Node, ...]:
        """What is known, and still so, of the nearest folder above."""
        while folder != self.top:
            folder = os.path.dirname(folder)
            known = self._chains.get(folder)
            if known is not None:
                return known[: fresh(known)]
        return ()

    def below(self, above: Node, folder: str, name: str) -> Node:
        """The rules in `folder`, which the folder of `above` holds as `name`; for walks, which look at each once."""
        return self._make(folder, name, above)

    def _build(self, folder: str, kept: tuple[Node, ...]) -> tuple[Node, ...]:
        chain = list(kept)
        path = chain[-1].path if chain else self.top
        if not chain:
            chain.append(self._make(path, "", None))
        for part in parts_below(folder, path):
            path = os.path.join(path, part)
            chain.append(self._make(path, part, chain[-1]))
            if len(chain) <= _DEEP:
                # What lies beside it shares what is known of the folders above.
                self._keep(path, chain)
        return self._keep(folder, chain)

    def _keep(self, folder: str, chain: list[Node]) -> tuple[Node, ...]:
        if len(self._chains) >= _MOST_FOLDERS:
            self._chains.clear()
        kept = self._chains[folder] = tuple(chain)
        return kept

    def _make(self, path: str, name: str, above: Node | None) -> Node:
        now = self._now_ns()
        stamp = UNSETTLED_FOLDER
        is_folder = is_missing = False
        try:
            found = os.lstat(path)
            is_folder = stat.S_ISDIR(found.st_mode)
            if is_folder and is_settled(found, now) and _FOLDERS_TELL:
                stamp = folder_stamp(found)
        except FileNotFoundError:
            is_missing = above is not None
        except (OSError, ValueError):
            pass
        look = _Look(self._files)
        families = self._at_top() if above is None else self._inherit(name, above)
        if path == self._git_top:
            families.append(self._repository(path, look))
        families = self._with_own_files(path, families, look)
        if path == self._workspace:
            families = [*self._own_rules(look), *families]
        if relative_to(path, self._git_top):
            families = self._with_repository(path, families, look)
        if look.is_unsettled:
            stamp = UNSETTLED_FOLDER
        is_plain = (is_folder or is_missing) and (above is None or above.is_plain)
        return Node(path, stamp, tuple(look.files), tuple(families), is_plain=is_plain)

    def _at_top(self) -> list[Family]:
        families = []
        for rules, root in self._lists.fixed:
            relative = relative_to(self.top, root)
            excluded = decide(rules, relative, is_dir=True) if relative else None
            families.append(Family(rules, root, FIXED, excluded))
        families += [Family(Rules(), self.top, DENY) for _ in self._lists.deny]
        return families

    def _inherit(self, name: str, above: Node) -> list[Family]:
        excluded = above.matches(name, is_dir=True)
        return [
            family if family.excluded is not None or why is None else replace(family, excluded=why)
            for family, why in zip(above.families, excluded, strict=True)
        ]

    def _with_own_files(self, path: str, families: list[Family], look: _Look) -> list[Family]:
        """With what the files in `path` add to each family."""
        denies = iter(self._lists.deny)
        out = []
        for family in families:
            if family.kind in {FIXED, OWN}:
                out.append(family)
                continue
            name = GIT_FILE if family.kind == GIT else next(denies)
            if family.excluded is not None:
                out.append(family)
                continue
            fold_case = self._fold_of(family)
            content = look.load(os.path.join(path, name), fold_case=fold_case)
            if content is None or (family.kind == GIT and isinstance(content, str) and content in _LEFT_OUT_BY_GIT):
                out.append(family)
                continue
            base = relative_to(path, family.root) or ""
            added = _as_file(shown(os.path.join(path, name), self._workspace), base, content, fold_case=fold_case)
            out.append(replace(family, rules=replace(family.rules, files=(*family.rules.files, added))))
        return out

    def _own_rules(self, look: _Look) -> list[Family]:
        families = []
        for source in self._lists.own:
            found = source(self._workspace)
            for file in found.files:
                look.note(file)
            families.append(Family(Rules(found.file), found.root, OWN))
        return families

    def _fold_of(self, family: Family) -> bool:
        if family.kind == GIT:
            return self._settings_of(family.root).ignore_case
        return self._fold_case

    def _with_repository(self, path: str, families: list[Family], look: _Look) -> list[Family]:
        """Inside a repository of its own its rules hold too; where it is another's part or work tree, no others do."""
        try:
            found = os.lstat(os.path.join(path, ".git"))
        except (OSError, ValueError):
            return families
        own = self._repository(path, look)
        for each in self._settings_of(path).files:
            look.note(each)
        if stat.S_ISREG(found.st_mode):
            look.note(os.path.join(path, ".git"))
        content = look.load(os.path.join(path, GIT_FILE), fold_case=self._fold_of(own))
        if content is not None and not (isinstance(content, str) and content in _LEFT_OUT_BY_GIT):
            source = shown(os.path.join(path, GIT_FILE), self._workspace)
            file = _as_file(source, "", content, fold_case=self._fold_of(own))
            own = replace(own, rules=replace(own.rules, files=(*own.rules.files, file)))
        if stat.S_ISDIR(found.st_mode):
            return [*families, own]
        kept = [family for family in families if family.kind != GIT or family.excluded is not None]
        return [*kept, own]

    def _repository(self, top: str, look: _Look) -> Family:
        """What holds for a whole repository: the list for all, its own list."""
        settings = self._settings_of(top)
        common = common_git_folder(top)
        files = []
        for path, source in (
            (settings.excludes_file, settings.excludes_file),
            (os.path.join(common, "info", "exclude") if common else "", ".git/info/exclude"),
        ):
            content = look.load(path, fold_case=settings.ignore_case, follow=True) if path else None
            if content is not None:
                files.append(_as_file(source, "", content, fold_case=settings.ignore_case))
        return Family(Rules(tuple(files), denied=False), top, GIT)


class _Look:
    """What one look at a folder's files found, and how a later look can tell that it would find the same."""

    def __init__(self, files: RuleFiles) -> None:
        self._files = files
        self.files: list[tuple[str, bool, Stamp]] = []
        self.is_unsettled = False

    def load(self, path: str, *, fold_case: bool, follow: bool = False) -> Content | None:
        stamp, content = self._files.load(path, follow=follow, fold_case=fold_case)
        if stamp == UNSETTLED:
            self.is_unsettled = True
        elif stamp != MISSING or follow:
            # What is missing in the folder itself is told by the folder's times.
            self.files.append((path, follow, stamp))
        return content

    def note(self, path: str) -> None:
        """The file has a say, though it holds no patterns."""
        stamp = settled_stamp(path)
        self.is_unsettled = self.is_unsettled or stamp == UNSETTLED
        self.files.append((path, True, stamp))


def _as_file(source: str, base: str, content: Content, *, fold_case: bool) -> IgnoreFile:
    if isinstance(content, str):
        return IgnoreFile.closed(source, base, content)
    return IgnoreFile(source, base, content, fold_case=fold_case)
