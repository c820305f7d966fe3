"""A key comes from its variable or from a file that nobody else can read, and is never shown."""

import os
import stat

import pytest

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
