"""What a request says of the conversation so far. The scripted model remembers nothing: all it knows is here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from companion.demo.offered import Offered, offered_tools
from companion.model.action import Dialect

_PLACEHOLDER = re.compile(r"SECRET_[A-Z0-9]+_[0-9A-F]{8}(?![0-9A-Za-z])")

# Messages of the role "user" that an agent writes itself, beside what the person said.
_NOTICES = ("<hook_context", "<environment_context", "<system-reminder")


class BadRequestError(ValueError):
    """A body that no model could answer; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, read."""

    dialect: Dialect
    model: str
    stream: bool
    include_usage: bool
    """Chat only: whether a streamed answer ends with a chunk of usage."""
    marks_cache: bool
    """Messages only: whether the agent marked something to be cached."""
    tools: Mapping[str, Offered]
    step: int
    """Tool results since the last prompt of the person."""
    opening: bool
    """Whether the model has said nothing in this conversation yet."""
    placeholder: str
    """The placeholder seen last, or ""."""


def read_request(dialect: Dialect, raw: bytes) -> Asked:
    """Raises BadRequestError."""
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise BadRequestError(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadRequestError("the body is not a JSON object")
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise BadRequestError("model is missing")
    turns = _turns(dialect, body)
    options = body.get("stream_options")
    seen = _PLACEHOLDER.findall(json.dumps(turns, ensure_ascii=False))
    return Asked(
        dialect=dialect,
        model=model,
        stream=body.get("stream") is True,
        include_usage=isinstance(options, dict) and options.get("include_usage") is True,
        marks_cache=b'"cache_control"' in raw,
        tools=offered_tools(body),
        step=_count_results(turns),
        opening=not any(_is_answer(turn) or _results(turn) for turn in turns),
        placeholder=seen[-1] if seen else "",
    )


def _turns(dialect: Dialect, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    name = "input" if dialect is Dialect.RESPONSES else "messages"
    turns = body.get(name)
    if isinstance(turns, str) and dialect is Dialect.RESPONSES:
        return [{"role": "user", "content": turns}]
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, dict) for turn in turns):
        raise BadRequestError(f"{name} is not a list of objects with at least one in it")
    return turns


def _count_results(turns: Sequence[Mapping[str, Any]]) -> int:
    count = 0
    for turn in turns:
        results = _results(turn)
        if not results and turn.get("role") == "user" and not _is_notice(turn.get("content")):
            count = 0
        count += results
    return count


def _results(turn: Mapping[str, Any]) -> int:
    """Tool results in one message or item, in whichever dialect."""
    if turn.get("role") == "tool" or str(turn.get("type", "")).endswith("_output"):
        return 1
    content = turn.get("content")
    if turn.get("role") != "user" or not isinstance(content, list):
        return 0
    return sum(isinstance(block, dict) and block.get("type") == "tool_result" for block in content)


def _is_answer(turn: Mapping[str, Any]) -> bool:
    return turn.get("role") == "assistant" or str(turn.get("type", "")).endswith("_call")


def _is_notice(content: Any) -> bool:
    """Whether every text of a user message was written by the agent."""
    if isinstance(content, str):
        texts = [content]
    elif isinstance(content, list):
        texts = [str(block.get("text", "")) for block in content if isinstance(block, dict)]
    else:
        texts = []
    return bool(texts) and all(text.lstrip().startswith(_NOTICES) for text in texts)
