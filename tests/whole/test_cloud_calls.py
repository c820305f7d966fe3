"""Each call of a service that a command makes is in the ledger, whatever was decided of it and whoever saw it."""

from __future__ import annotations

import json

import pytest

from companion.cli import hook_client
from companion.client import calls
from companion.contract.types import CloudLine
from tests.support.answering import answering
from tests.support.scenes import GITHUB


@pytest.fixture
def aws(tmp_path):
    """A program of that name which only says that it ran."""
    program = tmp_path / "bin" / "aws"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho ran\n")
    program.chmod(0o755)
    return program


def hook(scene, command: str, mode: str = "default") -> str:
    payload = {
        "session_id": "s",
        "cwd": str(scene.workspace),
        "permission_mode": mode,
        "tool_name": "Bash",
        "tool_input": {"command": command},
    }
    where = str(scene.companion.places.agent_socket)
    return hook_client.ask("claude", where, json.dumps(payload).encode(), 30)


def kept(scene):
    """The last command's line, and that line as `companion log --cloud --json` shows it."""
    line = scene.companion.lines("shell")[-1]
    [shown] = json.loads(scene.companion.run("log", "--cloud", "--limit", "1", "--json").stdout)
    assert shown["id"] == line.id
    assert [CloudLine(**one) for one in shown["cloud"]] == line.cloud
    return line


def test_an_allowed_call_by_the_hook(scene):
    assert hook(scene, "aws --profile dev --region eu-west-1 s3 ls") == ""
    line = kept(scene)
    assert (line.outcome, line.ending) == ("allow", "served")
    assert line.cloud == [CloudLine("s3", "ls", "read", "dev", "eu-west-1")]


def test_a_denied_call_by_the_hook(scene):
    assert "plan" in hook(scene, "aws --profile prod ec2 terminate-instances --instance-ids i-1", "plan")
    line = kept(scene)
    assert (line.outcome, line.ending) == ("deny", "refused")
    assert line.cloud == [CloudLine("ec2", "terminate-instances", "delete", "prod")]


@pytest.mark.parametrize("approve", [True, False])
def test_a_call_on_the_wire_that_a_person_answers(scene, approve):
    scene.calls = [scene.command("chat", "AWS_REGION=eu-west-1 aws s3 rb s3://bucket")]
    with answering(scene.companion, approve=approve):
        scene.ask("chat")
    line = kept(scene)
    assert (line.outcome, line.ending) == ("ask", "served" if approve else "refused")
    assert line.cloud == [CloudLine("s3", "rb", "delete", "", "eu-west-1")]


def test_a_call_in_a_persons_own_terminal(scene, aws):
    environ = {"PATH": f"{aws.parent}:/usr/bin:/bin", "AWS_PROFILE": "mine"}
    done = scene.companion.run("run", "--", "aws", "s3", "ls", environ=environ, cwd=scene.workspace)
    assert done.stdout == "ran\n"
    line = kept(scene)
    assert (line.client, line.outcome) == ("terminal", "allow")
    assert line.cloud == [CloudLine("s3", "ls", "read", "mine")]


def test_no_secret_is_written_down_with_a_call(scene):
    with answering(scene.companion, approve=False):
        hook(scene, f"aws s3 ls --profile {GITHUB}")
    line = kept(scene)
    assert GITHUB not in str(line)
    assert line.cloud[0].account.startswith("SECRET_")


def test_a_command_that_calls_nothing_is_not_among_them(scene):
    hook(scene, "ls")
    line = scene.companion.lines("shell")[-1]
    assert line.cloud == []
    listed = scene.companion.ask(calls.log(limit=1000, cloud=True))
    assert line.id not in [one.id for one in listed]
