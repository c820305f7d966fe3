"""Tools that are neither a shell nor a file tool, by name."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from companion.model.action import Action, Tier, ToolCall
from companion.model.facts import Facts
from companion.model.verdict import PASS, Allow, Ask, Deny, Verdict


class Sort(StrEnum):
    """What using a tool comes to."""

    HARMLESS = "harmless"
    """Talks to the user, keeps the agent's own notes, or loads what the user installed."""
    SUBAGENT = "subagent"
    """Starts or steers another agent, whose own calls are judged one by one."""
    NETWORK = "network"
    """Sends an address or a query out, and brings back text that nobody has read."""


# Names as Cline 3.0, Claude Code 2.1 and Codex 0.169 offer them to a model.
_NAMES: tuple[tuple[Sort, tuple[str, ...]], ...] = (
    (
        Sort.HARMLESS,
        (
            # Cline
            "ask_question",
            "ask_followup_question",
            "attempt_completion",
            "submit_and_exit",
            "plan_mode_respond",
            "act_mode_respond",
            "switch_to_act_mode",
            "new_task",
            "condense",
            "summarize_task",
            "focus_chain",
            "skills",
            "use_skill",
            "load_mcp_documentation",
            # Claude Code
            "AskUserQuestion",
            "EnterPlanMode",
            "ExitPlanMode",
            "TodoRead",
            "TodoWrite",
            "TaskCreate",
            "TaskUpdate",
            "TaskList",
            "TaskGet",
            "TaskOutput",
            "TaskStop",
            "BashOutput",
            "KillShell",
            "Skill",
            "ToolSearch",
            "StructuredOutput",
            # Codex
            "update_plan",
            "request_user_input",
            "write_stdin_poll",
        ),
    ),
    (
        Sort.SUBAGENT,
        (
            "Agent",
            "Task",
            "spawn_agent",
            "send_input",
            "resume_agent",
            "wait",
            "wait_agent",
            "close_agent",
        ),
    ),
    (
        Sort.NETWORK,
        (
            "WebFetch",
            "WebSearch",
            "fetch_web_content",
            "web_fetch",
            "web_search",
        ),
    ),
)

TOOLS: Mapping[str, Sort] = {name: sort for sort, names in _NAMES for name in names}
"""Every tool that is known by name. Any other asks, and is denied in the plan tier."""


def tools(action: Action, facts: Facts) -> Verdict:
    """Judges tool calls by the tool's name alone, spelt exactly as in `TOOLS`."""
    if not isinstance(action, ToolCall):
        return PASS
    name = action.tool
    match TOOLS.get(name):
        case Sort.HARMLESS:
            return Allow("tool-harmless", f"{name} changes nothing outside of the agent")
        case Sort.SUBAGENT:
            return Allow("tool-subagent", f"{name} leads to another agent, whose calls are judged one by one")
        case Sort.NETWORK:
            return Ask(
                "tool-network",
                f"{name} sends an address or a query out and brings back text from elsewhere",
                "look at the address: it can carry data out, and what comes back can mislead the agent",
            )
        case None if facts.origin.tier is Tier.PLAN:
            return Deny(
                "tool-unknown",
                f"plan mode changes nothing, and nobody has said what the tool {name} does",
                "go on planning without it, and name it as a step of the plan",
            )
        case None:
            return Ask(
                "tool-unknown",
                f"nobody has said what the tool {name} does",
                "look at its arguments before you allow it",
            )
