"""What is wrong with a configuration, said so that a person can mend it without a manual."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from decimal import Decimal

from attrs import frozen

COMMAND_LINE = "command line"
"""Stands where a file's path would, in complaints about what was typed."""

_LONGEST_SHOWN = 60
_BARE = re.compile(r"[A-Za-z0-9_-]{1,60}")


@frozen
class Complaint:
    """One thing that is wrong. `line` and `column` count from 1; 0 where there is none to name."""

    file: str
    """The file's path, `COMMAND_LINE`, "environment", or "" where there is none."""
    line: int
    key: str
    """Dotted, e.g. "gateway.port"; "" where the complaint is about the whole file."""
    expected: str
    found: str
    hint: str = ""
    """What to do, as a clause: "did you mean ...?", "type: chmod 600 ..."."""
    column: int = 0

    @property
    def place(self) -> str:
        """FILE, FILE:LINE or FILE:LINE:COLUMN, as editors and terminals make links of it."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part)

    def __str__(self) -> str:
        subject = f"{self.key}: " if self.key else ""
        hint = f"; {self.hint}" if self.hint else ""
        place = f"{self.place}: " if self.place else ""
        return f"{place}{subject}expected {self.expected}, found {self.found}{hint}"


class ConfigError(Exception):
    """The configuration cannot be used. Its text is every complaint, one a line."""

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(map(str, self.complaints)))


class Unfit(ValueError):  # noqa: N818 - says what the value is, and is always caught
    """A value that does not fit its key.

    `found` replaces the value in the complaint where showing it would tell too much or too little.
    """

    def __init__(self, found: str = "", hint: str = "") -> None:
        self.found = found
        self.hint = hint
        super().__init__(found)


def nearest(given: str, known: Iterable[str]) -> str:
    """'did you mean "..."?', or "" when nothing known is near."""
    if len(given) > _LONGEST_SHOWN:
        return ""
    by_lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(given.lower(), by_lower, n=1)
    return f'did you mean "{by_lower[near[0]]}"?' if near else ""


def listed(choices: Iterable[str]) -> str:
    """'"a", "b" or "c"'."""
    *most, last = [f'"{choice}"' for choice in choices]
    return f"{', '.join(most)} or {last}" if most else last


def quoted(text: str) -> str:
    """Text as a person may safely see it: in quotes, one line, control characters escaped, shortened."""
    short = text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."
    if short.isprintable():
        return json.dumps(short, ensure_ascii=False)
    return json.dumps(short)


def show(value: object) -> str:
    """A decoded TOML value as a complaint shows it."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value) if value.bit_length() <= 64 else f"a whole number of {value.bit_length()} bits"
        case Decimal() | float():
            return str(value)[:_LONGEST_SHOWN]
        case str():
            return f"the text {quoted(value)}"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return f"a {type(value).__name__}"


def dotted(parts: Iterable[str]) -> str:
    """A key as TOML writes it: parts that are no bare keys stand in quotes."""
    return ".".join(part if _BARE.fullmatch(part) else quoted(part) for part in parts)
