"""What a deletion would take with it: counted and listed, within a bound."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from companion.contract.types import Deletion
from companion.policy.display import one_line
from companion.scan.expand import TooMany, expand, has_glob

MOST_LISTED = 20
MOST_COUNTED = 100_000
_SECONDS = 0.5


@dataclass(slots=True)
class _Count:
    ends_at: float
    files: int = 0
    size: int = 0
    names: list[str] = field(default_factory=list[str])

    @property
    def over(self) -> bool:
        return self.files >= MOST_COUNTED or time.monotonic() > self.ends_at


class DiskDoomed:
    """Looks for as long as a person would not notice."""

    def __init__(self, home: str) -> None:
        self._home = home

    def look(self, paths: Sequence[str], folder: str) -> Deletion | None:
        count = _Count(time.monotonic() + _SECONDS)
        complete = True
        for root in self._roots(paths, folder):
            for file in _below(root):
                if count.over:
                    complete = False
                    break
                count.files += 1
                count.size += _size(file)
                if len(count.names) < MOST_LISTED:
                    count.names.append(_shown(file, folder))
        if not count.files:
            return None
        return Deletion(count.files, count.size, complete, count.names)

    def _roots(self, paths: Sequence[str], folder: str) -> Iterator[str]:
        seen: set[str] = set()
        for path in paths:
            spelt = self._home + path[1:] if path == "~" or path.startswith("~/") else path
            if "\0" in spelt or (not folder and not os.path.isabs(spelt)):  # noqa: PTH117
                continue
            try:
                found = expand(folder, spelt) if has_glob(spelt) else [os.path.join(folder, spelt)]  # noqa: PTH118
            except TooMany:
                continue
            for root in found:
                normal = os.path.normpath(root)
                if normal not in seen:
                    seen.add(normal)
                    yield normal


def _below(root: str) -> Iterator[str]:
    """Every file at or below the root; links are files, as rm takes them."""
    if os.path.islink(root) or not os.path.isdir(root):  # noqa: PTH114, PTH112
        if os.path.lexists(root):
            yield root
        return
    for folder, folders, files in os.walk(root):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]  # noqa: PTH114, PTH118
        for name in sorted([*files, *links]):
            yield os.path.join(folder, name)  # noqa: PTH118


def _size(file: str) -> int:
    try:
        return os.lstat(file).st_size
    except OSError:
        return 0


def _shown(file: str, folder: str) -> str:
    near = folder and file.startswith(folder.rstrip("/") + "/")
    return one_line(file[len(folder.rstrip("/")) + 1 :] if near else file, 200)
