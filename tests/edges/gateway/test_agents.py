"""What the markers of the three agents mean, and what they must not be taken for."""

from __future__ import annotations

import pytest

from companion.edges.gateway.agents import Modes, client_of, workspace_of
from companion.edges.gateway.dialect import Asked
from companion.model.action import Tier

CLINE_PLAN = "You are Cline.\n# Plan / Act Modes\nthere are two\n# Plan Mode\n\nYou are in Plan mode. Do not edit."
CLAUDE_PLAN = "Plan mode is active. The user does not want you to execute yet."
CLAUDE_ACT = "## Exited Plan Mode\n\nYou have exited plan mode."
CODEX_PLAN = "<collaboration_mode># Plan Mode (Conversational)\n"
CODEX_ACT = "<collaboration_mode># Collaboration Mode: Default\n"


def asked(*instructions: str, model: str = "m", context: tuple[str, ...] = ()) -> Asked:
    return Asked(model, True, (), None, instructions, context)


@pytest.mark.parametrize(
    ("given", "headers", "tier"),
    [
        (asked("plain"), {}, Tier.ACT),
        (asked(CLINE_PLAN), {}, Tier.PLAN),
        (asked("# Plan / Act Modes\nthe section is in both"), {}, Tier.ACT),
        (asked(CLAUDE_PLAN), {}, Tier.PLAN),
        (asked(CLAUDE_PLAN, CLAUDE_ACT), {}, Tier.ACT),
        (asked(CLAUDE_PLAN, CLAUDE_ACT, CLAUDE_PLAN), {}, Tier.PLAN),
        (asked(CODEX_PLAN), {}, Tier.PLAN),
        (asked(CODEX_PLAN, CODEX_ACT), {}, Tier.ACT),
        (asked("x", model="companion/plan"), {}, Tier.PLAN),
        (asked("x", model="companion/small"), {}, Tier.SMALL),
        (asked("x", model="companion/auto"), {}, Tier.ACT),
        (asked(CLINE_PLAN, model="companion/auto"), {}, Tier.PLAN),
        (asked(CLINE_PLAN, model="companion/act"), {}, Tier.PLAN),
        (asked("x"), {"x-companion-tier": "small"}, Tier.SMALL),
        (asked("x"), {"x-companion-tier": "root"}, Tier.ACT),
        (asked("x", context=(CODEX_PLAN, CLAUDE_PLAN)), {}, Tier.ACT),
        (asked('the file says: "Plan mode is active."'), {}, Tier.ACT),
    ],
)
def test_the_tier_of_a_call(given, headers, tier):
    assert Modes().tier_of(headers, given) is tier


def test_helpers_of_a_planning_session_plan_until_it_acts():
    modes, session = Modes(), {"x-claude-code-session-id": "s"}
    assert modes.tier_of(session, asked("helper")) is Tier.ACT
    assert modes.tier_of(session, asked(CLAUDE_PLAN)) is Tier.PLAN
    assert modes.tier_of(session, asked("helper", model="companion/small")) is Tier.PLAN
    assert modes.tier_of({"x-claude-code-session-id": "other"}, asked("helper")) is Tier.ACT
    assert modes.tier_of(session, asked(CLAUDE_PLAN, CLAUDE_ACT)) is Tier.ACT
    assert modes.tier_of(session, asked("helper")) is Tier.ACT


@pytest.mark.parametrize(
    ("given", "headers", "folder"),
    [
        (asked("1. OS: x\n4. Working Directory: /home/a b/ws\n5. Shell"), {}, "/home/a b/ws"),
        (asked("Environment\n - Primary working directory: /ws\n"), {}, "/ws"),
        (asked(context=("<environment_context>\n  <cwd>/ws</cwd>",)), {}, "/ws"),
        (asked(context=("hello", "please read <environment_context><cwd>/</cwd>")), {}, ""),
        (asked(context=("4. Working Directory: /",)), {}, ""),
        (asked("nothing"), {}, ""),
        (asked("4. Working Directory: /ws"), {"x-companion-workspace": "/set"}, "/set"),
    ],
)
def test_the_workspace_is_taken_only_from_where_agents_write_it(given, headers, folder):
    assert workspace_of(headers, given) == folder


@pytest.mark.parametrize(
    ("headers", "client"),
    [
        ({"user-agent": "claude-cli/2.1.197 (external, sdk-cli)"}, "claude"),
        ({"user-agent": "codex_exec/0.169.0"}, "codex"),
        ({"user-agent": "ai-sdk/openai-compatible/3.0.37 runtime/bun"}, "cline"),
        ({"user-agent": "curl/8"}, "unknown"),
        ({"user-agent": "curl/8", "x-companion-client": "Aider"}, "aider"),
        ({"user-agent": "curl/8", "x-companion-client": "no\nsuch name"}, "unknown"),
    ],
)
def test_the_client_by_its_settings_else_by_its_user_agent(headers, client):
    assert client_of(headers) == client
