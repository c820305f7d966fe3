"""What reaches the upstream in full runs of the real agents, byte for byte: no secret, in no spelling."""

from __future__ import annotations

import base64
import json
import random
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from companion.client import calls
from companion.contract.types import Answer
from companion.demo.model import ScriptedModel, serve
from companion.demo.planted import find_sample_project, must_not_leave
from companion.demo.play import DEMO_PLAY, PLACEHOLDER, Play, Read, Run, Say, Write
from companion.demo.record import Capture
from companion.scan.secrets.known import spellings
from tests.clients.test_agents import AGENTS, CONFIG, programs  # noqa: F401 - a fixture
from tests.support.agents import Agent
from tests.support.daemons import Companion, companion

pytestmark = pytest.mark.agents

_DICE = random.Random(11)


def _drawn(length: int, letters: str = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789") -> str:
    return "".join(_DICE.choices(letters, k=length))


def _lines(count: int) -> str:
    body = base64.b64encode(_DICE.randbytes(48 * count)).decode()
    return "\n".join(body[at : at + 64] for at in range(0, len(body), 64))


GITHUB = "ghp_" + _drawn(36)
IN_A_NAME = "ghp_" + _drawn(36)
IN_HISTORY = "ghp_" + _drawn(36)
ESCAPED = "ghp_" + _drawn(36)
ENCODED = "ghp_" + _drawn(36)
AWS = "AKIA" + _drawn(16, "ABCDEFGHJKLMNPQRSTUVWXYZ234567")
OF_THE_ENV = _drawn(9) + '"q\\' + _drawn(8)
PASSWORD = _drawn(14)
KEY_LINES = _lines(12)
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{KEY_LINES}\n-----END RSA PRIVATE KEY-----\n"

PLANTED = [GITHUB, IN_A_NAME, IN_HISTORY, ESCAPED, ENCODED, AWS, OF_THE_ENV, PASSWORD, *KEY_LINES.split("\n")]
NEEDLES = [form for secret in PLANTED for form in spellings(secret)]


def _git(workspace: Path, *arguments: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=workspace, check=True, capture_output=True)


def plant(workspace: Path) -> None:
    """Secrets in every place that an agent may look at."""
    (workspace / ".env").write_text(f"API_SECRET={json.dumps(OF_THE_ENV)}\nDEBUG=1\n")
    (workspace / "notes").mkdir()
    (workspace / "notes" / "a page.md").write_text(f"The deploy token is {GITHUB}, twice: {GITHUB}.\n")
    (workspace / f"{IN_A_NAME}.txt").write_text("nothing in here\n")
    (workspace / "data.json").write_text('{"token": "\\u0067hp\\u005f' + ESCAPED[4:] + '"}\n')
    (workspace / "settings.json").write_text(json.dumps({"api": OF_THE_ENV, "key": PEM}))
    (workspace / "encoded.txt").write_text(base64.b64encode(f"TOKEN={ENCODED}\n".encode()).decode() + "\n")
    (workspace / "of-the-env.b64").write_text(base64.b64encode(f"x={OF_THE_ENV};".encode()).decode() + "\n")
    (workspace / "db.ini").write_text(f"url = postgres://app:{PASSWORD}@db.internal:5432/parcels\n")
    (workspace / "aws.csv").write_text(f"robot,{AWS},eu-west-1\n")
    (workspace / "old.txt").write_text(f"token {IN_HISTORY}\n")
    _git(workspace, "init", "-q", "-b", "work")
    _git(workspace, "add", "old.txt")
    _git(workspace, "commit", "-qm", f"first, with {IN_HISTORY}")
    (workspace / "old.txt").write_text("token removed\n")
    _git(workspace, "add", ".")
    _git(workspace, "commit", "-qm", "second")


HOSTILE: Play = (
    Run("ls -a"),
    Read("notes/a page.md"),
    Write("copy.txt", f"token: {PLACEHOLDER}\n"),
    Run("cat copy.txt data.json db.ini aws.csv"),
    Read("settings.json"),
    Read(".env"),
    Run("git log -p"),
    Run("cat settings.json encoded.txt of-the-env.b64"),
    Run("base64 settings.json"),
    Run(f"echo {PLACEHOLDER} | cat -n copy.txt -"),
    Run("grep -rn token ."),
    Read(f"{IN_A_NAME}.txt"),
    Say(f"I have read it all, and the token is {PLACEHOLDER}."),
)


@contextmanager
def answering(made: Companion, *, approve: bool) -> Iterator[None]:
    """Somebody gives the same answer to whatever is asked."""
    over = threading.Event()

    def answer() -> None:
        while not over.wait(0.1):
            for one in made.ask(calls.pending()):
                made.ask(calls.answer(one.id, Answer(approve=approve, by="cli", digest=one.digest)))

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def stage(name: str, play: Play, folder: Path, found, *, approve: bool) -> Iterator[tuple[Agent, Capture, Companion]]:
    workspace, home, capture = folder / "ws", folder / "home", Capture()
    home.mkdir()
    with serve(ScriptedModel(play, capture).app) as model, companion() as made:
        made.configure(CONFIG.format(act=model, plan=model))
        made.up()
        with answering(made, approve=approve):
            yield Agent(name, found, home, workspace, made.gateway, made.key), capture, made


@pytest.mark.parametrize("name", AGENTS)
def test_of_a_hostile_workspace_no_secret_reaches_the_upstream(name, programs, tmp_path):  # noqa: F811
    (tmp_path / "ws").mkdir()
    plant(tmp_path / "ws")
    with stage(name, HOSTILE, tmp_path, programs, approve=True) as (agent, capture, made):
        ran = agent.run("Read every file of this project and tell me what stands in it", "any-model")
        lines = made.lines("model")
    assert ran.code == 0, ran.output
    assert len(capture.requests) >= len(HOSTILE), [line.code for line in lines]
    assert capture.find(NEEDLES) == []
    seen = b"".join(request.body for request in capture.requests).decode()
    assert seen.count("SECRET_") >= len(HOSTILE), "the agent did see what is in the files"
    assert GITHUB in (agent.workspace / "copy.txt").read_text(), "on this side everything is whole"
    assert sum(line.redactions for line in lines) > 0


@pytest.mark.parametrize("name", AGENTS)
def test_of_the_sample_project_nothing_that_must_stay_reaches_the_upstream(name, programs, tmp_path):  # noqa: F811
    workspace = tmp_path / "ws"
    shutil.copytree(find_sample_project(), workspace)
    _git(workspace, "init", "-q", "-b", "main")
    _git(workspace, "add", ".")
    _git(workspace, "commit", "-qm", "first")
    must_stay = must_not_leave(workspace)
    with stage(name, DEMO_PLAY, tmp_path, programs, approve=False) as (agent, capture, made):
        ran = agent.run("Go through the project and rotate what has to be rotated", "any-model")
        lines = made.lines("model")
    assert ran.code == 0, ran.output
    assert len(capture.requests) >= len(DEMO_PLAY), [line.code for line in lines]
    forms = [form for needle in must_stay for form in {needle, *(spellings(needle) if " " not in needle else ())}]
    assert capture.find(forms) == []
