"""An agent whose prompt teaches tool calls as text is gated as one that has native calls."""

from __future__ import annotations

import json

import pytest

from tests.support.scenes import GITHUB, PATHS
from tests.support.upstreams import send
from tests.support.wire import READERS

PROMPT = """Write one tool call at a time, like this:
<execute_command>
<command>your command</command>
</execute_command>
<read_file>
<path>a file</path>
</read_file>
<write_to_file>
<path>a file</path>
<content>all of it</content>
</write_to_file>
"""
BOTH = pytest.mark.parametrize("name", ["chat", "messages"])


def run(command: str) -> str:
    return f"<execute_command>\n<command>{command}</command>\n</execute_command>"


def ask(scene, name: str, *texts: str, system: str = PROMPT):
    body = scene.body(name, *texts, system=system)
    del body["tools"]
    answer = scene.companion.post(PATHS[name], body)
    assert answer.status_code == 200, answer.text
    return READERS[name](answer.content)


@BOTH
@pytest.mark.parametrize(
    "call",
    [
        run("cat .env"),
        "<read_file><path>private/key.txt</path></read_file>",
        "<read_file><args><file><path>notes.txt</path></file><file><path>.env</path></file></args></read_file>",
    ],
)
def test_an_ignored_path_is_refused_in_words_that_the_agent_runs(scene, name, call):
    scene.text = f"Let me see.\n{run('cat notes.txt')}\n{call}\nDone."
    read = ask(scene, name)
    assert read.text.startswith(f"Let me see.\n{run('cat notes.txt')}\n<execute_command>\n<command>echo ")
    assert "companion refused this" in read.text
    assert call not in read.text
    assert read.text.endswith("</execute_command>\nDone.")


@BOTH
@pytest.mark.parametrize("approve", [True, False])
def test_a_dangerous_command_waits_for_a_person(scene, name, approve):
    scene.text = f"Now.\n{run('rm -rf build')}"
    read = scene.decided(lambda: ask(scene, name), "rm -rf build", approve=approve)
    assert (read.text == scene.text) is approve
    assert ("not today" in read.text) is not approve


@BOTH
def test_what_agents_read_in_different_ways_is_refused(scene, name):
    scene.text = f"<execute_command><command>ls</command><command>rm x</command></execute_command>{run('ls')}"
    assert "unreadable-call" in ask(scene, name).text


@BOTH
def test_planning_cannot_write(scene, name):
    scene.text = "<write_to_file><path>a.txt</path><content>x</content></write_to_file>"
    marker = {"chat": "# Plan Mode\n\nYou are in Plan mode.", "messages": "Plan mode is active. The user wants a plan."}
    read = ask(scene, name, system=marker[name] + PROMPT)
    assert "plan-changes-nothing" in read.text
    assert "exit" not in read.text


@BOTH
def test_a_search_whose_result_nobody_could_cut_is_not_let_through(scene, name):
    (scene.workspace / "internal.txt").write_text("x")
    scene.text = "<search_files><path>.</path><regex>x</regex></search_files>"
    read = ask(scene, name, system=PROMPT + "<search_files><path>x</path></search_files>")
    assert "companion refused this" in read.text


@BOTH
def test_a_secret_comes_back_in_a_call(scene, name):
    ask(scene, name, f"my token is {GITHUB}")
    raw = scene.upstream.requests[0][2].decode()
    placeholder = raw[raw.index("SECRET_") :].partition('"')[0].partition("\\")[0]
    scene.text = f"so: {run(f'echo {placeholder}')}"
    assert run(f"echo {GITHUB}") in ask(scene, name, f"my token is {GITHUB}").text


@BOTH
def test_an_answer_that_is_no_stream_is_gated_too(scene, name):
    text = f"Let me see.\n{run('cat .env')}"
    whole = {
        "chat": {"id": "1", "object": "chat.completion", "choices": [{"index": 0, "message": {"content": text}}]},
        "messages": {"id": "1", "type": "message", "role": "assistant", "content": [{"type": "text", "text": text}]},
    }[name]
    scene.upstream.answer = lambda handler, _: send(handler, json.dumps(whole).encode(), "application/json")
    body = scene.body(name, system=PROMPT) | {"stream": False}
    del body["tools"]
    answer = scene.companion.post(PATHS[name], body)
    assert "companion refused this" in answer.text
    assert "cat .env" not in answer.text.replace("cat .env is", "")
    assert answer.json()["id"] == "1"


def test_where_no_instructions_are_taken_the_first_message_teaches(scene):
    scene.text = run("cat .env")
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": PROMPT}]}
    answer = scene.companion.post(PATHS["chat"], body, **{"x-companion-workspace": str(scene.workspace)})
    assert "companion refused this" in READERS["chat"](answer.content).text


def test_on_a_path_where_nobody_could_judge_them_they_are_not_asked_for(scene):
    body = scene.body("responses", system=PROMPT)
    del body["tools"]
    answer = scene.companion.post(PATHS["responses"], body)
    assert answer.status_code == 400
    assert "native tool calls" in answer.json()["error"]["message"]
    assert scene.upstream.requests == []


@BOTH
def test_an_agent_with_native_tools_may_write_of_tags(scene, name):
    scene.text = run("cat .env")
    assert scene.ask(name, system=PROMPT).text == scene.text
