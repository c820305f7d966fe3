"""What companion remembers of a connection, so that it can be undone: the settings as they were, and a manifest.

In `Places.backups/AGENT/`: `manifest.json`, `original` (the first settings, byte for byte) and, when the user changed
them between two connects, `base` (what they are without companion now). A virtual key stands in none of them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass, field

from companion.cli.agents.changes import Mark
from companion.cli.agents.errors import Impossible
from companion.cli.agents.settings import make_folders
from companion.contract.codec import WireError, decode, encode
from companion.places import Places

_MANIFEST = "manifest.json"
_ORIGINAL = "original"
_BASE = "base"


@dataclass(frozen=True, slots=True)
class Placed:
    """A file that connect put among the agent's own, and the folders that it made for it, outermost first."""

    path: str
    sha256: str
    folders: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Record:
    """The manifest. The file's content before companion is in `original`, unless `existed` is false."""

    agent: str
    given: str
    path: str
    """The settings file itself, absolute, symbolic links followed."""
    folder: str
    """The agent's configuration folder, where the user named one."""
    existed: bool
    mode: int
    mtime_ns: int
    sha256_before: str
    sha256_written: str
    gateway: str
    connected_at: str
    key_id: str
    """Id of the virtual key; "" for one that connect did not make."""
    key_sha256: str
    marks: list[Mark] = field(default_factory=list[Mark])
    folders: list[str] = field(default_factory=list[str])
    """Folders that connect made, outermost first."""
    rebased: bool = False
    """Whether the settings to go back to are in `base`: the user changed them after the first connect."""
    files: list[Placed] = field(default_factory=list[Placed])


def sha256(content: bytes | None) -> str:
    """In hex; "" for no file."""
    return "" if content is None else hashlib.sha256(content).hexdigest()


class Backup:
    """The folder of one agent. Raises Impossible when it cannot be read or written."""

    def __init__(self, places: Places, agent: str) -> None:
        self.folder = places.backups / agent
        self._agent = agent

    def read(self) -> Record | None:
        """None when the agent is not connected."""
        path = self.folder / _MANIFEST
        try:
            return decode(path.read_bytes(), Record)
        except FileNotFoundError:
            return None
        except WireError as error:
            raise Impossible(
                f"{path} is damaged ({str(error).splitlines()[0]}), so {self._agent} cannot be disconnected by itself",
                f"put {self.folder / _ORIGINAL} back by hand, then remove {self.folder}",
            ) from error
        except OSError as error:
            raise Impossible(f"{path}: {error.strerror}", "companion doctor") from error

    def base(self, record: Record) -> bytes | None:
        """The settings to go back to; None where there were none."""
        if not record.existed and not record.rebased:
            return None
        path = self.folder / (_BASE if record.rebased else _ORIGINAL)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise Impossible(f"{path}: {error.strerror}, so the settings from before are not known") from error
        if not record.rebased and sha256(content) != record.sha256_before:
            raise Impossible(f"{path} is not what companion put there", f"compare it with {record.path}")
        return content

    def keep(self, original: bytes | None) -> None:
        """The first copy; it stays until `forget`."""
        if original is not None:
            self._write(_ORIGINAL, original)

    def rebase(self, base: bytes) -> None:
        self._write(_BASE, base)

    def write(self, record: Record) -> None:
        self._write(_MANIFEST, encode(record))

    def forget(self) -> None:
        """The connection is undone."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, name: str, content: bytes) -> None:
        fresh = self.folder / f"{name}.new"
        try:
            make_folders(self.folder)
            fresh.unlink(missing_ok=True)
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.folder / name)
        except OSError as error:
            raise Impossible(f"{self.folder / name} cannot be written: {error.strerror}", "companion doctor") from error


def connected(places: Places) -> list[str]:
    """Names of the agents that have a manifest."""
    return sorted(path.parent.name for path in places.backups.glob(f"*/{_MANIFEST}"))
