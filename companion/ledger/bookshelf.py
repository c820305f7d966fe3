"""Where the price book is kept, and how it is made where there is none for what is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from companion.ledger.book import Book, BookDamaged
from companion.ledger.edition import edition
from companion.telemetry.log import get_logger

_log = get_logger("companion.ledger.bookshelf")

_MAKER = "companion.ledger.genai"
_SECONDS = 20.0
_MOST_BOOKS = 4
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)


def price_book(folder: Path | None) -> Book:
    """The book of the installed genai-prices. Blocks: for milliseconds, or for seconds where it has to be made.

    It is made by a process of its own and kept in `folder`. Where that process cannot do it, or `folder` is None, it is
    made here, which loads genai-prices for good. Raises what doing so raises.
    """
    if folder is None:
        return _made_here()
    wanted = edition()
    path = folder / f"{wanted}.prices"
    if (kept := _kept(path, wanted)) is not None:
        return kept
    try:
        data = _made_apart()
        book = _read(data, wanted)
    except (OSError, subprocess.SubprocessError, BookDamaged) as error:
        _log.warning("the price book was not made by a process of its own, so it takes more memory", error=error)
        return _made_here()
    try:
        _keep(path, data)
    except OSError as error:
        _log.warning("the price book cannot be kept, so each start makes it anew", error=error)
    return book


def _kept(path: Path, wanted: str) -> Book | None:
    try:
        return _read(path.read_bytes(), wanted)
    except (OSError, BookDamaged):
        return None


def _read(data: bytes, wanted: str) -> Book:
    """Raises BookDamaged, also for a book that is whole but not the one that is wanted."""
    book = Book(data)
    if book.edition != wanted:
        raise BookDamaged("the price book is made of something else than what is installed")
    return book


def _made_apart() -> bytes:
    """Raises OSError or SubprocessError."""
    if getattr(sys, "frozen", False) or not sys.executable:
        # That program is companion itself, or none.
        raise FileNotFoundError("there is no interpreter to make it")
    done = subprocess.run(
        # -P as the daemon itself, with what it can import; no folder that an agent writes to says what that is.
        [sys.executable, "-P", "-m", _MAKER],
        cwd=Path(sys.executable).parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_SECONDS,
        check=True,
        # Ctrl-C in a terminal is for the daemon.
        start_new_session=True,
        creationflags=_NO_WINDOW,
    )
    return done.stdout


def _made_here() -> Book:
    from companion.ledger.genai import made  # noqa: PLC0415 - loads what is to be spared

    return Book(made())


def _keep(path: Path, data: bytes) -> None:
    """In one step, so that nobody reads a half. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(new, _NEW, 0o600), "wb") as file:
            file.write(data)
        new.replace(path)
    except OSError:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    # Another daemon may be tidying up at the same time.
    with suppress(OSError):
        books = sorted(path.parent.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in books[_MOST_BOOKS:]:
            old.unlink(missing_ok=True)
