"""Tool calls of a Chat Completions stream, joined from the pieces that they come in.

Agents join pieces by index, by id, or to the call that began last; a call begins for them at a new index, at an id or
at a name. Some look at the first choice only, some look away where a chunk has text or a reason to stop, some drop a
chunk that is not quite as documented. Where all of them read the same, the pieces are `tidy`. Where they would not but
one reading is meant, the calls must be told anew, each whole. Where it cannot be known what is meant: UnclearAnswer.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from companion.edges.gateway.dialect import (
    UnclearAnswer,
    index_in,
    objects_in,
    refuse_elsewhere,
    whole_letters,
)
from companion.edges.gateway.jsontext import dump, read_object
from companion.edges.gateway.spelling import is_whole, refuse_misspelt_in

TEXTS = {"function": "arguments", "custom": "input"}
"""The forms of a call, and under which key each has its arguments."""

OLD = -1
"""The number of the call in the old `function_call` field."""

NAMES = frozenset(
    {"choices", "index", "delta", "message", "finish_reason", "tool_calls", "function_call"}
    | {"id", "type", "function", "custom", "name", "arguments", "input"}
)
"""The keys that lead to a call and into it."""

CALLS = frozenset({"tool_calls", "function_call"})
"""The fields of a message or delta that hold calls."""

_OF_EACH_CHUNK = frozenset({"choices", "usage", "obfuscation"})


def index_of(choice: dict[str, Any]) -> int:
    """A choice's index. Raises UnclearAnswer."""
    told = choice.get("index")
    return 0 if told is None else index_in(told, "a choice's index")


def holds_calls(value: dict[str, Any]) -> bool:
    """Whether some reader, also one that is blind to case, finds calls in a message or delta."""
    return any(inner and key.casefold() in CALLS for key, inner in value.items())


@dataclass(slots=True)
class _Call:
    """One call as far as it has come."""

    index: int | None
    """None where it was not told."""
    old: bool = False
    fields: dict[str, Any] = field(default_factory=dict)
    forms: dict[str, dict[str, Any]] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.fields.get("id", ""))

    def add(self, piece: dict[str, Any]) -> None:
        """Raises UnclearAnswer where the piece says otherwise: some agents take the first word, some the last."""
        for key, value in piece.items():
            if key in TEXTS:
                if value is not None:
                    self._grow(key, value)
            elif key != "index":
                _tell(self.fields, key, value)

    def _grow(self, form: str, parts: dict[str, Any]) -> None:
        told = self.forms.setdefault(form, {})
        for key, value in parts.items():
            if key != TEXTS[form]:
                _tell(told, key, value)
            elif value and not isinstance(value, str):
                raise UnclearAnswer("a tool call grows by arguments that are not text")
            else:
                self.texts.setdefault(form, []).append(value or "")

    def is_whole(self) -> bool:
        """Whether it came in one piece, after which nothing more can belong to it."""
        match self.texts.get("function"):
            case [str(text)] if text.rstrip().endswith("}"):
                with suppress(ValueError):
                    read_object(whole_letters(text).encode())
                    return True
            case _:
                pass
        return False

    def whole(self) -> dict[str, Any]:
        """Raises UnclearAnswer."""
        texts = {form: whole_letters("".join(self.texts.get(form, ()))) for form in self.forms}
        return self.fields | {form: told | {TEXTS[form]: texts[form]} for form, told in self.forms.items()}


def _tell(told: dict[str, Any], key: str, value: Any) -> None:
    if value and told.setdefault(key, value) != value:
        raise UnclearAnswer(f"the pieces of one tool call differ in {key}")


class JoinedCalls:
    """The calls of one stream."""

    def __init__(self) -> None:
        self.choice = 0
        """In which choice they stand, once there are some."""
        self.tidy = True
        self._calls: list[_Call] = []
        self._indexes: set[int | None] = set()
        self._ids: set[str] = {""}
        self._envelope: bytes | None = None
        self._paused = False
        """Whether something else came since the last piece."""
        self._ended = False

    def pass_by(self, chunk: dict[str, Any]) -> None:
        """As `take`, of a chunk of which it is known that it has none, wherever it may be looked for."""
        choices = objects_in(chunk.get("choices"), "choices")
        for choice in choices:
            index_of(choice)
            self._ended = self._ended or bool(choice.get("finish_reason"))
        if choices:
            self._paused = True

    def take(self, chunk: dict[str, Any]) -> bool:
        """Adds the pieces of a chunk; whether it has any. Raises UnclearAnswer."""
        choices = objects_in(chunk.get("choices"), "choices")
        indexes = [index_of(choice) for choice in choices]
        deltas = [choice.get("delta") or {} for choice in choices]
        refuse_elsewhere(chunk, holds_calls, deltas)
        refuse_elsewhere([list(delta.values()) for delta in deltas], holds_calls, [])
        holding = [place for place, delta in enumerate(deltas) if holds_calls(delta)]
        if holding:
            _refuse_doubt(chunk, choices, indexes)
            for place in holding:
                self._take_delta(chunk, choices[place], indexes[place], first=place == 0)
        if choices:
            self._paused = not holding
        self._ended = self._ended or any(choice.get("finish_reason") for choice in choices)
        return bool(holding)

    def whole(self) -> list[tuple[int, dict[str, Any]]]:
        """Each call with its number: by their beginnings from 0 on, then OLD. Raises UnclearAnswer."""
        told = [call.whole() for call in self._calls if not call.old]
        return [*enumerate(told), *((OLD, call.whole()) for call in self._calls if call.old)]

    def _take_delta(self, chunk: dict[str, Any], choice: dict[str, Any], index: int, *, first: bool) -> None:
        # A reader that knows of one choice only would join the calls of two.
        if self._calls and index != self.choice:
            raise UnclearAnswer("tool calls stand in two choices")
        self.choice = index
        delta = choice["delta"]
        refuse_misspelt_in(NAMES, delta)
        pieces = objects_in(delta.get("tool_calls"), "tool_calls")
        alone = len(pieces) == 1 and first and not self._ended and self._is_alone(chunk, choice)
        self.tidy = self.tidy and alone
        for piece in pieces:
            self._add(piece)
        if old := delta.get("function_call"):
            self._add_old({"function": old})

    def _is_alone(self, chunk: dict[str, Any], choice: dict[str, Any]) -> bool:
        """Whether there is nothing beside the call, and nothing for which a reader might drop the chunk."""
        envelope = dump({key: value for key, value in chunk.items() if key not in _OF_EACH_CHUNK})
        self._envelope = envelope if self._envelope is None else self._envelope
        beside = {key: value for key, value in choice.items() if key not in {"index", "delta"}}
        within = {key: value for key, value in choice["delta"].items() if key != "tool_calls"}
        if not self._calls and within.get("role") == "assistant":
            del within["role"]
        return (
            envelope == self._envelope
            and _is_clean(chunk.get("obfuscation", ""))
            and _says_nothing(chunk.get("usage"))
            and "index" in choice
            and all(_says_nothing(value) or value == {} for value in beside.values())
            and all(map(_says_nothing, within.values()))
        )

    def _add(self, piece: dict[str, Any]) -> None:
        _refuse_misspelt(piece)
        index = index_in(piece["index"], "a call's index") if "index" in piece else None
        told, name = piece.get("id") or "", _name(piece)
        if not isinstance(told, str):
            raise UnclearAnswer("a tool call's id is not text")
        last = self._calls[-1] if self._calls else None
        if last is None or self._begins(last, index, told, name):
            self.tidy = self.tidy and told not in self._ids and _is_head(piece, len(self._calls))
            last = _Call(index)
            self._calls.append(last)
        elif last.old or index not in {None, last.index}:
            self._refuse_growth(piece)
            return
        else:
            self.tidy = self.tidy and not self._paused and _is_growth(piece, len(self._calls) - 1)
        self._indexes.add(index)
        self._ids.add(told)
        last.add(piece)

    def _begins(self, last: _Call, index: int | None, told: str, name: str) -> bool:
        """Whether a piece is another call's first."""
        # Not every server counts: some leave the index out, some say 0 of every call, which then comes whole.
        if index is not None and index not in self._indexes:
            return True
        if not name or (told and told in self._ids):
            return False
        return bool(told and last.id) or last.is_whole()

    def _add_old(self, piece: dict[str, Any]) -> None:
        _refuse_misspelt(piece)
        if not any(call.old for call in self._calls):
            self._calls.append(_Call(None, old=True))
        elif not self._calls[-1].old:
            self._refuse_growth(piece)
            return
        self._calls[-1].add(piece)

    def _refuse_growth(self, piece: dict[str, Any]) -> None:
        """Raises UnclearAnswer, unless the piece, which is of a call that is not the last one, says nothing."""
        # Readers that do not look at the index add it to the call that began last.
        if any(piece.get("id") or _name(piece) or (piece.get(form) or {}).get(text) for form, text in TEXTS.items()):
            raise UnclearAnswer("a tool call grows after the next one began")
        self.tidy = False


def _refuse_doubt(chunk: dict[str, Any], choices: list[dict[str, Any]], indexes: list[int]) -> None:
    refuse_misspelt_in(NAMES, chunk, *choices)
    for choice in choices:
        index_in(choice.get("index", 0), "a choice's index")
    # Some readers would join them, some take one.
    if len(set(indexes)) < len(indexes):
        raise UnclearAnswer("a chunk has two choices of one index")


def _refuse_misspelt(piece: dict[str, Any]) -> None:
    refuse_misspelt_in(NAMES, piece, *(piece.get(form) for form in TEXTS))


def _name(piece: dict[str, Any]) -> str:
    names = [piece[form].get("name") for form in TEXTS if piece.get(form)]
    return next((name for name in names if name), "")


def _says_nothing(value: Any) -> bool:
    return value is None or value == ""


def _is_head(piece: dict[str, Any], number: int) -> bool:
    """Whether the piece begins call `number` to every reader."""
    form = piece.get("type")
    if form not in TEXTS or piece.keys() != {"index", "id", "type", form}:
        return False
    parts = piece[form]
    if parts.keys() != {"name", TEXTS[form]} or not parts["name"]:
        return False
    return bool(piece["index"] == number) and _is_clean(parts[TEXTS[form]])


def _is_growth(piece: dict[str, Any], number: int) -> bool:
    """Whether the piece adds text to call `number` to every reader, and does nothing else."""
    forms = [form for form in TEXTS if form in piece]
    if piece.get("index") != number or len(forms) != 1:
        return False
    [form] = forms
    others = [value for key, value in piece.items() if key not in {"index", form}]
    others += [value for key, value in piece[form].items() if key != TEXTS[form]]
    return all(map(_says_nothing, others)) and _is_clean(piece[form].get(TEXTS[form]))


def _is_clean(text: Any) -> bool:
    return isinstance(text, str) and is_whole(text)
