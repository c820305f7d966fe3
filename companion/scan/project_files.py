"""Small files that spell out what a project runs: package.json, makefiles, git's HEAD and configuration."""

from __future__ import annotations

import errno
import os
import stat

from companion.policy.shell.invocation import UnreadableFile

LARGEST = 256 * 1024

_NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG})


class ProjectFiles:
    """Reads them for the gatekeeper. Blocking, short; safe in threads."""

    def text(self, path: str, folder: str) -> str | None:
        """The text of a file, its path taken from `folder`; None where there is none.

        Raises UnreadableFile for one that is too large, no text, no regular file, or not to be opened.
        """
        if not folder or "\0" in path:
            return None
        try:
            return self._read(os.path.join(folder, path))  # noqa: PTH118 - a third of the time
        except OSError as error:
            if error.errno in _NOT_THERE:
                return None
            raise UnreadableFile(path) from error
        except ValueError as error:
            raise UnreadableFile(path) from error

    def _read(self, path: str) -> str | None:
        # Opening a FIFO would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISDIR(status.st_mode):
                return None
            if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
                raise UnreadableFile(path)
            return file.read(LARGEST).decode("utf-8")
