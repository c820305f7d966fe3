"""Small files that spell out what a project runs: package.json, makefiles, git's HEAD."""

from __future__ import annotations

import os
import stat
from pathlib import Path

LARGEST = 256 * 1024


class ProjectFiles:
    """Reads them for the gatekeeper. Blocking, short; safe in threads."""

    def text(self, path: str, folder: str) -> str | None:
        """The text of a regular file, its path taken from `folder`; None where there is none, or one that is too "
        "large.
        """
        if not folder or "\0" in path:
            return None
        try:
            return self._read(Path(folder) / path)
        except (OSError, ValueError):
            return None

    def _read(self, path: Path) -> str | None:
        # Opening a FIFO would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
                return None
            return file.read(LARGEST).decode("utf-8")
