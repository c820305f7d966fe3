"""The items of a streamed Responses answer: what is told of one must agree, for agents act on different tellings.

Codex acts when an item is done, others read the pieces of its arguments, others only the last event. Pieces are joined
by index, by id, in the order in which items began, or to the item that began last. Items that are no calls may be told
as untidily as upstreams like: LiteLLM tells two of them under one index.
"""

from __future__ import annotations

from typing import Any

from companion.edges.gateway.dialect import UnclearAnswer, refuse_elsewhere, whole_letters
from companion.edges.gateway.spelling import is_whole, kinds_of, refuse_misspelt_in

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

_KNOWN = frozenset({"function_call", "custom_tool_call", "local_shell_call"})
"""Kinds of call of which it is known what runs."""

PIECES = {
    "response.function_call_arguments.delta": ("arguments", False),
    "response.function_call_arguments.done": ("arguments", True),
    "response.custom_tool_call_input.delta": ("input", False),
    "response.custom_tool_call_input.done": ("input", True),
}
"""Events that tell a call's arguments: under which key the item has them, and whether they are told whole."""

_RUN = frozenset({"type", "name", "namespace", "arguments", "input", "action"})
"""What of a call makes a difference to what runs."""

_KEYS = _RUN | {"id", "call_id"}
_ACTION_KEYS = frozenset({"type", "command", "env", "user", "working_directory", "workdir", "cwd", "timeout_ms"})


def is_call(item: Any) -> bool:
    """Whether the agent would run this item. An unknown kind of call counts: it is asked about, not passed."""
    kinds = kinds_of(item) if isinstance(item, dict) else []
    return any(kind.endswith("_call") and kind not in _PROVIDER_SIDE for kind in kinds)


def refuse_strays(document: Any, items: list[dict[str, Any]]) -> None:
    """Raises UnclearAnswer where a call stands anywhere but as one of `items`, and for an item of two readings."""
    judged: list[Any] = []
    for item in items:
        kind = item.get("type")
        refuse_misspelt_in(_KEYS, item)
        refuse_misspelt_in(_ACTION_KEYS, item.get("action"))
        if not isinstance(kind, str | None):
            raise UnclearAnswer("the kind of an item is not text")
        if kind in _PROVIDER_SIDE:
            # What the provider found is full of words of other people's: only what some agent knows counts as a call.
            refuse_elsewhere(list(item.values()), _is_known, [])
        elif kind in _KNOWN:
            refuse_elsewhere(list(item.values()), is_call, [])
        if kind in _PROVIDER_SIDE or is_call(item):
            judged.append(item)
    refuse_elsewhere(document, is_call, judged)


def _is_known(value: dict[str, Any]) -> bool:
    return not _KNOWN.isdisjoint(kinds_of(value))


def _said(item: dict[str, Any]) -> dict[str, Any]:
    """What of a call must be the same wherever the answer tells it; of an unknown kind of call, all but its names."""
    if item.get("type") in _KNOWN:
        return {key: item[key] for key in _RUN if item.get(key)}
    return {key: value for key, value in item.items() if key not in {"id", "call_id", "status"} and value is not None}


def _text(item: dict[str, Any], key: str) -> str:
    text = item.get(key) or ""
    if not isinstance(text, str):
        raise UnclearAnswer(f"a tool call's {key} is not text")
    return whole_letters(text)


class Items:
    """Calls by output index. Every method raises UnclearAnswer where two agents could run different things."""

    def __init__(self) -> None:
        self.calls: dict[int, dict[str, Any]] = {}
        self.places: dict[int, int] = {}
        """Where the last event has which call."""
        self.cut: set[int] = set()
        """Calls whose pieces were cut within a letter: an agent that reads each piece by itself loses that letter."""
        self.last_index = -1
        self._begun: list[int] = []
        self._done: set[int] = set()
        self._others: set[int] = set()
        self._owners: dict[str, int] = {}
        self._named: dict[int, bool] = {}
        """Whether the pieces of a call go by its own id."""
        self._pieces: dict[tuple[int, str], str] = {}
        self._wholes: dict[tuple[int, str], str] = {}

    @property
    def begun(self) -> bool:
        return bool(self._begun)

    def add(self, index: int, item: dict[str, Any], *, done: bool) -> None:
        """Agents act on an item when it is done; all that was told of it before must say the same."""
        self.last_index = max(self.last_index, index)
        if not done:
            self._begun.append(index)
        self._own(item.get("id") or item.get("call_id"), index, called=is_call(item))
        if not is_call(item):
            if index in self.calls:
                raise UnclearAnswer(f"item {index} is a tool call and something else")
            self._others.add(index)
            return
        if index in self._others:
            raise UnclearAnswer(f"item {index} is a tool call and something else")
        if index in self._done or (index in self.calls and not done):
            raise UnclearAnswer(f"item {index} is told twice")
        if not done and any(index < other for other in self.calls):
            raise UnclearAnswer(f"item {index} comes out of turn")
        if done:
            self._agree(index, self.calls.get(index, item), item)
            self._done.add(index)
        self.calls[index] = item

    def _own(self, name: Any, index: int, *, called: bool) -> None:
        """An item may have many ids, or none (Copilot gives it another in each event); no id may mean two items."""
        if not isinstance(name, str | None):
            raise UnclearAnswer(f"the id of item {index} is not text")
        owner = self._owners.setdefault(name, index) if name else index
        if owner != index and (called or owner in self.calls):
            raise UnclearAnswer(f"items {owner} and {index} go by one id")

    def _agree(self, index: int, begun: dict[str, Any], item: dict[str, Any]) -> None:
        differ = [key for key in ("type", "name", "namespace") if begun.get(key) != item.get(key)]
        for key in ("arguments", "input"):
            text, first, grown = _text(item, key), _text(begun, key), self._pieces.get((index, key))
            tellings = [first or None, grown, self._wholes.get((index, key))]
            # Some agents put the pieces behind what the item had at first. JSON twice over is none; free text is text.
            twice = first and grown and item.get("type") != "function_call"
            if twice or any(told is not None and whole_letters(told) != text for told in tellings):
                differ.append(key)
        action = begun.get("action")
        if isinstance(action, dict) and action.get("command") and action != item.get("action"):
            differ.append("action")
        if differ:
            raise UnclearAnswer(f"what is told of item {index} differs in {', '.join(differ)}")

    def grow(self, index: int, kind: str, data: dict[str, Any]) -> None:
        key, whole = PIECES[kind]
        if index not in self.calls or index in self._done:
            raise UnclearAnswer(f"arguments come for item {index}, which is no open tool call")
        if (index, key) in self._wholes:
            raise UnclearAnswer(f"arguments come for item {index} after they were told whole")
        self._own(data.get("item_id"), index, called=True)
        text, name = data[key if whole else "delta"], data.get("name")
        if not isinstance(text, str):
            raise UnclearAnswer(f"a piece of item {index} is not text")
        if whole:
            # LiteLLM tells the arguments of all calls whole after the last of them began.
            if name and name != self.calls[index].get("name"):
                raise UnclearAnswer(f"what is told of item {index} differs in name")
            self._wholes[index, key] = text
            return
        counted = self._begun[index] if index < len(self._begun) else index
        named = data.get("item_id") == self.calls[index].get("id")
        strange = self._named.setdefault(index, named) != named
        if strange or self._begun[-1] != index or (counted != index and counted in self.calls):
            raise UnclearAnswer(f"a piece of item {index} comes where some agents take it for another's")
        if not is_whole(text):
            self.cut.add(index)
        self._pieces[index, key] = self._pieces.get((index, key), "") + text

    def end(self, output: list[dict[str, Any]]) -> None:
        """Some agents read the last event alone: it is judged where it tells more, and must agree where it repeats.

        What it lists may stand at another place than the index says: LiteLLM has one index for thoughts and text.
        """
        for place, item in enumerate(output):
            if is_call(item):
                self.places[place] = self._told_as(place, item)
        for index in self.calls:
            if index not in self._done:
                raise UnclearAnswer(f"item {index} is begun and never told whole")
            if index < len(output) and index not in self.places.values():
                raise UnclearAnswer(f"the last event tells item {index} otherwise")

    def _told_as(self, place: int, item: dict[str, Any]) -> int:
        """The index of the call that the last event repeats, or tells alone, at this place."""
        call_id = item.get("call_id")
        named = [index for index, told in self.calls.items() if call_id and told.get("call_id") == call_id]
        for index in (*sorted(named, key=lambda index: index != place), place):
            if index not in self.calls or index in self.places.values():
                continue
            if index not in self._done:
                self.add(index, item, done=True)
                return index
            if _said(self.calls[index]) == _said(item):
                return index
        if named or place in self.calls or place in self._others:
            raise UnclearAnswer(f"the last event tells item {place} otherwise")
        self.calls[place] = item
        self._done.add(place)
        return place
