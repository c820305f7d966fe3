"""One workspace's index in the daemon: loaded, kept fresh, asked."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice
from pathlib import Path

from msgspec.structs import replace

from companion.model.facts import Excerpt
from companion.model.policy import Policy
from companion.scan.fingerprints.build import read_text
from companion.scan.fingerprints.fresh import Look
from companion.scan.fingerprints.remembered import Earlier, Place, Places, Remembered, size_of
from companion.scan.fingerprints.search import Owners, Texts, search
from companion.scan.fingerprints.sieve import Sieve, sieve_of
from companion.scan.fingerprints.store import Index, Source, Unusable, read
from companion.scan.fingerprints.worker import Job, decisive, made_of, walk_of

_PIECE = 256 * 1024
"""Characters that are compared in one go: nobody else runs meanwhile."""
_OVERLAP = 8 * 1024
_MOST_CLEAN = 5_000
_MOST_CUT = 10_000
_LOOK_SECONDS = 0.25
_LOOK_SHARE = 10
"""A look at the disk takes at most a tenth of the time."""


_SETTINGS = re.compile(r"\.env[^/]*$|\.(?:env|tfvars|properties|ini|cfg|conf|ya?ml|toml)$", re.IGNORECASE)
_LARGEST_LEARNT = 64 * 1024
_MOST_LEARNT = 200


class Busy(Exception):  # noqa: N818 - an answer, not a failure
    """Another thread looks or compares."""


class Ground:
    """Any thread may ask; one at a time looks and compares."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.made_of = made_of(job)
        self.index: Index | None = None
        self.progress = (0, 0)
        self.building = False
        self.in_peace = False
        """Whether the index that is being made has all the time it takes: no call waits for it."""
        self.built_at = 0.0
        """When the index in use was made or loaded, by the monotonic clock."""
        self.build_seconds = 0.0
        self.failure = ""
        self.cuts: dict[bytes, tuple[Excerpt, ...]] = {}
        """What of which parts is left out by path, under the rules in force."""
        self._clean: dict[bytes, None] = {}
        self._found = Remembered()
        self._guessed = Remembered()
        """By a hurried index, which takes some allowed text for ignored."""
        self._earlier: Earlier | None = None
        self._texts = Texts()
        self._sieve: Sieve | None = None
        self._lock = threading.Lock()
        self._look: Look | None = None
        self._looked_at = 0.0
        self._look_seconds = 0.0

    def serves(self, policy: Policy) -> bool:
        """Whether the index is the one that this policy asks for."""
        mine = self.job.policy
        same = mine.gitignored is policy.gitignored and decisive(mine) == decisive(policy)
        return mine is policy or same

    @property
    def percent(self) -> int:
        """How much of the index that is being made is done."""
        done, total = self.progress
        return min(99, done * 100 // total) if total else 0

    def note_progress(self, done: int, total: int) -> None:
        self.progress = done, total

    @property
    def state(self) -> object:
        """Another one as soon as what was clean may be so no more."""
        return self._clean

    @property
    def is_bare(self) -> bool:
        """Whether there is nothing to look for."""
        return self.index is not None and not (self.index.header.prints or self._has_new_prints or self._earlier)

    @property
    def _has_new_prints(self) -> bool:
        return self._look is not None and bool(self._look.prints)

    @property
    def needs_look(self) -> bool:
        return time.monotonic() - self._looked_at > max(_LOOK_SECONDS, self._look_seconds * _LOOK_SHARE)

    @property
    def rules_changed(self) -> bool:
        """Whether other files may be ignored by now."""
        return self._look is not None and self._look.rules_changed

    @property
    def is_hurried(self) -> bool:
        """Whether the index was made in a hurry, so that nobody waits, and the whole one is to follow."""
        return self.index is not None and self.index.header.hurried

    @property
    def is_outdated(self) -> bool:
        """Whether a new index would know more, which has time."""
        header = self.index.header if self.index else None
        return (self._look is not None and self._look.outdated) or (header is not None and header.young)

    def load(self, learn: Callable[[str, str], object] | None = None) -> bool:
        """Takes the index from the disk, where one of this workspace and these rules lies. Blocking.

        `learn` gets the small files of deny lists, each with its name.
        """
        try:
            index = read(Path(self.job.target))
        except Unusable:
            return False
        if index.header.made_of != self.made_of:
            return False
        with self._lock:
            before, whole = self.index, not index.header.hurried
            changed = before is not None and self.rules_changed
            if changed or before is None or index.header.version != before.header.version or self._has_new_prints:
                self._clean = {}
            if changed:
                self.cuts = {}
            walk = walk_of(self.job)
            if changed or (whole and self.is_hurried):
                self._found.keep(walk.rule_of, changed_only=whole)
                self._guessed.keep(walk.rule_of, changed_only=False)
            if whole:
                self._guessed = Remembered()
            self.index = index
            self._look = Look(index.header, self.job.workspace, self.job.policy, walk, self._key)
            last = self._earlier.index if self._earlier else before
            self._earlier = None if whole or last is None else Earlier(last, walk.rule_of, self._look.sources)
            self._sieve = sieve_of(index.header.sources)
            self._looked_at = 0.0
            self.built_at = time.monotonic()
        for source in _worth_learning(index.header.sources) if learn else ():
            data = read_text(source.path)
            if data and learn:
                learn(data.decode("utf-8", "replace"), os.path.basename(source.path))  # noqa: PTH119 - a string
        with contextlib.suppress(OSError):
            os.utime(self.job.target)
        return True

    @property
    def _key(self) -> bytes:
        return bytes.fromhex(self.job.key)

    def look(self) -> None:
        """Notices what has changed on the disk since the index was made. Blocking."""
        with self._lock:
            look = self._look
            if look is None or not self.needs_look:
                return
            began = time.monotonic()
            if look.again():
                self._clean = {}
            self._looked_at = time.monotonic()
            self._look_seconds = self._looked_at - began

    def is_clean(self, digest: bytes) -> bool:
        return digest in self._clean

    def are_clean(self, digests: Iterable[bytes]) -> bool:
        return self._clean.keys() >= set(digests)

    def note_clean(self, digest: bytes, state: object) -> None:
        """`state` is what it was when the search began."""
        clean = self._clean
        if clean is not state:
            return
        clean[digest] = None
        if len(clean) > _MOST_CLEAN:
            self._clean = dict.fromkeys(list(clean)[_MOST_CLEAN // 2 :])

    def note_cuts(self, digest: bytes, found: tuple[Excerpt, ...]) -> None:
        self.cuts[digest] = found
        if len(self.cuts) > _MOST_CUT:
            self.cuts = dict(list(self.cuts.items())[_MOST_CUT // 2 :])

    def places(self, text: str, *, waits: bool = True) -> Places:
        """Where ignored text stands in `text`, in order.

        What was found in this text before is found again, even where the file has changed meanwhile: an agent sends
        with every turn what it read once. Raises Busy where it would have to wait and must not.
        """
        if not self._lock.acquire(blocking=waits):
            raise Busy
        try:
            if self.index is None or self._look is None:
                return ()
            found = tuple(
                replace(place, digest=self._digest(text[place.start : place.end]))
                for place in self._search(text, self.index, self._look)
            )
            if not (found or self._found or self._guessed):
                return ()
            digest = self._digest(text)
            guessed = self._guessed.best(digest, found if self.is_hurried else ())
            known = self._found.best(digest, () if self.is_hurried else found)
            return max(known, guessed, key=size_of)
        finally:
            self._lock.release()

    def _digest(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=self._key).digest()

    def _search(self, text: str, index: Index, look: Look) -> tuple[Place, ...]:
        # The sieve is of the index alone.
        sieve = self._sieve if not (look.prints or self._earlier) else None
        new, old = look.prints, self._owners(index)

        def owners(wanted: AbstractSet[bytes]) -> dict[bytes, int]:
            return {**old(wanted), **{one: new[one] for one in new.keys() & wanted}}

        places: list[Place] = []
        for begin in range(0, max(len(text), 1), _PIECE):
            piece = text[begin : begin + _PIECE + _OVERLAP]
            for one in search(piece, owners if new else old, self._key, look.sources, self._texts, sieve):
                # As it was when the index was made: a file that has changed is known by that.
                known = index.header.sources if one.source < len(index.header.sources) else look.sources
                _put(places, Place(begin + one.start, begin + one.end, one.size, known[one.source]))
        return tuple(places)

    def _owners(self, index: Index) -> Owners:
        if self._earlier is None:
            return index.owners
        now, before = index.owners, self._earlier.owners

        def owners(wanted: AbstractSet[bytes]) -> dict[bytes, int]:
            found = now(wanted)
            return found | before(wanted - found.keys())

        return owners


def _put(places: list[Place], place: Place) -> None:
    """At the end; as one with the last where both are the same text, seen from two pieces."""
    if places and place.start < places[-1].end:
        last = places.pop()
        grown = max(0, place.end - max(last.end, place.start))
        size = max(last.size, place.size, last.size + grown)
        place = Place(min(last.start, place.start), max(last.end, place.end), size, last.source)
    places.append(place)


def _worth_learning(sources: Sequence[Source]) -> Iterator[Source]:
    """Values are short, and in few files."""
    denied = (one for one in sources if one.rule.denied and one.stamp[1] <= _LARGEST_LEARNT)
    return islice((one for one in denied if _SETTINGS.search(one.path)), _MOST_LEARNT)
