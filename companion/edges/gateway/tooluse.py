"""A tool call as the wire carries it, and what may become of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field


class Form(StrEnum):
    """How a dialect carries the arguments: a JSON object, free text, or an argv list."""

    FUNCTION = "function"
    CUSTOM = "custom"
    LOCAL_SHELL = "local_shell"


class ToolUse(Struct, frozen=True):
    """One call of the model's answer. `key` tells the dialect which one; `arguments` is the text as it came."""

    key: Any
    name: str
    arguments: str
    form: Form = Form.FUNCTION


class Rewritten(Struct, frozen=True):
    """The same call with other arguments (placeholders restored, refused parts taken out)."""

    arguments: str


class Called(Struct, frozen=True):
    """Another function is called instead, or in addition."""

    name: str
    arguments: str


class Said(Struct, frozen=True):
    """The call becomes text."""

    text: str


Change = Rewritten | Called | Said


class Changes(Struct, frozen=True):
    """What becomes of an answer's calls: by key, and calls or text to add at its end."""

    by_key: Mapping[Any, Change] = field(default_factory=dict[Any, Change])
    extra: tuple[Called | Said, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.by_key or self.extra)
