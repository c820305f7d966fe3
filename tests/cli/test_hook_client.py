"""Whatever fails, the call is blocked."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.cli import hook, hook_client
from companion.cli.hook_client import ask

WHOLE = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


class Answering:
    """Answers one connection with these bytes, and closes it."""

    def __init__(self, folder: Path, said: bytes) -> None:
        self.path = str(folder / "s")
        Path(self.path).unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(1)
        self.heard = b""
        self._said = said
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            while b"\r\n\r\n" not in self.heard or not self.heard.endswith(b"}"):
                self.heard += connection.recv(65536)
            connection.sendall(self._said)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join(10)
        self._listener.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("s")


def answer(folder, said: bytes) -> str:
    with Answering(folder, said) as daemon:
        return ask("claude", daemon.path, b"{}")


def whole(body: bytes) -> bytes:
    return WHOLE % (len(body), body)


def chunked(*parts: bytes) -> bytes:
    return CHUNKED + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))


def test_a_whole_yes_is_the_only_yes(folder):
    assert answer(folder, whole(b"allow\n")) == ""
    assert answer(folder, chunked(b" ", b" ", b"allow\n")) == ""
    assert answer(folder, whole(b"deny\nbecause\n")) == "because"


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"allow\n",
        b"HTTP/1.1 200 OK\r\n\r\nallow\n",
        WHOLE % (7, b"allow\n"),
        WHOLE % (5, b"allow\n"),
        whole(b"allow"),
        whole(b"allow\nmore"),
        whole(b"ALLOW\n"),
        whole(b"{}"),
        chunked(b" ", b"allow\n")[:-5],
        chunked(b"allow\n")[:-1],
        CHUNKED + b"zz\r\nallow\n\r\n0\r\n\r\n",
        CHUNKED + b"-6\r\nallow\n\r\n0\r\n\r\n",
        b"HTTP/2 200\r\ncontent-length: 6\r\n\r\nallow\n",
        whole(b"deny"),
    ],
)
def test_everything_else_is_a_no_with_a_word(folder, said):
    assert "refused" in answer(folder, said)


@given(st.binary(max_size=80))
def test_no_bytes_make_a_yes(body):
    try:
        said = hook_client._verdict(hook_client._body(b"HTTP/1.1 200 OK\r\n" + body))
    except (hook_client._Blocked, ValueError):
        return
    assert said or body.endswith(b"allow\n")


def test_nobody_there_is_a_no(folder):
    assert "companion up" in ask("claude", str(folder / "nowhere"), b"{}")
    assert "refused" in ask("claude", str(folder / ("x" * 300)), b"{}")


def test_the_whole_payload_arrives(folder):
    with Answering(folder, whole(b"allow\n")) as daemon:
        assert ask("codex", daemon.path, b'{"a": "' + b"x" * 100_000 + b'"}') == ""
    head, _, body = daemon.heard.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /hooks/v1/codex HTTP/1.1\r\n")
    assert len(body) == 100_009


@pytest.mark.parametrize(("said", "code"), [(whole(b"allow\n"), 0), (whole(b"deny\nno\n"), 2), (b"", 2)])
def test_as_a_process_it_ends_with_0_or_2(folder, said, code):
    with Answering(folder, said) as daemon:
        command = [sys.executable, "-I", "-S", hook.__file__, "claude", daemon.path]
        done = subprocess.run(command, input=b"{}", capture_output=True, check=False)
    assert done.returncode == code
    assert bool(done.stderr) is (code == 2)
    assert done.stdout == b""


@pytest.mark.parametrize(
    ("said", "cancel"), [(whole(b"allow\n"), "false"), (whole(b'deny\na "b"\n'), "true"), (b"", "true")]
)
def test_for_clines_hook_files_it_answers_in_json(folder, said, cancel):
    with Answering(folder, said) as daemon:
        command = [sys.executable, "-I", "-S", hook.__file__, "cline-file", daemon.path]
        done = subprocess.run(command, input=b"{}", capture_output=True, check=False, text=False)
    assert f'"cancel":{cancel}'.encode() in done.stdout
    assert done.returncode == 0
