"""The files that commands run, as they are on disk, and as they were when a person last approved them."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from companion.model.grant import Script
from companion.scan.expand import TooMany, expand, has_glob

LARGEST = 8 * 1024 * 1024
LARGEST_SHOWN = 256 * 1024
_MOST_KEPT = 500
_UNREADABLE = "unreadable"


class DiskScripts:
    """Blocking, short; safe in threads. `memory` is a folder of companion's own."""

    def __init__(self, memory: Path, home: str) -> None:
        self._memory = memory
        self._home = home

    def read(self, paths: Sequence[str], folder: str) -> tuple[Script, ...]:
        """Those of the paths that are files. One that is larger than LARGEST, or cannot be read, is named as such."""
        found: dict[str, Script] = {}
        for path in paths:
            for file in self._files(path, folder):
                real = os.path.realpath(file)
                if real not in found and (script := _read(real)) is not None:
                    found[real] = script
        return tuple(found.values())

    def approved(self, path: str) -> str | None:
        try:
            return self._kept(path).read_text("utf-8")
        except (OSError, ValueError):
            return None

    def remember(self, scripts: Sequence[Script]) -> None:
        with suppress(OSError):
            self._memory.mkdir(mode=0o700, parents=True, exist_ok=True)
            for script in scripts:
                if script.text is not None:
                    self._put(self._kept(script.path), script.text)
            for old in sorted(self._memory.glob("*.txt"), key=lambda one: one.stat().st_mtime)[:-_MOST_KEPT]:
                old.unlink(missing_ok=True)

    def _files(self, path: str, folder: str) -> list[str]:
        if "\0" in path or (not folder and not os.path.isabs(path)):  # noqa: PTH117 - the path stays as it is spelt
            return []
        spelt = self._home + path[1:] if path == "~" or path.startswith("~/") else path
        try:
            return expand(folder, spelt) if has_glob(spelt) else [os.path.join(folder, spelt)]  # noqa: PTH118
        except TooMany:
            return []

    def _kept(self, path: str) -> Path:
        return self._memory / f"{hashlib.sha256(os.fsencode(path)).hexdigest()}.txt"

    @staticmethod
    def _put(path: Path, text: str) -> None:
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)


def _read(path: str) -> Script | None:
    """None for what is no regular file: nobody runs a folder, and a pipe would never end."""
    try:
        found = os.stat(path)  # noqa: PTH116
        if not stat.S_ISREG(found.st_mode):
            return None
        if found.st_size > LARGEST:
            # Its size and times stand for its bytes: too long to be read while somebody waits.
            return Script(path, f"large-{found.st_size}-{found.st_mtime_ns}-{found.st_ino}")
        raw = Path(path).read_bytes()
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return Script(path, _UNREADABLE)
    try:
        text = raw.decode("utf-8") if len(raw) <= LARGEST_SHOWN and b"\0" not in raw else None
    except UnicodeDecodeError:
        text = None
    return Script(path, hashlib.sha256(raw).hexdigest(), text)
