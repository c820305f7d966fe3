"""Headers of files in patches: what they name, and what stands before every line of theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_LONGEST = 4096
_MOST_SPLITS = 32
_FRONT = r"[|/\\_* .>\-]{0,128}?|\s{0,8}\d{1,7}(?:\t|→|[:|-] ?|  ?)|</?[\w-]{1,24}>|Output:\s*"
_HEAD = re.compile(rf"(?P<front>{_FRONT})(?P<kind>diff --git |diff --cc |diff --combined |diff -|Index: |--- )")
_NUMBERED = re.compile(r"\s{0,8}\d{1,7}(?:\t|→|[:|-] ?|  ?)")
_GRAPH = re.compile(r"[|/\\_* ]+")
_GIT = re.compile(
    r"(?:index|old mode|new mode|deleted file mode|new file mode|similarity index|dissimilarity index|mode) \S.*"
    r"|={10,}|GIT binary patch"
)
_NAMED = re.compile(r"(rename from|rename to|copy from|copy to|---|\+\+\+) (.*)", re.DOTALL)
_DIFFER = re.compile(r"Binary files (.*) and (.*) differ", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"')
_ESCAPE = re.compile(r"\\([0-7]{3}|.)", re.DOTALL)
_LETTERS = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_PREFIX = re.compile(r"[abciwo12]/")
_NOTHING = "/dev/null"
_MESSAGE = " " * 4


@dataclass(frozen=True, slots=True)
class Header:
    """What a header names; `end` is the line after it."""

    end: int
    names: tuple[str, ...]
    """Files as they are called."""
    prefixed: tuple[str, ...]
    """Files of whose names the first part may stand for a side."""
    front: str = ""
    is_binary: bool = False
    is_plain: bool = False
    """Whether it is two lines that content could spell too, and no more."""

    @property
    def may_be_content(self) -> bool:
        """Whether what stands before it may be the sign of a line of content."""
        front = self.front
        if front[:1] in {" ", "-"} or front[-1:] == "-" or (front and not front.strip(" .>-")):
            return True
        # Bars of a graph take two characters each.
        return _GRAPH.fullmatch(front) is not None and (len(front) % 2 > 0 or front.endswith("   "))

    @property
    def is_indented(self) -> bool:
        """Whether it stands where git writes messages of commits."""
        return self.front.endswith(_MESSAGE)

    def bare(self, line: str) -> str:
        """A line without what stands before each line, such as the bars of a graph."""
        return _without(self.front, line)


def header_at(lines: Sequence[str], at: int) -> Header | None:
    """The header that begins with a line; None for any other line."""
    line = lines[at]
    if "diff -" not in line and "--- " not in line and "Index: " not in line:
        return None
    found = _HEAD.match(line)
    if found is None:
        return None
    front, kind, rest = found["front"], found["kind"], line[found.end() :]
    said = _Said()
    match kind:
        case "--- ":
            if not _is_plain(lines, at, front):
                return None
            end = at
        case "diff --git ":
            said.is_told = _of_git(rest, said)
            end = at + 1
        case "diff -":
            # It is told by the lines that follow, if it is one.
            end = at + 1
        case _:
            said.names.append(unquoted(rest.strip()))
            said.is_told = True
            end = at + 1
    while end < len(lines) and said.add(_without(front, lines[end])):
        end += 1
    if kind == "diff -" and not said.prefixed:
        return None
    names, prefixed = tuple(said.names), tuple(said.prefixed)
    if kind == "diff --git " and not names and not prefixed:
        prefixed = tuple(_splits(rest))
    return Header(end, names, prefixed, front, said.is_binary, is_plain=kind == "--- ")


@dataclass(slots=True)
class _Said:
    names: list[str] = field(default_factory=list[str])
    prefixed: list[str] = field(default_factory=list[str])
    is_told: bool = False
    """Whether the names are known from lines that say them better than those that follow."""
    is_binary: bool = False

    def add(self, line: str) -> bool:
        """Whether the line is one of the header."""
        if found := _NAMED.fullmatch(line):
            name = unquoted(found[2].partition("\t")[0])
            if found[1] not in {"---", "+++"}:
                self.names.append(name)
                self.is_told = True
            elif not self.is_told and name != _NOTHING:
                self.prefixed.append(name)
            return True
        if found := _DIFFER.fullmatch(line):
            if not self.is_told:
                self.prefixed += [unquoted(one) for one in found.groups() if one != _NOTHING]
            return True
        self.is_binary = self.is_binary or line == "GIT binary patch"
        return _GIT.fullmatch(line) is not None


def unquoted(name: str) -> str:
    """A name as git or diff writes it, quoted or not. What is no UTF-8 comes as from the disk."""
    found = _QUOTED.fullmatch(name)
    if found is None:
        return name
    raw = bytearray()
    at = 0
    for escape in _ESCAPE.finditer(found[1]):
        raw += found[1][at : escape.start()].encode("utf-8", "surrogateescape")
        said, at = escape[1], escape.end()
        number = int(said, 8) & 0xFF if len(said) == 3 else _LETTERS.get(said)
        raw += bytes([number]) if number is not None else said.encode("utf-8", "surrogateescape")
    raw += found[1][at:].encode("utf-8", "surrogateescape")
    return raw.decode("utf-8", "surrogateescape")


def _of_git(rest: str, said: _Said) -> bool:
    """Notes what the first line of git's header names where it names one file twice, as all do but renames."""
    for first, second in _halves(rest):
        if first == second:
            # Without prefixes, or with the same ones.
            said.names.append(first)
            return True
        if _PREFIX.match(first) and _PREFIX.match(second) and first[2:] == second[2:]:
            said.names.append(first[2:])
            return True
        if first.partition("/")[2] == second.partition("/")[2] != "":
            said.prefixed += [first, second]
            return True
    return False


def _halves(rest: str) -> Iterator[tuple[str, str]]:
    """The ways in which a line may be two names of the same length, or of nearly."""
    if found := _QUOTED.match(rest):
        yield unquoted(found[0]), unquoted(rest[found.end() + 1 :])
        return
    if rest.endswith('"') and (at := rest.find(' "')) >= 0:
        yield rest[:at], unquoted(rest[at + 1 :])
        return
    middle = len(rest) // 2
    for at in (middle, *(place for away in range(1, 9) for place in (middle - away, middle + away))):
        if 0 < at < len(rest) and rest[at] == " ":
            yield rest[:at], rest[at + 1 :]


def _splits(rest: str) -> Iterator[str]:
    """Everything that a line may name where nothing tells where one name ends."""
    places = [found.start() for found in re.finditer(" ", rest[:_LONGEST])][:_MOST_SPLITS]
    for at in places:
        yield unquoted(rest[:at])
        yield unquoted(rest[at + 1 :])


def _is_plain(lines: Sequence[str], at: int, front: str) -> bool:
    """Whether a header of two lines begins there, with a hunk behind it."""
    if at + 2 >= len(lines):
        return False
    return _without(front, lines[at + 1]).startswith("+++ ") and _without(front, lines[at + 2]).startswith("@@ -")


def _without(front: str, line: str) -> str:
    if not front:
        return line
    if line.startswith(front):
        return line[len(front) :]
    if front.strip(" \t")[:1].isdigit() and (found := _NUMBERED.match(line)):
        return line[found.end() :]
    if _GRAPH.fullmatch(front) and _GRAPH.fullmatch(line[: len(front)]):
        return line[len(front) :]
    return line
