"""Calls of a hostile model: every argument that an agent may act on is read, whatever the agent calls it."""

from __future__ import annotations

import json

import pytest

from companion.edges.gateway.tooluse import ToolUse
from tests.support.dialects import is_refused


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
