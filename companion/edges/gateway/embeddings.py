"""OpenAI's embeddings: `/v1/embeddings`. Format: https://platform.openai.com/docs/api-reference/embeddings."""

from __future__ import annotations

from typing import Any

from companion.edges.gateway import chat
from companion.edges.gateway.dialect import Asked, BadRequest, UnclearAnswer, never_streamed, unchanged, whole_number
from companion.edges.gateway.tooluse import ToolUse
from companion.model.action import Dialect
from companion.model.money import Usage

DIALECT = Dialect.EMBEDDINGS

error = chat.error
change = unchanged
stream = never_streamed
stream_error = chat.stream_error


def read_request(body: dict[str, Any]) -> Asked:
    """Raises BadRequest, also for a prompt that comes as token numbers: nobody could search it for secrets."""
    if not isinstance(body.get("model"), str):
        raise BadRequest("model: expected a string")
    given = body.get("input")
    texts = given if isinstance(given, list) else [given]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise BadRequest("input: expected a string or a list of strings (token numbers cannot be searched for secrets)")
    return Asked(model=body["model"], stream=False, tools=(), max_output_tokens=0, instructions=())


def usage_of(answer: dict[str, Any]) -> Usage | None:
    usage = answer.get("usage")
    return Usage(input=whole_number(usage.get("prompt_tokens"))) if isinstance(usage, dict) else None


def uses_of(answer: dict[str, Any], raw: bytes = b"") -> list[ToolUse]:  # noqa: ARG001 - the answer says it all
    """Raises UnclearAnswer for anything that is not a list of vectors."""
    if not isinstance(answer.get("data"), list) or "choices" in answer:
        raise UnclearAnswer("these are no embeddings")
    return []
