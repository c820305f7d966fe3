"""Doctor's look at the second layer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve

from companion.cli.agents.connecting import connect
from companion.cli.agents.findings import State
from companion.cli.agents.ground import Choice
from companion.cli.agents.hook_check import check_hooks
from companion.cli.agents.known import AGENTS
from companion.cli.agents.record import Backup
from companion.client import calls as calls_of
from companion.contract.types import ClientSeen, Status


def look(name: str, around, status: Status | None = None):
    agent = AGENTS[name]
    record = Backup(around.places, name).read()
    text = Path(record.path).read_text()
    return [finding.state for finding in check_hooks(agent, around, record, agent.SYNTAX.parse(text), status)]


@pytest.mark.parametrize(("name", "state"), [("claude", State.OK), ("codex", State.WARN), ("cline", State.OK)])
def test_as_connect_left_it(around, client, name, state):
    """Codex is not there to be asked."""
    connect(AGENTS[name], around, client, Choice(model="m"), datetime.now(UTC))
    assert look(name, around) == [state]


@pytest.mark.parametrize("name", AGENTS)
def test_without_hooks_it_says_so(around, client, name):
    connect(AGENTS[name], around, client, Choice(model="m", hooks=False), datetime.now(UTC))
    assert look(name, around) == [State.WARN]


def test_a_plugin_that_somebody_changed_fails(around, client):
    connect(AGENTS["cline"], around, client, Choice(model="m"), datetime.now(UTC))
    [file] = Backup(around.places, "cline").read().files
    Path(file.path).write_text("export default {}")
    assert look("cline", around) == [State.FAIL]


@pytest.mark.parametrize(
    ("calls", "ago", "silent"), [(0, None, False), (3, timedelta(minutes=2), True), (3, timedelta(seconds=5), False)]
)
@pytest.mark.parametrize("name", ["claude", "cline"])
def test_a_hook_that_is_in_place_and_does_not_ask_is_told_of(around, client, name, calls, ago, silent):
    connect(AGENTS[name], around, client, Choice(model="m"), datetime.now(UTC))
    now = datetime.now(UTC)
    since = (now - ago).isoformat() if ago else ""
    others = ClientSeen("codex", now.isoformat(), 9, 9, (now - timedelta(hours=1)).isoformat())
    status = evolve(client.do(calls_of.status()), clients=[others, ClientSeen(name, now.isoformat(), 4, calls, since)])
    assert look(name, around, status) == [State.OK, *([State.WARN] if silent else [])]


def test_a_hook_that_is_not_in_place_is_not_told_to_be_silent(around, client):
    connect(AGENTS["claude"], around, client, Choice(model="m", hooks=False), datetime.now(UTC))
    long_ago = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
    status = evolve(client.do(calls_of.status()), clients=[ClientSeen("claude", long_ago, 4, 4, long_ago)])
    assert look("claude", around, status) == [State.WARN]


@pytest.mark.parametrize(("trust", "state"), [("trusted", State.OK), ("untrusted", State.FAIL)])
def test_codex_itself_is_asked_whether_it_trusts_the_hook(around, client, tmp_path, trust, state):
    connect(AGENTS["codex"], around, client, Choice(model="m"), datetime.now(UTC))
    program = tmp_path / "codex"
    program.write_text(
        "#!/usr/bin/env python3\nimport json, os, tomllib\n"
        "found = tomllib.load(open(os.environ['CODEX_HOME'] + '/config.toml', 'rb'))\n"
        "command = found['hooks']['PreToolUse'][0]['hooks'][0]['command']\n"
        f"hook = {{'command': command, 'trustStatus': '{trust}'}}\n"
        "print(json.dumps({'id': 2, 'result': {'data': [{'hooks': [hook]}]}}), flush=True)\n"
    )
    program.chmod(0o700)
    around.environ["PATH"] = f"{tmp_path}:/usr/local/bin:/usr/bin:/bin"
    assert look("codex", around) == [state]
