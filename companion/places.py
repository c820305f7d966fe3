"""Where companion keeps its files, on every platform.

`COMPANION_HOME=DIR` puts configuration, state and sockets into one folder; else the platform's own folders serve.
`COMPANION_CACHE=DIR` moves what can be made again.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

HOME_VARIABLE = "COMPANION_HOME"
CACHE_VARIABLE = "COMPANION_CACHE"

# sockaddr_un.sun_path holds 108 bytes on Linux and 104 on macOS, the closing NUL counted.
_LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True, slots=True)
class Places:
    """Folders and files of one companion. Nothing is created by asking."""

    config: Path
    """User configuration: `companion.toml`."""
    state: Path
    """What must survive a restart: ledger, keys, backups of agents' settings, log."""
    run: Path
    """Sockets, lock and discovery file; 0700."""
    cache: Path
    """What can be made again at any time, such as compiled rules; shared by all homes of a user."""

    @property
    def config_file(self) -> Path:
        return self.config / "companion.toml"

    @property
    def ledger(self) -> Path:
        return self.state / "ledger.db"

    @property
    def machine_key(self) -> Path:
        """32 random bytes that key placeholders; never leaves the machine."""
        return self.state / "machine.key"

    @property
    def fingerprints(self) -> Path:
        """Indexes of ignored text: keyed hashes, one file a workspace, 0600."""
        return self.state / "fingerprints"

    @property
    def log(self) -> Path:
        return self.state / "companion.log"

    @property
    def backups(self) -> Path:
        """Agents' settings as they were before `companion connect`."""
        return self.state / "connected"

    @property
    def rules(self) -> Path:
        """What a person said yes to for longer."""
        return self.state / "rules.json"

    @property
    def scripts(self) -> Path:
        """Scripts as they were when a person approved them."""
        return self.state / "scripts"

    @property
    def agent_socket(self) -> Path:
        return self.run / "agent.sock"

    @property
    def operator_socket(self) -> Path:
        return self.run / "operator.sock"

    @property
    def lock(self) -> Path:
        return self.run / "lock"

    @property
    def discovery(self) -> Path:
        """JSON of the running daemon: pid, its start time, gateway, version; tokens where TCP stands in for sockets."""
        return self.run / "daemon.json"

    @property
    def all(self) -> tuple[Path, ...]:
        return (self.config, self.state, self.run, self.cache)


def find_places(environ: Mapping[str, str] | None = None) -> Places:
    """The places that this environment means."""
    environ = os.environ if environ is None else environ
    dirs = platformdirs.PlatformDirs("companion", appauthor=False, roaming=False)
    cache = Path(environ.get(CACHE_VARIABLE) or dirs.user_cache_dir).expanduser().absolute()
    if chosen := environ.get(HOME_VARIABLE):
        home = Path(chosen).expanduser().absolute()
        return Places(config=home, state=home / "state", run=_short(home / "run"), cache=cache)
    state = Path(dirs.user_state_dir)
    # Where there is no session folder for sockets (a container, say), platformdirs would guess one that others share.
    run = Path(dirs.user_runtime_dir) if sys.platform != "linux" or environ.get("XDG_RUNTIME_DIR") else state / "run"
    return Places(config=Path(dirs.user_config_dir), state=state, run=_short(run), cache=cache)


def _short(run: Path) -> Path:
    """A stand-in below the temporary folder when a socket's path would be too long for the kernel."""
    if sys.platform == "win32" or len(os.fsencode(run / "operator.sock")) <= _LONGEST_SOCKET_PATH:
        return run
    name = hashlib.sha256(os.fsencode(run)).hexdigest()[:16]
    stand_in = f"companion-{os.getuid()}-{name}"
    # The temporary folder may lie as deep as the home did; /tmp is there on every system with unix sockets.
    deep = len(os.fsencode(Path(tempfile.gettempdir()) / stand_in / "operator.sock")) > _LONGEST_SOCKET_PATH
    return Path("/tmp" if deep else tempfile.gettempdir()) / stand_in  # noqa: S108 - made 0700, and refused when another's
