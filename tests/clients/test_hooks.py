"""The second layer with the real agents: whatever becomes of hook and daemon, nothing runs without a yes.

Here the agent is led past the gateway, straight to the model, so that its hook is all there is (one test has both).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import threading

import psutil
import pytest

from companion.cli.agents import codex, hooks
from companion.client import calls
from companion.contract.types import Answer
from companion.demo.model import ScriptedModel, serve
from companion.demo.play import Run, Say
from companion.demo.record import Capture
from tests.clients.test_agents import AGENTS, CONFIG, programs  # noqa: F401 - a fixture
from tests.support.agents import Agent
from tests.support.daemons import companion, wait_until

pytestmark = pytest.mark.agents

COMMAND = "rm doomed.txt"


class Connected(Agent):
    """An agent with the settings that `companion connect` wrote, and no others."""

    @property
    def folder(self):
        return self.home / self.name

    def command(self, prompt, model, *, plan):
        if self.name == "claude":
            wanted = ["claude", "-p", prompt, "--model", model, "--output-format", "json"]
            environ = {"CLAUDE_CONFIG_DIR": str(self.folder), "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
            return [*wanted, "--allowedTools", "Read,Bash,Write,Edit"], environ
        if self.name == "codex":
            wanted = ["codex", "exec", "--json", "--skip-git-repo-check", "-s", "workspace-write", "-m", model, prompt]
            return wanted, {"CODEX_HOME": str(self.folder)}
        data = self.folder / "data"
        (data / "settings" / "global-settings.json").write_text('{"telemetryOptOut": true}')
        return [
            "cline",
            "--config",
            str(self.folder),
            "--data-dir",
            str(data),
            "--json",
            "--auto-approve",
            "true",
            prompt,
        ], {}

    @property
    def settings(self):
        names = {"claude": "settings.json", "codex": "config.toml", "cline": "data/settings/providers.json"}
        return self.folder / names[self.name]


class Scene:
    def __init__(self, made, capture, agent, model) -> None:
        self.companion, self.capture, self.agent, self.model = made, capture, agent, model
        self.doomed = agent.workspace / "doomed.txt"
        self.doomed.write_text("precious\n")

    def connect(self, *, past_the_gateway: bool) -> None:
        done = self.companion.run("connect", self.agent.name, "--config-dir", str(self.agent.folder), "--json")
        self.report = json.loads(done.stdout)
        if past_the_gateway:
            text = self.agent.settings.read_text()
            self.agent.settings.write_text(text.replace(self.companion.gateway, self.model))

    def run(self):
        return self.agent.run("Please remove the file doomed.txt", "any-model")

    def waiting(self):
        found = []

        def held() -> bool:
            found[:] = self.companion.ask(calls.pending())
            return bool(found)

        wait_until(held, 60)
        return found[0]

    def aside(self, act) -> threading.Thread:
        """Does something with the first question that waits."""
        thread = threading.Thread(target=lambda: act(self.waiting()))
        thread.start()
        return thread

    def answer(self, *, approve: bool):
        return lambda one: self.companion.ask(
            calls.answer(one.id, Answer(approve, "cli", "not in this house", one.digest))
        )


@pytest.fixture(params=AGENTS)
def scene(request, programs, tmp_path):  # noqa: F811
    workspace, home = tmp_path / "ws", tmp_path / "home"
    workspace.mkdir()
    home.mkdir()
    capture = Capture()
    with serve(ScriptedModel((Run(COMMAND), Say("All done.")), capture).app) as model, companion() as made:
        made.configure(CONFIG.format(act=model, plan=model))
        made.environ |= {"HOME": str(home), "PATH": f"{programs}{os.pathsep}{made.environ['PATH']}"}
        made.up()
        agent = Connected(request.param, programs, home, workspace, made.gateway, made.key)
        yield Scene(made, capture, agent, model)


def test_one_yes_serves_wire_and_hook(scene):
    scene.connect(past_the_gateway=False)
    answering = scene.aside(scene.answer(approve=True))
    ran = scene.run()
    answering.join()
    assert not scene.doomed.exists(), ran.output
    shells = [(line.approver, line.ending) for line in scene.companion.lines("shell")]
    assert shells == [("cli", "served"), ("cli, said on the wire", "served")]


@pytest.mark.parametrize("approve", [True, False])
def test_the_hook_alone_asks_and_the_model_reads_the_reason(scene, approve):
    scene.connect(past_the_gateway=True)
    answering = scene.aside(scene.answer(approve=approve))
    ran = scene.run()
    answering.join()
    assert scene.doomed.exists() is not approve, ran.output
    if not approve:
        assert "not in this house" in scene.capture.requests[-1].body.decode()


def test_a_dead_daemon_blocks(scene):
    scene.connect(past_the_gateway=True)
    scene.companion.kill()
    ran = scene.run()
    assert scene.doomed.exists(), ran.output
    assert "companion refused this" in scene.capture.requests[-1].body.decode()


def test_a_daemon_that_is_killed_in_mid_approval_blocks(scene):
    scene.connect(past_the_gateway=True)
    killing = scene.aside(lambda _: scene.companion.kill())
    ran = scene.run()
    killing.join()
    assert scene.doomed.exists(), ran.output


def test_a_daemon_that_hangs_blocks(scene):
    scene.connect(past_the_gateway=True)
    process = psutil.Process(scene.companion.pid)
    hanging = scene.aside(lambda _: process.send_signal(signal.SIGSTOP))
    try:
        ran = scene.run()
        hanging.join()
        assert scene.doomed.exists(), ran.output
    finally:
        process.send_signal(signal.SIGCONT)


def test_nobody_answering_in_time_blocks(scene):
    scene.companion.down()
    scene.companion.configure(scene.companion.places.config_file.read_text() + "[policy]\napproval_seconds = 5\n")
    scene.companion.up()
    scene.connect(past_the_gateway=True)
    ran = scene.run()
    assert scene.doomed.exists(), ran.output
    [line] = scene.companion.lines("shell")
    # Cline waits for its plugin for three seconds only, and the question goes with it.
    assert line.code == "approval-timeout" or (scene.agent.name, line.ending) == ("cline", "cancelled")


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
