"""What parts of prompts tell of tool calls, read once, and the names of parts together with what they depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from msgspec import Struct

from companion.model.action import CallMade, Part

_MOST_TOLD = 20_000
_QUICK = 64 * 1024
"""So many bytes of parts that nobody has read yet are read where others wait: about a millisecond."""


class Told(Struct, frozen=True):
    """What a part says of calls."""

    calls: tuple[CallMade, ...]
    answers: bool
    """Whether it tells what came of calls, so that what is left out of it depends on those before it."""
    may_cut: bool


class Contexts:
    """Any thread may ask."""

    def __init__(self, may_cut: Callable[[Part], bool]) -> None:
        self._may_cut = may_cut
        self._told: dict[bytes, Told] = {}

    def told(self, part: Part) -> Told:
        """Reads the part where it is not known yet."""
        known = self._told.get(part.digest)
        if known is None:
            known = self._told[part.digest] = Told(part.calls(), bool(part.results()), self._may_cut(part))
            if len(self._told) > _MOST_TOLD:
                self._told = dict(list(self._told.items())[_MOST_TOLD // 2 :])
        return known

    def is_quick(self, parts: Sequence[Part]) -> bool:
        """Whether `keys` takes no time worth speaking of."""
        known = self._told
        return sum([part.size for part in parts if part.digest not in known]) <= _QUICK

    def keys(self, parts: Sequence[Part]) -> list[bytes]:
        """Names each part of a prompt; one with results together with all up to it that tell of calls.

        So a result is another one when its call is, or was not told yet, and the same in every turn that goes on.
        """
        keys: list[bytes] = []
        before, known = b"", self._told
        for part in parts:
            digest = part.digest
            told = known.get(digest) or self.told(part)
            if told.calls:
                # A call may stand in the same part as its result.
                before = hashlib.blake2b(before + digest, digest_size=16).digest()
            keys.append(digest + before if told.answers else digest)
        return keys
