"""Paths as Windows writes them, as the targets of facts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.model.facts import EffectKind
from companion.policy.knowledge.finding import Fact

# A drive, a share, a device, the home folder: where these lie is not for this reading to say.
_ELSEWHERE = re.compile(r"[A-Za-z][\w.]*:|[\\/]{2}|~|[\\/]")
_GLOB = re.compile(r"[*?\[\]]")


def plain_path(word: str) -> str | None:
    """A path below the working folder, with slashes; None for any other."""
    return None if _ELSEWHERE.match(word) or not word else word.replace("\\", "/")


def read_path(word: str, at: int, *, names: bool = False) -> Iterator[Fact]:
    path = plain_path(word)
    if path is None:
        yield Fact(EffectKind.UNKNOWN, word, "unknown-path", at)
    elif _GLOB.search(path):
        folder = _GLOB.split(path)[0].rpartition("/")[0] or "."
        yield Fact(EffectKind.READ, folder, "names" if names else "tree", at)
    else:
        yield Fact(EffectKind.READ, path, "names" if names else "", at)


def write_path(word: str, at: int, *, deletes: bool = False) -> Iterator[Fact]:
    path = plain_path(word)
    if path is None or _GLOB.search(path):
        yield Fact(EffectKind.UNKNOWN, word, "unknown-path", at)
    else:
        yield Fact(EffectKind.DELETE if deletes else EffectKind.WRITE, path, "", at)
