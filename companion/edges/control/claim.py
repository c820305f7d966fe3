"""One daemon at a time: the lock, the sockets, and the note that tells faces where to find it.

The lock is an flock that dies with its process; the note names the process with its start time, because a process id
alone is reused.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from companion.client.discover import HAS_UNIX_SOCKETS, read_discovery
from companion.places import CACHE_VARIABLE, HOME_VARIABLE, Places

_LOOPBACK = "127.0.0.1"


class Unclaimable(Exception):  # noqa: N818 - why this daemon does not start
    """The daemon cannot have what it needs. `next` is the command to type; `code` is stable."""

    def __init__(self, code: str, message: str, next_step: str) -> None:
        super().__init__(message)
        self.code = code
        self.next = next_step


@dataclass(frozen=True, slots=True)
class ControlSocket:
    """A bound control socket. `token` is "" for a unix socket, whose file mode is its lock."""

    scope: str
    socket: socket.socket
    token: str = ""
    url: str = ""


@contextmanager
def claimed(places: Places) -> Iterator[None]:
    """Holds the lock while inside. Raises Unclaimable when another daemon has it or the folders cannot be had."""
    for folder in places.all:
        _make_private(folder, CACHE_VARIABLE if folder == places.cache else HOME_VARIABLE)
    try:
        handle = os.open(places.lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        raise Unclaimable("no-access", f"{places.lock}: {error.strerror}", f"ls -ld {places.run}") from error
    try:
        if not _lock(handle):
            raise Unclaimable("already-running", _who_runs(places), "companion status")
        yield
    finally:
        os.close(handle)


def bind_gateway(host: str, port: int) -> socket.socket:
    """Raises Unclaimable when the port is taken or not allowed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(256)
    except OSError as error:
        listener.close()
        message = f"the gateway cannot listen on {host}:{port}: {error.strerror}"
        raise Unclaimable("port-unavailable", message, "companion up --port 0") from error
    listener.setblocking(False)
    return listener


def bind_control(places: Places) -> list[ControlSocket]:
    """Both control sockets. Call it while the lock is held: what lies at their paths is a dead daemon's."""
    return [_bind_control("agent", places.agent_socket), _bind_control("operator", places.operator_socket)]


def _bind_control(scope: str, path: Path) -> ControlSocket:
    if not HAS_UNIX_SOCKETS:
        listener = bind_gateway(_LOOPBACK, 0)
        url = f"http://{_LOOPBACK}:{listener.getsockname()[1]}"
        return ControlSocket(scope, listener, secrets.token_urlsafe(32), url)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        # The mode must be right from the first moment on: a chmod afterwards would leave a gap.
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen(64)
    except OSError as error:
        listener.close()
        message = f"the control socket {path} cannot be made: {error.strerror or error}"
        raise Unclaimable("no-access", message, f"ls -ld {path.parent}") from error
    listener.setblocking(False)
    return ControlSocket(scope, listener)


def announce(places: Places, gateway: str, version: str, sockets: list[ControlSocket]) -> None:
    """Writes the discovery note, 0600, at once and whole."""
    note: dict[str, Any] = {
        "pid": os.getpid(),
        "started": psutil.Process().create_time(),
        "gateway": gateway,
        "version": version,
        "control": {one.scope: {"url": one.url, "token": one.token} for one in sockets if one.token},
    }
    fresh = places.discovery.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(note, file)
    fresh.replace(places.discovery)


def withdraw(places: Places) -> None:
    """Takes away what `bind_control` and `announce` left in the run folder."""
    for path in (places.discovery, places.agent_socket, places.operator_socket):
        path.unlink(missing_ok=True)


def running_pid(places: Places) -> int | None:
    """The process id in the note, when that very process still runs."""
    note = read_discovery(places)
    pid, started = note.get("pid"), note.get("started")
    if not isinstance(pid, int) or not isinstance(started, int | float):
        return None
    try:
        alive = abs(psutil.Process(pid).create_time() - started) < 1.0
    except (psutil.Error, ValueError):
        return None
    return pid if alive else None


def _who_runs(places: Places) -> str:
    note, pid = read_discovery(places), running_pid(places)
    if pid is None:
        return f"another companion is starting or stopping ({places.lock} is locked)"
    return f"companion {note.get('version', '')} already runs as process {pid}, gateway {note.get('gateway', '')}"


def _make_private(folder: Path, variable: str) -> None:
    """Raises Unclaimable, which names the `variable` that puts the folder elsewhere."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sys.platform != "win32":
            found = folder.stat()
            if found.st_uid != os.getuid():
                raise Unclaimable("no-access", f"{folder} belongs to another user", f"ls -ld {folder}")
            if found.st_mode & 0o077:
                folder.chmod(0o700)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise Unclaimable("no-access", f"{folder} is not writable", f"ls -ld {folder}")
    except OSError as error:
        message = f"the folder {folder} cannot be used: {error.strerror}"
        raise Unclaimable("no-access", message, f"{variable}=DIR companion up, with a folder that is yours") from error


def _lock(handle: int) -> bool:
    """Takes the lock without waiting; it is given back by the kernel when the process ends, however it ends."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - exists on Windows alone

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl  # noqa: PLC0415 - exists everywhere but on Windows

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
