"""Tells which files changed below a folder, without watching what is ignored. A hint: what guards looks at the disk."""

# ruff: noqa: PTH112, PTH116, PTH119 - paths as watchfiles tells them, which are strings

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path

from watchfiles import Change, awatch

MOST_FOLDERS = 50_000
"""Folders that are watched at a time. A system's watches are shared by all programs of a user."""

_STEP_MS = 10
_DEBOUNCE_MS = 100
_SETTLE_MS = 200

FoldersOf = Callable[[str], Iterable[str]]
"""The folders to watch at and below one, itself first, all absolute. Blocking."""


async def changes_below(
    root: Path,
    folders_of: FoldersOf,
    *,
    turns_on: frozenset[str] = frozenset(),
    left_out: Callable[[int], None] | None = None,
) -> AsyncIterator[frozenset[str]]:
    """Paths that changed, came or went below `root`, in batches; the first, once all is watched, may be empty.

    A folder that comes is looked through, as what came into it before its watch began tells nobody. After a change of
    a file whose name is in `turns_on`, such as one of rules, `folders_of` is asked anew. `left_out` hears how many
    folders past MOST_FOLDERS are not watched.
    """
    told: dict[str, int] = {}
    first = True
    while await asyncio.to_thread(root.is_dir):
        folders = await asyncio.to_thread(lambda: list(folders_of(str(root))))
        if len(folders) > MOST_FOLDERS and left_out is not None:
            left_out(len(folders) - MOST_FOLDERS)
        folders = folders[:MOST_FOLDERS]
        before, told = told, await asyncio.to_thread(_times, folders)
        watching = awatch(
            *folders, watch_filter=None, recursive=False, step=_STEP_MS, debounce=_DEBOUNCE_MS, rust_timeout=_SETTLE_MS,
            yield_on_timeout=True,
        )  # fmt: skip
        is_watched = False
        async for batch in watching:
            paths = {path for _, path in batch}
            if not is_watched:
                # Between two watches nobody listened: what changed meanwhile shows in the folders' times.
                is_watched = True
                paths |= await asyncio.to_thread(_entries_of_changed, folders, before)
                if first or paths:
                    first = False
                    yield frozenset(paths)
            elif paths:
                came = [path for change, path in batch if change is Change.added]
                paths |= await asyncio.to_thread(_below, came, folders_of)
                yield frozenset(paths)
            if not batch:
                continue
            told = await asyncio.to_thread(_times, folders)
            if _turns(batch, folders, turns_on):
                break
        await watching.aclose()


def _turns(batch: Iterable[tuple[Change, str]], folders: Sequence[str], names: frozenset[str]) -> bool:
    """Whether other folders are to be watched from now on."""
    watched = frozenset(folders)
    return any(
        os.path.basename(path) in names or path in watched or (change is Change.added and os.path.isdir(path))
        for change, path in batch
    )


def _times(folders: Sequence[str]) -> dict[str, int]:
    found = {}
    for folder in folders:
        try:
            found[folder] = os.stat(folder).st_mtime_ns
        except OSError:
            continue
    return found


def _entries_of_changed(folders: Sequence[str], before: dict[str, int]) -> set[str]:
    """What lies in folders that changed since `before`; of a first look, nothing."""
    if not before:
        return set()
    now = _times(folders)
    changed = [folder for folder in folders if now.get(folder) != before.get(folder)]
    return {entry for folder in changed for entry in _entries(folder)}


def _below(paths: Iterable[str], folders_of: FoldersOf) -> set[str]:
    """All that lies below those of the paths that are folders."""
    folders = [folder for path in paths if os.path.isdir(path) for folder in folders_of(path)]
    return {entry for folder in folders for entry in _entries(folder)}


def _entries(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.path for entry in entries]
    except OSError:
        return []
