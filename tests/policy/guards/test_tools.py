"""Tools by name."""

import pytest

from companion.model.action import FileAccess, Operation, Tier, ToolCall
from companion.model.exchange import Origin
from companion.model.facts import Facts
from companion.model.policy import Policy
from companion.model.verdict import PASS, Allow, Ask, Deny
from companion.policy.guards.tools import TOOLS, Sort, tools

ACT = Facts(Origin(workspace="/ws"), Policy())
PLAN = Facts(Origin(workspace="/ws", tier=Tier.PLAN), Policy())

VERDICTS = {
    Sort.HARMLESS: (Allow, "tool-harmless"),
    Sort.SUBAGENT: (Allow, "tool-subagent"),
    Sort.NETWORK: (Ask, "tool-network"),
}

UNKNOWN = ["mcp__db__query", "server__tool", "todowrite", "TodoWrite ", "", "write_stdin", "CronCreate", "team_task"]


@pytest.mark.parametrize("facts", [ACT, PLAN])
@pytest.mark.parametrize(("name", "sort"), TOOLS.items())
def test_known_tools(name, sort, facts):
    verdict = tools(ToolCall(name), facts)
    kind, code = VERDICTS[sort]
    assert isinstance(verdict, kind)
    assert verdict.code == code


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown_tools_ask_and_are_denied_while_planning(name):
    act, plan = tools(ToolCall(name), ACT), tools(ToolCall(name), PLAN)
    assert isinstance(act, Ask)
    assert isinstance(plan, Deny)
    assert act.code == plan.code == "tool-unknown"


def test_file_tools_are_for_another_guard():
    assert tools(FileAccess("x", Operation.READ), ACT) is PASS
