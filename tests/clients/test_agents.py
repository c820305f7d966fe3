"""The real Cline, Claude Code and Codex, each through the whole loop.

agent → gateway → guards → upstream → gate on the wire → agent, with the scripted model as upstream.
"""

from __future__ import annotations

import subprocess
import threading

import pytest

from companion.client import calls
from companion.contract.types import Answer
from companion.demo.model import ScriptedModel, serve
from companion.demo.play import Play, Read, Run, Say, Write
from companion.demo.record import Capture
from tests.support.agents import Agent, install
from tests.support.daemons import companion, wait_until

pytestmark = pytest.mark.agents

GITHUB = "ghp_" + "qW3eR6tY9uI2oP5aS8dF1gH4jK7lZ0xC3vB6"
IGNORED = "the launch code is 0451-tango-papa\n"
AGENTS = ["cline", "claude", "codex"]

CONFIG = """
[upstreams.acting]
url = "{act}"
[upstreams.planning]
url = "{plan}"
[tiers.plan]
upstream = "planning"
model = "tier-plan"
[tiers.act]
upstream = "acting"
model = "tier-act"
[tiers.small]
upstream = "acting"
model = "tier-small"
"""


@pytest.fixture(scope="session")
def programs():
    found = install()
    if isinstance(found, str):
        pytest.skip(found)
    return found


class Loop:
    """A daemon between an agent and a model that plays what the test says."""

    def __init__(self, made, capture: Capture, agent) -> None:
        self.companion, self.capture, self.agent = made, capture, agent

    def verdicts(self) -> list[tuple[str, str, str]]:
        return [(line.kind, line.outcome, line.code) for line in self.companion.lines() if line.kind != "model"]

    def check_the_books(self) -> None:
        """Every call that reached the model has its line, and nothing that must stay has left."""
        lines = self.companion.lines()
        assert sum(line.calls for line in lines) == len(self.capture.requests)
        assert len({line.id for line in lines}) == len(lines)
        assert self.capture.find([GITHUB, "0451-tango-papa"]) == []

    def answer(self, *, approve: bool) -> threading.Thread:
        """Answers the first approval that comes, from the side."""

        def watch() -> None:
            waiting = []

            def held() -> bool:
                waiting[:] = self.companion.ask(calls.pending())
                return bool(waiting)

            wait_until(held, 60)
            given = Answer(approve=approve, by="cli", reason="not in this house", digest=waiting[0].digest)
            self.companion.ask(calls.answer(waiting[0].id, given))

        thread = threading.Thread(target=watch)
        thread.start()
        return thread


@pytest.fixture
def loop(programs, tmp_path, request):
    """`play` is given by the test as a parameter of the fixture's maker."""
    name, play = request.param
    workspace, home = tmp_path / "ws", tmp_path / "home"
    workspace.mkdir()
    home.mkdir()
    (workspace / "notes.txt").write_text("hello from notes\n")
    (workspace / "token.txt").write_text(f"the token is {GITHUB}\n")
    (workspace / "internal.txt").write_text(IGNORED)
    (workspace / "private").mkdir()
    (workspace / "private" / "code.txt").write_text(IGNORED)
    (workspace / ".clineignore").write_text("internal.txt\n")
    (workspace / ".gitignore").write_text("private/\n")
    subprocess.run(["git", "init", "-q"], cwd=workspace, check=True)
    capture = Capture()
    with serve(ScriptedModel(play, capture).app) as act, serve(ScriptedModel(play, capture).app) as plan:
        with companion() as made:
            made.places.config.mkdir(parents=True)
            made.places.config_file.write_text(CONFIG.format(act=act, plan=plan))
            made.up()
            yield Loop(made, capture, Agent(name, programs, home, workspace, made.gateway, made.key))


def with_play(*steps, agents=AGENTS):
    play: Play = (*steps, Say("All done."))
    return pytest.mark.parametrize("loop", [(agent, play) for agent in agents], ids=agents, indirect=True)


TASK = "Read notes.txt then run a command then write out.txt"


@with_play(Read("notes.txt"), Run("git status"), Write("out.txt", "hi from the model\n"))
def test_a_task_runs_through_the_whole_loop(loop):
    ran = loop.agent.run(TASK, "any-model")
    assert ran.code == 0, ran.output
    assert (loop.agent.workspace / "out.txt").read_text().startswith("hi from the model")
    models = {line.model for line in loop.companion.lines("model")}
    assert "tier-act" in models
    assert "tier-plan" not in models
    assert {outcome for _, outcome, _ in loop.verdicts()} == {"allow"}, loop.verdicts()
    for line in loop.companion.lines("model"):
        assert line.input_tokens + line.cache_read_tokens > 0
        assert line.cost_pd is None
        assert line.unpriced
    loop.check_the_books()


@with_play(Read("notes.txt"), Write("out.txt", "planning must not write\n"))
def test_planning_goes_to_the_plan_tier_and_writes_nothing(loop):
    ran = loop.agent.run("Read notes.txt then write out.txt", "any-model", plan=True)
    assert ran.code == 0, ran.output
    assert not (loop.agent.workspace / "out.txt").exists()
    lines = [line for line in loop.companion.lines("model") if line.tier == "plan"]
    assert {line.model for line in lines} == {"tier-plan"}
    assert ("deny", "plan-changes-nothing") in {(outcome, code) for _, outcome, code in loop.verdicts()}
    loop.check_the_books()


@with_play(Read("internal.txt"), Run("cat private/code.txt"), Read("notes.txt"))
def test_ignored_files_are_refused_and_the_run_goes_on(loop):
    ran = loop.agent.run("Read internal.txt and private/code.txt and notes.txt", "any-model")
    assert ran.code == 0, ran.output
    verdicts = loop.verdicts()
    assert [outcome for _, outcome, _ in verdicts] == ["deny", "deny", "allow"]
    assert "companion refused this" in loop.capture.requests[-1].body.decode(), "the model reads why"
    loop.check_the_books()


@with_play(Read("token.txt"), Write("copy.txt", "the token: {placeholder}\n"))
def test_a_key_is_hidden_from_the_model_and_whole_in_the_agents_hands(loop):
    ran = loop.agent.run("Copy the token of token.txt into copy.txt", "any-model")
    assert ran.code == 0, ran.output
    assert GITHUB in (loop.agent.workspace / "copy.txt").read_text()
    assert any(line.redactions for line in loop.companion.lines("model"))
    loop.check_the_books()


@pytest.mark.parametrize("approve", [True, False])
@with_play(Run("rm -rf doomed"))
def test_rm_waits_for_a_person(loop, approve):
    doomed = loop.agent.workspace / "doomed"
    doomed.mkdir()
    watching = loop.answer(approve=approve)
    ran = loop.agent.run("Remove the folder doomed", "any-model")
    watching.join()
    # Codex refuses `rm -rf` by itself, whatever a gate says.
    assert doomed.exists() is (not approve or loop.agent.name == "codex"), ran.output
    if not approve:
        assert "not in this house" in loop.capture.requests[-1].body.decode()
    loop.check_the_books()


@with_play(Run("rm -rf never"))
def test_an_agent_that_is_killed_half_way_leaves_the_books_even(loop):
    command, environ = loop.agent.command("Remove the folder never", "any-model", plan=False)
    process = loop.agent.start(command, **environ)
    try:
        wait_until(lambda: loop.companion.ask(calls.pending()), 60)
    finally:
        loop.agent.end(process)
        subprocess.run(["pkill", "-9", "-f", str(loop.agent.home)], check=False)
    wait_until(lambda: not loop.companion.ask(calls.pending()), 30)
    assert loop.companion.lines()[-1].ending == "cancelled"
    loop.check_the_books()
