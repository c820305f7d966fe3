"""What was spent and set aside in one window, by dimension and name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

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


ALL_WATCHED = frozenset(Dimension)

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


class _Mine(Struct, frozen=True):
    """What is counted for one subject, by its names in the order of Dimension."""

    watched: Sequence[tuple[Dimension, str, Sum]]
    """Its sums in the dimensions that are watched."""
    behind: Sum
    """What its other sums do not have yet."""


class Tally:
    """One window's sums. Every name in `kept`, by dimension, has a sum of its own, whatever comes before it.

    In a dimension that is `watched` the sums are read at every call, so they are always right; the others are made
    right when somebody asks.
    """

    def __init__(self, kept: frozenset[tuple[Dimension, str]], watched: frozenset[Dimension] = ALL_WATCHED) -> None:
        self._by = {dimension: _Names() for dimension in Dimension}
        self._kept: frozenset[tuple[Dimension, str]] = frozenset()
        self._watched = watched
        self._found: dict[tuple[str, ...], _Mine] = {}
        self.keep(kept, watched)

    def keep(self, kept: frozenset[tuple[Dimension, str]], watched: frozenset[Dimension] = ALL_WATCHED) -> None:
        """From now on these are the names to keep; one that is in the rest already stays there."""
        self._catch_up()
        self._watched = watched
        before, self._kept = self._kept, kept
        for dimension, name in before:
            self._forget(dimension, name)
        for dimension, name in kept:
            names = self._by[dimension]
            if not names.rest:
                names.own.setdefault(name, Sum())

    def of(self, dimension: Dimension, name: str) -> Sum:
        """To read only, at once."""
        if dimension not in self._watched:
            self._catch_up()
        return self._by[dimension].find(name) or Sum()

    def count(self, names: tuple[str, ...], *, spent: int = 0, reserved: int = 0) -> None:
        """Counts both for the subject of these names, as `names_of` gives them; what is taken back leaves nothing."""
        mine = self._found.get(names) or self._mine(names)
        mine.behind.spent += spent
        mine.behind.reserved += reserved
        for dimension, name, found in mine.watched:
            found.reserved += reserved
            found.spent = total = found.spent + spent
            if not total and not found.reserved:
                self._forget(dimension, name)

    def add(self, subject: Subject, *, spent: int = 0, reserved: int = 0) -> None:
        """Counts both for the subject in every dimension."""
        if spent or reserved:
            self.count(names_of(subject), spent=spent, reserved=reserved)

    def _mine(self, names: tuple[str, ...]) -> _Mine:
        if len(self._found) >= MOST_NAMES:
            self._catch_up()
        watched = [
            (dimension, name, self._sum(dimension, name))
            for dimension, name in zip(Dimension, names, strict=True)
            if dimension in self._watched
        ]
        self._found[names] = mine = _Mine(watched, Sum())
        return mine

    def _catch_up(self) -> None:
        """Makes every sum right. What is known of subjects is found anew."""
        found, self._found = self._found, {}
        for names, mine in found.items():
            for dimension, name in zip(Dimension, names, strict=True) if mine.behind else ():
                if dimension not in self._watched:
                    its = self._sum(dimension, name)
                    its.spent += mine.behind.spent
                    its.reserved += mine.behind.reserved
                    self._forget(dimension, name)

    def _sum(self, dimension: Dimension, name: str) -> Sum:
        names = self._by[dimension]
        found = names.find(name)
        if found is None:
            found = names.own[name] = Sum()
        return found

    def names(self, dimension: Dimension) -> Iterator[tuple[str, Sum]]:
        """Every name of which something is counted; those that share a sum as "…"."""
        self._catch_up()
        names = self._by[dimension]
        for name, found in [*names.own.items(), ("…", names.rest)]:
            if found:
                yield name, found

    def _forget(self, dimension: Dimension, name: str) -> None:
        """Where the name's sum is empty: from now on it may be another one."""
        names = self._by[dimension]
        if name in names.own:
            if (dimension, name) in self._kept or names.own[name]:
                return
            del names.own[name]
        elif names.rest:
            return
        # What is known of subjects may hold the sum that is no more theirs.
        self._catch_up()
