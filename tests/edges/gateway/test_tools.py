"""The table of tools: what each call of the three agents means."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.edges.gateway.tools import Unreadable, read_use
from companion.edges.gateway.tooluse import Form, ToolUse
from companion.model.action import FileAccess, Operation, ShellCommand, ToolCall
from tests.support.dialects import is_refused

R, W, D, L, S = Operation.READ, Operation.WRITE, Operation.DELETE, Operation.LIST, Operation.SEARCH

PATCH = (
    "*** Begin Patch\n*** Add File: a\n+x\n*** Update File: b\n*** Move to: c\n@@\n*** Delete File: d\n*** End Patch"
)


@pytest.mark.parametrize(
    ("name", "arguments", "actions"),
    [
        ("run_commands", {"commands": ["ls", "rm x"]}, [ShellCommand("ls"), ShellCommand("rm x")]),
        ("run_commands", {"commands": [{"command": "ls", "cwd": "/w"}]}, [ShellCommand("ls", "/w")]),
        ("read_files", {"files": [{"path": "a"}, {"path": "b"}]}, [FileAccess("a", R), FileAccess("b", R)]),
        ("editor", {"path": "a", "new_text": "x"}, [FileAccess("a", W)]),
        ("search_codebase", {"queries": ["x"]}, [FileAccess(".", S)]),
        ("Bash", {"command": "ls", "description": "d"}, [ShellCommand("ls")]),
        ("Read", {"file_path": "/w/a"}, [FileAccess("/w/a", R)]),
        ("Write", {"file_path": "a", "content": ""}, [FileAccess("a", W)]),
        ("Edit", {"file_path": "a"}, [FileAccess("a", W)]),
        ("NotebookEdit", {"notebook_path": "a"}, [FileAccess("a", W)]),
        ("Glob", {"pattern": "*"}, [FileAccess(".", L)]),
        ("Grep", {"pattern": "x", "path": "src"}, [FileAccess("src", S)]),
        ("exec_command", {"cmd": "ls", "workdir": "/w"}, [ShellCommand("ls", "/w")]),
        ("exec_command", {"cmd": "ls", "shell": "/bin/bash"}, [ShellCommand("ls")]),
        ("shell", {"command": ["bash", "-lc", "ls | wc"]}, [ShellCommand("ls | wc")]),
        ("shell", {"command": ["rm", "-rf", "a b"]}, [ShellCommand("rm -rf 'a b'")]),
        (
            "write_stdin",
            {"session_id": 1, "chars": ""},
            [ToolCall("write_stdin_poll", '{"session_id": 1, "chars": ""}')],
        ),
        (
            "apply_patch",
            {"input": PATCH},
            [FileAccess("a", W), FileAccess("b", W), FileAccess("c", W), FileAccess("d", D)],
        ),
        ("mcp__db__drop", {"x": 1}, [ToolCall("mcp__db__drop", '{"x": 1}')]),
    ],
)
def test_a_call_as_actions(name, arguments, actions):
    reading = read_use(ToolUse(0, name, json.dumps(arguments)))
    assert [part.action for part in reading.parts] == actions


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("read_file", {"path": "a", "absolute_path": "EVIL"}),
        ("read_files", {"files": ["a"], "paths": ["EVIL"]}),
        ("read_files", {"files": [{"path": "a", "file_path": "EVIL"}]}),
        ("exec_command", {"cmd": "ls", "command": "EVIL"}),
        ("run_shell_command", {"command": "ls", "workdir": "a", "directory": "EVIL"}),
        ("run_commands", {"commands": [{"command": "ls", "args": ["EVIL"]}]}),
        ("run_commands", {"commands": ["ls"], "cwd": "EVIL"}),
        ("local_shell", {"command": ["ls"], "env": {"LD_PRELOAD": "EVIL"}}),
        ("local_shell", {"command": ["ls"], "user": "EVIL"}),
        ("Glob", {"pattern": "/EVIL/**"}),
        ("Glob", {"pattern": "../EVIL"}),
    ],
)
def test_every_argument_that_an_agent_may_act_on_is_read(tool, arguments):
    assert is_refused(ToolUse(0, tool, json.dumps(arguments)))


def test_a_shell_that_nobody_knows_is_a_tool_call():
    [part] = read_use(ToolUse(0, "exec_command", '{"cmd": "x", "shell": "/tmp/evil"}')).parts
    assert isinstance(part.action, ToolCall)


def test_a_custom_patch_names_its_files():
    assert [part.action.path for part in read_use(ToolUse(0, "apply_patch", PATCH, Form.CUSTOM)).parts] == list("abcd")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Bash", "{"),
        ("Bash", "[]"),
        ("Bash", "{}"),
        ("Bash", '{"command": 1}'),
        ("Bash", '{"command": "ls", "command": "rm -rf /"}'),
        ("run_commands", '{"commands": []}'),
        ("run_commands", '{"commands": [1]}'),
        ("read_files", '{"files": [{"path": 1}]}'),
        ("read_files", "{}"),
        ("shell", '{"command": [1]}'),
        ("apply_patch", '{"input": "nothing in it"}'),
        ("unknown", "not json"),
    ],
)
def test_what_two_readers_could_read_in_two_ways_is_unreadable(name, arguments):
    with pytest.raises(Unreadable):
        read_use(ToolUse(0, name, arguments))


@given(
    st.sampled_from(["Bash", "read_files", "run_commands", "shell", "apply_patch", "Grep", "x"]), st.text(max_size=40)
)
def test_any_text_is_read_or_unreadable_and_nothing_else(name, text):
    try:
        assert read_use(ToolUse(0, name, text)).parts
    except Unreadable:
        pass
