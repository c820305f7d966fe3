"""A part with results is named together with the calls before it; all others by themselves."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.action import CallMade, CallResult, TextKind
from companion.scan.fingerprints import contexts as room
from companion.scan.fingerprints.contexts import Contexts


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
            my_calls = [piece for piece in one[: mine + 1] if piece.calls_made]
            its_calls = [piece for piece in other[: its + 1] if piece.calls_made]
            same_calls = my_calls == its_calls or not one[mine].answers
            assert (my_key == its_key) == (one[mine] == other[its] and same_calls)


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
