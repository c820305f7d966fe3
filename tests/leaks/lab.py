"""The leak lab: a real agent is told to do what leaked in public, once without companion and once with it.

A workspace holds, for each action, a file that is ignored and one that is not, each with a text that stands nowhere
else. The scripted model has the agent do every action on both. What then stands in a request as it came to the model
has left the machine. Nobody answers approvals.
"""

from __future__ import annotations

import json
import os
import random
import shlex
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from companion.demo.model import ScriptedModel, serve
from companion.demo.play import Read, Run, Say, Step, Tool
from companion.demo.record import Capture
from tests.support.agents import Agent
from tests.support.daemons import PATIENT, companion

AGENTS = ("cline", "claude", "codex")
OLD = 1_700_000_000
"""Seconds: when the files were last changed, well before any run."""

CONFIG = """
[upstreams.main]
url = "{url}"
[tiers.plan]
upstream = "main"
[tiers.act]
upstream = "main"
[tiers.small]
upstream = "main"
[policy]
approval_seconds = 5
"""

_HELPER = "This is the helper's task and nobody else's"
_MAIN = "Do as the leak laboratory says"

_TALK = """harbour ledger winter customer margin freight orchard cellar lantern bridge tailor copper granite meadow
barrel island sermon velvet falcon engine pepper quarry saddle timber violet walnut anchor basket candle dragon"""
_WORDS = _TALK.split()
_FEW_WORDS = {"short", "brief", "patch", "found"}


@dataclass(frozen=True)
class Action:
    """One way for text to get into a prompt. `name` is the file's name too; `leaked` says who complained."""

    name: str
    what: str
    leaked: str = ""

    def file(self, *, ignored: bool) -> str:
        return f"{'private' if ignored else 'open'}/{self.name}.txt"


ACTIONS = (
    Action("read", "the agent's read tool", "cline/cline#1899, anthropics/claude-code#59094"),
    Action("mention", "`@file` in the prompt", "cline/cline#7645"),
    Action("folder", "`@folder` in the prompt", "cline/cline#7645"),
    Action("search", "the agent's search tool", "microsoft/vscode#270304"),
    Action("tree", "`grep -rn WORD .` over everything", "microsoft/vscode#296258"),
    Action("short", "the read tool, of a few words that `.gitignore` lists", "cline/cline#1899"),
    Action("brief", "`@file` of a few words", "cline/cline#7645"),
    Action("cat", "`cat FILE`", "cline/kanban#180, anthropics/claude-code#6002"),
    Action("grep", "`grep -r WORD FOLDER`", "microsoft/vscode#296258"),
    Action("python", "`python3 -c`", "anthropics/claude-code#86196"),
    Action("show", "`git show HEAD:FILE`", "legacy `.clineignore` command check"),
    Action("patch", "`git diff` of everything", "legacy `.clineignore` command check"),
    Action("found", "`git grep WORD`", "legacy `.clineignore` command check"),
    Action("paste", "pasted by the person"),
    Action("symlink", "a link with another name"),
    Action("dots", "`cat src/../FILE`", "legacy `.clineignore` command check"),
    Action("gitignored", "`cat` of what `.gitignore` lists", "cline/cline#1899"),
    Action("helper", "`cat FILE` by a sub-agent", "anthropics/claude-code#86872"),
)


def text_of(action: Action, *, ignored: bool) -> str:
    """About 450 bytes that stand nowhere else, always the same; of some actions fewer than anybody could recognise."""
    chance = random.Random(f"{action.name} {ignored}")
    if action.name in _FEW_WORDS:
        return " ".join(chance.choice(_WORDS) for _ in range(4)) + f" {chance.randrange(10_000)}\n"
    lines = [" ".join(chance.choice(_WORDS) for _ in range(9)) + f" {chance.randrange(10_000)}" for _ in range(7)]
    return "\n".join(lines) + "\n"


def make_workspace(folder: Path) -> None:
    """Everything that the actions need, committed where git must know it."""
    for name in ("private", "open", "src", "local"):
        (folder / name).mkdir(parents=True)
    for action in ACTIONS:
        for ignored in (True, False):
            place = folder / _place(action, ignored=ignored)
            place.parent.mkdir(exist_ok=True)
            # Of a patch the text is what changes later.
            place.write_text("\n" if action.name == "patch" else text_of(action, ignored=ignored))
            os.utime(place, (OLD, OLD))
    for ignored in (True, False):
        link = folder / ("shown.txt" if ignored else "shown-open.txt")
        link.symlink_to(_named("symlink").file(ignored=ignored))
    (folder / "src" / "main.py").write_text("print('hello from the leak laboratory')\n")
    (folder / ".clineignore").write_text("private/\n")
    (folder / ".gitignore").write_text("local/\n")
    git = ["git", "-c", "user.name=lab", "-c", "user.email=lab@example.invalid"]
    for command in (["init", "-q"], ["add", "--all"], ["commit", "-q", "-m", "all there is"]):
        subprocess.run([*git, *command], cwd=folder, check=True, capture_output=True)
    for ignored in (True, False):
        changed = _named("patch")
        (folder / changed.file(ignored=ignored)).write_text(text_of(changed, ignored=ignored))


def _place(action: Action, *, ignored: bool) -> str:
    match action.name:
        case "gitignored" | "short" if ignored:
            return f"local/{action.name}.txt"
        case "folder" | "grep" | "search" | "tree":
            return f"{'private' if ignored else 'open'}/{action.name}/{action.name}.txt"
        case _:
            return action.file(ignored=ignored)


def _named(name: str) -> Action:
    return next(action for action in ACTIONS if action.name == name)


def prompt() -> str:
    """The person's words, with what the person pastes and mentions."""
    pasted = "".join(f"\n```\n{text_of(_named('paste'), ignored=ignored)}```\n" for ignored in (True, False))
    mentions = " ".join(
        f"@{folder}/mention.txt @{folder}/brief.txt @{folder}/folder/" for folder in ("private", "open")
    )
    return f"{_MAIN}. Look at {mentions} and at this:{pasted}Then go on."


def steps() -> tuple[Step, ...]:
    """Each action on the ignored file and on its twin."""
    return tuple(step for ignored in (True, False) for action in ACTIONS if (step := _step(action, ignored=ignored)))


def _step(action: Action, *, ignored: bool) -> Step | None:
    place = _place(action, ignored=ignored)
    match action.name:
        case "read" | "short":
            return Read(place)
        case "search":
            return Tool("search_codebase", {"queries": [_first_words(action, ignored=ignored)]})
        case "tree":
            return Run(f"grep -rn '{_first_words(action, ignored=ignored)}' .")
        case "cat" | "gitignored":
            return Run(f"cat {place}")
        case "grep":
            return Run(f"grep -rn . {Path(place).parent}")
        case "python":
            return Run("python3 -c " + shlex.quote(f"print(open({place!r}).read())"))
        case "show":
            return Run(f"git show HEAD:{place}")
        case "patch":
            return Run("git diff")
        case "found":
            return Run(f"git grep -n '{_first_words(action, ignored=ignored)}'")
        case "symlink":
            return Read("shown.txt" if ignored else "shown-open.txt")
        case "dots":
            return Run(f"cat src/../{place}")
        case "helper":
            return Tool("", {"place": place})
        case _:
            return None


def _first_words(action: Action, *, ignored: bool) -> str:
    return " ".join(text_of(action, ignored=ignored).split(" ")[:3])


class LabModel:
    """Plays the steps to the agent, and to each of its helpers the one that it was made for."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._steps = steps()

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)

        whole = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> dict[str, Any]:
            return whole.pop() if whole else await receive()

        await ScriptedModel((*self._play(body), Say("All done.")), self._capture).app(scope, again, send)

    def _play(self, body: bytes) -> Sequence[Step]:
        if _MAIN.encode() in body:
            tools = json.loads(body).get("tools", [])
            offered = {tool.get("name") or tool.get("function", {}).get("name") for tool in tools}
            return [step for each in self._steps if (step := _offered(each, offered)) is not None]
        for ignored in (True, False):
            place = _place(_named("helper"), ignored=ignored)
            if _HELPER.encode() in body and place.encode() in body:
                return [Run(f"cat {place}")]
        return []


def _offered(step: Step, offered: set[str]) -> Step | None:
    """The step with the tools that this agent has; None where it has none for it."""
    if not isinstance(step, Tool):
        return step
    if step.name:
        return step if step.name in offered else None
    task = f"{_HELPER}: look at {step.arguments['place']}"
    if "spawn_agent" in offered:
        return Tool("spawn_agent", {"systemPrompt": "You are a helper.", "task": task})
    if "Agent" in offered:
        return Tool("Agent", {"description": "Look at a file", "prompt": task, "subagent_type": "general-purpose"})
    return None


@dataclass(frozen=True)
class Outcome:
    """Of each action, whether the text of its file came to the model."""

    ignored: Mapping[str, bool]
    allowed: Mapping[str, bool]
    asked: frozenset[str]
    """Actions on the twin that waited for a person, whom the lab has not."""
    output: str


def run(name: str, programs: Path, *, protected: bool) -> Outcome:
    """One agent, all actions; with companion between it and the model where `protected`."""
    capture = Capture()
    with tempfile.TemporaryDirectory(prefix="lab-") as folder, serve(LabModel(capture).app) as url:
        workspace, home = Path(folder) / "ws", Path(folder) / "home"
        home.mkdir()
        make_workspace(workspace)
        with _between(url, protected=protected) as (gateway, key, lines):
            ran = Agent(name, programs, home, workspace, gateway, key).run(prompt(), "any-model")
            asked = [line.summary for line in lines() if line.outcome == "ask"]
    return Outcome(
        {action.name: arrived(capture, action, ignored=True) for action in ACTIONS},
        {action.name: arrived(capture, action, ignored=False) for action in ACTIONS},
        frozenset(one.name for one in ACTIONS if any(_place(one, ignored=False) in said for said in asked)),
        ran.output,
    )


@contextmanager
def _between(url: str, *, protected: bool):
    if not protected:
        yield url, "sk-lab", list
        return
    with companion() as made:
        made.configure(CONFIG.format(url=url) + PATIENT)
        made.up()
        yield made.gateway, made.key, made.lines


def arrived(capture: Capture, action: Action, *, ignored: bool) -> bool:
    """Any line of the file in any request counts."""
    return bool(capture.find(text_of(action, ignored=ignored).splitlines()))
