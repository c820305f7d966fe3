"""Takes arguments apart by a list of the options that are known.

A list is a text of names: one letter for `-a`, more for `--all`. A mark behind a name says more: `=` takes a value,
`==` two, `~` one only when it is attached, `<` one that names a file to read, `>` one that names a file to write, `@`
one that names a folder of which everything may be read; `!` says that with it the program prints secrets, `?` that
with it the program only shows what it would do, or its help. `#` stands for numbers such as `-5`. Long options must be
spelled out: an abbreviation is an option that is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from companion.policy.knowledge.finding import Words

_MARKS = ("==", "=", "~", "<", ">", "@", "!", "?")
_VALUED = frozenset({"=", "<", ">", "@"})
_FILES = frozenset({"<", ">", "@"})
_MOST_LETTERS = 30
"""How many letters stand behind one dash at the most."""
_NO = frozenset({"false", "none", "no", "0"})

Table = Mapping[str, str]


@lru_cache(maxsize=4096)
def table(spec: str) -> Table:
    """The options of a list, each with its mark."""
    marks: dict[str, str] = {}
    for item in spec.split():
        mark = next((mark for mark in _MARKS if item.endswith(mark) and item != mark), "")
        marks[item.removesuffix(mark)] = mark
    return MappingProxyType(marks)


@dataclass(slots=True)
class Parsed:
    """What the words come to. Numbers are those of arguments."""

    operands: list[int] = field(default_factory=list[int])
    given: list[tuple[str, str | None, int]] = field(default_factory=list[tuple[str, str | None, int]])
    """Each option with its value, None for one without, and where the value or else the option stands."""
    files: list[tuple[str, str | None, int]] = field(default_factory=list[tuple[str, str | None, int]])
    """Values that name files, as mark, path and place; the path is None where the argument itself is the path."""
    unknown: int | None = None
    """The first word that is no known option, or may turn out to be one."""
    shows: bool = False
    """Whether an option says that the program only shows what it would do."""
    leaks: int | None = None

    def has(self, *names: str) -> bool:
        return any(name in names for name, _, _ in self.given)

    def value(self, *names: str) -> str:
        """The last value of these options, "" without."""
        return next((value or "" for name, value, _ in reversed(self.given) if name in names), "")

    def values(self, *names: str) -> list[tuple[str | None, int]]:
        return [(value, at) for name, value, at in self.given if name in names]


class Parser:
    """Reads words one operand at a time, so that a subcommand can bring options of its own."""

    def __init__(self, words: Words, marks: Table, *, go: bool = False) -> None:
        self.words = words
        self.marks = marks
        self.parsed = Parsed()
        self._go = go
        self._at = 0
        self._plain = False

    def operand(self) -> int | None:
        """The number of the next operand; None at the end."""
        while self._at < len(self.words):
            at, word = self._at, self.words[self._at]
            self._at += 1
            if word is None:
                self.refuse(at)
            elif self._plain or len(word) < 2 or word[0] != "-":
                self.parsed.operands.append(at)
                return at
            elif word == "--":
                self._plain = True
                continue
            elif word.startswith("--") or self._go:
                self._long(word, at)
                continue
            else:
                self._short(word, at)
                continue
            self.parsed.operands.append(at)
            return at
        return None

    def skip(self, to: int) -> None:
        """Goes on at word `to`."""
        self._at = to

    @property
    def rest(self) -> int:
        """The number of the first word that was not looked at."""
        return self._at

    def run(self) -> Parsed:
        while self.operand() is not None:
            pass
        return self.parsed

    def refuse(self, at: int) -> None:
        if self.parsed.unknown is None:
            self.parsed.unknown = at

    def _long(self, word: str, at: int) -> None:
        name, equals, value = word.lstrip("-").partition("=")
        mark = self.marks.get(name)
        # One letter behind two dashes is not the short option.
        if mark is None or (len(name) == 1 and word.startswith("--")):
            self._number(word, at)
        elif equals:
            self._attached(name, mark, value, at)
        else:
            self._bare(name, mark, at)

    def _number(self, word: str, at: int) -> None:
        if not ("#" in self.marks and word[1:].isdigit()):
            self.refuse(at)

    def _attached(self, name: str, mark: str, value: str, at: int) -> None:
        if mark in _VALUED or mark == "~":
            self._take(name, mark, value, at)
        elif mark in {"", "!", "?"} and (mark == "?" or value in {"true", "false"}):
            if value not in _NO:
                self._flag(name, mark, at)
        else:
            self.refuse(at)

    def _bare(self, name: str, mark: str, at: int) -> None:
        if mark not in _VALUED and mark != "==":
            self._flag(name, mark, at)
            return
        for _ in range(2 if mark == "==" else 1):
            # An unknown word may come to none, and then the value is the word behind it.
            if self._at >= len(self.words) or self.words[self._at] is None:
                self.refuse(at)
                self._at += 1
                return
            self._take(name, mark, None, self._at)
            self._at += 1

    def _short(self, word: str, at: int) -> None:
        if "#" in self.marks and word[1:].isdigit():
            return
        for position, letter in enumerate(word[1:], 2):
            mark = self.marks.get(letter)
            rest = word[position:]
            if mark is None or position > _MOST_LETTERS:
                self.refuse(at)
                return
            if mark in _VALUED or mark == "==" or (mark == "~" and rest):
                if rest.startswith("=") and mark in _FILES:
                    # Whether the name begins behind the = is for each program to say.
                    self.refuse(at)
                elif rest and mark != "==":
                    self._take(letter, mark, rest.removeprefix("="), at)
                else:
                    self._bare(letter, mark, at)
                return
            self._flag(letter, mark, at)

    def _flag(self, name: str, mark: str, at: int) -> None:
        self.parsed.given.append((name, None, at))
        if mark == "?":
            self.parsed.shows = True
        elif mark == "!":
            self.parsed.leaks = at

    def _take(self, name: str, mark: str, value: str | None, at: int) -> None:
        text = self.words[at] if value is None else value
        self.parsed.given.append((name, text, at))
        if mark in _FILES:
            self.parsed.files.append((mark, value, at))


def parse(words: Words, spec: str, *, go: bool = False) -> Parsed:
    """All words by one list. With `go`, one dash is as good as two, and letters do not stand together."""
    return Parser(words, table(spec), go=go).run()
