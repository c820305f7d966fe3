"""A tool call as the wire carries it, and what may become of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Form(StrEnum):
    """How a dialect carries the arguments: a JSON object, free text, or an argv list."""

    FUNCTION = "function"
    CUSTOM = "custom"
    LOCAL_SHELL = "local_shell"


@dataclass(frozen=True, slots=True)
class ToolUse:
    """One call of the model's answer. `key` tells the dialect which one; `arguments` is the text as it came."""

    key: Any
    name: str
    arguments: str
    form: Form = Form.FUNCTION


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The same call with other arguments (placeholders restored, refused parts taken out)."""

    arguments: str


@dataclass(frozen=True, slots=True)
class Called:
    """Another function is called instead, or in addition."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Said:
    """The call becomes text."""

    text: str


Change = Rewritten | Called | Said


@dataclass(frozen=True, slots=True)
class Changes:
    """What becomes of an answer's calls: by key, and calls or text to add at its end."""

    by_key: Mapping[Any, Change] = field(default_factory=dict[Any, Change])
    extra: tuple[Called | Said, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.by_key or self.extra)
