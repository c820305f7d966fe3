"""Tells when one file changed, whichever way an editor saves it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from watchfiles import Change, awatch

_STEP_MS = 50


async def changes(file: Path) -> AsyncIterator[None]:
    """Yields after each change of `file`, also when it comes into being or goes; its folder must exist.

    The folder is watched, not the file: most editors save by putting a new file in the old one's place. Changes within
    a few tens of milliseconds come as one.
    """
    names = {file, file.parent.resolve() / file.name}

    def concerns(_: Change, path: str) -> bool:
        return Path(path) in names

    async for _ in awatch(file.parent, watch_filter=concerns, recursive=False, step=_STEP_MS):
        yield
