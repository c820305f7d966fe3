"""A request body that somebody captured, read as the gateway would read it, and told by JSON paths."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from companion.edges.gateway import chat, count, embeddings, messages, responses
from companion.edges.gateway.agents import workspace_of
from companion.edges.gateway.dialect import Asked, BadRequest, DialectModule
from companion.edges.gateway.prompt import Part, Prompt, read_prompt
from companion.edges.gateway.turn import adds_usage
from companion.model.action import ModelCall
from companion.model.facts import Excerpt, Finding

DIALECTS: Mapping[str, DialectModule] = {
    "chat": chat,
    "responses": responses,
    "messages": messages,
    "count_tokens": count,
    "embeddings": embeddings,
}

Placed = TypeVar("Placed", Finding, Excerpt)

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BLOCKS_ALONE = frozenset({"tool_use", "tool_result", "thinking", "redacted_thinking"})
_MESSAGES_ALONE = frozenset({"system", "stop_sequences", "anthropic_version", "thinking"})


class Leaf(Struct, frozen=True):
    """A string of the body."""

    path: str
    """As in `messages[0].content`; of a key, that of its value."""
    is_key: bool
    text: str
    """As it is examined: decoded, and "" where it is left alone."""
    raw: str
    """As it stands in the body."""

    @property
    def left_alone(self) -> bool:
        """Whether it is a picture, or another file that is no text."""
        return bool(self.raw) and not self.text


class Captured(Struct, frozen=True):
    """A body and what the gateway makes of it."""

    dialect: str
    module: DialectModule
    asked: Asked
    prompt: Prompt

    @property
    def call(self) -> ModelCall:
        """As it is judged."""
        return ModelCall(
            self.module.DIALECT,
            self.asked.model,
            stream=self.asked.stream,
            tools=self.asked.tools,
            max_output_tokens=self.asked.max_output_tokens,
            parts=self.prompt.parts,
            size=len(self.prompt.raw),
        )

    @property
    def workspace(self) -> str:
        """The folder that the agent says in the prompt; "" where it says none."""
        return workspace_of({}, self.asked)

    def leaves(self) -> list[Leaf]:
        """Every string, in order."""
        return [leaf for number in range(len(self.prompt.parts)) for leaf in self._of_part(number)]

    def place(self, found: Sequence[Placed], examined: Sequence[int]) -> list[tuple[Leaf, Placed]]:
        """What was found, each with the string that it is in; `examined` are the parts whose texts are counted.

        Nothing where nobody could say which those are: such a call is refused.
        """
        leaves = [leaf for number in examined for leaf in self._of_part(number)]
        return [(leaves[one.text], one) for one in found] if leaves else []

    def outgoing(self, action: ModelCall) -> bytes:
        """The body as it would leave, but for the model's name, which the tier may change."""
        usage = adds_usage(self.module, self.asked, self.prompt)
        return self.prompt.amended(action.texts, action.examined, self.asked.model, with_usage=usage)

    def _of_part(self, number: int) -> Iterator[Leaf]:
        part = self.prompt.parts[number]
        paths = _strings(part.value, self._start(number, part))
        for token, text, (path, is_key) in zip(part.tokens, part.texts(), paths, strict=True):
            yield Leaf(path, is_key, text, token.value)

    def _start(self, number: int, part: Part) -> str:
        key = part.place.key
        if not part.place.entry:
            return key
        before = sum(other.place.entry and other.place.key == key for other in self.prompt.parts[:number])
        return f"{key}[{before}]"


def read_captured(raw: bytes, dialect: str = "") -> Captured:
    """Raises BadRequest for what the gateway would answer with 400. Without a dialect it is guessed."""
    try:
        prompt = read_prompt(raw)
    except ValueError as error:
        raise BadRequest(f"the body cannot be read as JSON ({error})") from error
    name = dialect or guess_dialect(json.loads(raw))
    module = DIALECTS[name]
    return Captured(name, module, module.read_request(prompt.skeleton), prompt)


def guess_dialect(body: Mapping[str, Any]) -> str:
    """By what only one of them has. Nothing that is found depends on it."""
    if "messages" not in body:
        return "embeddings" if "encoding_format" in body else "responses"
    turns = _objects(body["messages"])
    blocks = [block for turn in turns for block in _objects(turn.get("content"))]
    alone = (
        any(key in body for key in _MESSAGES_ALONE)
        or any("input_schema" in tool for tool in _objects(body.get("tools")))
        or any(block.get("type") in _BLOCKS_ALONE for block in blocks)
    )
    return "messages" if alone else "chat"


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _strings(value: Any, path: str) -> Iterator[tuple[str, bool]]:
    """The path of every string in document order, and whether it is a key."""
    if isinstance(value, str):
        yield path, False
    elif isinstance(value, dict):
        for key, inner in value.items():
            there = f"{path}.{key}" if _BARE.fullmatch(key) else f"{path}[{json.dumps(key)}]"
            there = there.removeprefix(".")
            yield there, True
            yield from _strings(inner, there)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _strings(inner, f"{path}[{number}]")
