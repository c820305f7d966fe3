"""What is said of a path of which several places and rules have a say."""

from __future__ import annotations

import pytest

from companion.model.facts import IgnoreMatch, PathFacts
from companion.scan.pathfacts import closed, first, stop, strictest, together

DENY = IgnoreMatch(".clineignore", 1, "x", denied=True)
GIT = IgnoreMatch(".gitignore", 2, "x", denied=False)


@pytest.mark.parametrize(
    ("found", "one", "other"),
    [
        ([], None, None),
        ([None, GIT, DENY], GIT, DENY),
        ([None, DENY, GIT], DENY, DENY),
        ([GIT, None, GIT], GIT, GIT),
    ],
)
def test_the_first_and_the_strictest(found, one, other):
    assert (first(found), strictest(found)) == (one, other)


def test_of_one_place_all_is_said():
    place = PathFacts("/ws/a", "/ws/a", inside=True, ignored=GIT, privileged="why")
    assert together("a", [place]) == PathFacts("a", "/ws/a", inside=True, ignored=GIT, privileged="why")


def test_of_several_places_the_worst_is_said():
    written = PathFacts("*", "/ws/*", inside=True)
    held = PathFacts("/ws/k", "/ws/k", inside=True, ignored=DENY)
    outside = PathFacts("/etc/x", "/etc/x", inside=False, ignored=GIT, is_dir=True, privileged="why")
    said = together("*", [written, held, outside])
    assert (said.given, said.ignored, said.resolved) == ("*", DENY, "/ws/k")
    assert (said.inside, said.is_dir, said.privileged) == (False, True, "why")


def test_what_nobody_can_look_at_is_ignored_and_elsewhere():
    assert closed("a\0", "it holds a NUL").ignored == stop("it holds a NUL")
    assert not closed("a\0", "it holds a NUL").inside
    assert stop("too many", denied=False) == IgnoreMatch("companion", 0, "(too many)", denied=False)
