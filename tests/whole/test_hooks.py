"""Each way in which a hook asks, against a real daemon: what runs, what does not, and what a dead daemon means."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios

import httpx
import pytest

from companion.cli.agents.cline_files import hook_file
from companion.cli.agents.hooks import hook_command
from companion.client import calls
from tests.support.answering import answering
from tests.support.daemons import BIN, PATIENT, companion, has_ended, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="unix sockets, signals and terminals")

FORBIDDEN = "cat internal.txt"


@pytest.fixture(scope="module")
def daemon():
    with companion() as made:
        made.configure(PATIENT)
        made.up("--upstream", "http://127.0.0.1:1")
        yield made


@pytest.fixture
def mortal():
    """A daemon for one test."""
    with companion() as made:
        made.up("--upstream", "http://127.0.0.1:1")
        yield made


@pytest.fixture(autouse=True)
def _workspace(tmp_path):
    (tmp_path / ".clineignore").write_text("internal.txt\n")
    (tmp_path / "internal.txt").write_text("x\n")


class TestClaudesHttpHook:
    @staticmethod
    def ask(made, folder, command: str) -> httpx.Response:
        """As `companion connect claude` has Claude Code ask."""
        token = made.ask(calls.hooks())["token"]
        payload = {"session_id": "s", "cwd": str(folder), "tool_name": "Bash", "tool_input": {"command": command}}
        headers = {"authorization": f"Bearer {token}"}
        return httpx.post(f"{made.gateway}/hooks/v1/claude/json", json=payload, headers=headers, trust_env=False)

    def test_a_yes_says_nothing_and_a_no_denies(self, daemon, tmp_path):
        assert self.ask(daemon, tmp_path, "ls").json() == {}
        said = self.ask(daemon, tmp_path, FORBIDDEN).json()["hookSpecificOutput"]
        assert (said["hookEventName"], said["permissionDecision"]) == ("PreToolUse", "deny")
        assert "internal.txt" in said["permissionDecisionReason"]

    def test_without_its_bearer_nobody_is_answered_with_success(self, daemon):
        said = httpx.post(f"{daemon.gateway}/hooks/v1/claude/json", json={}, trust_env=False)
        assert said.status_code == 401

    def test_a_dead_daemon_is_a_failure_which_blocks(self, mortal, tmp_path):
        assert self.ask(mortal, tmp_path, "ls").json() == {}
        token, gateway = mortal.ask(calls.hooks())["token"], mortal.gateway
        mortal.kill()
        with pytest.raises(httpx.TransportError):
            httpx.post(f"{gateway}/hooks/v1/claude/json", headers={"authorization": f"Bearer {token}"}, trust_env=False)


class TestClinesHookFile:
    """What `companion connect cline` writes for VS Code, run as Cline runs it."""

    @staticmethod
    def run(made, folder, command: str) -> dict[str, object]:
        script = folder / "PreToolUse"
        script.write_text(hook_file(folder, hook_command("cline-file", made.places)).content)
        parameters = {"command": command, "requires_approval": "false"}
        call = {"preToolUse": {"toolName": "execute_command", "parameters": parameters}}
        payload = json.dumps(call | {"workspaceRoots": [str(folder)]})
        done = subprocess.run(
            ["sh", str(script)], input=payload, capture_output=True, text=True, env=made.environ, check=False
        )
        assert done.returncode == 0
        return json.loads(done.stdout)

    def test_it_cancels_what_may_not_run(self, daemon, tmp_path):
        assert self.run(daemon, tmp_path, "ls")["cancel"] is False
        said = self.run(daemon, tmp_path, FORBIDDEN)
        assert said["cancel"] is True
        assert "internal.txt" in str(said["errorMessage"])

    def test_it_cancels_what_a_person_denies(self, daemon, tmp_path):
        with answering(daemon, approve=False) as asked:
            assert self.run(daemon, tmp_path, "git push")["cancel"] is True
        assert [one.layer for one in asked] == ["hook"]
        with answering(daemon, approve=True):
            assert self.run(daemon, tmp_path, "git push")["cancel"] is False

    def test_it_cancels_where_no_daemon_runs(self, mortal, tmp_path):
        assert self.run(mortal, tmp_path, "ls")["cancel"] is False
        mortal.kill()
        assert self.run(mortal, tmp_path, "ls")["cancel"] is True


class TestCtrlC:
    @staticmethod
    def terminal(made, folder, *words: str) -> tuple[int, int]:
        """A process with a terminal of its own: its id, and the other end of the terminal."""
        child, end = pty.fork()
        if child == 0:
            os.chdir(folder)
            os.execve(BIN / "companion", ["companion", "run", *words], made.environ)
        return child, end

    @staticmethod
    def read_until(end: int, word: bytes) -> bytes:
        heard = b""
        while word not in heard:
            assert select.select([end], [], [], 30)[0], heard
            heard += os.read(end, 4096)
        return heard

    def test_it_ends_the_command_and_leaves_the_terminal_as_it_was(self, daemon, tmp_path):
        line = "trap 'echo caught; exit 130' INT; echo pid $$; while :; do sleep 1; done"
        (tmp_path / "wait.sh").write_text(line)
        with answering(daemon, approve=True):
            child, end = self.terminal(daemon, tmp_path, "--", "sh", "wait.sh")
            heard = self.read_until(end, b"\n")
            while b"pid " not in heard:
                heard += self.read_until(end, b"\n")
        before = termios.tcgetattr(end)
        command = int(heard.split(b"pid ")[1].split()[0])
        os.write(end, b"\x03")
        self.read_until(end, b"caught")
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 130
        wait_until(lambda: has_ended(command))
        assert termios.tcgetattr(end) == before
        os.close(end)

    def test_a_command_that_ctrl_c_kills_is_told_as_shells_tell_it(self, daemon, tmp_path):
        (tmp_path / "wait.sh").write_text("echo ready; exec sleep 60")
        with answering(daemon, approve=True):
            child, end = self.terminal(daemon, tmp_path, "--", "sh", "wait.sh")
            self.read_until(end, b"ready")
        os.write(end, b"\x03")
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGINT
        os.close(end)

    def test_while_it_waits_for_a_person_nothing_runs(self, daemon, tmp_path):
        child, end = self.terminal(daemon, tmp_path, "--", "git", "push")
        wait_until(lambda: daemon.ask(calls.pending()))
        os.write(end, b"\x03")
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 130
        wait_until(lambda: not daemon.ask(calls.pending()))
        assert daemon.lines("shell")[-1].ending == "cancelled"
        os.close(end)
