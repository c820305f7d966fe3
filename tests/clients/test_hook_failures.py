"""The second layer with the real agents: whatever becomes of hook and daemon, nothing runs without a yes.

The agent is led past the gateway, straight to the model, so that its hook is all there is.
"""

from __future__ import annotations

import json
import signal
import socket
import stat
import threading

import psutil
import pytest

from companion.cli.agents import codex, hooks
from tests.support.daemons import wait_until

pytestmark = pytest.mark.agents


def test_a_dead_daemon_blocks(scene):
    scene.connect(past_the_gateway=True)
    scene.companion.kill()
    ran = scene.run()
    assert scene.doomed.exists(), ran.output
    assert "companion refused this" in scene.capture.requests[-1].body.decode()


def test_a_daemon_that_is_killed_in_mid_approval_blocks(scene):
    scene.connect(past_the_gateway=True)
    ran = scene.run_while(lambda _: scene.companion.kill())
    assert scene.doomed.exists(), ran.output


def test_a_daemon_that_hangs_blocks(scene):
    scene.connect(past_the_gateway=True)
    process = psutil.Process(scene.companion.pid)
    try:
        ran = scene.run_while(lambda _: process.send_signal(signal.SIGSTOP))
        assert scene.doomed.exists(), ran.output
    finally:
        process.send_signal(signal.SIGCONT)


def other_hook(scene, script: str) -> None:
    """What stands in for the hook's own program is `script`; how the agent calls it stays."""
    if scene.agent.name == "cline":
        pytest.skip("Cline's plugin runs in Cline itself: there is no process to stand in for")
    stand_in = scene.agent.home / "stand-in"
    stand_in.write_text(f"#!/bin/sh\n{script}\n")
    stand_in.chmod(stat.S_IRWXU)
    path = scene.agent.settings
    before = path.read_text()
    if scene.agent.name == "claude":
        document = json.loads(before)
        [group] = document["hooks"]["PreToolUse"]
        handler = group["hooks"][0]
        handler["command"] = f"{stand_in}{hooks.OR_BLOCK}"
        path.write_text(json.dumps(document))
        return
    document = codex.SYNTAX.parse(before)
    [group] = document["hooks"]["PreToolUse"]
    fresh = hooks.group({**group["hooks"][0], "command": f"{stand_in}{hooks.OR_BLOCK}"})
    text = before.replace(group["hooks"][0]["command"], fresh["hooks"][0]["command"])
    path.write_text(text.replace(hooks.codex_hash(group), hooks.codex_hash(fresh)))


@pytest.mark.parametrize("script", ["exit 1", "exit 2", "kill -9 $$", "exec /nowhere/at/all"])
def test_a_hook_that_crashes_blocks(scene, script):
    scene.connect(past_the_gateway=True)
    other_hook(scene, script)
    ran = scene.run()
    assert scene.doomed.exists(), ran.output


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n{bad}", b"HTTP/1.1 200 OK\r\n", b"allow\n", b"\x00" * 64, b""],
    ids=["bad-json", "half-a-head", "no-http", "zeros", "nothing"],
)
def test_an_answer_that_cannot_be_read_blocks(scene, said):
    """Whatever stands at the daemon's address says something else."""
    scene.connect(past_the_gateway=True)
    places, gateway = scene.companion.places, scene.companion.gateway
    scene.companion.kill()
    with babbling(places, gateway, said):
        ran = scene.run()
    assert scene.doomed.exists(), ran.output


class babbling:  # noqa: N801 - reads as a function
    """Answers each connection to the daemon's addresses with the same bytes."""

    def __init__(self, places, gateway, said) -> None:
        places.agent_socket.unlink(missing_ok=True)
        unix = socket.socket(socket.AF_UNIX)
        unix.bind(str(places.agent_socket))
        self._listeners = [unix, self._tcp(int(gateway.rpartition(":")[2]))]
        for listener in self._listeners:
            listener.listen(8)
            threading.Thread(target=self._serve, args=(listener, said), daemon=True).start()

    @staticmethod
    def _tcp(port: int) -> socket.socket:
        tcp = socket.socket()
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

        def bound() -> bool:
            # What the daemon left behind goes on for a moment.
            try:
                tcp.bind(("127.0.0.1", port))
            except OSError:
                return False
            return True

        wait_until(bound)
        return tcp

    @staticmethod
    def _serve(listener, said) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                try:
                    connection.recv(1 << 20)
                    connection.sendall(said)
                except OSError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
