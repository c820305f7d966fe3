"""Ignore files on disk as they stand now, folder by folder.

Every decision asks the disk about each folder and each file that has a say, so a rule written now counts from the next
decision on. What was read before serves as long as nothing of it has changed: a folder's own times tell that no file
came into it or left it, a file's times that it still says the same.
"""
# ruff: noqa: PTH112, PTH116, PTH117, PTH118, PTH120 - a decision asks the disk a dozen times: strings, not Path

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from companion.model.facts import IgnoreMatch
from companion.policy.ignore.patterns import encode
from companion.policy.ignore.rules import IgnoreFile, Rules, decide
from companion.scan.git_config import GitSettings, read_settings
from companion.scan.rule_files import (
    LINK,
    MISSING,
    NO_FILE,
    UNSETTLED,
    Content,
    RuleFiles,
    Stamp,
    current_stamp,
    is_settled,
    settled_stamp,
    stamp_of,
)

GIT_FILE = ".gitignore"

_MOST_FOLDERS = 8192
_MOST_TREES = 64
_MOST_NAMES = 256

_LOOK_NS = 20_000_000
"""How long it may take until a change of git's settings counts. A change of rules counts at once."""

_FOLDERS_TELL = sys.platform != "win32"
"""Whether a folder's times change at once when a file comes into it or leaves it."""

_UNSETTLED_FOLDER: Final[Stamp] = (-1, -1, -1, -1)
_LEFT_OUT_BY_GIT = (LINK, NO_FILE)


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

    __slots__ = ("_modes", "_sieves", "families", "files", "is_plain", "names", "path", "stamp")

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
        self.stamp = stamp
        self.files = files
        """(path, whether links are followed, stamp) of every file that was looked at and cannot be told by `stamp`."""
        self.families = families
        self.is_plain = is_plain
        """Whether neither it nor anything between it and the top is a link, and all of it is there."""
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
        if self.stamp is not _UNSETTLED_FOLDER:
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
            (file.source, file.rules, start[len(file.prefix) :], file.fold_case) for file in reversed(family.rules.files)
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


def _folder_stamp(found: os.stat_result) -> Stamp:
    return (found.st_ctime_ns, found.st_mtime_ns, found.st_ino, found.st_dev)


def _fresh(chain: tuple[Node, ...]) -> int:
    """How many folders from the top on would be found the same again. Most of a decision's time is spent here."""
    lstat, stat_, access = os.lstat, os.stat, os.access
    count = 0
    try:
        for node in chain:
            found = lstat(node.path)
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
                    if stamp_of(stat_(path) if follow else lstat(path)) != stamp:
                        return count
                elif access(path, os.F_OK):
                    return count
            count += 1
    except (OSError, ValueError):
        pass
    return count


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
        kept = _fresh(chain)
        return chain[-1] if kept == len(chain) else self._build(folder, chain[:kept])[-1]

    def _above(self, folder: str) -> tuple[Node, ...]:
        """What is known, and still so, of the folder above."""
        if folder == self.top:
            return ()
        known = self._chains.get(os.path.dirname(folder), ())
        return known[: _fresh(known)]

    def below(self, above: Node, folder: str, name: str) -> Node:
        """The rules in `folder`, an entry of the folder of `above` called `name`; for walks, which look at each once."""
        return self._make(folder, name, above)

    def _build(self, folder: str, kept: tuple[Node, ...]) -> tuple[Node, ...]:
        chain = list(kept)
        path = chain[-1].path if chain else self.top
        if not chain:
            chain.append(self._make(path, "", None))
        for part in parts_below(folder, path):
            path = os.path.join(path, part)
            chain.append(self._make(path, part, chain[-1]))
        if len(self._chains) >= _MOST_FOLDERS:
            self._chains.clear()
        self._chains[folder] = tuple(chain)
        return self._chains[folder]

    def _make(self, path: str, name: str, above: Node | None) -> Node:
        now = self._now_ns()
        stamp = _UNSETTLED_FOLDER
        is_folder = False
        try:
            found = os.lstat(path)
            is_folder = stat.S_ISDIR(found.st_mode)
            if is_folder and is_settled(found, now) and _FOLDERS_TELL:
                stamp = _folder_stamp(found)
        except (OSError, ValueError):
            pass
        look = _Look(self._files)
        families = self._at_top(look) if above is None else self._inherit(name, above)
        if path == self._git_top:
            families.append(self._repository(path, look))
        families = self._with_own_files(path, families, look)
        if path == self._workspace:
            families = [*self._own_rules(look), *families]
        if relative_to(path, self._git_top):
            families = self._with_repository(path, families, look)
        if look.is_unsettled:
            stamp = _UNSETTLED_FOLDER
        is_plain = is_folder and (above is None or above.is_plain)
        return Node(path, stamp, tuple(look.files), tuple(families), is_plain=is_plain)

    def _at_top(self, look: _Look) -> list[Family]:
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


def find_top(folder: str) -> str:
    """The nearest folder from `folder` upwards that is the top of a git work tree, or ""."""
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return ""
        folder = above


def own_git_folder(top: str) -> str:
    """Where the work tree at `top` keeps what is its own; "" when there is no repository to be found."""
    path = Path(top, ".git")
    try:
        return str(path) if path.is_dir() else _pointer(path, top, prefix="gitdir:")
    except (OSError, ValueError):
        return ""


def common_git_folder(top: str) -> str:
    """Where the repository of a work tree keeps what its work trees share; "" when there is none to be found."""
    own = own_git_folder(top)
    try:
        return own and (_pointer(Path(own, "commondir"), own) or own)
    except (OSError, ValueError):
        return ""


def _pointer(file: Path, start: str, prefix: str = "") -> str:
    """The folder, from `start`, that the plain `file` names; "" when it names none."""
    text = file.read_text("utf-8", "surrogateescape") if file.is_file() else ""
    named = text.removeprefix(prefix).strip()
    return os.path.join(start, named) if text.startswith(prefix) and named and "\0" not in named else ""


def parts_below(path: str, top: str) -> Sequence[str]:
    """The names that lead from `top` to `path`, both absolute and normal; () when `path` is not below."""
    relative = relative_to(path, top)
    return relative.split("/") if relative else ()


def relative_to(path: str, top: str) -> str | None:
    """`path` from `top`, joined by "/", "" for `top` itself; None when it lies elsewhere. Both absolute and normal."""
    if path == top:
        return ""
    start = top if top.endswith(os.sep) else top + os.sep
    return path[len(start) :].replace(os.sep, "/") if path.startswith(start) else None


def shown(path: str, workspace: str) -> str:
    """`path` as people see it: from the workspace where it lies below it, else whole."""
    return (workspace and relative_to(path, workspace)) or path

