"""An agent with its hook as `companion connect` sets it up, led past the gateway where only the hook shall count."""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from companion.client import calls
from companion.client.drivers import Refused
from companion.contract.types import Answer
from companion.demo import play
from companion.demo.model import ScriptedModel, serve
from companion.demo.record import Capture
from tests.clients.test_agents import AGENTS, CONFIG, programs  # noqa: F401 - a fixture
from tests.support.agents import Agent, Run
from tests.support.daemons import companion

COMMAND = "rm doomed.txt"
RUNS = 5


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

    def connect(self, *, past_the_gateway: bool, hooks: bool = True) -> None:
        kept = "--hooks" if hooks else "--no-hooks"
        done = self.companion.run("connect", self.agent.name, "--config-dir", str(self.agent.folder), kept, "--json")
        self.report = json.loads(done.stdout)
        if past_the_gateway:
            text = self.agent.settings.read_text()
            self.agent.settings.write_text(text.replace(self.companion.gateway, self.model))

    def run(self) -> Run:
        return self.agent.run("Please remove the file doomed.txt", "any-model")

    def run_while(self, act) -> Run:
        """A run, with `act` done to the first question that waits.

        Cline gives its plugin three seconds for all it does, so on a slow machine the question is gone before
        anybody saw it: then the agent is asked to do the same again. No run may leave without a yes, seen or not.
        """
        for _ in range(RUNS if self.agent.name == "cline" else 1):
            done = threading.Event()
            with ThreadPoolExecutor(1) as side:
                watching = side.submit(self._watch, act, done)
                try:
                    ran = self.run()
                finally:
                    done.set()
                if watching.result():
                    return ran
            assert self.doomed.exists(), ran.output
        raise AssertionError(f"no question was ever seen: {ran.output}")

    def _watch(self, act, done: threading.Event) -> bool:
        while not done.wait(0.02):
            if waiting := self.companion.ask(calls.pending()):
                try:
                    act(waiting[0])
                except Refused:
                    # Gone between the look and the answer.
                    continue
                return True
        return False

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
    with serve(ScriptedModel((play.Run(COMMAND), play.Say("All done.")), capture).app) as model, companion() as made:
        made.configure(CONFIG.format(act=model, plan=model))
        # A home of its own, but not another ten seconds for compiled rules.
        made.environ |= {"COMPANION_CACHE": str(made.places.cache)}
        made.environ |= {"HOME": str(home), "PATH": f"{programs}{os.pathsep}{made.environ['PATH']}"}
        made.up()
        agent = Connected(request.param, programs, home, workspace, made.gateway, made.key)
        yield Scene(made, capture, agent, model)
