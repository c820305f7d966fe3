"""What is said of a path as a whole, of all the places and rules that have a say about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from companion.model.facts import IgnoreMatch, PathFacts
from companion.scan.tree import stronger


def first(found: Iterable[IgnoreMatch | None]) -> IgnoreMatch | None:
    """The first there is. Of families in their order that is the strongest: deny lists come before git's."""
    return next((each for each in found if each is not None), None)


def strictest(found: Iterable[IgnoreMatch | None]) -> IgnoreMatch | None:
    """A deny list's match before git's, else the first there is."""
    strictest: IgnoreMatch | None = None
    for each in found:
        strictest = stronger(strictest, each)
    return strictest


def together(given: str, places: Sequence[PathFacts]) -> PathFacts:
    """The facts of all places that a path stands for; the first is the path as it is written."""
    ignored = strictest(each.ignored for each in places)
    if len(places) == 1:
        return replace(places[0], given=given)
    speaker = next((each for each in places if ignored and each.ignored == ignored), places[0])
    return replace(
        speaker,
        given=given,
        inside=all(each.inside for each in places),
        is_dir=any(each.is_dir for each in places),
        privileged=next((each.privileged for each in places if each.privileged), ""),
    )


def closed(path: str, reason: str) -> PathFacts:
    """What is said of a path that nobody can look at."""
    return PathFacts(given=path, resolved="", inside=False, ignored=stop(reason))


def stop(reason: str, *, denied: bool = True) -> IgnoreMatch:
    """A rule of companion's own, with its reason in place of a pattern."""
    return IgnoreMatch("companion", 0, f"({reason})", denied=denied)
