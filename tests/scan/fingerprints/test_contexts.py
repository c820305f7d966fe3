"""A part with results is named together with the calls before it; all others by themselves."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.action import CallMade, CallResult, ShellCommand, TextKind
from companion.scan.fingerprints import contexts as room
from companion.scan.fingerprints.contexts import CallsSoFar, Contexts, Told


@dataclass(frozen=True)
class Piece:
    name: str
    calls_made: int = 0
    answers: bool = False
    size: int = 1

    is_answer = False

    @property
    def digest(self) -> bytes:
        return repr(self).encode().ljust(64, b"\0")

    def texts(self) -> tuple[str, ...]:
        return (self.name,)

    def kinds(self) -> dict[int, TextKind]:
        return {}

    def calls(self) -> tuple[CallMade, ...]:
        return (CallMade(self.name, ()),) * self.calls_made

    def results(self) -> tuple[CallResult, ...]:
        return (CallResult(self.name, (0,)),) if self.answers else ()


prompts = st.lists(st.builds(Piece, st.sampled_from("abc"), st.integers(0, 1), st.booleans()), max_size=8)


@pytest.fixture
def contexts():
    return Contexts(lambda part: bool(part.results()))


@given(one=prompts, other=prompts)
def test_two_parts_have_the_same_name_where_they_and_the_calls_they_may_answer_are_the_same(one, other):
    contexts = Contexts(lambda part: bool(part.results()))
    for mine, my_key in zip(range(len(one)), contexts.keys(one), strict=True):
        for its, its_key in zip(range(len(other)), contexts.keys(other), strict=True):
            same_calls = calls_up_to(one[: mine + 1]) == calls_up_to(other[: its + 1]) or not one[mine].answers
            assert (my_key == its_key) == (one[mine] == other[its] and same_calls)


@given(st.lists(prompts, min_size=1, max_size=6), st.lists(st.integers(0, 8), min_size=6, max_size=6))
def test_law_a_prompt_that_begins_as_an_earlier_one_has_the_names_that_it_has_by_itself(told_before, taken):
    contexts, last = Contexts(lambda part: bool(part.results())), list[Piece]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_LONG", 1)
        for prompt, size in zip(told_before, taken, strict=False):
            last = last[:size] + prompt
            assert list(contexts.keys(last)) == list(Contexts(lambda part: bool(part.results())).keys(last))


def calls_up_to(pieces: list[Piece]) -> list[tuple[Piece, bool]]:
    """Each call, and whether another one of its name had no result yet."""
    found, waiting = [], set()
    for piece in pieces:
        if piece.calls_made:
            found.append((piece, piece.name in waiting))
            waiting.add(piece.name)
        if piece.answers:
            waiting.discard(piece.name)
    return found


def told(*calls: str, answers: str = "") -> Told:
    made = tuple(CallMade(name[0], (ShellCommand(name, "/w"),)) for name in calls)
    return Told(made, frozenset(answers), may_cut=True)


def commands(so_far: CallsSoFar, identity: str) -> list[str]:
    return [action.command for action in so_far.known[identity].actions if isinstance(action, ShellCommand)]


def test_a_call_with_the_id_of_an_answered_one_takes_its_place_and_else_they_are_one():
    so_far = CallsSoFar()
    so_far.begin(told("x1"))
    so_far.end(told(answers="x"))
    so_far.begin(told("x2", "y1"))
    assert commands(so_far, "x") == ["x2"]
    so_far.end(told())
    so_far.begin(told("x3"))
    assert commands(so_far, "x") == ["x2", "x3"], "nobody can say whose result comes first"
    assert commands(so_far, "y") == ["y1"]
    so_far.end(told(answers="x"))
    assert commands(so_far, "x") == ["x2", "x3"], "the result of the other may still come"


def test_what_comes_later_changes_no_name(contexts):
    prompt = [Piece("a", 1), Piece("b", answers=True), Piece("c", 1), Piece("d", answers=True)]
    assert contexts.keys(prompt)[:2] == contexts.keys(prompt[:2])


def test_much_that_was_not_read_yet_is_not_quick(contexts):
    long = Piece("a", size=1 << 20)
    assert contexts.is_quick([Piece("b")])
    assert not contexts.is_quick([Piece("b"), long])
    contexts.keys([long])
    assert contexts.is_quick([Piece("b"), long])


def test_no_more_is_remembered_than_there_is_room_for(contexts, monkeypatch):
    monkeypatch.setattr(room, "_MOST_TOLD", 10)
    pieces = [Piece(str(number), size=1 << 20) for number in range(25)]
    assert len(set(contexts.keys(pieces))) == 25
    assert not contexts.is_quick(pieces[:1])
    assert contexts.is_quick(pieces[-1:])
