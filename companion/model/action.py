"""What an agent wants to do.

Every request and every tool call of an agent is one `Action`; guards judge actions, nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from msgspec import Struct


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
    COUNT_TOKENS = "messages/count_tokens"
    EMBEDDINGS = "embeddings"

    @property
    def is_anthropic(self) -> bool:
        """Whether Anthropic speaks it; else OpenAI does."""
        return self in {Dialect.MESSAGES, Dialect.COUNT_TOKENS}

    @property
    def is_billed(self) -> bool:
        """Whether providers take money for it."""
        return self is not Dialect.COUNT_TOKENS


class Operation(StrEnum):
    """What a file access does to the file. LIST shows names below a folder; SEARCH shows content below it."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    LIST = "list"
    SEARCH = "search"


class TextKind(StrEnum):
    """What a text of a prompt is, where it is not plain text."""

    JSON = "json"
    """A JSON document written as a string: what is hidden in it is escaped as JSON."""
    SEALED = "sealed"
    """Its provider checks that it is as it was: only what is certainly a secret is hidden in it."""


class CallMade(Struct, frozen=True):
    """A tool call of an earlier turn, as a prompt tells of it."""

    id: str
    actions: tuple[Action, ...]
    in_entries: bool = False
    """Whether its result is a list of results, one for each action."""


class CallResult(Struct, frozen=True):
    """What came of a call, as a prompt tells of it."""

    id: str
    texts: tuple[int, ...]
    """The numbers of its texts among those of its part."""
    has_media: bool = False
    """Whether there is something in it that is no text."""


class Part(Protocol):
    """A piece of a prompt that comes again, byte for byte, from turn to turn."""

    @property
    def digest(self) -> bytes:
        """Names the piece: two with the same digest have the same texts."""
        ...

    @property
    def size(self) -> int:
        """About how many bytes its texts have."""
        ...

    def texts(self) -> tuple[str, ...]:
        """Every string in it in order of appearance, keys too, decoded."""
        ...

    def kinds(self) -> Mapping[int, TextKind]:
        """The numbers of those texts that are not plain."""
        ...

    def calls(self) -> tuple[CallMade, ...]:
        """The tool calls that it tells of."""
        ...

    def results(self) -> tuple[CallResult, ...]:
        """What it tells of what came of calls."""
        ...

    @property
    def is_answer(self) -> bool:
        """Whether a model said it, in an earlier turn."""
        ...


class ModelCall(Struct, frozen=True):
    """A prompt on its way to a model.

    `texts` holds the texts of the parts numbered in `examined`, in order, once the facts are gathered: every part that
    is not known to be clean. A guard that amends the call returns the same number of texts.
    """

    dialect: Dialect
    model: str
    texts: tuple[str, ...] = ()
    stream: bool = False
    tools: tuple[str, ...] = ()
    max_output_tokens: int | None = None
    served: str = ""
    """The model that the tier names, which is asked of the upstream; "" where it is `model` itself."""
    parts: tuple[Part, ...] = ()
    """The whole prompt: what stands in the body, then the query and the headers that leave with it."""
    examined: tuple[int, ...] = ()
    size: int = 0
    """Bytes of the whole prompt."""


class ShellCommand(Struct, frozen=True):
    """A command line as a shell would get it. `cwd` is absolute, or "" when nobody said."""

    command: str
    cwd: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    """Variables that change what programs do, sorted by name, where the one who asks has told them."""


class FileAccess(Struct, frozen=True):
    """One file or folder that a tool names; `path` as the agent wrote it, relative to its workspace."""

    path: str
    operation: Operation


class ToolCall(Struct, frozen=True):
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
