"""No workspace, no silent yes."""

import pytest

from companion.model.action import Dialect, FileAccess, ModelCall, Operation, ShellCommand, ToolCall
from companion.model.exchange import Origin
from companion.model.facts import Facts
from companion.model.policy import Policy
from companion.model.verdict import PASS, Ask
from companion.policy.guards.workspace import workspace

CALLS = [FileAccess("x", Operation.READ), FileAccess("x", Operation.LIST), ShellCommand("ls"), ToolCall("TodoWrite")]


@pytest.mark.parametrize("action", CALLS)
def test_every_tool_call_asks_while_the_workspace_is_unknown(action):
    verdict = workspace(action, Facts(Origin(), Policy()))
    assert isinstance(verdict, Ask)
    assert verdict.code == "workspace-unknown"
    assert "companion connect" in verdict.hint


@pytest.mark.parametrize("action", CALLS)
def test_a_known_workspace_passes(action):
    assert workspace(action, Facts(Origin(workspace="/ws"), Policy())) is PASS


def test_a_model_call_passes():
    assert workspace(ModelCall(Dialect.CHAT, "m", ()), Facts(Origin(), Policy())) is PASS
