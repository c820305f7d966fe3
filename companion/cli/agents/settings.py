"""Settings files of agents on disk: read whole, compared, written at once or not at all."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import shlex
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from companion.cli.agents.errors import Impossible
from companion.policy.display import visible

LARGEST = 4 * 1024 * 1024
PRIVATE = 0o600

_BOM = "\ufeff"
_WRITABLE = 0o222
_VIRTUAL_KEY = re.compile(r"cmp-[A-Za-z0-9_-]{16,}")
_NAMED_SECRET = re.compile(
    r"""([\w-]*(?:key|token|secret|password|authorization)["']?\s*[:=]\s*["'](?:Bearer\s+)?)"""
    r"""([^"'\s]{5,})(?=["'])""",
    re.IGNORECASE,
)
_OPAQUE = re.compile(r"\b(?:sk|pk|rk|gh[pousr]|xox[a-z]|AKIA)[-_A-Za-z0-9]{16,}")


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file as it was found. `content` is None where there is none."""

    given: Path
    path: Path
    """The file itself: `given` with every symbolic link followed."""
    content: bytes | None
    mode: int = PRIVATE
    mtime_ns: int = 0

    @property
    def linked(self) -> bool:
        """Whether `given` itself is a symbolic link."""
        return self.given.is_symlink()

    def encoded(self, text: str) -> bytes:
        """As the file would hold it: with the byte order mark that it has now."""
        marked = (self.content or b"").startswith(_BOM.encode())
        try:
            return f"{_BOM if marked else ''}{text}".encode()
        except UnicodeEncodeError as error:
            raise Impossible(f"{self.path}: a value cannot be written as UTF-8: {error.reason}") from error


def text_of(content: bytes | None, path: Path) -> str:
    """Without a byte order mark; "" where there is no file. Raises Impossible for what is not UTF-8."""
    try:
        return (content or b"").decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        raise Impossible(f"{path}: byte {error.start} is not UTF-8, so it is left as it is", f"mend {path}") from error


def look(given: Path) -> SettingsFile:
    """Reads the file that `given` leads to. Raises Impossible for what is no readable regular file."""
    given = given.expanduser().absolute()
    try:
        path = given.resolve()
        try:
            found = path.stat()
        except FileNotFoundError:
            return SettingsFile(given, path, None)
        if not stat.S_ISREG(found.st_mode):
            raise Impossible(f"{path} is not a file", f"ls -ld {shlex.quote(str(path))}")
        if sys.platform != "win32" and found.st_uid != os.geteuid():
            # A file that is replaced would become ours.
            raise Impossible(f"{path} belongs to another user", f"run companion as the owner of {path}")
        if found.st_size > LARGEST:
            raise Impossible(f"{path} has {found.st_size} bytes; settings of an agent are not that large")
        content = path.read_bytes()
    except RuntimeError as error:
        raise Impossible(f"{given} is a symbolic link that leads to itself", f"ls -l {given}") from error
    except OSError as error:
        raise Impossible(f"{given}: {error.strerror}", f"ls -ld {shlex.quote(str(given.parent))}") from error
    return SettingsFile(given, path, content, stat.S_IMODE(found.st_mode), found.st_mtime_ns)


def check_writable(file: SettingsFile) -> None:
    """Raises Impossible when `put_in_place` would fail or would overrule a write protection."""
    if file.content is not None and not file.mode & _WRITABLE:
        raise Impossible(f"{file.path} is read-only", f"chmod u+w {shlex.quote(str(file.path))}")
    folder = next(one for one in file.path.parents if one.exists())
    if not folder.is_dir():
        raise Impossible(f"{folder} is not a folder", f"ls -ld {shlex.quote(str(folder))}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Impossible(f"the folder {folder} is read-only", f"chmod u+w {shlex.quote(str(folder))}")


def put_in_place(path: Path, content: bytes, mode: int, expected: bytes | None, mtime_ns: int | None = None) -> None:
    """Puts `content` in the place of the file, at once and on disk. The folder must exist. Raises Impossible.

    Nothing is written when the file no longer holds `expected` (None: when there is one now).
    """
    with _explaining(path):
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".companion", dir=path.parent)
        fresh = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.chmod(mode)
            if mtime_ns is not None:
                os.utime(fresh, ns=(mtime_ns, mtime_ns))
            if (path.read_bytes() if path.exists() else None) != expected:
                raise Impossible(f"{path} was changed while companion looked at it; nothing was written", "try again")
            fresh.replace(path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                fresh.unlink()
        _sync_folder(path.parent)


def missing_folders(path: Path) -> list[Path]:
    """The folders that have to be made so that `path` is one, outermost first."""
    return [one for one in (path, *path.parents) if not one.exists()][::-1]


def make_folders(path: Path) -> None:
    """Makes the folder and those above it, 0700. Raises Impossible."""
    with _explaining(path):
        for one in missing_folders(path):
            one.mkdir(mode=0o700)


def remove(path: Path) -> None:
    """Takes the file away. Raises Impossible."""
    with _explaining(path):
        path.unlink(missing_ok=True)


def remove_empty(folders: list[Path]) -> None:
    """Takes away those of the folders, outermost first, that hold nothing."""
    for one in reversed(folders):
        with contextlib.suppress(OSError):
            one.rmdir()


def diff(path: Path, before: bytes | None, after: bytes | None) -> str:
    """A unified diff with every key masked; "" when there is no difference. For eyes, not for `patch`."""
    names = ["/dev/null" if side is None else str(path) for side in (before, after)]
    lines = difflib.unified_diff(_lines(before), _lines(after), names[0], names[1], lineterm="")
    return "\n".join(mask(visible(line)) for line in lines)


def mask(text: str) -> str:
    """The text with the middle of every key left out."""
    text = _NAMED_SECRET.sub(lambda found: found[1] + _masked(found[2]), text)
    for pattern in (_VIRTUAL_KEY, _OPAQUE):
        text = pattern.sub(lambda found: _masked(found[0]), text)
    return text


def _masked(secret: str) -> str:
    if "…" in secret:
        return secret
    # Four characters of a short secret would tell much of it.
    head = "cmp-" if secret.startswith("cmp-") else ""
    return f"{head}…{secret[-4:]}" if len(secret) >= 20 else f"{head}…"


def _lines(content: bytes | None) -> list[str]:
    return (content or b"").decode("utf-8", "replace").replace("\t", "    ").splitlines()


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _explaining(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Impossible(
            f"{path} cannot be written: {error.strerror}", f"ls -ld {shlex.quote(str(path.parent))}"
        ) from error
