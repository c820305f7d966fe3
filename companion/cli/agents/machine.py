"""Doctor's checks that need no daemon: platform, folders, configuration, ledger file."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from companion import __version__
from companion.cli.agents.findings import Finding, fail, ok, warn
from companion.config.load import load
from companion.config.provenance import Loaded
from companion.places import CACHE_VARIABLE, HOME_VARIABLE, Places

_LEAST_FREE = 512 * 1024 * 1024
_OTHERS = 0o077
_OTHERS_WRITE = 0o022


def check_platform() -> Iterator[Finding]:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    said = f"companion {__version__}, {python}, {platform.system()} {platform.machine()}"
    if sys.platform == "win32":
        yield warn("platform", f"{said}: the control API stands on loopback TCP here, not on unix sockets")
    else:
        yield ok("platform", said)
    if sqlite3.sqlite_version_info < (3, 37, 0):
        yield fail("platform", f"SQLite {sqlite3.sqlite_version} is too old", "use a Python with SQLite 3.37 or newer")


def check_places(places: Places) -> Iterator[Finding]:
    """Folders 0700 and files 0600, all ours: who else can read them can read keys and prompts."""
    wrong = 0
    for path in _folders(places):
        for finding in _check_private(path, 0o700):
            wrong += 1
            yield finding
    for path in places.all:
        for finding in _check_writable(path, CACHE_VARIABLE if path == places.cache else HOME_VARIABLE):
            wrong += 1
            yield finding
    for path in _files(places):
        for finding in _check_private(path, 0o600):
            wrong += 1
            yield finding
    config = places.config_file
    if config.exists() and sys.platform != "win32" and config.stat().st_mode & _OTHERS_WRITE:
        wrong += 1
        yield fail("folders", f"others may change {config}", f"chmod go-w {shlex.quote(str(config))}")
    if not wrong:
        there = [path for path in _folders(places) if path.exists()]
        said = f"{places.config}, {places.state} and {places.run} are yours alone"
        yield ok("folders", said if there else f"{places.config} is not there yet: companion up makes it")


def _check_writable(path: Path, variable: str) -> Iterator[Finding]:
    """`variable` puts the folder elsewhere."""
    there = next((one for one in (path, *path.parents) if one.exists()), path)
    if not os.access(there, os.W_OK | os.X_OK):
        said = f"{there} is not writable" if there == path else f"{path} cannot be made: {there} is not writable"
        yield fail("folders", said, f"{variable}=DIR companion up, with a folder that is yours")


def _folders(places: Places) -> list[Path]:
    return list(dict.fromkeys([*places.all, places.backups, *sorted(places.backups.glob("*/"))]))


def _files(places: Places) -> list[Path]:
    ledger = places.ledger
    beside = [ledger.with_name(f"{ledger.name}{ending}") for ending in ("", "-wal", "-shm")]
    sockets = [places.agent_socket, places.operator_socket]
    return [*beside, places.machine_key, places.log, places.discovery, *sockets, *sorted(places.backups.glob("*/*"))]


def _check_private(path: Path, mode: int) -> Iterator[Finding]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        yield fail("folders", f"{path}: {error.strerror}", f"ls -ld {shlex.quote(str(path.parent))}")
        return
    if sys.platform == "win32":
        return
    import os  # noqa: PLC0415 - geteuid is not there on Windows

    quoted = shlex.quote(str(path))
    if found.st_uid != os.geteuid():
        yield fail("folders", f"{path} belongs to another user", f"ls -ld {quoted}")
    elif found.st_mode & _OTHERS:
        said = f"others may use {path} (mode {stat.S_IMODE(found.st_mode):04o})"
        yield fail("folders", said, f"chmod {mode:o} {quoted}")


def check_config(places: Places, environ: Mapping[str, str]) -> tuple[list[Finding], Loaded]:
    """Every complaint is a finding of its own."""
    loaded = load(places, environ=environ)
    following = "companion config check"
    if loaded.complaints:
        return [fail("configuration", str(one), following) for one in loaded.complaints], loaded
    there = Path(loaded.file).exists()
    said = f"{loaded.file} is sound" if there else f"no {loaded.file}: defaults hold"
    # Where no upstream is named, check_upstreams says so, and what to do.
    remarks = loaded.remarks if loaded.config.upstreams else ()
    return [ok("configuration", one) for one in (said, *remarks)], loaded


def check_disk(places: Places) -> Iterator[Finding]:
    """The ledger's file, and the room that is left for it."""
    folder = next((one for one in (places.state, *places.state.parents) if one.exists()), None)
    if folder is None:
        return
    free = shutil.disk_usage(folder).free
    ledger = places.ledger
    size = sum(one.stat().st_size for one in ledger.parent.glob(f"{ledger.name}*") if one.is_file())
    said = f"{ledger}: {_size(size)}, {_size(free)} free" if size else f"no ledger yet, {_size(free)} free"
    if free < _LEAST_FREE:
        yield fail("ledger", f"{said}: what cannot be written down is not let through", f"make room below {folder}")
    else:
        yield ok("ledger", said)


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size < 1e9 else f"{size / 1e9:,.1f} GB"
