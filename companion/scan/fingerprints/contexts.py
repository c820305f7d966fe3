"""What parts of prompts tell of tool calls, read once, and the names of parts together with what they depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from msgspec import Struct

from companion.model.action import CallMade, Part

_MOST_TOLD = 10_000
_QUICK = 64 * 1024
"""So many bytes of parts that nobody has read yet are read where others wait: about a millisecond."""


class Told(Struct, frozen=True):
    """What a part says of calls."""

    calls: tuple[CallMade, ...]
    answers: frozenset[str]
    """The ids of the calls of which it tells what came. What is left out of it depends on what stands before it."""
    may_cut: bool


class CallsSoFar:
    """The calls that a prompt tells of up to some part, by their ids."""

    def __init__(self) -> None:
        self.known: dict[str, CallMade] = {}
        self._answered: set[str] = set()

    def begin(self, told: Told) -> None:
        """Adds those of a part, before its own results are looked at.

        A call with the id of one that has its result takes its place. Of one that has none, nobody can say whose result
        comes: they are one call that did the work of both.
        """
        for call in told.calls:
            other = self.known.get(call.id)
            joined = other is not None and call.id not in self._answered
            self.known[call.id] = CallMade(call.id, (*other.actions, *call.actions)) if other and joined else call
            self._answered.discard(call.id)

    def end(self, told: Told) -> None:
        """What a part answers has its result once it is behind."""
        self._answered |= told.answers


class Contexts:
    """Any thread may ask."""

    def __init__(self, may_cut: Callable[[Part], bool]) -> None:
        self._may_cut = may_cut
        self._told: dict[bytes, Told] = {}

    def told(self, part: Part) -> Told:
        """Reads the part where it is not known yet."""
        known = self._told.get(part.digest)
        if known is None:
            known = self._told[part.digest] = _read(part, self._may_cut)
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
        before, known, waiting = b"", self._told, set[str]()
        for part in parts:
            digest = part.digest
            told = known.get(digest) or self.told(part)
            if told.calls:
                # A call may stand in the same part as its result.
                ids = {call.id for call in told.calls}
                again = "\0".join(sorted(ids & waiting)).encode("utf-8", "surrogatepass")
                before = hashlib.blake2b(before + digest + again, digest_size=16).digest()
                waiting |= ids
            keys.append(digest + before if told.answers else digest)
            waiting -= told.answers
        return keys


_NOTHING = Told((), frozenset(), may_cut=False)
"""What most parts tell, so there are thousands of it."""


def _read(part: Part, may_cut: Callable[[Part], bool]) -> Told:
    told = Told(part.calls(), frozenset(result.id for result in part.results()), may_cut(part))
    return _NOTHING if told == _NOTHING else told
