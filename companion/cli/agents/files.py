"""Files of companion's own that lie among an agent's: put there by `connect`, taken away by `disconnect`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from companion.cli.agents.errors import Impossible
from companion.cli.agents.hooks import OwnFile
from companion.cli.agents.record import Placed, sha256
from companion.cli.agents.settings import look, make_folders, missing_folders, put_in_place, remove, remove_empty

MARK = "made by companion connect"
"""Stands in each of these files, so that they can be told from a person's."""


@dataclass(frozen=True, slots=True)
class Look:
    """The files as they should be, and what keeps one from being so."""

    wanted: tuple[OwnFile, ...]
    changed: bool
    strange: tuple[str, ...]
    """Paths at which somebody else's file lies; it stays."""


def compare(files: Sequence[OwnFile]) -> Look:
    """Raises Impossible."""
    strange: list[str] = []
    wanted: list[OwnFile] = []
    changed = False
    for file in files:
        present = look(Path(file.path))
        if present.content is not None and MARK.encode() not in present.content:
            strange.append(file.path)
            continue
        wanted.append(file)
        changed = changed or present.content != file.content.encode()
    return Look(tuple(wanted), changed, tuple(strange))


def place(files: Sequence[OwnFile]) -> list[Placed]:
    """Writes them. Raises Impossible, and then none of the new ones is left."""
    placed: list[Placed] = []
    try:
        for file in files:
            path = Path(file.path)
            folders = [str(folder) for folder in missing_folders(path.parent)]
            before = look(path)
            make_folders(path.parent)
            put_in_place(before.path, file.content.encode(), file.mode, before.content)
            placed.append(Placed(str(before.path), sha256(file.content.encode()), folders))
    except BaseException:
        take_back(placed)
        raise
    return placed


def take_back(placed: Sequence[Placed]) -> list[str]:
    """Removes what is still companion's; the paths of files that somebody changed, which stay."""
    kept: list[str] = []
    for one in placed:
        path = Path(one.path)
        with contextlib.suppress(Impossible, OSError):
            content = look(path).content
            if content is None:
                pass
            elif sha256(content) == one.sha256 or MARK.encode() in content:
                remove(path)
            else:
                kept.append(one.path)
        remove_empty([Path(folder) for folder in one.folders])
    return kept


def is_in_place(file: OwnFile) -> bool:
    """Whether the file is as it should be, and can be run where it has to be."""
    path = Path(file.path)
    try:
        return path.read_text("utf-8") == file.content and (not file.mode & 0o100 or os.access(path, os.X_OK))
    except (OSError, ValueError):
        return False
