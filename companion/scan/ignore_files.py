"""Ignore files on disk, read again as soon as they change.

Every decision asks the disk about each file that has a say, so a rule written now counts from the next decision on.
"""
# ruff: noqa: PTH116, PTH118, PTH120 - a decision asks the disk a dozen times: strings cost a third of what Path does

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from companion.model.facts import IgnoreMatch
from companion.policy.ignore.patterns import PatternList, parse_lines
from companion.policy.ignore.rules import IgnoreFile, Rules, decide

GIT_FILE = ".gitignore"

_LARGEST = 1 << 18
_MOST_CACHED = 4096
# Two writes within one tick of the file system's clock can leave the same times behind: younger files are not cached.
_TICK_NS = 100_000_000

_Stamp = tuple[int, int, int, int, int]
_Content = PatternList | str
"""The patterns of a file, or the reason why they cannot be known."""


class IgnoreFiles:
    """Loads the ignore files that have a say about what lies in a folder. Blocking, short; safe in threads."""

    def __init__(self, global_file: str = "", *, fold_case: bool = False) -> None:
        """`global_file` is git's own list for all repositories, or "" for none."""
        self._global_file = global_file
        self._fold_case = fold_case
        self._cache: dict[str, tuple[_Stamp, _Content]] = {}

    def deny_rules(self, top: str, folder: str, name: str, *, shown_from: str) -> Rules:
        """The rules of the files called `name` from `top` down to `folder`, both absolute.

        A file that is no plain readable file excludes everything in its folder. Sources are relative to `shown_from`.
        """
        return Rules(tuple(self._chain(top, folder, name, shown_from, closed_by_link=True)))

    def git_rules(self, top: str, folder: str, *, shown_from: str) -> Rules:
        """Git's rules from the repository's `top` down to `folder`: global list, info/exclude, each .gitignore.

        As for git, a .gitignore that is a symbolic link or a folder has no rules; one that cannot be read excludes all.
        """
        files = [*self._whole_repository(top), *self._chain(top, folder, GIT_FILE, shown_from, closed_by_link=False)]
        return Rules(tuple(files), denied=False)

    def git_match(self, top: str, path: str, *, is_dir: bool) -> IgnoreMatch | None:
        """The line by which git ignores `path`, given relative to `top`: what `git check-ignore --no-index -v` says."""
        folder = os.path.dirname(os.path.join(top, path))
        return decide(self.git_rules(top, folder, shown_from=top), path, is_dir=is_dir)

    def _whole_repository(self, top: str) -> Iterator[IgnoreFile]:
        common = common_git_folder(top)
        for path, source in (
            (self._global_file, self._global_file),
            (os.path.join(common, "info", "exclude") if common else "", ".git/info/exclude"),
        ):
            content = self._load(path, follow=True) if path else None
            if content is not None:
                yield self._as_file(source, "", content)

    def _chain(
        self, top: str, folder: str, name: str, shown_from: str, *, closed_by_link: bool
    ) -> Iterator[IgnoreFile]:
        base = ""
        for part in ["", *parts_below(folder, top)]:
            base = f"{base}/{part}" if base else part
            path = os.path.join(top, base, name)
            content = self._load(path, follow=False)
            if content is None or (not closed_by_link and isinstance(content, str) and content in _LEFT_OUT_BY_GIT):
                continue
            yield self._as_file(shown(path, shown_from), base, content)

    def _as_file(self, source: str, base: str, content: _Content) -> IgnoreFile:
        if isinstance(content, str):
            return IgnoreFile.closed(source, base, content)
        return IgnoreFile(source, base, content, fold_case=self._fold_case)

    def _load(self, path: str, *, follow: bool) -> _Content | None:
        """Patterns, why they cannot be known, or None when there is no such file."""
        try:
            found = os.stat(path, follow_symlinks=follow)
            if stat.S_ISLNK(found.st_mode):
                return _LINK
            if not stat.S_ISREG(found.st_mode):
                return _NO_FILE
            if found.st_size > _LARGEST:
                return f"larger than {_LARGEST} bytes, so its rules are unknown"
            stamp = _stamp(found)
            cached = self._cache.get(path)
            return cached[1] if cached and cached[0] == stamp else self._read(path, follow=follow)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            return f"cannot be read ({type(error).__name__}), so its rules are unknown"

    def _read(self, path: str, *, follow: bool) -> _Content:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | (0 if follow else getattr(os, "O_NOFOLLOW", 0))
        with open(os.open(path, flags), "rb") as file:  # noqa: PTH123 - opened by descriptor, to say how
            stamp = _stamp(os.fstat(file.fileno()))
            content = PatternList(parse_lines(file.read(_LARGEST), fold_case=self._fold_case))
        if len(self._cache) >= _MOST_CACHED:
            self._cache.clear()
        if time.time_ns() - max(stamp[0], stamp[1]) > _TICK_NS:
            self._cache[path] = (stamp, content)
        return content


_LINK = "a symbolic link, so its rules are unknown"
_NO_FILE = "not a plain file, so its rules are unknown"
_LEFT_OUT_BY_GIT = (_LINK, _NO_FILE)


def _stamp(found: os.stat_result) -> _Stamp:
    # The change time is the one that no program can set.
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev)


def find_top(folder: str) -> str:
    """The nearest folder from `folder` upwards that is the top of a git work tree, or ""."""
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return ""
        folder = above


def common_git_folder(top: str) -> str:
    """Where the repository of a work tree keeps what its work trees share; "" when there is none to be found."""
    path = Path(top, ".git")
    try:
        if path.is_dir():
            return str(path)
        own = _pointer(path, top, prefix="gitdir:")
        return own and (_pointer(Path(own, "commondir"), own) or own)
    except (OSError, ValueError):
        return ""


def _pointer(file: Path, start: str, prefix: str = "") -> str:
    """The folder, from `start`, that the plain `file` names; "" when it names none."""
    text = file.read_text("utf-8", "surrogateescape") if file.is_file() else ""
    named = text.removeprefix(prefix).strip()
    return os.path.join(start, named) if text.startswith(prefix) and named and "\0" not in named else ""


def find_global_file(home: str, environ: Mapping[str, str]) -> str:
    """Git's list for all repositories where the user named no other."""
    return os.path.join(environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "git", "ignore")


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
