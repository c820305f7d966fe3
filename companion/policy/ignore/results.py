"""What a prompt says of ignored files because an agent's tool or mention put it there, told by the files' paths.

Search and list tools name the file that each line comes from, so a search may run over a tree in which some files are
ignored: the lines that come from those are left out of what the model reads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from companion.model.facts import IgnoreMatch
from companion.policy.ignore.found import Found, owners_of_found
from companion.policy.ignore.lines import paths_in_line
from companion.policy.ignore.owners import Manner, Places, owners
from companion.policy.ignore.patches import Files, owners_in_patch
from companion.policy.ignore.printed import Printed

Covers = Callable[[str], IgnoreMatch | None]
"""The rule that keeps a path, as a tool spells it, from the model; None when it may be read."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Characters `start:end` of a text, and the words that stand there instead. They name rules, never content."""

    start: int
    end: int
    words: str
    rule: IgnoreMatch


class Repository(Files, Found, Protocol):
    """What one needs to know of the files that git names."""


_MOST_NAMED = 3

_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")
_ESCAPED_LINE = re.compile(
    r"(?:[^\\]++|\\(?!n|u000[aA]).)*+\\(?:n|u000[aA])|(?:[^\\]++|\\(?!n|u000[aA]).)++\Z", re.DOTALL
)
_JSON_STRING = re.compile(r'"((?:[^"\\]|\\.)*+)"(\s*:)?', re.DOTALL)
_MARK = re.compile(r"<(?P<tag>file_content|final_file_content|folder_content|file)\b(?P<inside>[^<>]{0,2048}+)>")
_NAMED = re.compile(r"\b(?:path|name)=(?P<escape>\\?)(?:\"([^\"<>\n]{1,1024}+)\"|'([^'<>\n]{1,1024}+)')")
_CALLED = re.compile(
    r"^Called the (?P<tool>\w{1,64}) tool with the following input: (?P<input>\{[^\n]*\})$", re.MULTILINE
)
"""How Claude Code puts a file that the person mentioned into a prompt."""
_READERS = frozenset({"Read", "NotebookRead"})
_PATH_KEYS = ("file_path", "notebook_path", "path")

_Line = tuple[int, int, str]
"""A line at `start:end` of a text, and what it says."""


def searched(text: str, places: Places, manner: Manner = Manner.TOOL) -> list[Cut]:
    """What to leave out of a search's result: every line that is not known to be of a file that may be read."""
    return [
        cut
        for lines, escaped in _texts_in(text)
        for cut in _cuts(list(zip(lines, owners([line[2] for line in lines], places, manner), strict=True)), escaped)
    ]


def searched_entry(text: str, place: tuple[int, int], places: Places, manner: Manner) -> list[Cut]:
    """As `searched`, of one of the `entries`."""
    lines = _escaped_lines(text, *place)
    return _cuts(list(zip(lines, owners([line[2] for line in lines], places, manner), strict=True)), escaped=True)


def printed_by_git(text: str, files: Repository, printed: Printed, place: tuple[int, int] | None = None) -> list[Cut]:
    """What to leave out of patches and of what git's search found, wherever they stand in a text, or at its `place`."""
    texts = [(_escaped_lines(text, *place), True)] if place else _texts_in(text)
    cuts: list[Cut] = []
    for lines, escaped in texts:
        said = [line[2] for line in lines]
        owned = owners_in_patch(said, files, printed)
        if printed.finds:
            found = owners_of_found(said, files, has_headings=printed.has_headings)
            owned = [one or other for one, other in zip(owned, found, strict=True)]
        cuts += _cuts(list(zip(lines, owned, strict=True)), escaped)
    return cuts


def listed(text: str, covers: Covers) -> list[Cut]:
    """What to leave out of a list of names: the lines that name a covered path."""
    cuts = []
    for lines, escaped in _texts_in(text):
        known: dict[str, IgnoreMatch | None] = {}
        owned = [(line, _first_covered(line[2], covers, known)) for line in lines]
        cuts += _cuts(owned, escaped=escaped)
    return cuts


def whole(text: str, match: IgnoreMatch) -> list[Cut]:
    """All of a result."""
    return [Cut(0, len(text), f"({_left_out('this result', [match])})", match)] if text.strip() else []


def entries(text: str, count: int) -> list[tuple[int, int]]:
    """Where the results of so many requests stand in the one text that Cline makes of them; [] where it is none."""
    try:
        told = json.loads(text, strict=False) if text[:1] == "[" else None
    except (ValueError, RecursionError):
        return []
    if not isinstance(told, list) or len(told) != count or not all(map(_is_entry, told)):
        return []
    return [value.span(1) for key, value in _pairs(text) if key[1] == "result" and key[2]]


def whole_entry(place: tuple[int, int], match: IgnoreMatch) -> list[Cut]:
    """All of one of the `entries`."""
    start, end = place
    return [Cut(start, end, _in_json(f"({_left_out('this result', [match])})"), match)] if start < end else []


def may_mention(text: str) -> bool:
    """Whether `mentions_of` could find anything. Quick."""
    return "<f" in text or "with the following input" in text


def mentions_of(text: str, covers: Covers) -> list[Cut]:
    """What to leave out of a text into which an agent put whole files, in marks that name their paths."""
    cuts = [*_tagged(text, covers), *_called(text, covers)]
    return sorted(cuts, key=lambda cut: cut.start)


def _tagged(text: str, covers: Covers) -> Iterator[Cut]:
    marks = list(_MARK.finditer(text))
    at = 0
    for number, found in enumerate(marks):
        if found.start() < at:
            continue
        named = list(_NAMED.finditer(found["inside"]))
        match = next(filter(None, (covers(_unescaped(one)) for one in named)), None)
        if match is None:
            continue
        at = _end_of_mention(text, found, marks[number + 1 :])
        if text[found.end() : at].strip():
            words = f"\n({_left_out('its content', [match])})\n"
            escaped = any(one["escape"] for one in named)
            yield Cut(found.end(), at, _in_json(words) if escaped else words, match)


def _unescaped(named: re.Match[str]) -> str:
    path = named[2] or named[3]
    # Within a document the closing quote has a backslash of its own.
    return path.removesuffix("\\") if named["escape"] else path


def _end_of_mention(text: str, found: re.Match[str], following: list[re.Match[str]]) -> int:
    """Where a file's content ends. Marks of other kinds, and those before a closing one, are its own."""
    closing = f"</{found['tag']}>"
    if (first := text.find(closing, found.end())) < 0:
        return len(text)
    limit = next(
        (mark.start() for mark in following if mark["tag"] == found["tag"] and mark.start() > first), len(text)
    )
    return text.rfind(closing, found.end(), limit)


def _called(text: str, covers: Covers) -> Iterator[Cut]:
    calls = list(_CALLED.finditer(text)) if "with the following input:" in text else []
    for number, found in enumerate(calls):
        path = _path_of(found["input"]) if found["tool"] in _READERS else ""
        match = covers(path) if path else None
        start, end = found.end(), calls[number + 1].start() if number + 1 < len(calls) else len(text)
        if match is not None and text[start:end].strip():
            yield Cut(start, end, f"\n({_left_out('its content', [match])})\n", match)


def _path_of(arguments: str) -> str:
    try:
        read = json.loads(arguments)
    except (ValueError, RecursionError):
        return ""
    return next((read[key] for key in _PATH_KEYS if isinstance(read.get(key), str)), "")


def _is_entry(told: Any) -> bool:
    """Whether nothing but its own result is under that key."""
    return (
        isinstance(told, dict)
        and isinstance(told.get("result"), str)
        and not any(isinstance(value, dict | list) for value in told.values())
    )


def _pairs(text: str) -> Iterator[tuple[re.Match[str], re.Match[str]]]:
    """Each string of a JSON text with the one after it."""
    before: re.Match[str] | None = None
    for found in _JSON_STRING.finditer(text):
        if before is not None:
            yield before, found
        before = found


def _texts_in(text: str) -> Iterator[tuple[list[_Line], bool]]:
    """The lines of a text; where it is a JSON document, of each string in it, which is then escaped."""
    if text.lstrip()[:1] not in {"[", "{"} or not _is_json(text):
        yield [(found.start(), found.end(), found[0]) for found in _LINE.finditer(text)], False
        return
    key = ""
    for string in _JSON_STRING.finditer(text):
        key, before = (string[1], key) if string[2] else ("", key)
        # What was asked is the model's own.
        if not string[2] and string[1] and before != "query":
            yield _escaped_lines(text, *string.span(1)), True


def _escaped_lines(text: str, start: int, end: int) -> list[_Line]:
    lines = _ESCAPED_LINE.finditer(text, start, end)
    return [(found.start(), found.end(), json.loads(f'"{found[0]}"', strict=False)) for found in lines]


def _is_json(text: str) -> bool:
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    return True


def _first_covered(line: str, covers: Covers, known: dict[str, IgnoreMatch | None]) -> IgnoreMatch | None:
    for path in paths_in_line(line.rstrip("\r\n")):
        if path not in known:
            known[path] = covers(path)
        if (match := known[path]) is not None:
            return match
    return None


def _cuts(owned: list[tuple[_Line, IgnoreMatch | None]], escaped: bool) -> list[Cut]:
    """Lines that follow each other as one."""
    cuts: list[Cut] = []
    run: list[tuple[_Line, IgnoreMatch]] = []

    def end_run() -> None:
        if run:
            matches = list({(match.source, match.line): match for _, match in run}.values())
            what = "1 line" if len(run) == 1 else f"{len(run)} lines"
            words = f"({_left_out(what, matches)})\n"
            cuts.append(Cut(run[0][0][0], run[-1][0][1], _in_json(words) if escaped else words, run[0][1]))
            run.clear()

    for line, match in owned:
        if match is None:
            end_run()
        else:
            run.append((line, match))
    end_run()
    return cuts


def _in_json(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)[1:-1]


def _left_out(what: str, matches: list[IgnoreMatch]) -> str:
    rules = ", ".join(
        f"{match.source}:{match.line}: {match.pattern}" if match.line else f"{match.source} {match.pattern}"
        for match in matches[:_MOST_NAMED]
    )
    more = f" and {len(matches) - _MOST_NAMED} more rules" if len(matches) > _MOST_NAMED else ""
    return f"companion left out {what}, of files that are ignored: {rules}{more}"
