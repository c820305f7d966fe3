"""A user's own detect-secrets plugins, named in a settings file of detect-secrets (or a baseline, which holds one).

Plugins that detect-secrets brings along are left aside here: which of them are used, and how, is in `plugins`.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from companion.model.facts import Confidence
from companion.scan.secrets.engine import Span
from companion.scan.secrets.gitleaks import Fault

_NAME = "user-plugins"
_LARGEST = 64 * 1024 * 1024
_LONGEST_LINE = 16_384
_OVERLAP = 1_024
_SHORTEST = 4


class UserPlugins:
    """The plugins of one settings file as it was when this was made. What one of them raises, `find` raises."""

    name = _NAME

    def __init__(self, path: Path) -> None:
        """Runs the files that the settings name: they are the user's own code."""
        self._lock = threading.Lock()
        self.faults: tuple[Fault, ...] = ()
        self.files: list[Path] = []
        """The code that it runs."""
        self._plugins: list[Any] = []
        self._digest = hashlib.sha256()
        faults: list[Fault] = []
        for entry in _entries(path, faults):
            self._add(path, entry, faults)
        self.faults = tuple(faults)

    @property
    def version(self) -> str:
        names = " ".join(type(plugin).__name__ for plugin in self._plugins)
        return f"{names} {self._digest.hexdigest()[:12]}"

    def load(self) -> str:
        return "" if self._plugins else "no plugin of the settings is in force"

    def find(self, text: str) -> list[Span]:
        spans: dict[Span, None] = {}
        # Nobody promises that a plugin may be asked twice at a time.
        with self._lock:
            for low, line in _lines(text):
                for plugin in self._plugins:
                    for secret in plugin.analyze_string(line):
                        if isinstance(secret, str) and len(secret) >= _SHORTEST:
                            kind = str(plugin.secret_type)
                            rule = type(plugin).__name__
                            for start in _places(line, secret):
                                end = low + start + len(secret)
                                spans[Span(low + start, end, kind, rule, _NAME, Confidence.LOW)] = None
        return list(spans)

    def _add(self, path: Path, entry: Mapping[str, Any], faults: list[Fault]) -> None:
        name = str(entry["name"])[:100]
        file = _file(path, str(entry["path"]))
        self.files.append(file)
        try:
            base = importlib.import_module("detect_secrets.plugins.base").BasePlugin
            util = importlib.import_module("detect_secrets.util.importlib")
            self._digest.update(file.read_bytes())
            kind = getattr(util.import_file_as_module(str(file)), name, None)
            if not (isinstance(kind, type) and issubclass(kind, base)):
                faults.append(Fault(name, f"{file} has no such plugin"))
                return
            known = {key: value for key, value in entry.items() if key not in {"name", "path"}}
            self._plugins.append(kind(**known))
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything
            told = getattr(error, "strerror", None) or error
            faults.append(Fault(name, f"{file} cannot be used ({type(error).__name__}: {told})"))


def _entries(path: Path, faults: list[Fault]) -> Iterator[Mapping[str, Any]]:
    """Those of `plugins_used` that name a file."""
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
        data: Any = json.loads(raw) if len(raw) <= _LARGEST else None
    except OSError as error:
        faults.append(Fault("", f"{path} cannot be read: {error.strerror}"))
        return
    except (ValueError, RecursionError):
        data = None
    used = data.get("plugins_used") if isinstance(data, dict) else None
    if not isinstance(used, list):
        faults.append(Fault("", f"{path} is no settings file of detect-secrets: expected JSON with plugins_used"))
        return
    for number, entry in enumerate(used, start=1):
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            faults.append(Fault("", f"{path}: entry {number} of plugins_used has no name"))
        elif "path" in entry:
            yield entry


def _file(settings: Path, named: str) -> Path:
    """`file://` and a path, which may be relative to the settings."""
    plain = named.removeprefix("file://")
    if named.startswith("file:///"):
        plain = unquote(urlsplit(named).path)
    return (settings.parent / plain).absolute()


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with where they begin; a long one in parts that overlap."""
    at = 0
    for line in text.splitlines(keepends=True):
        for low in range(0, len(line), _LONGEST_LINE):
            start = max(0, low - _OVERLAP)
            yield at + start, line[start : low + _LONGEST_LINE].rstrip("\r\n")
        at += len(line)


def _places(line: str, secret: str) -> Iterable[int]:
    start = line.find(secret)
    while start >= 0:
        yield start
        start = line.find(secret, start + 1)
