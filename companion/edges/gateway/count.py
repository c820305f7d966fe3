"""Anthropic's token counter: `/v1/messages/count_tokens`. A prompt leaves by it as by any call; no model answers.

Format: https://docs.anthropic.com/en/api/messages-count-tokens.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from companion.edges.gateway import messages
from companion.edges.gateway.dialect import Asked, UnclearAnswer, never_streamed, unchanged
from companion.edges.gateway.tooluse import ToolUse
from companion.model.action import Dialect
from companion.model.money import Usage

DIALECT = Dialect.COUNT_TOKENS

error = messages.error
change = unchanged
stream = never_streamed
stream_error = messages.stream_error


def read_request(body: dict[str, Any]) -> Asked:
    """Raises BadRequest."""
    return replace(messages.read_request(body), stream=False, max_output_tokens=0)


def usage_of(answer: dict[str, Any]) -> Usage | None:  # noqa: ARG001 - it counts what it does not use
    return None


def uses_of(answer: dict[str, Any], raw: bytes = b"") -> list[ToolUse]:  # noqa: ARG001 - the answer says it all
    """Raises UnclearAnswer for anything that is not a count."""
    if not isinstance(answer.get("input_tokens"), int) or "content" in answer:
        raise UnclearAnswer("this is no count of tokens")
    return []
