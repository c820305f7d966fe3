"""What agents tell their hooks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.edges.hooks.payloads import READERS, Asked, BadPayload, read_payload
from companion.model.action import Tier

CLAUDE = {
    "session_id": "s", "cwd": "/w/sub", "permission_mode": "default", "hook_event_name": "PreToolUse",
    "tool_name": "Bash", "tool_input": {"command": "ls", "description": "look"}, "tool_use_id": "t",
}  # fmt: skip
RUN = json.dumps({"commands": ["rm x"]})


def read(agent: str, payload: object) -> Asked:
    return read_payload(agent, json.dumps(payload).encode())


def test_claude_says_where_and_whether_it_plans():
    asked = read("claude", CLAUDE)
    assert (asked.tool, json.loads(asked.arguments)["command"], asked.cwd, asked.session) == (
        "Bash",
        "ls",
        "/w/sub",
        "s",
    )
    assert asked.tier is Tier.ACT
    assert read("claude", CLAUDE | {"permission_mode": "plan"}).tier is Tier.PLAN


def test_codex_wraps_a_patch_as_a_command():
    patch = "*** Begin Patch\n*** Delete File: a\n*** End Patch"
    asked = read("codex", CLAUDE | {"tool_name": "apply_patch", "tool_input": {"command": patch}, "turn_id": "1"})
    assert json.loads(asked.arguments) == {"patch": patch}
    assert asked.tier is None


@pytest.mark.parametrize(
    "payload",
    [
        {"toolName": "run_commands", "input": {"commands": ["rm x"]}, "cwd": "/w"},
        {"tool_call": {"name": "run_commands", "input": {"commands": ["rm x"]}}, "workspaceRoots": ["/w"]},
        {
            "preToolUse": {"toolName": "run_commands", "parameters": {"commands": '["rm x"]'}},
            "workspaceRoots": ["/w", "/v"],
        },
    ],
    ids=["plugin", "hook-cli", "hook-vscode"],
)
def test_cline_in_each_of_its_shapes(payload):
    assert read("cline", payload) == Asked("cline", "run_commands", RUN, "/w")


def test_a_terminal_tells_its_variables():
    asked = read("terminal", {"command": "ls", "cwd": "/w", "session": "t", "environment": {"B": "2", "A": "1"}})
    assert asked.environment == (("A", "1"), ("B", "2"))


@pytest.mark.parametrize(
    ("agent", "raw"),
    [
        ("claude", b""),
        ("claude", b"{"),
        ("claude", b"[]"),
        ("claude", b"\xff"),
        ("claude", b'{"tool_name": "Bash", "tool_name": "Read", "tool_input": {}}'),
        ("claude", b'{"tool_name": "Bash"}'),
        ("claude", b'{"tool_input": {}}'),
        ("claude", b'{"tool_name": 1, "tool_input": {}}'),
        ("claude", b"[" * 100_000),
        ("cline", b"{}"),
        ("terminal", b'{"command": "", "cwd": "/w"}'),
        ("terminal", b'{"command": "ls", "cwd": "/w", "environment": {"A": 1}}'),
        ("nobody", b"{}"),
    ],
)
def test_anything_else_is_said_to_be_bad(agent, raw):
    with pytest.raises(BadPayload):
        read_payload(agent, raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda one: st.lists(one) | st.dictionaries(st.text(max_size=9), one),
)


@given(
    st.sampled_from(sorted(READERS)),
    st.dictionaries(st.sampled_from([*CLAUDE, "toolName", "input", "tool_call", "preToolUse", "command"]), JSON),
)
def test_no_payload_is_too_odd(agent, payload):
    try:
        assert isinstance(read(agent, payload), Asked)
    except BadPayload:
        pass
