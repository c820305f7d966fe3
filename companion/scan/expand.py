"""Globs as a shell expands them, over what lies on disk, within a bound."""
# ruff: noqa: PTH112, PTH114, PTH118 - the paths stay strings, spelt as the agent's shell would spell them

from __future__ import annotations

import os
import re

from companion.policy.ignore.globs import NeverMatches, translate_name
from companion.policy.ignore.patterns import encode

MOST_ENTRIES = 2000
"""Entries of folders that one expansion looks at."""

_OF_TOOLS = frozenset(
    {".git", ".hg", ".svn", ".venv", ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"}
    | {".next", ".nuxt", ".gradle"}
)
"""Folders that tools keep for themselves, large and with nothing in them that anybody wrote."""

_GLOB = re.compile(r"[*?\[]")


class TooMany(Exception):  # noqa: N818 - a bound, not a failure
    """The expansion looked at more entries than the bound allows."""


def has_glob(path: str) -> bool:
    """Whether a shell might expand `path`."""
    return _GLOB.search(path) is not None


def expand(folder: str, path: str) -> list[str]:
    """Paths on disk that `path` stands for when a shell stands in `folder`, which is absolute and taken literally.

    A name with a leading dot has to be asked for with one. `**` spans folders, as shells do where that is switched on.
    `***` spans hidden ones too but for those of tools, and names behind it may be hidden, as find finds them.
    Raises TooMany.
    """
    found = [os.sep if path.startswith("/") else folder]
    budget = MOST_ENTRIES
    hidden = False
    for part in path.split("/"):
        if not part:
            continue
        hidden = hidden or part == "***"
        if part in {"**", "***"}:
            found, budget = _below(found, budget, hidden=hidden)
        elif has_glob(part):
            found, budget = _matching(found, part, budget, hidden=hidden)
        else:
            found = [os.path.join(each, part) for each in found]
    return [each for each in found if os.path.lexists(each)]


def _matching(folders: list[str], part: str, budget: int, *, hidden: bool) -> tuple[list[str], int]:
    found: list[str] = []
    try:
        regex = re.compile(translate_name(encode(part)))
    except NeverMatches:
        # A shell takes a broken bracket as it stands.
        return [os.path.join(folder, part) for folder in folders], budget
    for folder in folders:
        names, budget = _names(folder, budget)
        found += [
            os.path.join(folder, name)
            for name in names
            if (hidden or part.startswith(".") or not name.startswith(".")) and regex.fullmatch(encode(name))
        ]
    return found, budget


def _below(folders: list[str], budget: int, *, hidden: bool) -> tuple[list[str], int]:
    found: list[str] = []
    waiting = list(folders)
    while waiting:
        folder = waiting.pop()
        found.append(folder)
        names, budget = _names(folder, budget)
        entered = (name for name in names if not name.startswith(".") or (hidden and name not in _OF_TOOLS))
        paths = (os.path.join(folder, name) for name in entered)
        waiting += [path for path in paths if os.path.isdir(path) and not os.path.islink(path)]
    return found, budget


def _names(folder: str, budget: int) -> tuple[list[str], int]:
    names: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not budget:
                    raise TooMany
                budget -= 1
                names.append(entry.name)
    except OSError:
        # What cannot be listed expands to nothing, for the agent's shell as well.
        return [], budget
    return names, budget
