"""Takes a program's arguments apart by the list of its options that are known to be harmless.

A list is a text of names: one letter for `-a`, more for `--all`. A mark behind the name tells of a value: `=` takes
one, `==` takes two, `~` takes one only when it is attached, `<` takes one that names a file to read. `#` stands for
numbers such as `-5`, and `*` says that every other option of the program is harmless too and takes no value that
is read. Long options must be spelled out: an abbreviation is an option that is not known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from companion.policy.shell.words import Value

_MARKS = ("==", "=", "~", "<")
_SPECIAL = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Arguments:
    """What the arguments come to."""

    operands: tuple[Value, ...]
    order: tuple[tuple[str, Value], ...]
    """Each option as it was given, with its value or, without one, the word it stands in."""
    reads: tuple[Value, ...] = ()
    """Values that name files to read."""
    unknown: Value | None = None
    """The first word that is no known option, or may turn out to be one."""

    @property
    def given(self) -> dict[str, Value]:
        """Each option with its last value."""
        return dict(self.order)

    def has(self, *names: str) -> bool:
        return any(name in names for name, _ in self.order)


@lru_cache(maxsize=512)
def _table(spec: str) -> Mapping[str, str]:
    table: dict[str, str] = {}
    for item in spec.split():
        mark = next((mark for mark in _MARKS if item.endswith(mark) and item != mark), "")
        table[item.removesuffix(mark)] = mark
    return table


def split(args: tuple[Value, ...], spec: str, *, first: bool = False) -> Arguments:
    """Parses `args`. With `first`, options end at the first operand, as they do before another program's name."""
    parser = _Parser(_table(spec), args)
    parser.run(first=first)
    return Arguments(tuple(parser.operands), tuple(parser.given), tuple(parser.reads), parser.unknown)


class _Parser:
    def __init__(self, table: Mapping[str, str], args: tuple[Value, ...]) -> None:
        self.table = table
        self.args = args
        self.at = 0
        self.operands: list[Value] = []
        self.given: list[tuple[str, Value]] = []
        self.reads: list[Value] = []
        self.unknown: Value | None = None

    def run(self, *, first: bool) -> None:
        while self.at < len(self.args):
            word = self.args[self.at]
            self.at += 1
            text = word.text
            if text == "--" and not word.glob:
                self.operands += self.args[self.at :]
                return
            if text is not None and len(text) > 1 and text.startswith("-"):
                self._option(word, text)
            else:
                if not word.is_path and (text is None or (word.glob and text[0] in "*?[")):
                    self._other(word)
                self.operands.append(word)
            if first and self.operands:
                self.operands += self.args[self.at :]
                return

    def _refuse(self, word: Value) -> None:
        self.unknown = self.unknown or word

    def _option(self, word: Value, text: str) -> None:
        if text.startswith("--"):
            name, equals, value = text[2:].partition("=")
            # One letter behind two dashes is not the short option.
            mark = self.table.get(name) if len(name) > 1 else None
            if mark is None or (word.glob and _SPECIAL.search(name)):
                self._other(word)
            elif equals and mark in {"=", "~", "<"}:
                # What a glob matches begins as the word does, so it is this option whatever it matches.
                self._take(name, mark, Value(value, word.start, word.end))
            elif equals:
                self._refuse(word)
            elif mark in {"=", "==", "<"}:
                self._next(name, mark, word)
            else:
                self.given.append((name, word))
            return
        if "#" in self.table and text[1:].isdigit():
            self.given.append(("#", word))
            return
        if word.glob:
            self._other(word)
            return
        for position, letter in enumerate(text[1:], 2):
            mark = self.table.get(letter)
            rest = text[position:]
            if mark is None:
                self._other(word)
            elif mark == "" or (mark == "~" and not rest):
                self.given.append((letter, word))
            elif rest:
                self._take(letter, mark, Value(rest, word.start, word.end))
                return
            else:
                self._next(letter, mark, word)
                return

    def _other(self, word: Value) -> None:
        if "*" not in self.table:
            self._refuse(word)

    def _next(self, name: str, mark: str, word: Value) -> None:
        count = 2 if mark == "==" else 1
        values = self.args[self.at : self.at + count]
        self.at += count
        if len(values) < count or any(value.many or value.glob for value in values):
            self._refuse(word)
            return
        for value in values:
            self._take(name, mark, value)

    def _take(self, name: str, mark: str, value: Value) -> None:
        self.given.append((name, value))
        if mark == "<":
            self.reads.append(value)
