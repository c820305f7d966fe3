"""The items of a streamed Responses answer: what is told of one must agree, for agents act on different tellings.

Codex acts when an item is done, others read the pieces of its arguments, others only the last event.
"""

from __future__ import annotations

from typing import Any

from companion.edges.gateway.dialect import UnclearAnswer

_PROVIDER_SIDE = frozenset(
    {
        "web_search_call",
        "file_search_call",
        "code_interpreter_call",
        "image_generation_call",
        "mcp_call",
        "mcp_list_tools",
        "mcp_approval_request",
        "tool_search_call",
    }
)
"""Calls that the provider carries out itself; they never reach the agent as something to run."""

PIECES = {
    "response.function_call_arguments.delta": ("arguments", False),
    "response.function_call_arguments.done": ("arguments", True),
    "response.custom_tool_call_input.delta": ("input", False),
    "response.custom_tool_call_input.done": ("input", True),
}
"""Events that tell a call's arguments: under which key the item has them, and whether they are told whole."""


_RUN = frozenset({"type", "name", "namespace", "arguments", "input", "action"})
"""What of a call makes a difference to what runs."""


def is_call(item: Any) -> bool:
    """Whether the agent would run this item. An unknown kind of call counts: it is asked about, not passed."""
    kind = str(item.get("type", "")) if isinstance(item, dict) else ""
    return kind.endswith("_call") and kind not in _PROVIDER_SIDE


def _said(item: dict[str, Any]) -> dict[str, Any]:
    """What of a call must be the same wherever the answer tells it; of an unknown kind of call, all but its names."""
    known = item.get("type") in {"function_call", "custom_tool_call", "local_shell_call"}
    kept = _RUN if known else item.keys() - {"id", "call_id", "status"}
    return {key: item[key] for key in kept if item.get(key) is not None}


class Items:
    """Calls by output index. Every method raises UnclearAnswer where one telling contradicts another."""

    def __init__(self) -> None:
        self.calls: dict[int, dict[str, Any]] = {}
        self.last_index = -1
        self._begun: set[int] = set()
        self._done: set[int] = set()
        self._pieces: dict[int, dict[str, str]] = {}

    def add(self, index: int, item: dict[str, Any], *, done: bool) -> None:
        """Agents act on an item when it is done; all that was told of it before must say the same."""
        begun = self.calls.get(index)
        if index in self._done or (index in self._begun and not done):
            raise UnclearAnswer(f"item {index} is told twice")
        (self._done if done else self._begun).add(index)
        self.last_index = max(self.last_index, index)
        if not is_call(item):
            if begun is not None:
                raise UnclearAnswer(f"item {index} begins as a tool call and ends as something else")
            return
        if begun is None and done and index in self._begun:
            raise UnclearAnswer(f"item {index} ends as a tool call and began as something else")
        if begun is not None:
            self._agree(index, begun, item)
        self.calls[index] = item

    def _agree(self, index: int, begun: dict[str, Any], item: dict[str, Any]) -> None:
        differ = [key for key in ("type", "name", "namespace") if begun.get(key) != item.get(key)]
        told = {key: begun[key] for key in ("arguments", "input") if begun.get(key)} | self._pieces.get(index, {})
        differ += [key for key, text in told.items() if text != (item.get(key) or "")]
        if differ:
            raise UnclearAnswer(f"what is told of item {index} differs in {', '.join(differ)}")

    def grow(self, index: int, kind: str, data: dict[str, Any]) -> None:
        key, whole = PIECES[kind]
        if index not in self.calls or index in self._done:
            raise UnclearAnswer(f"arguments come for item {index}, which is no open tool call")
        told = self._pieces.setdefault(index, {})
        if not whole:
            told[key] = told.get(key, "") + data["delta"]
        elif data[key] != told.setdefault(key, data[key]):
            raise UnclearAnswer(f"what is told of item {index} differs in {key}")

    def end(self, index: int, item: dict[str, Any]) -> None:
        """Some agents read the last event alone: it is judged where it tells more, and must agree where it repeats."""
        told = self.calls.get(index)
        if told is not None and index in self._done and _said(told) != _said(item):
            raise UnclearAnswer(f"the last event tells item {index} otherwise")
        if told is not None and index not in self._done:
            self.add(index, item, done=True)
        elif is_call(item):
            self.calls[index] = item
