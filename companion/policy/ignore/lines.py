"""How lines of a search's or a list's result say which file they are of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

_LONGEST_PATH = 1024
_MOST_SPLITS = 16

# path:12:content, path-12-content and path-content (lines around a match), path:content, path:12 (counts)
_MARK = re.compile(r"[:=-]")
_WORD = re.compile(r"[^\s:]*+")
_NUMBER_AFTER = re.compile(r":\d{1,9}(?::|$)")
_NUMBER_WITHIN = re.compile(r"[=-]\d{1,9}(?:[=-]|$)")
_HEAD = re.compile(r"(?!\d+[:-])[\w./~@+]")
"""How a line begins that may say whose lines come now; a number before it makes it a line of the file above."""
_DRAWN = re.compile(r"^[\s│├└─|`*•-]*(?:\U0001f512\s*)?(?:\d+\.\s+)?")
"""What lists draw before a name: trees, bullets, numbers, Cline's lock."""


def begins_with_path(line: str) -> bool:
    """Whether the line may say whose lines come now."""
    return _HEAD.match(line) is not None


def names_path(line: str) -> bool:
    """Whether a line that begins with a path is likely to mean one, by how it goes on."""
    word = _WORD.match(line[:_LONGEST_PATH])
    assert word is not None
    said, end = word[0], word.end()
    if "/" in said:
        return end == len(line) or line[end] == ":" or "-" in said
    return _NUMBER_AFTER.match(line, end) is not None or _NUMBER_WITHIN.search(said) is not None


def paths_at_start(line: str) -> Iterator[str]:
    """Every path with which the line may begin, the longest first."""
    ends = [found.start() for found in islice(_MARK.finditer(line), _MOST_SPLITS)]
    for end in (len(line), *reversed(ends)):
        path = line[:end].rstrip()
        if path and len(path) <= _LONGEST_PATH:
            yield path


def paths_in_line(line: str) -> Iterator[str]:
    """Paths that a list may mean by a line: what is before a colon, and the whole line without what is drawn."""
    bare = _DRAWN.sub("", line).strip()
    before, colon, _ = bare.partition(":")
    for path in (before if colon else "", bare.removesuffix(":").rstrip("/*@=|") or bare):
        if path and len(path) <= _LONGEST_PATH:
            yield path
