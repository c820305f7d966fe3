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
from companion.policy.ignore.lines import begins_with_path, names_path, paths_at_start, paths_in_line

Covers = Callable[[str], IgnoreMatch | None]
"""The rule that keeps a path, as a tool spells it, from the model; None when it may be read."""


class Places(Protocol):
    """What a search needs to know of paths, as its tool spells them."""

    def covers(self, path: str) -> IgnoreMatch | None:
        """As `Covers`."""
        ...

    def is_file(self, path: str) -> bool: ...

    def lost(self) -> IgnoreMatch | None:
        """The rule to name for lines of a file that nobody finds; None where no ignored file lies where it went."""
        ...


@dataclass(frozen=True, slots=True)
class Cut:
    """Characters `start:end` of a text, and the words that stand there instead. They name rules, never content."""

    start: int
    end: int
    words: str
    rule: IgnoreMatch


_MOST_NAMED = 3

_SPACE = re.compile(r"\s")
_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")
_ESCAPED_LINE = re.compile(
    r"(?:[^\\]++|\\(?!n|u000[aA]).)*+\\(?:n|u000[aA])|(?:[^\\]++|\\(?!n|u000[aA]).)++\Z", re.DOTALL
)
_JSON_STRING = re.compile(r'"((?:[^"\\]|\\.)*+)"(\s*:)?', re.DOTALL)
_MENTION = re.compile(
    r"<(?P<tag>file_content|final_file_content|folder_content|file)\b[^<>]{0,200}?\b(?:path|name)="
    r"(?P<quote>[\"'])(?P<path>[^<>\n]{1,1024}?)(?P=quote)[^<>]{0,200}>"
)
_CALLED = re.compile(
    r"^Called the (?P<tool>\w{1,64}) tool with the following input: (?P<input>\{[^\n]*\})$", re.MULTILINE
)
"""How Claude Code puts a file that the person mentioned into a prompt."""
_READERS = frozenset({"Read", "NotebookRead"})
_PATH_KEYS = ("file_path", "notebook_path", "path")

_Line = tuple[int, int, str]
"""A line at `start:end` of a text, and what it says."""


def searched(text: str, places: Places) -> list[Cut]:
    """What to leave out of a search's result: every line that is not known to be of a file that may be read.

    A line without a path belongs to the path above it.
    """
    return [cut for lines, escaped in _texts_in(text) for cut in _searched(lines, places, escaped=escaped)]


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
        told = json.loads(text) if text[:1] == "[" else None
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
    at = 0
    while (found := _MENTION.search(text, at)) is not None:
        at = found.end()
        match = covers(found["path"])
        if match is None:
            continue
        # A file may hold the closing mark itself: the last one before the next file counts.
        following = _MENTION.search(text, at)
        limit = following.start() if following else len(text)
        end = text.rfind(f"</{found['tag']}>", at, limit)
        end = limit if end < 0 else end
        if text[at:end].strip():
            yield Cut(at, end, f"\n({_left_out('its content', [match])})\n", match)
        at = end


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
    except ValueError:
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
            lines = _ESCAPED_LINE.finditer(text, string.start(1), string.end(1))
            yield [(found.start(), found.end(), json.loads(f'"{found[0]}"')) for found in lines], True


def _is_json(text: str) -> bool:
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    return True


def _searched(lines: list[_Line], places: Places, *, escaped: bool) -> list[Cut]:
    owned: list[tuple[_Line, IgnoreMatch | None]] = []
    owner: IgnoreMatch | None = None
    for line in lines:
        said = line[2].rstrip("\r\n")
        path, names_one = _path_of_line(said, places)
        if path:
            owner = places.covers(path)
        elif names_one and owner is None and (match := places.lost()) is not None:
            owned.append((line, match))
            continue
        owned.append((line, owner))
    return _cuts(owned, escaped=escaped)


def _path_of_line(line: str, places: Places) -> tuple[str, bool]:
    """The file that a line says it is of, "" for none; and whether it names one all the same.

    The longest that is there: what a line goes on with may look like a path, and hardly ever is one.
    """
    if not begins_with_path(line):
        return "", False
    paths = list(paths_at_start(line))
    there = next(filter(places.is_file, paths), "")
    gone = there or next((path for path in paths if not _SPACE.search(path) and places.covers(path)), "")
    return gone, names_path(line)


def _first_covered(line: str, covers: Covers, known: dict[str, IgnoreMatch | None]) -> IgnoreMatch | None:
    for path in paths_in_line(line.rstrip("\r\n")):
        if path not in known:
            known[path] = covers(path)
        if (match := known[path]) is not None:
            return match
    return None


def _cuts(owned: list[tuple[_Line, IgnoreMatch | None]], *, escaped: bool) -> list[Cut]:
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
