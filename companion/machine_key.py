"""The key of this machine, and what is derived from it."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from companion.edges.control.claim import Unclaimable

_KEY_BYTES = 32


def machine_key(path: Path) -> bytes:
    """The key of this machine's placeholders, made on first use; 32 bytes, 0600. Raises Unclaimable for another file.

    The caller holds the lock.
    """
    if not os.path.lexists(path):
        # Whole or not at all: a start that is killed here, or finds the disk full, leaves no half a key behind.
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    found = path.stat().st_size if path.is_file() else None
    if found != _KEY_BYTES:
        what = "no file" if found is None else f"{found} bytes long"
        message = f"the machine key {path} is {what}, not {_KEY_BYTES} bytes long"
        raise Unclaimable("bad-machine-key", message, f"mv {path} {path}.bad, then companion up, which makes a new one")
    return path.read_bytes()


def hook_token_of(key: bytes) -> str:
    """The bearer that opens hooks on the gateway's port, and nothing else: the same as long as the machine key is."""
    return f"cmph-{hmac.new(key, b'companion hooks', hashlib.sha256).hexdigest()}"
