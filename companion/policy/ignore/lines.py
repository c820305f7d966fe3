"""How lines of a search's or a list's result say which file they are of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

_LONGEST_PATH = 1024
_MOST_SPLITS = 32

# path:12:content, path-12-content and path-content (lines around a match), path:content, path:12 (counts)
_MARK = re.compile(r"[:=-]")
_WORD = re.compile(r"[^\s:]*+")
_NUMBER_AFTER = re.compile(r":\d{1,9}(?::|$)")
_NUMBER_WITHIN = re.compile(r"[=-]\d{1,9}(?:[=-]|$)")
_HEAD = re.compile(r"(?!\d+[:-])[\w./~@+]")
"""How a line begins that may say whose lines come now; a number before it makes it a line of the file above."""
_NUMBERED = re.compile(r"\s*>?\s*\d")
_BRACKETED = re.compile(r"[(\[{#$]")
_POSITION = re.compile(r"(?::\d{1,9}){0,2}\s*$")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[mK]")
_AMOUNT = r"\d[\d,.]*\s?k?\s?(?:lines?|tokens?|char(?:acter)?s?|bytes?)"
_TRUNCATED = re.compile(
    rf"(?:…|\.{{3}}|[\[(<])[\s\[(<.…]{{0,8}}(?:output )?(?:{_AMOUNT} (?:were )?(?:truncated|omitted|skipped)"
    rf"|(?:truncated|omitted|skipped):? (?:\d[\d,]* of )?{_AMOUNT})[\s\])>.…]*",
    re.IGNORECASE,
)
MARKING = ("truncated", "omitted", "skipped")
"""A text in which none of these stands, whatever its case, has no mark of what an agent left out."""
_AGENTS_OWN = re.compile(
    r"(?:-{2,}|Chunk ID: .{1,40}|Wall time: .{1,40}|Process (?:exited|running) with .{1,40}|Original token count: \d+"
    r"|Total output lines: \d+|Exit code:? -?\d+|Output:|Command (?:executed|completed).{0,20}|</?[a-z_]{1,20}>"
    r"|<(?:status|exit_code|retrieval_status|task_id|task_type)>[\w-]{1,40}</\w+>|No (?:matches|files|results) found\.?"
    r"|\((?:no output|no matches|No content|Bash completed with no output)\)|Found \d+ .{0,80}|\s*)"
)
_DRAWN = re.compile(r"^[\s│├└─|`*•-]*(?:\U0001f512\s*)?(?:\d+\.\s+)?")
"""What lists draw before a name: trees, bullets, numbers, Cline's lock."""


def begins_with_path(line: str) -> bool:
    """Whether the line may say whose lines come now."""
    return _HEAD.match(line) is not None


def begins_with_number(line: str) -> bool:
    """Whether the line may be one of a file that was named above."""
    return _NUMBERED.match(line) is not None


def begins_with_bracket(line: str) -> bool:
    """Whether the line begins as folders of some projects do."""
    return _BRACKETED.match(line) is not None


def is_heading(line: str, path: str) -> bool:
    """Whether a line that begins with a path says nothing else, so that lines of the file follow."""
    return _POSITION.match(line, len(path)) is not None


def without_colours(line: str) -> str:
    return _COLOUR.sub("", line) if "\x1b" in line else line


def mark_of_truncation(line: str) -> str | None:
    """What an agent says there of what it left out, after which the rest of any other line may come."""
    found = _TRUNCATED.search(line)
    return found[0].strip() if found else None


def is_agents_own(line: str) -> bool:
    """Whether it is what agents write around a result."""
    return _AGENTS_OWN.fullmatch(line) is not None


def names_path(line: str) -> bool:
    """Whether a line that begins with a path is likely to mean one, by how it goes on."""
    word = _WORD.match(line[:_LONGEST_PATH])
    assert word is not None
    said, end = word[0], word.end()
    if end == _LONGEST_PATH:
        # Who knows how it goes on.
        return True
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
