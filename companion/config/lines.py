"""Where each key of a TOML text stands, since tomllib does not say."""

from __future__ import annotations

import bisect
import re
import tomllib

KeyPath = tuple[str | int, ...]
"""Keys from the outside in; items of a list by their index."""

DEEPEST = 8
"""How many keys deep a line is noted: deeper than any key of ours, and little work for a hostile file."""

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'",
    re.DOTALL,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}#\n]+")


def key_lines(text: str) -> dict[KeyPath, int]:
    """Line, from 1, of every table, key and list item down to `DEEPEST`. `text` has to be TOML that tomllib accepts."""
    scanner = _Scanner(text.replace("\r\n", "\n"))
    scanner.document()
    return scanner.lines


class _Scanner:
    """Walks a text known to be valid, so that each character decides what follows."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self.breaks = [match.start() for match in re.finditer("\n", text)]
        self.lists: dict[KeyPath, int] = {}
        """Lists of tables, by path, with the index of their last table."""

    def document(self) -> None:
        table: KeyPath = ()
        while self._peek():
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> KeyPath:
        opening = 2 if self.text.startswith("[[", self.at) else 1
        start = self.at
        self.at += opening
        parts = self._key()
        self.at += opening
        path: KeyPath = ()
        for part in parts:
            if path in self.lists:
                path = _below(path, self.lists[path])
            path = _below(path, part)
            self._note(path, start)
        if opening == 2:
            self.lists[path] = self.lists.get(path, -1) + 1
            path = _below(path, self.lists[path])
            self._note(path, start)
        return path

    def _pair(self, table: KeyPath) -> None:
        start = self.at
        path = table
        for part in self._key():
            path = _below(path, part)
            self._note(path, start)
        self._peek()
        self.at += 1  # the equals sign
        self._value(path)

    def _key(self) -> list[str]:
        """The parts of a dotted key; stops at what follows it."""
        parts: list[str] = []
        while True:
            self._peek()
            if bare := _BARE_KEY.match(self.text, self.at):
                parts.append(bare.group())
                self.at = bare.end()
            else:
                parts.append(self._quoted_key())
            self._peek()
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def _quoted_key(self) -> str:
        quoted = _STRING.match(self.text, self.at)
        assert quoted is not None, "valid TOML has a key here"
        self.at = quoted.end()
        return str(tomllib.loads(f"key = {quoted.group()}")["key"])

    def _value(self, path: KeyPath) -> None:
        self._peek()
        opening = self.text[self.at]
        if opening == "[":
            self._items("]", path)
        elif opening == "{":
            self._items("}", path)
        else:
            end = _STRING.match(self.text, self.at) or _BARE_VALUE.match(self.text, self.at)
            assert end is not None, "valid TOML has a value here"
            self.at = end.end()

    def _items(self, closing: str, path: KeyPath) -> None:
        """A list or an inline table, from its opening to behind its closing bracket."""
        self.at += 1
        index = 0
        while self._peek() != closing:
            if closing == "}":
                self._pair(path)
            else:
                item = _below(path, index)
                self._note(item, self.at)
                self._value(item)
                index += 1
            if self._peek() == ",":
                self.at += 1
        self.at += 1

    def _peek(self) -> str:
        """Skips blanks and comments; the character that follows, "" at the end."""
        blank = _BLANK.match(self.text, self.at)
        assert blank is not None, "the pattern matches nothing too"
        self.at = blank.end()
        return self.text[self.at : self.at + 1]

    def _note(self, path: KeyPath, at: int) -> None:
        if len(path) <= DEEPEST:
            self.lines.setdefault(path, bisect.bisect_left(self.breaks, at) + 1)


def _below(path: KeyPath, part: str | int) -> KeyPath:
    """The path one deeper; all paths that are too deep to note are as long as each other."""
    return path if len(path) > DEEPEST else (*path, part)
