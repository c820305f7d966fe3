"""The ways in which agents and SDKs read the calls of a Chat Completions stream. Independent of the gateway's code."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from tests.support.wire import events

Told = tuple[str, str, str]
"""Form, name and arguments of a call that a reader would run."""

TEXTS = {"function": "arguments", "custom": "input"}
_HALVES = re.compile(r"[\ud800-\udfff]")


@dataclass
class _Call:
    key: object
    form: str = ""
    names: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    closed: bool = False


@dataclass(frozen=True)
class Habit:
    """One way of reading."""

    join: str
    """A piece belongs: "index", to the call of its index; "last", to the last call unless it has an id; "named", unless
    it has a name; "id", to the call of its id, without one to the last."""
    name: str = "first"
    """Of several: "first", "last" or "all" of them, one after the other."""
    choices: str = "first"
    """The "first" of each chunk, "zero" by its index, "all" one after the other."""
    stops: str = "never"
    """Looks no further "after" a chunk with a reason to stop, or "before" it."""
    either: bool = False
    """Whether it looks for calls only where there is no text."""
    unnamed: bool = False
    """Whether it knows only events without a name."""
    strict: bool = False
    """Whether it drops chunks that are not as documented."""
    blind: bool = False
    """Whether it is blind to the case of keys, the last of which counts."""
    lossy: bool = False
    """Whether half a letter is U+FFFD to it."""
    closes: bool = False
    """Whether text ends a call, and what comes for it later is another of its name."""
    single: bool = False
    """Whether it looks at the first piece of a chunk only."""
    resets: bool = False
    """Whether a message begins anew for it where a role is told."""
    eager: bool = False
    """Whether a function's arguments that are whole take nothing more."""

    def read(self, raw: bytes) -> list[Told]:
        """The calls that it would run, in order."""
        calls: list[_Call] = []
        for name, chunk in _chunks(raw, self.blind, self.lossy, self.strict):
            if self.unnamed and name not in {"", "message"}:
                continue
            for choice in self._choices(chunk):
                if choice.get("finish_reason") and self.stops == "before":
                    return self._told(calls)
                delta = choice.get("delta") or {}
                if self.resets and delta.get("role"):
                    calls.clear()
                self._take(calls, delta)
                if choice.get("finish_reason") and self.stops == "after":
                    return self._told(calls)
        return self._told(calls)

    def _choices(self, chunk: dict) -> list[dict]:
        choices = chunk.get("choices") or []
        match self.choices:
            case "first":
                return choices[:1]
            case "zero":
                return [choice for choice in choices if choice.get("index", 0) == 0]
            case _:
                return choices

    def _take(self, calls: list[_Call], delta: dict) -> None:
        if self.either and delta.get("content"):
            return
        pieces = delta.get("tool_calls") or []
        for piece in pieces[:1] if self.single else pieces:
            call = self._call_of(calls, piece)
            for form in TEXTS:
                if piece.get(form):
                    self._grow(call, form, piece[form])
        if old := delta.get("function_call"):
            known = [call for call in calls if call.key == "the old field"]
            if not known:
                calls.append(_Call("the old field"))
            self._grow((known or calls)[-1], "function", old)
        if self.closes and delta.get("content"):
            for call in calls:
                call.closed = True

    def _call_of(self, calls: list[_Call], piece: dict) -> _Call:
        match self.join:
            case "index":
                key = piece.get("index", 0)
                known = [call for call in calls if call.key == key]
            case "id":
                key = piece.get("id") or ""
                known = [call for call in calls if call.key == key] if key else calls
            case "last":
                key = piece.get("id") or ""
                known = [] if key else calls
            case _:
                key = next((piece[form].get("name") for form in TEXTS if piece.get(form)), "")
                known = [] if key else calls
        if known and not known[-1].closed:
            return known[-1]
        calls.append(_Call(key, names=known[-1].names[:] if known else []))
        return calls[-1]

    def _grow(self, call: _Call, form: str, parts: dict) -> None:
        if self.eager and form == "function" and _is_json("".join(call.texts)):
            return
        call.form = call.form or form
        if parts.get("name"):
            call.names.append(parts["name"])
        if call.form == form:
            call.texts.append(parts.get(TEXTS[form]) or "")

    def _told(self, calls: Sequence[_Call]) -> list[Told]:
        named = {"first": lambda names: names[0], "last": lambda names: names[-1], "all": "".join}[self.name]
        return [(call.form, named(call.names), _letters("".join(call.texts))) for call in calls if call.names]


@lru_cache(8)
def _chunks(raw: bytes, blind: bool, lossy: bool, strict: bool) -> list[tuple[str, dict]]:
    """Each event's name and data, up to the last word."""
    odd = []

    def value_of(value: object) -> object:
        return _HALVES.sub("\ufffd", value) if lossy and isinstance(value, str) else value

    def made(pairs: list[tuple[str, object]]) -> dict:
        return {key.casefold() if blind else key: value_of(value) for key, value in pairs}

    found = []
    for name, data in itertools.takewhile(lambda one: one[1] != "[DONE]", events(raw)):
        odd.clear()
        # What is no number in JSON is one to some readers.
        chunk = json.loads(data, object_pairs_hook=made, parse_constant=odd.append)
        if not (strict and (odd or _odd(chunk))):
            found.append((name, chunk))
    return found


def _letters(text: str) -> str:
    """As a reader in UTF-16 has it."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _odd(chunk: dict) -> bool:
    """Whether a reader that knows the documents would not take it for a chunk."""
    texts, numbers = [chunk.get("id"), chunk.get("model")], [chunk.get("created")]
    for choice in chunk.get("choices") or []:
        delta = choice.get("delta") or {}
        texts += [choice.get("finish_reason"), delta.get("content"), delta.get("role")]
        numbers.append(choice.get("index", 0))
        for piece in delta.get("tool_calls") or []:
            texts += [piece.get("id"), piece.get("type")]
            numbers.append(piece.get("index", 0))
    if any(text is not None and not isinstance(text, str) for text in texts):
        return True
    return any(number is not None and (isinstance(number, bool) or not isinstance(number, int)) for number in numbers)


def is_within(some: Sequence[Told], judged: Sequence[Told]) -> bool:
    """Whether `some` are among `judged`, in their order."""
    left = iter(judged)
    return all(one in left for one in some)


JOINS = ("index", "last", "named", "id")

_SEVERAL = (("first", "first"), ("last", "all"), ("all", "first"))
"""Which names and which choices count."""

USUAL = [
    Habit(join, name, choices, **more)
    for join, (name, choices), more in itertools.product(
        JOINS,
        _SEVERAL,
        ({}, {"either": True}, {"unnamed": True}, {"blind": True}, {"lossy": True}, {"single": True}, {"closes": True}),
    )
]
"""Readers that run every call, however the calls are told."""

WARY = [
    Habit(join, name, choices, **more)
    for join, (name, choices), more in itertools.product(
        JOINS,
        (*_SEVERAL, ("first", "zero")),
        (
            {"stops": "after"},
            {"stops": "before", "either": True, "unnamed": True, "single": True},
            {"strict": True},
            {"resets": True},
            {"strict": True, "closes": True, "lossy": True},
            {"eager": True},
        ),
    )
]
"""Readers that may run fewer, and none in another way."""
