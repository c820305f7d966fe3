"""Who is next: keys take turns, and what a key has waiting stays in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

L = TypeVar("L", bound=Hashable)
T = TypeVar("T")


class Turns(Generic[L, T]):
    """Items that wait, by key and lane. A key that had its turn goes behind all others that have items."""

    def __init__(self) -> None:
        self._keys: dict[str, dict[L, deque[tuple[int, T]]]] = {}
        self._length = 0
        self._arrivals = 0

    def __len__(self) -> int:
        return self._length

    def add(self, key: str, lane: L, item: T) -> None:
        """Behind all that wait in this lane of the key; a key that had none comes last."""
        self._arrivals += 1
        self._keys.setdefault(key, {}).setdefault(lane, deque()).append((self._arrivals, item))
        self._length += 1

    def remove(self, key: str, lane: L, item: T) -> None:
        """Takes an item out, wherever it stands, if it is there; the key keeps its place."""
        lanes = self._keys.get(key, {})
        waiting = lanes.get(lane, deque())
        found = next((one for one in waiting if one[1] is item), None)
        if found is None:
            return
        waiting.remove(found)
        self._length -= 1
        if not waiting:
            del lanes[lane]
        if not lanes:
            del self._keys[key]

    def first(self, key: str, lane: L) -> T | None:
        """Who is the first in a lane of a key."""
        waiting = self._keys.get(key, {}).get(lane)
        return waiting[0][1] if waiting else None

    def lanes(self) -> Iterator[tuple[T, int]]:
        """The first item of each lane of each key, and how many wait in the lane."""
        for lanes in self._keys.values():
            for waiting in lanes.values():
                yield waiting[0][1], len(waiting)

    def had_turn(self, key: str) -> None:
        """The key goes behind all others."""
        if key in self._keys:
            self._keys[key] = self._keys.pop(key)

    def round(self) -> Iterator[tuple[str, list[tuple[L, T]]]]:
        """Each key that has items now, in the order of their turns, with the first item of each lane, oldest first.

        Items may come and go meanwhile.
        """
        for key in list(self._keys):
            waiting = ((*lane[0], name) for name, lane in self._keys.get(key, {}).items())
            yield key, [(name, item) for _, item, name in sorted(waiting, key=lambda one: one[0])]
