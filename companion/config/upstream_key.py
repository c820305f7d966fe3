"""Reads the key of an upstream, from its environment variable, its file or the keyring of the operating system."""

from __future__ import annotations

import os
import re
import shlex
import stat
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path

from companion.config.complaints import Complaint, ConfigError
from companion.config.schema import Upstream

_LONGEST = 8 * 1024
_KEYRING_SECONDS = 20.0
"""Time enough to type a passphrase. Without a desktop nobody asks for it, and a locked keyring would wait for ever."""
_SENDABLE = re.compile(r"[\x21-\x7e]+")


def read_key(name: str, upstream: Upstream, environ: Mapping[str, str]) -> str | None:
    """The key of the upstream called `name`; None when it has none configured, so that no credential is sent.

    Raises ConfigError with one complaint, which never shows any part of a key.
    """
    if upstream.key_env is not None:
        return _from_environment(f"upstreams.{name}.key_env", upstream.key_env, environ)
    if upstream.key_file is not None:
        return _from_file(f"upstreams.{name}.key_file", upstream.key_file)
    if upstream.key_keyring is not None:
        return _from_keyring(f"upstreams.{name}.key_keyring", upstream.key_keyring)
    return None


def _from_environment(key: str, variable: str, environ: Mapping[str, str]) -> str:
    place, expected = "environment", f"a key in the variable {variable}"
    hint = f"type: export {variable}=... and start companion again"
    if variable not in environ:
        raise _error(place, key, expected, "no such variable", hint)
    return _sendable(environ[variable], place, key, expected, hint)


def _from_file(key: str, file: Path) -> str:
    expected, hint = "a file that holds the key", f"put the key alone into {_quoted(file)}"
    try:
        raw = _read(key, file)
    except FileNotFoundError as error:
        raise _error(str(file), key, expected, "no such file", hint) from error
    except (OSError, ValueError) as error:
        found = getattr(error, "strerror", None) or str(error)
        raise _error(str(file), key, expected, found) from error
    if len(raw) > _LONGEST:
        raise _error(str(file), key, expected, f"more than {_LONGEST} bytes", hint)
    text = raw.decode("ascii", errors="replace")
    return _sendable(text.removesuffix("\n").removesuffix("\r"), str(file), key, expected, hint)


def _from_keyring(key: str, entry: str) -> str:
    service, _, user = entry.rpartition("/")
    expected, elsewhere = f"a key in the keyring's entry {entry}", "or name a file of your own with key_file"
    to_set = f"type: keyring set {shlex.quote(service)} {shlex.quote(user)}"
    try:
        import keyring  # noqa: PLC0415 - optional
        from keyring.errors import KeyringLocked, NoKeyringError  # noqa: PLC0415
    except ImportError as error:
        hint = f"type: pip install 'companion-daemon[keyring]', {elsewhere}"
        raise _error("keyring", key, expected, "no keyring library", hint) from error
    try:
        found = _in_time(lambda: keyring.get_password(service, user))
    except (KeyringLocked, TimeoutError) as error:
        hint = f"unlock it and start companion again, {elsewhere}"
        raise _error("keyring", key, expected, "a keyring that is locked", hint) from error
    except NoKeyringError as error:
        hint = f"see what there is, type: keyring diagnose, {elsewhere}"
        raise _error("keyring", key, expected, "no keyring on this machine", hint) from error
    except Exception as error:
        # Which errors there are is each backend's own; their texts are not shown, since nobody knows what is in them.
        hint = f"try it, type: keyring get {shlex.quote(service)} {shlex.quote(user)}, {elsewhere}"
        raise _error("keyring", key, expected, f"a keyring that fails ({type(error).__name__})", hint) from error
    if found is None:
        raise _error("keyring", key, expected, "no such entry", to_set)
    return _sendable(found, "keyring", key, expected, to_set)


def _in_time(read: Callable[[], str | None]) -> str | None:
    """What `read` gives or raises; TimeoutError after _KEYRING_SECONDS, when it is left to itself."""
    outcome: Future[str | None] = Future()

    def work() -> None:
        try:
            outcome.set_result(read())
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            outcome.set_exception(error)

    threading.Thread(target=work, name="keyring", daemon=True).start()
    return outcome.result(_KEYRING_SECONDS)


def _read(key: str, file: Path) -> bytes:
    """Raises OSError. The file is judged by its open descriptor, so that it cannot be exchanged in between."""
    if file.is_symlink():
        raise _error(str(file), key, "the file itself", "a symbolic link", "name the file that it leads to")
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):
        flags |= getattr(os, name, 0)
    descriptor = os.open(file, flags)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _error(str(file), key, "a plain file", "something else")
        if os.name == "posix":
            _judge_owner(key, file, status)
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return stream.read(_LONGEST + 1)
    finally:
        os.close(descriptor)


def _judge_owner(key: str, file: Path, status: os.stat_result) -> None:
    if status.st_uid != os.geteuid():
        raise _error(str(file), key, "a file of your own", f"a file of the user with id {status.st_uid}")
    if stat.S_IMODE(status.st_mode) & 0o077:
        found = f"a file that others may open (mode {stat.S_IMODE(status.st_mode):04o})"
        raise _error(str(file), key, "a file that only you may read", found, f"type: chmod 600 {_quoted(file)}")


def _sendable(text: str, place: str, key: str, expected: str, hint: str) -> str:
    if not text:
        raise _error(place, key, expected, "nothing in it", hint)
    if not _SENDABLE.fullmatch(text):
        raise _error(place, key, "a key in visible ASCII on one line", "spaces, line ends or other characters", hint)
    return text


def _quoted(file: Path) -> str:
    return shlex.quote(str(file))


def _error(place: str, key: str, expected: str, found: str, hint: str = "") -> ConfigError:
    return ConfigError([Complaint(place, 0, key, expected, found, hint)])
