"""What an agent wants to do.

Every request and every tool call of an agent is one `Action`; guards judge actions, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tier(StrEnum):
    """Which class of model serves a call. Planning changes nothing; acting may."""

    PLAN = "plan"
    ACT = "act"
    SMALL = "small"


class Dialect(StrEnum):
    """The wire protocol of a model call, named by the last part of its path."""

    CHAT = "chat/completions"
    RESPONSES = "responses"
    MESSAGES = "messages"


class Operation(StrEnum):
    """What a file access does to the file. LIST shows names below a folder; SEARCH shows content below it."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    LIST = "list"
    SEARCH = "search"


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A prompt on its way to a model.

    `texts` holds every JSON string of the request body in order of appearance, keys too, decoded;
    a guard that amends the call returns the same number of texts.
    """

    dialect: Dialect
    model: str
    texts: tuple[str, ...]
    stream: bool = False
    tools: tuple[str, ...] = ()
    max_output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ShellCommand:
    """A command line as a shell would get it. `cwd` is absolute, or "" when nobody said."""

    command: str
    cwd: str = ""


@dataclass(frozen=True, slots=True)
class FileAccess:
    """One file or folder that a tool names; `path` as the agent wrote it, relative to its workspace."""

    path: str
    operation: Operation


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that is neither a shell nor a file tool. `arguments` is JSON text, as the model wrote it."""

    tool: str
    arguments: str = "{}"


Action = ModelCall | ShellCommand | FileAccess | ToolCall

KINDS: dict[type[Action], str] = {
    ModelCall: "model",
    ShellCommand: "shell",
    FileAccess: "file",
    ToolCall: "tool",
}


def kind_of(action: Action) -> str:
    """The word for this action in the ledger, in policy and in every face."""
    return KINDS[type(action)]
