"""The values in a workspace's `.env` and credential files: what is kept there is secret by the owner's own word."""

from __future__ import annotations

import os
import re
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from companion.scan.secrets.credfiles import credential_values, is_credential_name
from companion.scan.secrets.values import is_password, is_sample, is_words

_NAME = re.compile(r"\.env(?:rc|\..+)?")
_PUBLIC = re.compile(r"example|sample|template|dist|defaults?$", re.IGNORECASE)
_SKIPPED = frozenset({".git", "node_modules", ".venv", "venv", "__pycache__", ".tox", "target", "dist", "build"})
_FOLDERS = 200
_LARGEST = 1_000_000
_FRESH_SECONDS = 0.25
_MOST_WORKSPACES = 1_000
_LINE = re.compile(
    r"""(?mx) ^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*[=:][ \t]*
        (?: "(?P<double>(?:[^"\\]|\\.)*)" | '(?P<single>[^']*)' | (?P<bare>[^\r\n]*?)(?=[ \t]+\#|[ \t]*$) )"""
)
_SECRET_NAME = re.compile(r"(?i)key|token|secret|pass|pwd|cred|auth|dsn|salt|private|signature|conn|jwt|cookie")
_PASSWORD_NAME = re.compile(r"(?i)(?:pass|passwd|password|passphrase|pwd|secret|token|key)$")
_URL_PASSWORD = re.compile(r"://[^\s:/@]*:([^\s/@]+)@")
_PLAIN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s@]*")
_PLAIN = re.compile(r"[\d.,:_/-]+|[^\s@]+@[\w-]+(?:\.[\w-]+)+|(?:[~.]{0,2}/|[A-Za-z]:\\)\S*", re.IGNORECASE)


class EnvFiles:
    """Reads `.env`, `.env.*` and credential files at a workspace's root and one level below, again when one changed.

    Files named example, sample, template, dist or default are public. Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: dict[Path, tuple[int, int, int]] = {}
        self._looked: dict[str, float] = {}

    def is_fresh(self, workspace: str) -> bool:
        """Whether the workspace was looked at within the last quarter of a second."""
        return not workspace or self._looked.get(workspace, -1.0) + _FRESH_SECONDS > time.monotonic()

    def refresh(self, workspace: str, learn: Callable[[str, str], object]) -> None:
        """Calls `learn(value, file name)` for the values of every file that is new or changed; `workspace` may be "".

        When this returns, the values of all files as they are now have been learnt, by this call or another.
        """
        if not workspace:
            return
        with self._lock:
            looking = time.monotonic()
            for path in _env_files(Path(workspace)):
                try:
                    status = path.stat()
                    stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
                    # A pipe would wait for a writer for ever.
                    if self._read.get(path) == stamp or not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
                        continue
                    text = path.read_text("utf-8", "replace")
                    values = env_values(text) if path.name.startswith(".env") else credential_values(path.name, text)
                except OSError:
                    continue
                for value in values:
                    learn(value, path.name)
                self._read[path] = stamp
            if len(self._looked) > _MOST_WORKSPACES:
                self._looked.clear()
            self._looked[workspace] = looking


def _env_files(root: Path) -> Iterator[Path]:
    try:
        with os.scandir(root) as entries:
            listed = list(entries)
    except OSError:
        return
    folders = 0
    for entry in listed:
        if _is_read(entry.name):
            yield Path(entry.path)
        elif entry.name not in _SKIPPED and folders < _FOLDERS and entry.is_dir(follow_symlinks=False):
            folders += 1
            try:
                names = os.listdir(entry.path)  # noqa: PTH208 - names are enough, and this is asked on every scan
            except OSError:
                continue
            yield from (Path(entry.path, name) for name in names if _is_read(name))


def _is_read(name: str) -> bool:
    if name.startswith(".env"):
        return _NAME.fullmatch(name) is not None and not _PUBLIC.search(name)
    return is_credential_name(name) and not _PUBLIC.search(name)


def env_values(text: str) -> list[str]:
    """The values that are worth hiding, in order; of a URL with a password, the password and the whole."""
    values: list[str] = []
    for line in _LINE.finditer(text):
        bare = line["bare"]
        value = bare if bare is not None else line["single"]
        if line["double"] is not None:
            value = re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r", "t": "\t"}.get(m[1], m[1]), line["double"])
            if "\\" in line["double"]:
                values += [line["double"]] if _is_secret(line["name"], line["double"]) else []
        value = value.strip()
        if password := _URL_PASSWORD.search(value):
            if is_password(password[1]):
                values += [part for part in (value, password[1]) if len(part) >= 8]
        elif _is_secret(line["name"], value):
            values.append(value)
    return list(dict.fromkeys(values))


def _is_secret(name: str, value: str) -> bool:
    if len(value) < 8 or is_sample(value) or _PLAIN_URL.fullmatch(value) or _PLAIN.fullmatch(value):
        return False
    if not is_words(value):
        return True
    named = _SECRET_NAME.search(name) is not None and any(c.isdigit() for c in value)
    return named or (len(value) >= 12 and _PASSWORD_NAME.search(name) is not None)
