"""detect-secrets' baselines: what somebody audited as no secret is accepted, what nobody audited is not."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from companion.policy.acceptance import is_within
from companion.scan.secrets.gitleaks import Fault

FILE_NAME = ".secrets.baseline"
_LARGEST = 64 * 1024 * 1024
_SHA1 = re.compile(r"[0-9a-f]{40}")
_Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a file says as it was when it was read."""

    hashes: frozenset[str] = frozenset()
    fault: Fault | None = None


def read_baseline(path: Path) -> Baseline:
    """Never raises: what is wrong with the file is a fault, and then nothing in it counts."""
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            return Baseline(fault=Fault("", f"{path} is larger than {_LARGEST >> 20} MB"))
        data: Any = json.loads(raw)
    except OSError as error:
        return Baseline(fault=Fault("", f"{path} cannot be read: {error.strerror}"))
    except (ValueError, RecursionError):
        data = None
    results = data.get("results") if isinstance(data, dict) else None
    if not isinstance(results, dict):
        return Baseline(fault=Fault("", f"{path} is no baseline of detect-secrets: expected JSON with results"))
    return Baseline(frozenset(_audited(results)))


def _audited(results: dict[str, Any]) -> Iterator[str]:
    for entries in results.values():
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and entry.get("is_secret") is False:
                found = entry.get("hashed_secret")
                if isinstance(found, str) and _SHA1.fullmatch(found):
                    yield found


class Baselines:
    """Baselines that the user named. Each counts in its own folder and below, as it is at the moment."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = tuple(files)
        self._lock = threading.Lock()
        self._known: dict[Path, tuple[_Stamp | None, Baseline]] = {}

    def accept(self, value: str, place: str) -> bool:
        """Whether this value was audited as no secret, by a baseline that counts at this place."""
        counting = [path for path in self._files if is_within(place, str(path.parent))]
        if not counting:
            return False
        # The hash that the format has.
        digest = hashlib.sha1(value.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
        return any(digest in self._read(path).hashes for path in counting)

    def faults(self) -> list[Fault]:
        return [fault for path in self._files if (fault := self._read(path).fault)]

    def _read(self, path: Path) -> Baseline:
        try:
            status = path.stat()
            stamp: _Stamp | None = (status.st_mtime_ns, status.st_size, status.st_ino)
        except OSError:
            stamp = None
        with self._lock:
            known = self._known.get(path)
            if known is None or known[0] != stamp:
                known = self._known[path] = (stamp, read_baseline(path))
            return known[1]
