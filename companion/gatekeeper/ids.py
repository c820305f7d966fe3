"""Exchange ids: 26 characters that sort by time, in the ULID layout (48 bits of ms, 80 bits that never repeat)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class IdSource:
    """Ids of one daemon: strictly increasing, also within a millisecond and when the clock steps back."""

    def __init__(self, now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._now_ms = now_ms
        self._last = 0

    def next(self) -> str:
        fresh = (self._now_ms() << 80) | secrets.randbits(79)
        # One more than the last id when the clock did not advance: order is kept, uniqueness too.
        self._last = fresh if fresh >> 80 > self._last >> 80 else self._last + 1
        return _encode(self._last)


def _encode(number: int) -> str:
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
