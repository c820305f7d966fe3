"""The log: one JSON object a line, every string redacted, and nothing at ERROR or WARNING that no alert tells of.

A line has `at` (ISO 8601, UTC), `level`, `logger`, `event`, and where there are any `fields` and `trace`.
Lines are ASCII, so whatever a message holds, it ends no line and moves no cursor.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import math
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TextIO

from companion.telemetry.vitals import log_errors_total, log_failures_total, log_warnings_total

Scrub = Callable[[str], str]
"""Takes a text and answers it without its secrets."""

ROOT = "companion"
FILES = 5
FILE_BYTES = 5_000_000

_LONGEST_TEXT = 16_384
_LONGEST_EVENT = 80
_DEEPEST = 6


class Logger:
    """Says what happened: a stable `event` in a few words, and the particulars as fields of any type."""

    def __init__(self, inner: logging.Logger) -> None:
        self._inner = inner

    def debug(self, event: str, /, **fields: object) -> None:
        self._say(logging.DEBUG, event, fields)

    def info(self, event: str, /, **fields: object) -> None:
        self._say(logging.INFO, event, fields)

    def warning(self, event: str, /, **fields: object) -> None:
        self._say(logging.WARNING, event, fields)

    def error(self, event: str, /, error: BaseException | None = None, **fields: object) -> None:
        """With `error` given, its traceback goes into the line."""
        self._say(logging.ERROR, event, fields, error)

    def exception(self, event: str, /, **fields: object) -> None:
        """An error with the traceback of the exception that is being handled."""
        self._say(logging.ERROR, event, fields, sys.exception())

    def _say(self, level: int, event: str, fields: Mapping[str, object], error: BaseException | None = None) -> None:
        if self._inner.isEnabledFor(level):
            self._inner.log(level, event, exc_info=error, extra={"fields": fields})


def get_logger(name: str) -> Logger:
    """The logger of a module; call it with `__name__`."""
    return Logger(logging.getLogger(name))


def configure(target: Path | TextIO, *, scrub: Scrub, level: str = "INFO") -> Callable[[], None]:
    """Sends the log of this process to a file (rotated by size, FILES files, 0600) or a stream, through `scrub`.

    A file is written a moment later, by a thread; the function that undoes it waits for the last line.

    companion's own loggers speak from `level` up, all others from WARNING up. Answers the function that undoes it.
    Raises OSError when the file cannot be opened, and ValueError for an unknown level.
    """
    writing = _PrivateFile(target) if isinstance(target, Path) else _Stream(target)
    writing.setFormatter(_Lines(scrub))
    counting = _Counting(scrub)
    root, own = logging.getLogger(), logging.getLogger(ROOT)
    before = own.level
    try:
        own.setLevel(level)
    except ValueError:
        writing.close()
        raise
    # Redacting and writing to a disk take a thread of their own: a slow one must not hold up whoever logs.
    lines: SimpleQueue[logging.LogRecord] = SimpleQueue()
    writer = logging.handlers.QueueListener(lines, writing)
    handler = _Queued(lines) if isinstance(target, Path) else writing
    writer.start()
    root.addHandler(handler)
    root.addHandler(counting)

    def undo() -> None:
        own.setLevel(before)
        for added in (handler, counting):
            root.removeHandler(added)
            added.close()
        writer.stop()
        writing.close()

    return undo


class _Lines(logging.Formatter):
    """A record as one line of JSON. Never raises for what a record holds."""

    def __init__(self, scrub: Scrub) -> None:
        super().__init__()
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": _text(record.name, self._scrub),
            "event": _text(_message(record), self._scrub),
        }
        if fields := getattr(record, "fields", None):
            line["fields"] = _plain(fields, self._scrub)
        if record.exc_info and record.exc_info[1]:
            line["trace"] = _text(_trace(record.exc_info[1]), self._scrub)
        return json.dumps(line, ensure_ascii=True, allow_nan=False)


class _Quiet:
    """A handler whose own failure is counted: the library's way would print the record, secrets and all."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the name and form of logging
        log_failures_total.add()


class _Stream(_Quiet, logging.StreamHandler[TextIO]):
    pass


class _Queued(_Quiet, logging.handlers.QueueHandler):
    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """The record as it is: what is written is built, and redacted, by the writer."""
        return record


class _PrivateFile(_Quiet, logging.handlers.RotatingFileHandler):
    """Only the owner reads it, and a link in its place is not followed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="ascii")

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(self.baseFilename, flags, 0o600)
        if hasattr(os, "fchmod"):
            os.fchmod(handle, 0o600)
        return os.fdopen(handle, "a", encoding="ascii")


class _Counting(_Quiet, logging.Handler):
    """Counts errors and warnings by logger and event: the same event is the same series, and so the same alert."""

    def __init__(self, scrub: Scrub) -> None:
        super().__init__(logging.WARNING)
        self._scrub = scrub

    def emit(self, record: logging.LogRecord) -> None:
        try:
            counter = log_errors_total if record.levelno >= logging.ERROR else log_warnings_total
            event = " ".join(_text(_shown(partial(str, record.msg), "(no text)"), self._scrub).split())[:_LONGEST_EVENT]
            counter.add(logger=_text(record.name, self._scrub), event=event)
        except Exception:  # noqa: BLE001 - logging must not break what it logs
            self.handleError(record)


def _message(record: logging.LogRecord) -> str:
    return _shown(record.getMessage, f"(a {type(record.msg).__name__} and its arguments that cannot be shown)")


def _trace(error: BaseException) -> str:
    return _shown(
        lambda: "".join(traceback.format_exception(error)), f"(a {type(error).__name__} that cannot be shown)"
    )


def _shown(show: Callable[[], str], instead: str) -> str:
    """Messages, errors and values may come from anywhere, and showing them may raise anything."""
    try:
        return show()
    except Exception:  # noqa: BLE001 - the line is written all the same
        return instead


def _text(text: str, scrub: Scrub) -> str:
    """Redacted, then cut: a secret cut in half would not be recognised. Nothing is shown when redaction fails."""
    try:
        clean = scrub(text)
        if "\\" in clean:
            # A repr, as in the message of a KeyError, writes the line ends of a private key as two characters.
            opened = clean.replace("\\r", "\r").replace("\\n", "\n").replace("\\t", "\t")
            redone = scrub(opened)
            clean = clean if redone == opened else redone
    except Exception as error:  # noqa: BLE001 - fail closed, whatever it was
        return f"(not shown: redaction failed with {type(error).__name__})"
    return clean if len(clean) <= _LONGEST_TEXT else f"{clean[:_LONGEST_TEXT]} (cut, {len(clean)} characters)"


def _plain(value: object, scrub: Scrub, depth: int = 0) -> Any:
    """What JSON can hold, with every string redacted, keys as well."""
    cannot = f"({type(value).__name__} that cannot be shown)"
    match value:
        case None | bool():
            return value
        case int() if abs(value) < 2**63:
            return int(value)
        case float() if math.isfinite(value):
            return float(value)
        case str():
            return _text(str.__str__(value), scrub)
        case dict() | list() | tuple() | set() | frozenset() if depth == _DEEPEST:
            return f"(a {type(value).__name__} that lies too deep to be shown)"
        case dict():
            return {
                _text(_shown(partial(str, key), cannot), scrub): _plain(held, scrub, depth + 1)
                for key, held in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_plain(held, scrub, depth + 1) for held in value]
        case _:
            return _text(_shown(partial(repr, value), cannot), scrub)
