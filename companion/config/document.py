"""Reads one TOML file whole, or says why it cannot be read. No input makes it raise, wait or use much memory."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from attrs import field, frozen

from companion.config.complaints import Complaint
from companion.config.lines import KeyPath, key_lines

# tomllib's memory grows with the square of a dotted key's length: 16 KiB of "a.a.a" take it 250 MB.
_MOST_DOTS = 100

_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@frozen
class Document:
    """What a file holds. `data` is empty when there are complaints, and when there is no file."""

    file: Path
    data: Mapping[str, Any] = field(factory=dict[str, Any])
    """Decoded TOML; numbers with a fraction are Decimal."""
    lines: Mapping[KeyPath, int] = field(factory=dict[KeyPath, int])
    exists: bool = True
    complaints: tuple[Complaint, ...] = ()

    def line(self, *path: str) -> int:
        """Line of a key, or of the innermost table around it that is written down; 0 for the file itself."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return 0


def read_document(file: Path, limit: int) -> Document:
    """The TOML document in `file`, if it is a plain file of at most `limit` bytes in UTF-8.

    A file that is not there is an empty document; anything else that hinders reading is a complaint.
    """
    try:
        raw = _read(file, limit)
    except FileNotFoundError as error:
        if file.is_symlink():
            return _unreadable(file, "a symbolic link to nothing", error)
        return Document(file, exists=False)
    except OSError as error:
        return _unreadable(file, error.strerror or type(error).__name__, error)
    except ValueError as error:
        return _unreadable(file, str(error), error)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{raw[error.start]:02x}, which is not UTF-8"
        return _refused(file, "text in UTF-8", found, line, hint="save the file as UTF-8")
    return _parse(file, text)


def _read(file: Path, limit: int) -> bytes:
    """Raises OSError; ValueError says what else is wrong. Never waits, not even at a named pipe."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(file, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("something that is no plain file")
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            raw = stream.read(limit + 1)
    finally:
        os.close(descriptor)
    if len(raw) > limit:
        raise ValueError(f"a file of more than {limit // 1024} KiB")
    return raw


def _parse(file: Path, text: str) -> Document:
    for number, row in enumerate(text.split("\n"), start=1):
        if row.count(".") > _MOST_DOTS and not row.lstrip().startswith("#"):
            return _refused(file, f"at most {_MOST_DOTS} dots in a line", str(row.count(".")), number)
    try:
        data = tomllib.loads(text, parse_float=_number)
        return Document(file, data, key_lines(text))
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        position = _POSITION.search(message)
        line, column = text.count("\n") + 1, 0
        if position and position[1]:
            line, column = int(position[1]), int(position[2])
        found = message[: position.start()] if position else message
        return _refused(file, "TOML", f"a mistake in it: {found}", line, column)
    except RecursionError:
        return _refused(file, "TOML", "lists or tables nested too deeply", 0)
    except ValueError:
        return _refused(file, "TOML", "a number of thousands of digits", 0)


def _number(text: str) -> Decimal:
    """Exact, and not a number where its exponent is beyond all reason."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def _unreadable(file: Path, found: str, error: Exception) -> Document:
    hint = "let your user read it" if isinstance(error, PermissionError) else ""
    return _refused(file, "a file that can be read", found, 0, hint=hint)


def _refused(file: Path, expected: str, found: str, line: int, column: int = 0, hint: str = "") -> Document:
    complaint = Complaint(str(file), line, "", expected, found, hint, column)
    return Document(file, complaints=(complaint,))
