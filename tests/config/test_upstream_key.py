"""A key comes from its variable, a file that nobody else can read or the keyring, and is never shown."""

import os
import stat
import sys
import threading

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import InitError, KeyringLocked

from companion.config import upstream_key
from companion.config.complaints import ConfigError
from companion.config.schema import Upstream
from companion.config.upstream_key import read_key

posix = pytest.mark.skipif(os.name != "posix", reason="modes and links as POSIX has them")
URL = "https://api.anthropic.com"


def by_env(environ):
    return read_key("work", Upstream(URL, "anthropic", key_env="A_KEY"), environ)


def by_file(file):
    return read_key("work", Upstream(URL, "anthropic", key_file=file), {})


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a key"
    path.touch(mode=0o600)
    return path


def test_no_key_is_none():
    assert read_key("work", Upstream(URL, "anthropic"), {"A_KEY": "x"}) is None


def test_from_the_environment():
    assert by_env({"A_KEY": "sk-1"}) == "sk-1"


@pytest.mark.parametrize(
    ("environ", "found"), [({}, "no such variable"), ({"A_KEY": ""}, "nothing"), ({"A_KEY": "hush hush"}, "spaces")]
)
def test_what_the_environment_lacks(environ, found):
    with pytest.raises(ConfigError) as caught:
        by_env(environ)
    (complaint,) = caught.value.complaints
    assert (complaint.file, complaint.key) == ("environment", "upstreams.work.key_env")
    assert found in complaint.found
    assert complaint.hint.startswith("type: export A_KEY=")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("raw", [b"sk-1", b"sk-1\n", b"sk-1\r\n"])
def test_from_a_file(file, raw):
    file.write_bytes(raw)
    assert by_file(file) == "sk-1"


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"hush\n\n", b"hush\r\nX-Other: 1", b"hush\xff", b"hush" * 5000, b" hush"], ids=range(7)
)
def test_what_is_no_key(file, raw):
    file.write_bytes(raw)
    with pytest.raises(ConfigError) as caught:
        by_file(file)
    assert "hush" not in str(caught.value)
    assert caught.value.complaints[0].key == "upstreams.work.key_file"


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o601])
def test_a_file_that_others_may_open_is_refused(file, mode):
    file.write_text("hush")
    file.chmod(mode)
    with pytest.raises(ConfigError, match=rf"type: chmod 600 '{file}'"):
        by_file(file)
    file.chmod(stat.S_IRUSR)
    assert by_file(file) == "hush"


@posix
def test_a_file_of_another_user_is_refused(file, monkeypatch):
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    with pytest.raises(ConfigError, match="a file of your own"):
        by_file(file)


@posix
def test_links_pipes_and_folders_are_refused(tmp_path, file):
    file.write_text("hush")
    link, pipe, folder = (tmp_path / name for name in ("link", "pipe", "folder"))
    link.symlink_to(file)
    os.mkfifo(pipe, 0o600)
    folder.mkdir()
    for path in (link, pipe, folder, tmp_path / "gone", file / "below", tmp_path / "a\0b"):
        with pytest.raises(ConfigError):
            by_file(path)


class InMemory(KeyringBackend):
    """A keyring that holds what it is given."""

    priority = -1

    def __init__(self, entries):
        super().__init__()
        self.entries = entries

    def get_password(self, service, username):
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        self.entries[service, username] = password


class Failing(InMemory):
    """A keyring that raises what it is given."""

    def get_password(self, service, username):
        raise self.entries


@pytest.fixture
def use():
    """Puts a backend in the place of the machine's own; no test asks that one."""
    own = keyring.core._keyring_backend
    keyring.set_keyring(fail.Keyring())
    yield keyring.set_keyring
    keyring.core._keyring_backend = own


def by_keyring(entry):
    return read_key("work", Upstream(URL, "anthropic", key_keyring=entry), {})


@pytest.mark.parametrize(
    ("entry", "service", "user"), [("companion/ada", "companion", "ada"), ("https://x/y/ada b", "https://x/y", "ada b")]
)
def test_from_the_keyring(use, entry, service, user):
    use(InMemory({(service, user): "sk-1"}))
    assert by_keyring(entry) == "sk-1"


def the_complaint():
    with pytest.raises(ConfigError) as caught:
        by_keyring("companion/ada b")
    assert "hush" not in str(caught.value)
    (complaint,) = caught.value.complaints
    assert (complaint.file, complaint.key) == ("keyring", "upstreams.work.key_keyring")
    return complaint


@pytest.mark.parametrize(
    ("backend", "found", "hint"),
    [
        (fail.Keyring(), "no keyring on this machine", "type: keyring diagnose"),
        (null.Keyring(), "no such entry", "type: keyring set companion 'ada b'"),
        (InMemory({("companion", "ada"): "hush"}), "no such entry", "type: keyring set companion 'ada b'"),
        (InMemory({("companion", "ada b"): ""}), "nothing in it", "type: keyring set"),
        (InMemory({("companion", "ada b"): "hush\n"}), "spaces", "type: keyring set"),
        (Failing(KeyringLocked("hush")), "locked", "unlock it"),
        (Failing(TimeoutError("hush")), "locked", "unlock it"),
        (Failing(InitError("hush")), "fails (InitError)", "type: keyring get companion 'ada b'"),
        (Failing(OSError("hush")), "fails (OSError)", "type: keyring get companion 'ada b'"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, KeyringBackend) else None,
)
def test_what_the_keyring_lacks(use, backend, found, hint):
    use(backend)
    complaint = the_complaint()
    assert found in complaint.found
    assert hint in complaint.hint


def test_without_the_library_it_is_said_how_to_have_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    complaint = the_complaint()
    assert (complaint.expected, complaint.found) == (
        "a key in the keyring's entry companion/ada b",
        "no keyring library",
    )
    assert "pip install 'companion-daemon[keyring]'" in complaint.hint


def test_a_keyring_that_waits_for_nobody_is_not_waited_for(use, monkeypatch):
    monkeypatch.setattr(upstream_key, "_KEYRING_SECONDS", 0.01)
    unlocked, read = threading.Event(), threading.Event()

    class Locked(InMemory):
        def get_password(self, service, username):
            unlocked.wait(60)
            read.set()

    use(Locked({}))
    assert "locked" in the_complaint().found
    unlocked.set()
    assert read.wait(10)


def test_a_key_that_lies_elsewhere_never_asks_for_the_keyring(monkeypatch, file):
    monkeypatch.setitem(sys.modules, "keyring", None)
    file.write_text("sk-1")
    assert (by_file(file), by_env({"A_KEY": "sk-2"})) == ("sk-1", "sk-2")
