"""What a prompt says of ignored files because an agent's tool or mention put it there: lines and blocks by path.

Search and list tools name the file that each line comes from, so a search may run over a tree in which some files are
ignored: the lines that come from those, or name them, are left out of what the model reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from companion.model.facts import IgnoreMatch

Covers = Callable[[str], IgnoreMatch | None]
"""The rule that keeps a path, as a tool spells it, from the model; None when it may be read."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Characters `start:end` of a text, and the words that stand there instead. They name rules, never content."""

    start: int
    end: int
    words: str


_LONGEST_PATH = 1024
_MOST_SPLITS = 8
_MOST_NAMED = 3

# path:12:content, path-12-content (lines around a match), path:content, path:12 (counts)
_NUMBERED = re.compile(r"[:=-]\d+(?:[:=-]|$)")
_HEAD = re.compile(r"(?!\d+[:-])[\w./~@+]")
"""How a line begins that may say whose lines come now; a number before it makes it a line of the file above."""
_SPACE = re.compile(r"\s")
_DRAWN = re.compile(r"^[\s│├└─|`*•-]*(?:\U0001f512\s*)?(?:\d+\.\s+)?")
"""What lists draw before a name: trees, bullets, numbers, Cline's lock."""
_MENTION = re.compile(
    r"<(?P<tag>file_content|final_file_content|folder_content|file)\b[^>]*?\b(?:path|name)=(?P<quote>[\"'])(?P<path>.{1,1024}?)(?P=quote)[^>]*>"
    r"(?P<body>.*?)(?P<end></(?P=tag)>|\Z)",
    re.DOTALL,
)


def lines_of(text: str, covers: Covers) -> list[Cut]:
    """What to leave out of a search's or a list's result: the lines that name a covered path or belong to one.

    A line without a path belongs to the path above it, as where a search prints each file's name once over its lines,
    up to an empty line.
    """
    cuts: list[Cut] = []
    known: dict[str, IgnoreMatch | None] = {}

    def judged(path: str) -> IgnoreMatch | None:
        if path not in known:
            known[path] = covers(path)
        return known[path]

    start = 0
    owner: IgnoreMatch | None = None
    run: list[tuple[int, int, IgnoreMatch]] = []
    for line in text.splitlines(keepends=True):
        end = start + len(line)
        bare = line.rstrip("\r\n")
        match, names_path = _owner(bare, judged)
        if match is not None or names_path:
            owner = match
        elif not bare.strip():
            owner = None
        if owner is not None:
            run.append((start, end, owner))
        elif run:
            cuts.append(_cut(run))
            run = []
        start = end
    if run:
        cuts.append(_cut(run))
    return cuts


def mentions_of(text: str, covers: Covers) -> list[Cut]:
    """What to leave out of a text into which an agent put whole files, in marks that name their paths."""
    cuts = []
    for found in _MENTION.finditer(text):
        match = covers(found["path"])
        if match is not None and found["body"].strip():
            cuts.append(Cut(found.start("body"), found.end("body"), f"\n({_left_out('its content', [match])})\n"))
    return cuts


def apply(text: str, cuts: list[Cut]) -> str:
    """The text with each cut's words in the cut's place. Cuts are in order and do not overlap."""
    out: list[str] = []
    at = 0
    for cut in cuts:
        out += (text[at : cut.start], cut.words)
        at = cut.end
    return "".join((*out, text[at:]))


def _owner(line: str, judged: Covers) -> tuple[IgnoreMatch | None, bool]:
    """The rule that covers a path which the line names, and whether the line says whose lines come now."""
    named = False
    for path, is_head in _paths(line):
        match = judged(path)
        if match is not None:
            return match, True
        named = named or is_head
    return None, named


def _paths(line: str) -> Iterator[tuple[str, bool]]:
    """Paths that the line may begin with or be, each with whether it heads the lines that follow."""
    bare = _DRAWN.sub("", line).strip()
    if not bare:
        return
    may_head = _HEAD.match(line) is not None
    for found in islice(_NUMBERED.finditer(line), _MOST_SPLITS):
        path = line[: found.start()].lstrip()
        if path and len(path) <= _LONGEST_PATH:
            yield path, may_head and not _SPACE.search(path)
    before, colon, _ = bare.partition(":")
    if colon and before and len(before) <= _LONGEST_PATH:
        yield before, may_head and "/" in before and not _SPACE.search(before)
    if len(bare) <= _LONGEST_PATH:
        whole = bare.removesuffix(":").rstrip("/*@=|") or bare
        yield whole, may_head and "/" in whole and not _SPACE.search(whole)


def _cut(run: list[tuple[int, int, IgnoreMatch]]) -> Cut:
    matches = list({(match.source, match.line): match for _, _, match in run}.values())
    what = "1 line" if len(run) == 1 else f"{len(run)} lines"
    return Cut(run[0][0], run[-1][1], f"({_left_out(what, matches)})\n")


def _left_out(what: str, matches: list[IgnoreMatch]) -> str:
    rules = ", ".join(
        f"{match.source}:{match.line}: {match.pattern}" if match.line else f"{match.source} {match.pattern}"
        for match in matches[:_MOST_NAMED]
    )
    more = f" and {len(matches) - _MOST_NAMED} more rules" if len(matches) > _MOST_NAMED else ""
    return f"companion left out {what}, of files that are ignored: {rules}{more}"
