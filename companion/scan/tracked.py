"""What a repository tracks, read from git's index, and the rules over it. Format: gitformat-index(5).

Only what is tracked can be among what git shows of the files as they are, so an ignored file that git never saw keeps
nothing out of a patch.
"""
# ruff: noqa: PTH118 - as in paths

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from companion.model.facts import IgnoreMatch
from companion.model.policy import Policy
from companion.scan.paths import DiskPaths
from companion.scan.worktree import find_top, own_git_folder

_MOST_BYTES = 256 * 1024 * 1024
_HEAD = 12
_STAT = 40
_NAMES = (20, 32)
"""How long the name of an object is, by its hash."""
_EXTENDED = 0x4000
_LINK = b"link"
_Stamp = tuple[int, int, int]


class BadIndex(ValueError):  # noqa: N818 - an answer: nobody can say
    """The index is none that is understood."""


class TrackedFiles:
    """The files that repositories track. Blocking, short; safe in threads."""

    def __init__(self, paths: DiskPaths) -> None:
        self._paths = paths
        self._known: tuple[str, _Stamp, tuple[str, ...]] = ("", (0, 0, 0), ())

    def top(self, folder: str, workspace: str) -> str:
        """The top of the work tree that holds a folder, which is named from the workspace; "" for none."""
        start = os.path.join(workspace, folder)
        # From no workspace at all a path would lead from where the daemon runs.
        return find_top(os.path.realpath(start)) if Path(start).is_absolute() else ""

    def ignored(self, top: str, workspace: str, policy: Policy) -> Iterator[IgnoreMatch]:
        """The rules over tracked files, each once. Where nobody can say what is tracked, one that says so."""
        try:
            names = self._names(top)
        except (OSError, ValueError) as error:
            yield IgnoreMatch("companion", 0, f"(the index of git cannot be read: {type(error).__name__})", denied=True)
            return
        seen: set[IgnoreMatch] = set()
        for match in self._matches(top, names, workspace, policy):
            if match not in seen:
                seen.add(match)
                yield match

    def _matches(self, top: str, names: tuple[str, ...], workspace: str, policy: Policy) -> Iterator[IgnoreMatch]:
        ground = self._paths.ground(workspace)
        tree = self._paths.tree_of(top, ground, policy)
        folder, node = "\0", None
        for name in names:
            below, _, last = name.rpartition("/")
            if below != folder:
                folder, node = below, tree.node(os.path.join(top, *below.split("/")) if below else top)
            if node is not None and (match := node.first_match(last, is_dir=False)) is not None:
                yield match

    def _names(self, top: str) -> tuple[str, ...]:
        own = own_git_folder(top)
        if not own:
            raise BadIndex("no repository")
        file = Path(own, "index")
        try:
            found = file.stat()
        except FileNotFoundError:
            # Nothing was ever added.
            return ()
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if self._known[:2] == (str(file), stamp):
            return self._known[2]
        names = tuple(dict.fromkeys(_with_shared(file)))
        self._known = (str(file), stamp, names)
        return names


def _with_shared(file: Path) -> list[str]:
    """The names in an index, and in the one that it builds upon."""
    data = _load(file)
    for size in _NAMES:
        try:
            names, end = read_names(data, size)
        except BadIndex:
            continue
        at = end
        while at + 8 + size <= len(data):
            length = int.from_bytes(data[at + 4 : at + 8], "big")
            if data[at : at + 4] == _LINK:
                shared = file.with_name(f"sharedindex.{data[at + 8 : at + 8 + size].hex()}")
                return [*read_names(_load(shared), size)[0], *names]
            at += 8 + length
        if at + size == len(data):
            return names
    raise BadIndex(str(file))


def _load(file: Path) -> bytes:
    if file.stat().st_size > _MOST_BYTES:
        raise BadIndex("too large")
    return file.read_bytes()


def read_names(data: bytes, size: int) -> tuple[list[str], int]:
    """The names in an index whose objects have names of `size` bytes, and where its entries end. Raises BadIndex.

    A folder that a sparse index keeps whole is among them, without the slash at its end.
    """
    version = int.from_bytes(data[4:8], "big")
    if len(data) < _HEAD or data[:4] != b"DIRC" or version not in {2, 3, 4}:
        raise BadIndex("no index")
    names: list[str] = []
    at, before = _HEAD, b""
    for _ in range(int.from_bytes(data[8:12], "big")):
        start = at
        at += _STAT + size
        flags = int.from_bytes(data[at : at + 2], "big")
        at += 4 if flags & _EXTENDED and version > 2 else 2
        kept = b""
        if version == 4:
            dropped, at = _number(data, at)
            if dropped > len(before):
                raise BadIndex("a name that is shorter than nothing")
            kept = before[: len(before) - dropped]
        end = data.find(b"\0", at)
        if end < 0:
            raise BadIndex("a name without an end")
        before = kept + data[at:end]
        names.append(os.fsdecode(before.rstrip(b"/")))
        at = end + 1 if version == 4 else start + (end - start + 8 & ~7)
    return names, at


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of bytes that say whether another one follows, and where it ends."""
    value = -1
    for place in range(at, len(data)):
        value = (value + 1 << 7) | (data[place] & 0x7F)
        if not data[place] & 0x80:
            return value, place + 1
    raise BadIndex("a number without an end")
