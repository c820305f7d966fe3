"""Chunks of a Chat Completions stream, as a test writes them."""

from __future__ import annotations

from tests.support.dialects import DONE, EVIL, sse

OPENED = '{"command":"ls","description":'
"""Arguments that hold others as a part."""


def chunk(*deltas: dict, key: str = "delta", finish: str | None = None) -> dict:
    return {"id": "c", "choices": [{"index": 0, key: delta, "finish_reason": finish} for delta in deltas]}


def piece(arguments: object = EVIL, name: object = "Bash", **more) -> dict:
    """A call's first piece."""
    return {"index": 0, "id": "c1", "type": "function", "function": {"name": name, "arguments": arguments}} | more


def grown(text: str, index: int = 0) -> dict:
    """A later piece."""
    return {"index": index, "function": {"arguments": text}}


def told(*chunks: dict, finish: str = "tool_calls") -> bytes:
    return sse(*chunks, chunk({}, finish=finish)) + DONE
