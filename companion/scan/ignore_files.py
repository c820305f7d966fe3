"""Every tree whose ignore files were asked about, and git's settings in it."""
# ruff: noqa: PTH118 - a decision asks the disk a dozen times: strings, not Path

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Final

from companion.model.facts import IgnoreMatch
from companion.scan.folders import Lists
from companion.scan.git_config import GitSettings, read_settings
from companion.scan.rule_files import RuleFiles, Stamp, current_stamp, settled_stamp
from companion.scan.rule_tree import Tree
from companion.scan.worktree import common_git_folder, own_git_folder

_MOST_TREES = 64

_LOOK_NS = 20_000_000
"""How long it may take until a change of git's settings counts. A change of rules counts at once."""

_NOTHING: Final[Lists] = Lists()


class IgnoreFiles:
    """Every tree that was asked about. Blocking, short; safe in threads."""

    def __init__(
        self,
        home: str = "",
        environ: Mapping[str, str] | None = None,
        *,
        fold_case: bool = False,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """`fold_case`: whether the platform's file systems think that upper and lower case are one."""
        self._home = home or os.path.expanduser("~")  # noqa: PTH111
        self._environ = os.environ if environ is None else environ
        self._fold_case = fold_case
        self._now_ns = now_ns
        self._files = RuleFiles(now_ns)
        self._trees: dict[tuple[str, str, str, Lists, bool], Tree] = {}
        self._settings: dict[str, tuple[int, tuple[Stamp, ...], GitSettings]] = {}

    def tree(self, top: str, git_top: str, lists: Lists = _NOTHING, *, workspace: str = "") -> Tree:
        """The folders below `top`; see Tree."""
        settings = self.settings(git_top)
        fold_case = self._fold_case or settings.ignore_case
        key = (top, git_top, workspace, lists, fold_case)
        known = self._trees.get(key)
        if known is None:
            if len(self._trees) >= _MOST_TREES:
                self._trees.clear()
            known = Tree(
                self._files,
                top,
                git_top,
                lists,
                self.settings,
                workspace=workspace,
                fold_case=fold_case,
                now_ns=self._now_ns,
            )
            self._trees[key] = known
        return known

    def settings(self, top: str) -> GitSettings:
        """Git's settings in the work tree at `top`, as they were at most 20 ms ago."""
        now = self._now_ns()
        known = self._settings.get(top)
        if known and 0 <= now - known[0] < _LOOK_NS:
            return known[2]
        if known and all(map(_same, known[2].files, known[1])):
            settings, stamps = known[2], known[1]
        else:
            own = own_git_folder(top)
            common = common_git_folder(top)
            settings = read_settings(top, own, common, self._home, self._environ)
            stamps = tuple(settled_stamp(path) for path in settings.files)
            if known and known[2] != settings:
                self._trees.clear()
        if len(self._settings) >= _MOST_TREES:
            self._settings.clear()
        self._settings[top] = (now, stamps, settings)
        return settings

    def git_match(self, top: str, path: str, *, is_dir: bool) -> IgnoreMatch | None:
        """The line by which git ignores `path`, given relative to `top`: what `git check-ignore --no-index -v` says."""
        absolute = os.path.join(top, path)
        if not path:
            return None
        folder, name = os.path.split(absolute)
        found = self.tree(top, top).node(folder).matches(name, is_dir=is_dir)
        return next((each for each in found if each), None)


def _same(path: str, stamp: Stamp) -> bool:
    return current_stamp(path, follow=True) == stamp
