"""Answers that are given again: to the very same question, of the very same key, where every answer would be the same.

That is counts of tokens, embeddings, and whole answers at temperature 0 to calls that offer no tools. In memory only.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from companion.edges.gateway.turn import Turn
from companion.model.action import Dialect

_TOLD_BY_HEADERS = ("anthropic-version", "anthropic-beta", "openai-beta", "openai-organization", "openai-project")
"""Headers that make another question of the same body."""

_ALWAYS_THE_SAME = frozenset({Dialect.COUNT_TOKENS, Dialect.EMBEDDINGS})
_LARGEST_SHARE = 8
"""An answer that takes more than this part of the room is not kept."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as its upstream gave it, placeholders and all."""

    status: int
    headers: tuple[tuple[str, str], ...]
    raw: bytes


class AnswerCache:
    """The answer used longest ago makes room first. `seconds` and `room`, in bytes, of 0 keep nothing."""

    def __init__(self, room: int, seconds: float, now: Callable[[], float]) -> None:
        self._room = room
        self._seconds = seconds
        self._now = now
        self._kept: OrderedDict[bytes, tuple[Kept, float]] = OrderedDict()
        self._taken = 0

    def keeps(self, turn: Turn) -> bool:
        """Whether this call's answer may be kept, or have been."""
        return bool(self._room and self._seconds) and is_always_the_same(turn)

    @staticmethod
    def key(turn: Turn, outgoing: bytes, headers: Mapping[str, str]) -> bytes:
        """Names the question."""
        named = hashlib.sha256()
        told = (f"{name}={headers.get(name, '')}" for name in _TOLD_BY_HEADERS)
        for text in (turn.exchange.origin.key_id, turn.envelope.path_with_query, *told):
            named.update(text.encode("utf-8", "surrogatepass") + b"\0")
        named.update(outgoing)
        return named.digest()

    def get(self, key: bytes) -> Kept | None:
        found = self._kept.get(key)
        if found is None:
            return None
        if found[1] <= self._now():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: bytes, answer: Kept) -> None:
        size = len(answer.raw)
        if size * _LARGEST_SHARE > self._room:
            return
        if key in self._kept:
            self._drop(key)
        self._kept[key] = answer, self._now() + self._seconds
        self._taken += size
        while self._taken > self._room:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: bytes) -> None:
        self._taken -= len(self._kept.pop(key)[0].raw)


def is_always_the_same(turn: Turn) -> bool:
    """Whether the question has one answer, as far as a model has."""
    if turn.module.DIALECT in _ALWAYS_THE_SAME:
        return True
    body, asked = turn.prompt.skeleton, turn.asked
    temperature = body.get("temperature")
    exact = isinstance(temperature, int | float) and not isinstance(temperature, bool) and temperature == 0
    kept_upstream = body.get("previous_response_id") or body.get("conversation") or body.get("background")
    return exact and not asked.stream and not asked.tools and not body.get("functions") and not kept_upstream
