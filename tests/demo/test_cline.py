"""The demo with an agent from outside: what it is given, what is told of it, and that nothing of it stays."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from companion.cli.agents.agent import Link, Wanted
from companion.cli.agents.changes import apply
from companion.cli.agents.known import AGENTS
from companion.demo import cline
from companion.demo.cline import play_with_cline
from companion.demo.record import Capture
from companion.demo.run import ASKED_MODEL, DemoFailed, stand_in
from companion.demo.stage import Stage
from companion.demo.tell import Teller
from companion.places import find_places
from tests.support.control import Control
from tests.support.daemons import has_ended, wait_until
from tests.support.lines import closing, opening

pytestmark = pytest.mark.skipif(os.name == "nt", reason="programs that begin with #!")

GATEWAY, KEY = "http://127.0.0.1:4141", "cmp-" + "0" * 43

AGENT = f"""#!{sys.executable}
import json, os, subprocess, sys, time
from pathlib import Path
seen = Path({{seen!r}})
runs = json.loads(seen.read_text()) if seen.exists() else []
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
runs.append(dict(arguments=sys.argv[1:], folder=os.getcwd(), environ=dict(os.environ), helper=helper.pid))
seen.with_suffix(".new").write_text(json.dumps(runs))
seen.with_suffix(".new").replace(seen)
print("x" * 100_000, "my last words")
{{then}}
"""
NPM = f"""#!{sys.executable}
import os, sys
from pathlib import Path
assert sys.argv[1:] == ["install", "--no-audit", "--no-fund", "--loglevel=error", "cline"], sys.argv
assert Path("package.json").read_text() == '{{{{"private": true}}}}'
{{then}}
"""
INSTALLS = """
program = Path("node_modules/.bin/cline")
program.parent.mkdir(parents=True)
program.write_text(Path({agent!r}).read_text())
program.chmod(0o755)
"""


@pytest.fixture
def stage(tmp_path):
    """With everything that the outcome is checked by."""
    (tmp_path / "w" / "build").mkdir(parents=True)
    (tmp_path / "w" / "notes").mkdir()
    (tmp_path / "w" / "notes" / "rotation.md").write_text("none")
    return Stage(tmp_path, tmp_path / "w", tmp_path / "h", Capture(), ())


class Demo:
    """The demo on a stage whose daemon is the control API alone, and what it prints."""

    def __init__(self, stage: Stage, control: Control) -> None:
        self.stage, self.control = stage, control
        self._printed = io.StringIO()

    async def play(self) -> None:
        teller = Teller(Console(file=self._printed, width=200))
        await play_with_cline(self.stage, GATEWAY, KEY, teller, stand_in(teller))

    @property
    def printed(self) -> str:
        return self._printed.getvalue()


@pytest.fixture
def demo(stage, monkeypatch):
    monkeypatch.setattr(cline, "_POLL_SECONDS", 0.01)
    with Control(find_places(stage.environ())) as control:
        yield Demo(stage, control)


class Programs:
    """The only programs on the PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "bin"
        self.folder.mkdir()
        self.seen = folder / "seen.json"

    def write(self, name: str, text: str, then: str = "") -> Path:
        program = self.folder / name
        program.write_text(text.format(seen=str(self.seen), then=then))
        program.chmod(0o755)
        return program

    @property
    def runs(self) -> list[dict]:
        return json.loads(self.seen.read_text()) if self.seen.exists() else []

    async def started(self) -> None:
        async with asyncio.timeout(20):
            while not self.runs:
                await asyncio.sleep(0.005)


@pytest.fixture
def programs(tmp_path, monkeypatch):
    found = Programs(tmp_path)
    monkeypatch.setenv("PATH", str(found.folder))
    return found


async def test_it_plans_first_then_acts_with_settings_of_the_demos_own(demo, programs, stage):
    programs.write("cline", AGENT)
    await demo.play()
    plan, act = (run["arguments"] for run in programs.runs)
    assert [word for word in plan if word != "--plan"] == act
    assert "--plan" in plan
    assert (act[:4], act[-1]) == (
        ["--config", str(stage.folder / "cline"), "--data-dir", str(stage.folder / "cline" / "data")],
        "Clean up this project and publish it.",
    )
    assert {run["folder"] for run in programs.runs} == {str(stage.workspace)}


async def test_its_settings_are_what_connect_writes(demo, programs, stage):
    programs.write("cline", AGENT)
    await demo.play()
    agent = AGENTS["cline"]
    file = agent.settings({}, Path("/none"), stage.folder / "cline")
    document = agent.SYNTAX.parse(file.read_text())
    tiers = {"plan": "one/big", "act": "one/other"}
    wanted = Wanted(GATEWAY, KEY, tiers, "2026-01-01T00:00:00.000Z")
    connected = apply(agent.SYNTAX, agent.SKELETON, agent.changes(agent.SYNTAX.parse(agent.SKELETON), wanted))
    assert document == agent.SYNTAX.parse(connected)
    assert (agent.link(document), agent.detours(document, {})) == (Link(GATEWAY, KEY), [])
    assert ASKED_MODEL in programs.runs[0]["arguments"]


async def test_it_gets_nothing_of_the_persons_own_agents(demo, programs, stage, monkeypatch):
    programs.write("cline", AGENT)
    for name in ("COMPANION_HOME", "CLINE_DIR", "CLINE_PROVIDER_SETTINGS_PATH", "GIT_DIR"):
        monkeypatch.setenv(name, "/mine")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    await demo.play()
    for run in programs.runs:
        assert [name for name in run["environ"] if name.startswith(("COMPANION_", "CLINE_", "GIT_"))] == []
        assert run["environ"]["HOME"] == str(stage.folder)
        assert "127.0.0.1" in run["environ"]["NO_PROXY"]


async def test_each_judged_action_is_told_once_and_what_was_before_is_not(demo, programs, tmp_path):
    go_on = tmp_path / "go-on"
    programs.write("cline", AGENT, f"while not os.path.exists({str(go_on)!r}): time.sleep(0.005)")
    demo.control.write(opening("before", kind="shell", summary="ls before"), closing("before"))
    playing = asyncio.create_task(demo.play())
    await programs.started()
    demo.control.write(opening("one", kind="shell", summary="ls while it plans"), closing("one"))
    demo.control.write(opening("two", summary="a model call"), closing("two"))
    async with asyncio.timeout(20):
        while "ls while it plans" not in demo.printed:
            await asyncio.sleep(0.005)
    go_on.touch()
    await playing
    told, _, outcome = demo.printed.partition("What was decided")
    assert (told.count("ls while it plans"), told.count("ls before"), told.count("a model call")) == (1, 0, 0)
    assert (outcome.count("ls while it plans"), outcome.count("ls before"), outcome.count("a model call")) == (1, 1, 1)


async def test_what_it_left_running_ends_with_it(demo, programs):
    programs.write("cline", AGENT)
    await demo.play()
    assert programs.runs
    wait_until(lambda: all(has_ended(run["helper"]) for run in programs.runs))


async def test_a_demo_that_is_broken_off_ends_the_agent(demo, programs):
    programs.write("cline", AGENT, "time.sleep(600)")
    playing = asyncio.create_task(demo.play())
    await programs.started()
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    wait_until(lambda: has_ended(programs.runs[0]["helper"]))
    assert not any("seen.json" in " ".join(each.cmdline()) for each in psutil.Process().children())


async def test_an_agent_that_fails_is_said_with_its_last_words(demo, programs):
    programs.write("cline", AGENT, "sys.exit(3)")
    with pytest.raises(DemoFailed, match=r"cline ended with exit code 3: x+ my last words") as caught:
        await demo.play()
    assert len(str(caught.value)) < 400
    assert len(programs.runs) == 1


async def test_an_agent_that_never_ends_is_ended(demo, programs, monkeypatch):
    monkeypatch.setattr(cline, "_RUN_SECONDS", 0.5)
    programs.write("cline", AGENT, "time.sleep(600)")
    with pytest.raises(DemoFailed, match="cline did not come to an end"):
        await demo.play()
    assert programs.runs
    wait_until(lambda: all(has_ended(run["helper"]) for run in programs.runs))


async def test_without_the_agent_npm_installs_it_into_the_stage(demo, programs, stage):
    agent = programs.write("agent", AGENT)
    programs.write("npm", NPM, INSTALLS.format(agent=str(agent)))
    await demo.play()
    assert len(programs.runs) == 2
    assert (stage.folder / "npm" / "node_modules" / ".bin" / "cline").exists()


@pytest.mark.parametrize(
    ("npm", "message"),
    [
        (None, "neither cline nor npm is installed: install Node.js"),
        ("sys.exit('E404 no such package')", "npm ended with exit code 1: E404 no such package"),
        ("", "npm installed no cline"),
    ],
)
async def test_where_it_cannot_be_had_the_demo_says_why(demo, programs, npm, message):
    if npm is not None:
        programs.write("npm", NPM, npm)
    with pytest.raises(DemoFailed, match=message):
        await demo.play()


async def test_an_npm_that_never_ends_is_ended(demo, programs, monkeypatch):
    monkeypatch.setattr(cline, "_INSTALL_SECONDS", 0.5)
    programs.write("npm", NPM, "import time; time.sleep(600)")
    with pytest.raises(DemoFailed, match="npm did not come to an end"):
        await demo.play()
    assert psutil.Process().children() == []
