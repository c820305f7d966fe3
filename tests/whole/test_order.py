"""A command is not judged by files that another call of the same answer, or somebody since then, changes."""

from __future__ import annotations

import json

import pytest

from companion.cli import hook_client
from tests.support.answering import answering
from tests.support.scenes import DIALECTS

CODE = "runs-what-changed"
EVIL = '{"scripts": {"test": "rm -rf /home"}}'


@pytest.fixture
def project(scene):
    (scene.workspace / "package.json").write_text('{"scripts": {"test": "pytest"}}')
    (scene.workspace / "other.json").write_text(EVIL)
    return scene


def asked(scene, name: str = "messages") -> list[tuple[str, str]]:
    """What the calls of one answer are asked about: the action, and the code."""
    with answering(scene.companion, approve=False) as found:
        scene.ask(name)
    return [(one.what, one.code) for one in found]


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("cp other.json package.json", "npm test"),
        ("echo x > conftest.py", "pytest"),
        ("echo x > json.py", "python3 -c 'import json'"),
    ],
)
def test_a_call_that_runs_what_the_one_before_writes_asks(project, name, first, second):
    project.calls = [project.command(name, first), project.command(name, second)]
    assert asked(project, name) == [(second, CODE)]


def test_the_same_calls_in_answers_of_their_own_do_not_ask(project):
    for command in ("echo x > conftest.py", "pytest"):
        project.calls = [project.command("messages", command)]
        assert asked(project) == []


def test_a_file_tool_counts_like_a_command(project):
    write = ("Write", json.dumps({"file_path": str(project.workspace / "package.json"), "content": EVIL}))
    project.calls = [write, project.command("messages", "npm test")]
    assert asked(project) == [("npm test", CODE)]


def test_a_link_is_followed(project):
    (project.workspace / "link").symlink_to("package.json")
    write = ("Write", json.dumps({"file_path": "link", "content": EVIL}))
    project.calls = [write, project.command("messages", "npm test")]
    assert asked(project) == [("npm test", CODE)]


def test_what_is_written_elsewhere_asks_nothing(project):
    write = ("Write", json.dumps({"file_path": "src/app.py", "content": "x"}))
    project.calls = [write, project.command("messages", "npm test"), project.command("messages", "pytest")]
    assert asked(project) == []


def test_commands_of_one_call_are_in_order_too(project):
    project.calls = [("run_commands", json.dumps({"commands": ["cp other.json package.json", "npm test"]}))]
    assert asked(project, "chat") == [("npm test", CODE)]


def hook(scene, agent: str, payload: dict) -> str:
    return hook_client.ask(agent, str(scene.companion.places.agent_socket), json.dumps(payload).encode(), 30)


def test_so_they_are_where_only_the_hook_sees_them(project):
    commands = {"commands": ["cp other.json package.json", "npm test"]}
    payload = {"toolName": "run_commands", "input": commands, "workspaceRoots": [str(project.workspace)]}
    with answering(project.companion, approve=False) as found:
        assert "an earlier step changes" in hook(project, "cline", payload)
    assert [one.code for one in found] == [CODE]


def test_what_was_swapped_since_the_answer_is_judged_anew_when_it_is_about_to_run(project):
    project.calls = [project.command("messages", "npm test")]
    assert asked(project) == []
    (project.workspace / "package.json").write_text(EVIL)
    payload = {"tool_name": "Bash", "tool_input": {"command": "npm test"}, "cwd": str(project.workspace)}
    with answering(project.companion, approve=False) as found:
        assert hook(project, "claude", payload | {"session_id": "s"}) != ""
    # What cannot be undone outside of the workspace is not even asked about.
    assert found == []
    assert project.companion.lines("shell")[-1].code == "deletes-outside"
