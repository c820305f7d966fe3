"""What was found in texts, and is found again: an agent sends with every turn what it read once."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from collections.abc import Set as AbstractSet

from msgspec import Struct

from companion.model.facts import IgnoreMatch
from companion.scan.fingerprints.store import Index, Source, stamp_of

_MOST_FOUND = 1_000


class Place(Struct, frozen=True):
    """Ignored text at `start:end` of a text, in characters."""

    start: int
    end: int
    size: int
    source: Source
    """The file, as it was when the text was found."""
    digest: bytes = b""
    """Names the text."""


Places = tuple[Place, ...]
Judge = Callable[[str], IgnoreMatch | None]
"""The rule that says that a file's text is ignored."""


class Remembered:
    """Not safe in threads."""

    def __init__(self) -> None:
        self._found: OrderedDict[bytes, Places] = OrderedDict()

    def __len__(self) -> int:
        return len(self._found)

    def best(self, text: bytes, now: Places) -> Places:
        """What was found in the text before, where that is more. Notes it."""
        before = self._found.get(text, ())
        found = now if size_of(now) > size_of(before) else before
        if found:
            self._found[text] = found
            self._found.move_to_end(text)
            while len(self._found) > _MOST_FOUND:
                self._found.popitem(last=False)
        return found

    def keep(self, judge: Judge, *, changed_only: bool) -> None:
        """Forgets what is of files that are ignored no more, as the user may have taken one off a list. Blocking.

        With `changed_only` also what is of files that are as they were: they are looked for anew.
        """
        still: dict[Source, bool] = {}

        def holds(source: Source) -> bool:
            if source not in still:
                still[source] = judge(source.path) is not None and not (changed_only and _is_as_it_was(source))
            return still[source]

        kept = ((text, tuple(one for one in places if holds(one.source))) for text, places in self._found.items())
        self._found = OrderedDict((text, places) for text, places in kept if places)


class Earlier:
    """A whole index that a hurried one has replaced: what it knows of files that are still ignored counts on.

    Not safe in threads.
    """

    def __init__(self, index: Index, judge: Judge, sources: list[Source]) -> None:
        """`sources` are those of the index in use; what is found here goes to their end."""
        self.index = index
        self._judge = judge
        self._sources = sources
        self._numbers: dict[int, int] = {}

    def owners(self, wanted: AbstractSet[bytes]) -> dict[bytes, int]:
        """The number among `sources` of the file that has each print, where one still counts. Blocking."""
        found: dict[bytes, int] = {}
        for one, old in self.index.owners(wanted).items():
            number = self._numbers.get(old)
            if number is None:
                number = self._numbers[old] = self._number(self.index.header.sources[old])
            if number >= 0:
                found[one] = number
        return found

    def _number(self, source: Source) -> int:
        rule = self._judge(source.path)
        if rule is None:
            return -1
        self._sources.append(Source(source.path, rule, source.stamp))
        return len(self._sources) - 1


def _is_as_it_was(source: Source) -> bool:
    try:
        return stamp_of(os.stat(source.path)) == source.stamp  # noqa: PTH116 - as in walk.py
    except OSError:
        return False


def size_of(places: Places) -> int:
    return sum(place.size for place in places)
