"""The secret engines in this process, for commands that need no daemon: with its key and what it knows accepted."""

from __future__ import annotations

import secrets
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from companion.config.load import load
from companion.config.schema import Secrets
from companion.ledger.acceptances import read_acceptances
from companion.ledger.errors import LedgerError
from companion.model.facts import Finding
from companion.places import Places
from companion.policy.acceptance import Acceptances
from companion.scan.secrets.baseline import FILE_NAME
from companion.scan.secrets.scanner import SecretScan, default_engines
from companion.scan.secrets.userfiles import UserFiles
from companion.settings import accepted_by

_KEY_BYTES = 32
_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class LocalScan:
    """Judges texts one by one: what one of them taught changes no other's answer."""

    scanner: SecretScan
    workspace: str
    key: bytes
    """The machine's; where there is none yet, this process's own."""
    lasting: bool
    """Whether placeholders and fingerprints are the daemon's; before its first start they are this process's own."""
    remarks: Sequence[str] = field(default_factory=list[str])
    """What could not be taken into account, for people."""

    def find(self, text: str, place: str = "") -> tuple[Finding, ...]:
        """Findings in a text that stands in the file `place`. Raises ScanFailed."""
        return self.scanner.apart().find(text, place or self.workspace)

    def close(self) -> None:
        self.scanner.close()


def open_local_scan(places: Places, workspace: str, patience: float = 40.0) -> LocalScan:
    """Loads the engines, which takes up to some seconds the first time. `patience` is as SecretScan has it."""
    remarks: list[str] = []
    key, lasting = _key(places.machine_key)
    accepted = _accepted(places.ledger, remarks)

    files = _user_files(places, Path(workspace), remarks)

    def cover(fingerprint: Callable[[], str], rule: str, place: str) -> bool:
        return accepted.cover(fingerprint, rule, place, time.time_ns())

    engines = [*default_engines(places.cache / "rules"), *files.engines]
    is_accepted = accepted_by(key, cover, files.baselines)
    scanner = SecretScan(key, engines, seconds=_SECONDS, remembered=1, patience=patience, accepted=is_accepted)
    scanner.load()
    scanner.read_env_files(workspace)
    remarks += (f"{name} is {why}" for name, why in (scanner.engines() | files.standing()).items() if _is_missing(why))
    return LocalScan(scanner, workspace, key, lasting, remarks)


def workspace_of(folder: Path) -> str:
    """The top of the repository that a folder is in, or the folder itself."""
    asked = ["git", "-C", str(folder), "rev-parse", "--show-toplevel"]
    try:
        done = subprocess.run(asked, capture_output=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return str(folder.resolve())
    top = done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")
    return top if done.returncode == 0 and top else str(folder.resolve())


def _key(path: Path) -> tuple[bytes, bool]:
    try:
        key = path.read_bytes()
    except OSError:
        key = b""
    return (key, True) if len(key) == _KEY_BYTES else (secrets.token_bytes(_KEY_BYTES), False)


def _accepted(ledger: Path, remarks: list[str]) -> Acceptances:
    try:
        return read_acceptances(ledger, time.time_ns())
    except LedgerError as error:
        remarks.append(f"nothing counts as accepted: {error}")
        return Acceptances()


def _is_missing(standing: str) -> bool:
    return standing.startswith("missing")


def _user_files(places: Places, workspace: Path, remarks: list[str]) -> UserFiles:
    """Those of the configuration, and the workspace's own baseline: it is the person who works there."""
    loaded = load(places)
    said = Secrets() if loaded.complaints else loaded.config.secrets
    if loaded.complaints:
        remarks.append(f"your configuration cannot be used, so nothing in it counts: {loaded.complaints[0]}")
    own = workspace / FILE_NAME
    baselines = [*said.baselines, *([own] if own.is_file() and own not in said.baselines else [])]
    return UserFiles(said.rules, said.plugins, baselines)
