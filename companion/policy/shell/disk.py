"""What lies on the disk when a program of a command runs, as far as earlier steps of the command leave it as it is."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from companion.model.facts import Effect, EffectKind
from companion.policy.order import decides
from companion.policy.shell.effects import is_harmless, is_temporary, moves_head
from companion.policy.shell.gitplace import is_top
from companion.policy.shell.invocation import Look, UnreadableFile
from companion.policy.shell.state import State, join

_CHANGES_FILES = frozenset({EffectKind.WRITE, EffectKind.DELETE})
_INERT = re.compile(
    r"(?:\./)?(?:[\w-][\w.-]*/)*(?!(?i:test|requirements|constraints))[\w-][\w.-]*\.(?:log|out|txt)", re.ASCII
)
"""What programs print and people read; nobody takes code or settings from it."""
_BUILT = re.compile(r"(?:\./)?(?:build|dist|out|target|tmp|logs?|reports?|coverage|cmake-build-\w+)/?", re.ASCII)
"""Folders that are made to be built in."""
_MOST_WRITTEN = 8
"""Each costs a look at the disk with every other look."""
_OF_TOOLS = re.compile(r"(?:^|/)(?:node_modules|vendor|site-packages|bin)/")


@dataclass(frozen=True, slots=True)
class Disk:
    """The project's disk behind the steps that had these effects; `cwd` and `home` may be "" where nobody knows."""

    look: Look | None
    effects: Sequence[Effect]
    cwd: str
    home: str

    def look_from(self, state: State) -> Look | None:
        """The files of the project, or None where what lies there now may be another text by then.

        Steps that only write what nobody runs or goes by leave the others as they are.
        """
        look, folders = self.look, state.folders
        if look is None or folders is None or len(folders) != 1 or any(map(moves_head, self.effects)):
            return None
        written = {one.target for one in self.effects if one.kind is EffectKind.WRITE and not is_harmless(one)}
        if len(written) > _MOST_WRITTEN or not all(map(_is_inert, written)):
            return None
        seen = self._seen(look, folders[0], frozenset(map(self._whole, written)))

        def unless_linked(path: str) -> str | None:
            text = seen(path)
            if text and any(_text_of(look, target) == text for target in written):
                # One may be the other by a second name.
                raise UnreadableFile(path)
            return text

        return unless_linked if written else seen

    def git_look(self, state: State) -> Look | None:
        """What git reads is known but for the files that an earlier step writes, and for what a checkout changes."""
        look, folders, effects = self.look, state.folders, self.effects
        if look is None or folders is None or len(folders) != 1 or any(one.code == "git-config" for one in effects):
            return None
        changed = {self._whole(one.target) for one in effects if one.kind in _CHANGES_FILES and not is_harmless(one)}
        return self._seen(look, folders[0], frozenset(changed), moved=any(map(moves_head, effects)))

    def top_of_git(self, state: State) -> str | None:
        """The folder of git's work tree, where it is the one that the shell stands in."""
        look, folders = self.git_look(state), state.folders
        if look is None or folders is None:
            return None
        folder = join(self.cwd, folders[0])
        try:
            return folder if folder.startswith("/") and is_top(look) else None
        except UnreadableFile:
            return None

    def _seen(self, look: Look, folder: str, changed: frozenset[str], *, moved: bool = False) -> Look:
        def seen(path: str) -> str | None:
            path = path if path.startswith("~/") else join(folder, path)
            name = self._whole(path)
            if any(f"{name}/".startswith(f"{one.rstrip('/')}/") for one in changed) or (moved and not _stays(path)):
                raise UnreadableFile(path)
            return look(path)

        return seen

    def _whole(self, path: str) -> str:
        path = f"{self.home}{path[1:]}" if self.home and path.startswith("~/") else path
        whole = posixpath.normpath(join(self.cwd, path))
        return "" if whole == "." else whole


def _text_of(look: Look, path: str) -> str | None:
    try:
        return look(path)
    except UnreadableFile:
        return None


def _is_inert(path: str) -> bool:
    """Whether no tool of the project goes by the file, whatever is written to it; `..` may lead anywhere."""
    if ".." in path.split("/") or decides(path) or _OF_TOOLS.search(path):
        return False
    named = path.lstrip("/") if is_temporary(path) else path
    return _BUILT.fullmatch(path) is not None or _INERT.fullmatch(named) is not None


def _stays(path: str) -> bool:
    """Whether a checkout leaves a file that git reads as it is."""
    names = posixpath.normpath(path).split("/")
    return names[-1] != "HEAD" and (".git" in names or path.startswith(("/", "~/")))
