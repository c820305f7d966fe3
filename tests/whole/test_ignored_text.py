"""Text of ignored files in a prompt, through the real daemon: it does not leave, and everything else does."""

from __future__ import annotations

import json

import pytest

from companion.client import calls
from tests.support.ignored import prose, put
from tests.support.repositories import git
from tests.support.scenes import DIALECTS, GITHUB, PATHS, SHELL
from tests.support.wire import READERS


@pytest.mark.parametrize("name", DIALECTS)
def test_an_excerpt_leaves_as_the_name_of_its_rule(scene, name):
    put(scene.workspace / "internal.txt", prose("internal"))
    put(scene.workspace / "open.txt", prose("open"))
    excerpt = prose("internal")[100:700]
    scene.ask(name, f"my token {GITHUB}, then\n{excerpt}\nand {prose('open')}")
    raw = scene.upstream.requests[0][2].decode()
    said = json.dumps(raw)
    assert "ignored file left out (.clineignore, line 1: internal.txt)" in raw
    assert not any(line in said for line in excerpt.splitlines()[1:-1])
    assert all(line in said for line in prose("open").splitlines())
    assert GITHUB not in said
    line = scene.companion.lines("model")[-1]
    assert (line.outcome, line.redactions) == ("amend", 2)
    assert {remark.code for remark in line.remarks} == {"secrets-redacted", "ignored-text-redacted"}


def test_nothing_of_it_is_written_down(scene):
    put(scene.workspace / "internal.txt", prose("written"))
    scene.ask(DIALECTS[0], prose("written"))
    assert "ignored-text-redacted" in {remark.code for remark in scene.companion.lines("model")[-1].remarks}
    words = prose("written").splitlines()[3][:30].encode()
    state = [path for path in scene.companion.places.state.rglob("*") if path.is_file()]
    assert any(path.suffix == ".prints" for path in state)
    assert not any(words in path.read_bytes() for path in state)


def test_status_says_what_is_recognised(scene):
    put(scene.workspace / "internal.txt", prose("told"))
    scene.ask(DIALECTS[0], "hello")
    found = {one.workspace: one for one in scene.companion.ask(calls.status()).indexes}
    line = found[str(scene.workspace)]
    assert (line.state, line.files, line.bytes) == ("ready", 1, len(prose("told")))
    assert "internal" not in json.dumps(line.left_out)
    assert "recognised" in scene.companion.run("status").stdout


SAID = "src/a.py:1:open words\nprivate/k:1:HUSHED\n"


def told(name: str, tool: str, arguments: dict, result: str) -> list[dict]:
    """A call and its result as the next request tells of them."""
    text = json.dumps(arguments)
    if name == "messages":
        call = {"type": "tool_use", "id": "i", "name": tool, "input": arguments}
        answer = {"type": "tool_result", "tool_use_id": "i", "content": result}
        return [{"role": "assistant", "content": [call]}, {"role": "user", "content": [answer]}]
    if name == "chat":
        call = {"id": "i", "type": "function", "function": {"name": tool, "arguments": text}}
        answer = {"role": "tool", "tool_call_id": "i", "content": result}
        return [{"role": "assistant", "content": None, "tool_calls": [call]}, answer]
    call = {"type": "function_call", "call_id": "i", "name": tool, "arguments": text}
    return [call, {"type": "function_call_output", "call_id": "i", "output": result}]


@pytest.mark.parametrize("name", DIALECTS)
def test_a_search_runs_and_comes_back_without_ignored_lines_the_same_each_time(scene, name):
    put(scene.workspace / ".companionignore", "private/\n")
    put(scene.workspace / "private" / "k", "HUSHED\n")
    put(scene.workspace / "src" / "a.py", "open words\n")
    scene.calls = [(SHELL[name], scene.command(name, "grep -rn . .")[1])]
    body = scene.body(name, "look") | ({"store": False} if name == "responses" else {})
    answer = scene.companion.post(PATHS[name], body)
    assert [json.loads(call[1]) for call in READERS[name](answer.content).calls] == [json.loads(scene.calls[0][1])]

    scene.calls = []
    tool, arguments = SHELL[name], json.loads(scene.command(name, "grep -rn . .")[1])
    body["input" if name == "responses" else "messages"] += told(name, tool, arguments, SAID)
    for _ in range(2):
        assert scene.companion.post(PATHS[name], body).status_code == 200
    first, second = (request[2] for request in scene.upstream.requests[-2:])
    assert first == second
    assert b"HUSHED" not in first
    assert b"open words" in first
    assert b"1 line, of files that are ignored: .companionignore:1: private/" in first
    key = "input" if name == "responses" else "messages"
    left_out = "(companion left out 1 line, of files that are ignored: .companionignore:1: private/)\\n"
    assert json.dumps(json.loads(first)[key]) == json.dumps(body[key]).replace("private/k:1:HUSHED\\n", left_out)


@pytest.mark.parametrize(
    "command", ["git diff", "git log -p", "git grep -n words", "git diff --cached | grep words"], ids=str
)
@pytest.mark.parametrize("name", DIALECTS)
def test_what_git_shows_of_tracked_files_comes_back_without_kept_ones_the_same_each_time(scene, name, command):
    folder = scene.workspace
    put(folder / ".companionignore", "private/\n")
    git(folder, "init", "-q")
    for text in ("first words", "and later words"):
        put(folder / "private" / "k", f"HUSHED {text}\n")
        put(folder / "src" / "a.py", f"open {text}\n")
        git(folder, "add", "--force", "private", "src")
        git(folder, "commit", "-q", "-m", text)
    put(folder / "private" / "k", "HUSHED words now\n")
    put(folder / "src" / "a.py", "open words now\n")
    tool, arguments = SHELL[name], json.loads(scene.command(name, command)[1])
    said = git(folder, *command.partition(" | ")[0].split()[1:])
    body = scene.body(name, "look") | ({"store": False} if name == "responses" else {})
    body["input" if name == "responses" else "messages"] += told(name, tool, arguments, said or "+HUSHED words\n")
    for _ in range(2):
        assert scene.companion.post(PATHS[name], body).status_code == 200
    first, second = (request[2] for request in scene.upstream.requests[-2:])
    assert first == second
    assert b"HUSHED" not in first
    assert b"of files that are ignored: .companionignore:1: private/" in first
    free = [line for line in said.splitlines() if "open" in line]
    assert all(line in json.dumps(json.loads(first)) for line in free)
    assert free or "grep words" in command


def test_where_the_upstream_keeps_the_conversation_such_a_search_is_refused(scene):
    put(scene.workspace / ".companionignore", "private/\n")
    put(scene.workspace / "private" / "k", "HUSHED\n")
    scene.calls = [(SHELL["responses"], scene.command("responses", "grep -rn . .")[1])]
    assert "is ignored" in str(scene.ask("responses", "look").calls)
