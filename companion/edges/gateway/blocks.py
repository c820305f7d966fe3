"""The blocks of a Messages answer: which of them are calls, and with what each is called.

Pieces of a streamed block are joined by index, by the order in which blocks began, or to the block that began last;
some agents act when a block ends, on that block or on the last one. All do the same where a call's index is its place,
where it is open alone, and where nobody speaks of another block until it ends.
"""

from __future__ import annotations

import json
from typing import Any

from companion.edges.gateway.dialect import UnclearAnswer, refuse_elsewhere, whole_letters
from companion.edges.gateway.spelling import is_whole, kinds_of, refuse_misspelt_in
from companion.edges.gateway.tooluse import Change, Rewritten, ToolUse

KEYS = frozenset(
    {"type", "message", "content", "index", "content_block", "delta", "partial_json", "id", "name", "input"}
)
"""Keys that make a difference to what runs."""

_SERVER_TOOLS = frozenset(
    {
        "web_search",
        "web_fetch",
        "code_execution",
        "bash_code_execution",
        "text_editor_code_execution",
        "tool_search_tool_regex",
        "tool_search_tool_bm25",
    }
)
"""Tools that the provider carries out itself. Any other server tool counts as the agent's, and is asked about."""

_PIECE = "input_json_delta"


def is_call(block: dict[str, Any]) -> bool:
    return any(
        kind.endswith("tool_use")
        and kind != "mcp_tool_use"
        and not (kind == "server_tool_use" and block.get("name") in _SERVER_TOOLS)
        for kind in kinds_of(block)
    )


def refuse_strays(document: Any, blocks: list[dict[str, Any]]) -> None:
    """Raises UnclearAnswer where a call stands anywhere but as one of `blocks`, and for a block of two readings."""
    for block in blocks:
        refuse_misspelt_in(KEYS, block)
        if not isinstance(block.get("type"), str | None):
            raise UnclearAnswer("the kind of a block is not text")
    calls = [block for block in blocks if is_call(block)]
    refuse_elsewhere(document, is_call, calls)
    for call in calls:
        # What a call is made with may look like a call: it is judged as a whole.
        refuse_elsewhere([value for key, value in call.items() if key != "input"], is_call, [])


def name_of(block: dict[str, Any]) -> str:
    """The name that the call is judged by; a kind of call that is not known is part of it."""
    kind, name = block.get("type"), block.get("name")
    if not isinstance(name, str):
        raise UnclearAnswer("a tool call has no name")
    return name if kind == "tool_use" else f"{kind} {name}"


def told(arguments: Any) -> str:
    """Arguments that came as JSON, as text."""
    return whole_letters(json.dumps(arguments, ensure_ascii=False))


class Blocks:
    """Blocks by index. Methods raise UnclearAnswer where two agents could run different things."""

    def __init__(self) -> None:
        self.calls: dict[int, dict[str, Any]] = {}
        """Calls as they began."""
        self.last_index = -1
        self._seen: set[int] = set()
        self._open: set[int] = set()
        self._ended: set[int] = set()
        self._tools: set[int] = set()
        self._pieces: dict[int, list[str]] = {}

    @property
    def begun(self) -> bool:
        return bool(self._seen)

    def is_open_text(self, index: int) -> bool:
        return index in self._open and index not in self.calls

    def begin(self, index: int, block: dict[str, Any]) -> list[int]:
        """Gives the blocks that must end first: llama.cpp, and bridges between dialects, end all of them at the end."""
        call = is_call(block)
        if index in self._seen or (call and index != len(self._seen)):
            raise UnclearAnswer(f"block {index} comes out of turn")
        first = sorted(self._open) if call or not self._open.isdisjoint(self.calls) else []
        self._ended.update(first)
        self._open.difference_update(first)
        self._seen.add(index)
        self._open.add(index)
        self.last_index = max(self.last_index, index)
        if call:
            given = block.get("input")
            if given and not isinstance(given, dict):
                raise UnclearAnswer("a tool call's input is no object")
            name_of(block)
            # An agent that knows its calls by id would make one of two.
            if block.get("id") and any(block["id"] == other.get("id") for other in self.calls.values()):
                raise UnclearAnswer("two tool calls go by one id")
            self.calls[index] = block
            self._pieces[index] = []
        elif any(kind.endswith("tool_use") for kind in kinds_of(block)):
            self._tools.add(index)
        return first

    def grow(self, index: int, delta: dict[str, Any]) -> bool:
        """Whether the piece may go on: one that says nothing to a block that had to end may not."""
        if index not in self._open:
            if index in self._ended and not any(value for key, value in delta.items() if key != "type"):
                return False
            raise UnclearAnswer(f"block {index} is spoken of while it is not open")
        if index in self.calls:
            piece = delta.get("partial_json")
            if delta.get("type") != _PIECE or not isinstance(piece, str):
                raise UnclearAnswer("a tool call grows by something else than arguments")
            self._pieces[index].append(piece)
        elif index not in self._tools and _PIECE in kinds_of(delta):
            raise UnclearAnswer("what is no tool call grows by arguments")
        return True

    def end(self, index: int) -> bool:
        """Whether this end may go on: that of a block that had to end before may not."""
        if index in self._ended:
            self._ended.remove(index)
            return False
        if index not in self._open:
            raise UnclearAnswer(f"block {index} is spoken of while it is not open")
        self._open.remove(index)
        return True

    def close(self) -> None:
        """The message ends, and what is open with it."""
        self._open.clear()

    @property
    def uses(self) -> list[ToolUse]:
        return [ToolUse(index, name_of(block), self._arguments(index)) for index, block in self.calls.items()]

    def _arguments(self, index: int) -> str:
        given, grown = self.calls[index].get("input"), whole_letters("".join(self._pieces[index]))
        if not given or not grown:
            return grown or told(given or {})
        # Agents take the one or the other, or put the one behind the other.
        try:
            alike = json.loads(grown) == given
        except ValueError:
            alike = False
        if not alike:
            raise UnclearAnswer(f"what is told of block {index} differs in its input")
        return grown

    def told_anew(self) -> dict[Any, Change]:
        """Calls that not every agent reads: the input stands at their beginning, or pieces are cut within a letter."""
        ended = {index: block for index, block in self.calls.items() if index not in self._open}
        return {
            index: Rewritten(self._arguments(index))
            for index, block in ended.items()
            if (block.get("input") and block.get("type") == "tool_use") or not all(map(is_whole, self._pieces[index]))
        }
