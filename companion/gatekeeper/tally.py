"""What was spent and set aside in one window, by dimension and name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from companion.model.scope import Dimension, Subject

MOST_NAMES = 1_000
"""Of one dimension in one window. Names are the agents' choice: their number must not be."""


@dataclass(slots=True)
class Sum:
    """In picodollars."""

    spent: int = 0
    reserved: int = 0

    def __bool__(self) -> bool:
        return bool(self.spent or self.reserved)


Sums = Sequence[tuple[Dimension, str, Sum]]
"""One subject's sums of one window, each with what it is of. One in which something is counted stays the same."""


_DIMENSIONS = tuple(Dimension)


def names_of(subject: Subject) -> tuple[str, ...]:
    """A subject's names in the order of Dimension. Raises KeyError for an incomplete one."""
    return tuple([subject[dimension] for dimension in _DIMENSIONS])


@dataclass(slots=True)
class _Names:
    """The sums of one dimension. Names beyond the most share the sum `rest`.

    Whoever is in the rest stays there for as long as anything is counted in it: nobody has two sums.
    """

    own: dict[str, Sum] = field(default_factory=dict[str, Sum])
    rest: Sum = field(default_factory=Sum)

    def find(self, name: str) -> Sum | None:
        if name in self.own:
            return self.own[name]
        return self.rest if self.rest or len(self.own) >= MOST_NAMES else None


class Tally:
    """One window's sums. Every name in `kept`, by dimension, has a sum of its own, whatever comes before it."""

    def __init__(self, kept: frozenset[tuple[Dimension, str]]) -> None:
        self._by = {dimension: _Names() for dimension in Dimension}
        self._kept: frozenset[tuple[Dimension, str]] = frozenset()
        self._found: dict[tuple[str, ...], Sums] = {}
        self.keep(kept)

    def keep(self, kept: frozenset[tuple[Dimension, str]]) -> None:
        """From now on these are the names to keep; one that is in the rest already stays there."""
        before, self._kept = self._kept, kept
        self._found.clear()
        for dimension, name in before:
            self._forget(dimension, name)
        for dimension, name in kept:
            names = self._by[dimension]
            if not names.rest:
                names.own.setdefault(name, Sum())

    def of(self, dimension: Dimension, name: str) -> Sum:
        """To read only."""
        return self._by[dimension].find(name) or Sum()

    def sums(self, names: tuple[str, ...]) -> Sums:
        """The sums of a subject, by its names in the order of Dimension; made where there are none.

        To be added to at once: an empty one is not kept for long.
        """
        known = self._found.get(names)
        if known is None:
            known = [self._sum(dimension, name) for dimension, name in zip(self._by, names, strict=True)]
            if len(self._found) >= MOST_NAMES:
                self._found.clear()
            self._found[names] = known
        return known

    def _sum(self, dimension: Dimension, name: str) -> tuple[Dimension, str, Sum]:
        names = self._by[dimension]
        found = names.find(name)
        if found is None:
            found = names.own[name] = Sum()
        return dimension, name, found

    def reserve(self, sums: Sums, amount: int) -> None:
        """Sets `amount`, more than nothing, aside in each of the sums."""
        for _, _, found in sums:
            found.reserved += amount

    def count(self, sums: Sums, *, spent: int = 0, reserved: int = 0) -> None:
        """Counts both in each of the sums; what is taken back leaves nothing behind."""
        for dimension, name, found in sums:
            found.reserved += reserved
            found.spent = total = found.spent + spent
            if not total and not found.reserved:
                self._forget(dimension, name)

    def add(self, subject: Subject, *, spent: int = 0, reserved: int = 0) -> None:
        """Counts both for the subject in every dimension."""
        if spent or reserved:
            self.count(self.sums(names_of(subject)), spent=spent, reserved=reserved)

    def names(self, dimension: Dimension) -> Iterator[tuple[str, Sum]]:
        """Every name of which something is counted; those that share a sum as "…"."""
        names = self._by[dimension]
        for name, found in [*names.own.items(), ("…", names.rest)]:
            if found:
                yield name, found

    def _forget(self, dimension: Dimension, name: str) -> None:
        """The name's sum is empty: from now on it may be another one."""
        self._found.clear()
        own = self._by[dimension].own
        if (dimension, name) not in self._kept and name in own and not own[name]:
            del own[name]
