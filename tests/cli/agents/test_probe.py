"""What doctor says of an agent, and the proof by running it: with a script in the agent's place."""

import os
import sys
from datetime import UTC, datetime

import pytest

from companion.cli.agents.connecting import connect
from companion.cli.agents.findings import State
from companion.cli.agents.ground import Choice, Surroundings
from companion.cli.agents.known import AGENTS
from companion.cli.agents.probe import PROMPT, check_agent, last_seen, prove
from tests.support.daemons import has_ended, wait_until

CLAUDE = AGENTS["claude"]
SETTINGS = ".claude/settings.json"

GOES_THROUGH = f"""
import json, os, pathlib, sys, urllib.request
assert sys.argv[1:3] == ["-p", {PROMPT!r}], sys.argv
assert not list(pathlib.Path.cwd().iterdir())
env = json.loads(pathlib.Path(os.environ["CLAUDE_CONFIG_DIR"], "settings.json").read_text())["env"]
name, value = env["ANTHROPIC_CUSTOM_HEADERS"].split(": ")
headers = {{"authorization": "Bearer " + env["ANTHROPIC_AUTH_TOKEN"], name: value}}
request = urllib.request.Request(env["ANTHROPIC_BASE_URL"] + "/v1/messages", b"{{}}", headers)
urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open(request).close()
"""


@pytest.fixture
def connected(around, daemon, client):
    folder = around.home / ".claude"
    connect(CLAUDE, around, client, Choice(folder), datetime(2026, 3, 14, tzinfo=UTC))
    return Surroundings(around.places, {"PATH": str(around.home / "bin")}, around.home)


def install(around, script):
    program = around.home / "bin" / "claude"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!{sys.executable}\n{script}")
    program.chmod(0o755)


def said(findings):
    return [(finding.state, finding.said) for finding in findings]


def test_a_run_that_goes_through_is_a_proof(connected, client):
    install(connected, GOES_THROUGH)
    found = prove(CLAUDE, connected, client)
    assert found.state is State.OK
    assert "1 of its calls went through the gateway" in found.said


def test_a_run_that_goes_elsewhere_is_none(connected, client):
    install(connected, "print('fine')\nprint('Error: no such host')\nprint('bye')")
    found = prove(CLAUDE, connected, client)
    assert found.state is State.FAIL
    assert found.said.endswith("It said: Error: no such host")


def test_calls_from_before_prove_nothing(connected, daemon, client):
    install(connected, GOES_THROUGH)
    prove(CLAUDE, connected, client)
    install(connected, "")
    assert prove(CLAUDE, connected, client).state is State.FAIL


def test_a_run_that_does_not_end_is_stopped_with_all_it_started(connected, client):
    pids = connected.home / "pids"
    install(
        connected,
        GOES_THROUGH
        + "import signal, subprocess, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        + "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True)\n"
        + f"pathlib.Path({str(pids)!r}).write_text(f'{{os.getpid()}} {{child.pid}}')\ntime.sleep(60)",
    )
    found = prove(CLAUDE, connected, client, seconds=1.5)
    assert "it had to be stopped, and 1 of its calls" in found.said
    running = [int(pid) for pid in pids.read_text().split()]
    assert len(running) == 2
    wait_until(lambda: all(map(has_ended, running)))


def test_no_program_no_proof(connected, client):
    assert prove(CLAUDE, connected, client).said == "no proof: claude is not on the PATH"


def test_a_connected_agent(connected, daemon):
    install(connected, "")
    assert [finding.state for finding in check_agent(CLAUDE, connected, daemon.status())] == [
        State.OK,
        State.OK,
        State.OK,
    ]
    states = said(check_agent(CLAUDE, connected, None))
    assert states[0][0] is State.OK
    assert "no daemon runs" in states[0][1]


def test_what_is_wrong_with_an_agent_is_said(connected, daemon):
    path = connected.home / SETTINGS
    status = daemon.status()
    path.chmod(0o644)
    daemon.revoked.add("key-0")
    found = said(check_agent(CLAUDE, connected, status))
    assert (State.FAIL, f"others may read the key in {path} (mode 0644)") in found
    assert (State.FAIL, f"the gateway refuses the key in {path}") in found
    assert (State.WARN, "claude is not on the PATH") in found
    path.write_text(path.read_text().replace(daemon.gateway, "http://127.0.0.1:1"))
    assert any(
        "leads to http://127.0.0.1:1, the gateway is" in text
        for _, text in said(check_agent(CLAUDE, connected, status))
    )
    path.write_text("{}")
    assert said(check_agent(CLAUDE, connected, status)) == [(State.FAIL, f"{path} does not lead to the gateway")]
    path.write_text("{")
    assert f"{path}:1:2" in said(check_agent(CLAUDE, connected, status))[0][1]


def test_when_it_was_last_seen(connected, daemon, client):
    assert last_seen(CLAUDE, daemon.status()).state is State.WARN
    install(connected, GOES_THROUGH)
    prove(CLAUDE, connected, client)
    assert last_seen(CLAUDE, daemon.status()).state is State.OK


def test_the_environment_is_the_users(connected, client, monkeypatch):
    monkeypatch.setenv("NOT_THEIRS", "1")
    install(connected, "import os\nprint('error', sorted(os.environ))")
    assert "NOT_THEIRS" not in prove(CLAUDE, connected, client).said
    assert "NOT_THEIRS" in os.environ
