"""What parts of prompts tell of tool calls, read once, and the names of parts together with what they depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from msgspec import Struct

from companion.model.action import CallMade, Part

_MOST_TOLD = 5_000
_LONG = 16
"""Parts of a prompt from which on it is worth remembering."""
_MOST_WALKS = 8
_QUICK = 64 * 1024
"""So many bytes of parts that nobody has read yet are read where others wait: about a millisecond."""


class Told(Struct, frozen=True):
    """What a part says of calls."""

    calls: tuple[CallMade, ...]
    answers: frozenset[str]
    """The ids of the calls of which it tells what came. What is left out of it depends on what stands before it."""
    may_cut: bool


_NOTHING = Told((), frozenset(), may_cut=False)


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


class _State(Struct, frozen=True):
    """What the key of a result depends on beside the result."""

    before: bytes
    """Names all up to here that tells of calls."""
    waiting: frozenset[str]
    """The ids of calls that have no result yet."""

    def begin(self, digest: bytes, told: Told) -> _State:
        """Behind the calls of a part; one may stand in the same part as its result."""
        ids = {call.id for call in told.calls}
        again = "\0".join(sorted(ids & self.waiting)).encode("utf-8", "surrogatepass")
        return _State(hashlib.blake2b(self.before + digest + again, digest_size=16).digest(), self.waiting | ids)


class _Walk(Struct, frozen=True):
    """A prompt that was gone through: its parts' digests and keys, and the state behind each."""

    digests: list[bytes]
    keys: list[bytes]
    states: list[_State]


_BEFORE_ALL = _State(b"", frozenset())


class Contexts:
    """Any thread may ask. An agent's next turn begins as its last one did, and is gone through from there on."""

    def __init__(self, may_cut: Callable[[Part], bool]) -> None:
        self._may_cut = may_cut
        self._told: dict[bytes, Told] = {}
        self._silent: dict[bytes, None] = {}
        """Parts that tell nothing of calls."""
        self._walks: tuple[_Walk, ...] = ()

    def told(self, part: Part) -> Told:
        """Reads the part where it is not known yet."""
        digest = part.digest
        if digest in self._silent:
            return _NOTHING
        known = self._told.get(digest)
        if known is None:
            known = _read(part, self._may_cut)
            if known == _NOTHING:
                self._silent[digest] = None
            else:
                self._told[digest] = known
            if len(self._silent) > _MOST_TOLD:
                self._silent = dict.fromkeys(list(self._silent)[_MOST_TOLD // 2 :])
            if len(self._told) > _MOST_TOLD:
                self._told = dict(list(self._told.items())[_MOST_TOLD // 2 :])
        return known

    def is_quick(self, parts: Sequence[Part]) -> bool:
        """Whether `keys` takes no time worth speaking of."""
        told, silent = self._told, self._silent
        new = [part.size for part in parts if part.digest not in silent and part.digest not in told]
        return not new or sum(new) <= _QUICK

    def keys(self, parts: Sequence[Part]) -> Sequence[bytes]:
        """Names each part of a prompt; one with results together with all up to it that tell of calls.

        So a result is another one when its call is, or was not told yet, and the same in every turn that goes on.
        """
        digests = [part.digest for part in parts]
        if len(parts) < _LONG and self._silent.keys() >= set(digests):
            return digests
        same, walk = 0, None
        for one in self._walks if len(parts) >= _LONG else ():
            alike = _alike(digests, one.digests)
            if alike > same:
                same, walk = alike, one
        if walk and same == len(digests) == len(walk.digests):
            return walk.keys
        keys, states = (walk.keys[:same], walk.states[:same]) if walk else ([], [])
        state = states[-1] if states else _BEFORE_ALL
        for part, digest in zip(parts[same:], digests[same:], strict=True):
            told = self.told(part)
            if told.calls:
                state = state.begin(digest, told)
            keys.append(digest + state.before if told.answers else digest)
            if told.answers:
                state = _State(state.before, state.waiting - told.answers)
            states.append(state)
        if len(parts) >= _LONG:
            others = [one for one in self._walks if one is not walk]
            self._walks = (_Walk(digests, keys, states), *others[: _MOST_WALKS - 1])
        return keys


def _alike(one: Sequence[bytes], other: Sequence[bytes]) -> int:
    """How many entries two lists have in common at their beginning."""
    for at, (mine, its) in enumerate(zip(one, other, strict=False)):
        if mine != its:
            return at
    return min(len(one), len(other))


def _read(part: Part, may_cut: Callable[[Part], bool]) -> Told:
    return Told(part.calls(), frozenset(result.id for result in part.results()), may_cut(part))
