"""What the scripted agent wears: the request shape of Cline, as measured on its wire, in words of our own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

Mode = Literal["act", "plan"]

USER_AGENT = "ai-sdk/openai-compatible/3.0.37 (companion demo)"


def system_prompt(workspace: Path, mode: Mode) -> str:
    """Carries the markers by which Cline is known: the numbered working directory and, when planning, the plan mode.

    The section on both modes stands in every prompt, as it does in Cline's.
    """
    parts = [
        "You are Cline, a coding agent in a demonstration. You work through tools, one step at a time.",
        (
            f"# Environment\n1. Platform: {sys.platform}\n2. Editor: none\n3. Shell: /bin/sh\n"
            f"4. Working Directory: {workspace}"
        ),
        "# Plan / Act Modes\nIn the one mode you look and propose. In the other you carry out what was agreed.",
    ]
    if mode == "plan":
        parts.append("# Plan Mode\n\nYou are in Plan mode. Read what you need, change nothing, and end with a plan.")
    rules = [f"## {path.name}\n{path.read_text('utf-8')}" for path in sorted((workspace / ".clinerules").glob("*.md"))]
    if rules:
        parts.append("\n\n".join(["# Rules", *rules]))
    return "\n\n".join(parts)


def tool_list(mode: Mode) -> list[dict[str, Any]]:
    """In the chat dialect. Planning goes without the editor."""
    text = {"type": "string"}
    tools = [
        _function(
            "read_files",
            "Gives back the text of one or more files.",
            {"files": _array({"type": "object", "properties": {"path": text}, "required": ["path"]})},
        ),
        _function(
            "run_commands", "Runs shell commands one after another in the workspace.", {"commands": _array(text)}
        ),
        _function("ask_question", "Asks the person something.", {"question": text}),
    ]
    if mode == "act":
        tools.append(
            _function(
                "editor",
                "Writes new_text into a file, in place of old_text where that is given.",
                {"path": text, "new_text": text, "old_text": text},
                required=["path", "new_text"],
            )
        )
    return tools


def _array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _function(
    name: str, description: str, properties: dict[str, Any], required: list[str] | None = None
) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": required or list(properties)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}
