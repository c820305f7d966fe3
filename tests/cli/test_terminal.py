"""`companion run` and `companion shell`, as processes, beside a daemon that says yes or no."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading

import pytest

from companion.places import find_places


class Daemon:
    """Says no to what holds "bad", in the order in which it is asked."""

    def __init__(self, home) -> None:
        self.environ = {**os.environ, "COMPANION_HOME": str(home)}
        places = find_places(self.environ)
        places.run.mkdir(parents=True)
        self.asked: list[bytes] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(places.agent_socket))
        self._listener.listen(8)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                heard = b""
                while not heard.endswith(b"}}"):
                    heard += connection.recv(65536)
                self.asked.append(heard)
                body = b"deny\nnot here\n" if b"bad" in heard else b"allow\n"
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def daemon(tmp_path):
    made = Daemon(tmp_path / "h")
    yield made
    made.close()


def companion(daemon, *arguments: str, folder=None, **given):
    command = [sys.executable, "-c", "from companion.cli.main import main; main()", *arguments]
    return subprocess.run(
        command,
        env=daemon.environ | given.pop("environ", {}),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        **given,
    )


def test_what_may_run_runs_here_with_its_own_exit_code(daemon, tmp_path):
    done = companion(daemon, "run", "--", "sh", "-c", "cat; exit 7", folder=tmp_path, input="hello")
    assert (done.returncode, done.stdout, done.stderr) == (7, "hello", "")
    assert b'"command": "sh -c \'cat; exit 7\'"' in daemon.asked[0]
    assert f'"cwd": "{tmp_path}"'.encode() in daemon.asked[0]


def test_one_word_is_a_line_for_the_shell(daemon):
    assert companion(daemon, "run", "echo a | tr a b").stdout == "b\n"


def test_an_empty_line_is_no_question(daemon):
    done = companion(daemon, "run", " ")
    assert (done.returncode, done.stderr) == (2, "companion: which command?\nnext: companion run -- git status\n")
    assert companion(daemon, "shell", "-c", "").returncode == 0
    assert daemon.asked == []


def test_what_may_not_does_not(daemon, tmp_path):
    done = companion(daemon, "run", "--", "touch", "bad", folder=tmp_path)
    assert (done.returncode, done.stderr) == (126, "not here\n")
    assert not (tmp_path / "bad").exists()


def test_variables_that_change_programs_are_told(daemon):
    companion(daemon, "run", "true", environ={"PYTHONSTARTUP": "/x", "HARMLESS": "1"})
    assert b'"PYTHONSTARTUP": "/x"' in daemon.asked[0]
    assert b"HARMLESS" not in daemon.asked[0]


def test_what_is_not_there_or_ends_by_a_signal_ends_as_in_a_shell(daemon):
    assert companion(daemon, "run", "--", "/nowhere/at/all", "x").returncode == 127
    assert companion(daemon, "run", "--", "sh", "-c", "kill -TERM $$").returncode == 128 + 15


def test_without_a_daemon_nothing_runs(tmp_path):
    home = tmp_path / "none"

    class Nobody:
        environ = {**os.environ, "COMPANION_HOME": str(home)}  # noqa: RUF012 - as Daemon has it

    done = companion(Nobody, "run", "echo no")
    assert (done.returncode, done.stdout) == (126, "")
    assert "companion up" in done.stderr


def test_a_shell_judges_each_line_and_keeps_the_folder(daemon, tmp_path):
    (tmp_path / "sub").mkdir()
    lines = "cd sub\ntouch bad\npwd\necho trailing \\\nfalse\nexit\n"
    done = companion(daemon, "shell", folder=tmp_path, input=lines)
    assert done.stdout.splitlines() == [str(tmp_path / "sub"), "trailing \\"]
    assert done.stderr == "not here\n"
    assert done.returncode == 1
    assert not (tmp_path / "sub" / "bad").exists()
    assert f'"cwd": "{tmp_path}/sub"'.encode() in daemon.asked[-1]


def test_one_line_of_a_shell(daemon):
    done = companion(daemon, "shell", "-c", "echo hi; exit 3")
    assert (done.returncode, done.stdout) == (3, "hi\n")
