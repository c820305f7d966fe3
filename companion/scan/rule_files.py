"""Files of rules, read again as soon as they change.

What a file's times say is believed only when they are older than one tick of the file system's clock: two writes within
a tick can leave the same times behind.
"""
# ruff: noqa: PTH116 - a decision asks the disk a dozen times: strings cost a third of what Path does

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable
from typing import Final

from companion.policy.ignore.patterns import PatternList, parse_lines

LARGEST = 1 << 18
_MOST_CACHED = 4096

# No kernel's clock ticks slower. A file system without fractions of a second may tick every two seconds.
_TICK_NS = 100_000_000
_COARSE_TICK_NS = 2_100_000_000
_SECOND_NS = 1_000_000_000

LINK: Final = "a symbolic link, so its rules are unknown"
NO_FILE: Final = "not a plain file, so its rules are unknown"
_TOO_LARGE: Final = f"larger than {LARGEST} bytes, so its rules are unknown"

Stamp = tuple[int, ...]
"""What tells one state of a file from another. UNSETTLED equals none."""
UNSETTLED: Final[Stamp] = (-1, -1)
MISSING: Final[Stamp] = ()
_UNKNOWN: Final[Stamp] = (-2,)

Content = PatternList | str
"""The patterns of a file, or the reason why they cannot be known."""


def stamp_of(found: os.stat_result) -> Stamp:
    """The order is the one that `folders.fresh` compares by."""
    # The change time is the one that no program can set.
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev)


def is_settled(found: os.stat_result, now_ns: int) -> bool:
    """Whether any change from now on will show in the times. On Windows the change time is that of the creation."""
    changed = found.st_mtime_ns if sys.platform == "win32" else found.st_ctime_ns
    tick = _TICK_NS if changed % _SECOND_NS or found.st_mtime_ns % _SECOND_NS else _COARSE_TICK_NS
    return abs(now_ns - changed) > tick


def current_stamp(path: str, *, follow: bool) -> Stamp:
    """The stamp of what lies at `path` now; MISSING where nothing does. Never raises."""
    try:
        return stamp_of(os.stat(path, follow_symlinks=follow))
    except (FileNotFoundError, NotADirectoryError):
        return MISSING
    except (OSError, ValueError):
        return _UNKNOWN


def settled_stamp(path: str) -> Stamp:
    """As `current_stamp`, links followed; UNSETTLED where a change from now on may not show."""
    now = time.time_ns()
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return MISSING
    except (OSError, ValueError):
        return UNSETTLED
    return stamp_of(found) if is_settled(found, now) else UNSETTLED


class RuleFiles:
    """Loads files of patterns. Blocking, short; safe in threads."""

    def __init__(self, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._now_ns = now_ns
        self._cache: dict[tuple[str, bool], tuple[Stamp, Content]] = {}
        self._parsed: dict[tuple[bytes, bool], PatternList] = {}

    def load(self, path: str, *, follow: bool, fold_case: bool) -> tuple[Stamp, Content | None]:
        """The stamp by which a change will be told, and the patterns, why they are unknown, or None for no file."""
        now = self._now_ns()
        try:
            found = os.stat(path, follow_symlinks=follow)
        except (FileNotFoundError, NotADirectoryError):
            return MISSING, None
        except (OSError, ValueError) as error:
            return UNSETTLED, _unreadable(error)
        stamp = stamp_of(found)
        told = stamp if is_settled(found, now) else UNSETTLED
        if stat.S_ISLNK(found.st_mode):
            return told, LINK
        if not stat.S_ISREG(found.st_mode):
            return told, NO_FILE
        if found.st_size > LARGEST:
            return told, _TOO_LARGE
        cached = self._cache.get((path, fold_case))
        if cached and cached[0] == stamp and told is not UNSETTLED:
            return told, cached[1]
        try:
            return self._read(path, follow=follow, fold_case=fold_case)
        except FileNotFoundError:
            return UNSETTLED, None
        except (OSError, ValueError) as error:
            return UNSETTLED, _unreadable(error)

    def _read(self, path: str, *, follow: bool, fold_case: bool) -> tuple[Stamp, Content]:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | (0 if follow else getattr(os, "O_NOFOLLOW", 0))
        with open(os.open(path, flags), "rb") as file:  # noqa: PTH123 - opened by descriptor, to say how
            now = self._now_ns()
            found = os.fstat(file.fileno())
            raw = file.read(LARGEST + 1)
        if len(raw) > LARGEST:
            return UNSETTLED, _TOO_LARGE
        content = self._parse(raw, fold_case=fold_case)
        if not is_settled(found, now):
            return UNSETTLED, content
        if len(self._cache) >= _MOST_CACHED:
            self._cache.clear()
        self._cache[path, fold_case] = (stamp_of(found), content)
        return stamp_of(found), content

    def _parse(self, raw: bytes, *, fold_case: bool) -> PatternList:
        """A file that is read again and again while it is young is parsed once."""
        known = self._parsed.get((raw, fold_case))
        if known is None:
            known = PatternList(parse_lines(raw, fold_case=fold_case))
            if len(self._parsed) >= _MOST_CACHED // 16:
                self._parsed.clear()
            self._parsed[raw, fold_case] = known
        return known


def _unreadable(error: Exception) -> str:
    return f"cannot be read ({type(error).__name__}), so its rules are unknown"
