"""Exchange ids: 26 characters that sort by time, in the ULID layout (48 bits of ms, 80 bits that never repeat)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]

_RANDOM_BYTES = 10
_IDS_AT_ONCE = 100


class IdSource:
    """Ids of one daemon: strictly increasing, also within a millisecond and when the clock steps back."""

    def __init__(self, now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._now_ms = now_ms
        self._last = 0
        self._random = b""

    def next(self) -> str:
        fresh = (self._now_ms() << 80) | (int.from_bytes(self._bytes()) >> 1)
        # One more than the last id when the clock did not advance: order is kept, uniqueness too.
        self._last = fresh if fresh >> 80 > self._last >> 80 else self._last + 1
        return _encode(self._last)

    def _bytes(self) -> bytes:
        """Fetched for many ids at once: each system call lets another thread take the interpreter."""
        if not self._random:
            self._random = secrets.token_bytes(_RANDOM_BYTES * _IDS_AT_ONCE)
        taken, self._random = self._random[:_RANDOM_BYTES], self._random[_RANDOM_BYTES:]
        return taken


def _encode(number: int) -> str:
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])
