"""How a refused tool call is put to the agent: as a call of its own shell tool that prints why.

The model reads the reason as the tool's output and goes on. Measured on Cline, Claude Code and Codex: in act mode the
printed line may end in `exit 126`; in plan mode Claude Code blocks anything but one plain echo.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from companion.edges.gateway.tools import Reading, parse_arguments
from companion.edges.gateway.tooluse import Called, Change, Form, Rewritten, Said, ToolUse
from companion.gatekeeper.admission import Refusal

_SHELL_TOOLS: tuple[tuple[str, Callable[[str], dict[str, Any]]], ...] = (
    ("run_commands", lambda command: {"commands": [command]}),
    ("Bash", lambda command: {"command": command, "description": "Show companion's answer"}),
    ("exec_command", lambda command: {"cmd": command}),
    ("shell_command", lambda command: {"command": command}),
    ("shell", lambda command: {"command": ["bash", "-lc", command]}),
    ("local_shell", lambda command: {"command": ["bash", "-lc", command]}),
    ("execute_command", lambda command: {"command": command, "requires_approval": False}),
    ("run_shell_command", lambda command: {"command": command}),
)


def words(refusal: Refusal) -> str:
    """The refusal on one line, without quotes that a shell would mind."""
    return refusal.words


def command_that_says(text: str, *, plan: bool) -> str:
    """A shell command whose only effect is to print `text`."""
    # An exclamation mark is history expansion to an interactive shell, even between double quotes.
    quoted = shlex.quote(text.replace("!", "."))
    return f"echo {quoted}" if plan else f"echo {quoted}; exit 126"


def say(text: str, offered: Collection[str], *, plan: bool) -> Called | Said:
    """A call of the agent's shell tool that prints `text`, or text where it offered none."""
    for name, arguments in _SHELL_TOOLS:
        if name in offered:
            return Called(name, json.dumps(arguments(command_that_says(text, plan=plan)), ensure_ascii=False))
    return Said(text)


def refuse_whole(texts: Sequence[str], offered: Collection[str], *, plan: bool) -> Called | Said:
    """One answer for a whole call, whatever number of reasons there are."""
    return say(" ".join(dict.fromkeys(texts)), offered, plan=plan)


def refuse_parts(
    use: ToolUse, reading: Reading, refused: Mapping[int, str], offered: Collection[str], *, plan: bool
) -> tuple[Change, tuple[Called | Said, ...]]:
    """What becomes of a call some of whose parts are refused, and what is added to the answer.

    `refused` maps the number of a part to the words for it. Entries of a list of commands are replaced in place;
    entries of a list of files are taken out and the reason is printed by a call of its own; else the call goes whole.
    """
    texts = [refused[number] for number in sorted(refused)]
    if not reading.list_key or use.form is not Form.FUNCTION:
        return refuse_whole(texts, offered, plan=plan), ()
    arguments = parse_arguments(use.arguments)
    entries: list[Any] = list(arguments[reading.list_key])
    if reading.commands:
        for number, text in refused.items():
            place = reading.parts[number].place
            if place is not None:
                entries[place] = command_that_says(text, plan=plan)
        return Rewritten(_dump(arguments | {reading.list_key: entries})), ()
    gone = {reading.parts[number].place for number in refused}
    left = [entry for place, entry in enumerate(entries) if place not in gone]
    if not left:
        return refuse_whole(texts, offered, plan=plan), ()
    return Rewritten(_dump(arguments | {reading.list_key: left})), (refuse_whole(texts, offered, plan=plan),)


def _dump(arguments: dict[str, Any]) -> str:
    return json.dumps(arguments, ensure_ascii=False)
