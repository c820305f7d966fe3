"""Which call carries out a step, for the tools that each agent was seen to offer."""

import json
import shlex

import pytest

from companion.demo.offered import Call, call_for, offered_tools
from companion.demo.play import Read, Run, Say, Tool, Write


def function(name, **properties):
    schema = {"type": "object", "properties": properties}
    return {"type": "function", "function": {"name": name, "parameters": schema}}


CLINE = {"tools": [function(name) for name in ("read_files", "run_commands", "editor")]}
CLINE_PLAN = {"tools": [function(name) for name in ("read_files", "run_commands")]}
CLAUDE = {"tools": [{"name": name, "input_schema": {}} for name in ("Read", "Bash", "Write", "Edit")]}
CODEX = {
    "tools": [
        {"type": "function", "name": "exec_command", "parameters": {"properties": {"cmd": {}}}},
        {"type": "custom", "name": "apply_patch", "format": {"type": "grammar"}},
        {"type": "web_search"},
        {"type": "namespace", "name": "mcp", "tools": [{"type": "function", "name": "look_up", "parameters": {}}]},
    ]
}
PATCH = "*** Begin Patch\n*** Add File: a/b.txt\n+one\n+two\n*** End Patch"
READ, RUN, WRITE = Read("a b.txt"), Run("git status"), Write("a/b.txt", "one\ntwo\n")
SHELL_WRITE = "mkdir -p a && printf %s 'one\ntwo\n' > a/b.txt"


@pytest.mark.parametrize(
    ("body", "step", "name", "arguments"),
    [
        (CLINE, READ, "read_files", {"files": [{"path": "a b.txt"}]}),
        (CLINE, RUN, "run_commands", {"commands": ["git status"]}),
        (CLINE, WRITE, "editor", {"path": "a/b.txt", "new_text": "one\ntwo\n"}),
        (CLINE_PLAN, WRITE, "run_commands", {"commands": [SHELL_WRITE]}),
        (CLAUDE, READ, "Read", {"file_path": "a b.txt"}),
        (CLAUDE, RUN, "Bash", {"command": "git status", "description": "Run a command"}),
        (CLAUDE, WRITE, "Write", {"file_path": "a/b.txt", "content": "one\ntwo\n"}),
        (CODEX, READ, "exec_command", {"cmd": "cat 'a b.txt'"}),
        (CODEX, RUN, "exec_command", {"cmd": "git status"}),
        ({"tools": [function("apply_patch")]}, WRITE, "apply_patch", {"input": PATCH}),
    ],
)
def test_a_step_becomes_a_call_of_the_agents_own_tools(body, step, name, arguments):
    call = call_for(step, offered_tools(body))
    assert call is not None
    assert (call.name, json.loads(call.arguments), call.custom) == (name, arguments, False)


def test_a_custom_tool_gets_plain_text():
    assert call_for(WRITE, offered_tools(CODEX)) == Call("apply_patch", PATCH, custom=True)


def test_a_tool_in_a_namespace_keeps_it():
    assert call_for(Tool("look_up", {"q": 1}), offered_tools(CODEX)) == Call("look_up", '{"q": 1}', namespace="mcp")


@pytest.mark.parametrize("step", [READ, RUN, WRITE, Tool("missing", {}), Say("hello")])
def test_no_fitting_tool_means_no_call(step):
    assert call_for(step, offered_tools({"tools": [function("ask_question")]})) is None


@pytest.mark.parametrize("tools", [None, [], [7, {"type": "web_search"}, {"function": {}}]])
def test_what_has_no_name_is_no_tool(tools):
    assert offered_tools({"tools": tools}) == {}


def test_a_write_through_the_shell_survives_quotes():
    call = call_for(Write("x.txt", "it's"), offered_tools(CLINE_PLAN))
    assert call is not None
    (command,) = json.loads(call.arguments)["commands"]
    assert shlex.split(command) == ["printf", "%s", "it's", ">", "x.txt"]
