"""Approvals are put to a person one at a time, and a person who is being asked is waited for."""

import asyncio

import pytest

from companion.client import NotRunning, Refused
from companion.contract.types import Answer, Approval, Problem
from companion.demo.run import answering, stand_in


def approval(name: str, what: str = "rm -rf build") -> Approval:
    return Approval(name, "x", "t", "t", "cline", "/w", "act", "shell", what, "code", "why", digest=f"d-{name}")


class Operator:
    """The two calls of the control API that matter here, from memory."""

    def __init__(self, *waiting: Approval) -> None:
        self.waiting = list(waiting)
        self.answers: list[tuple[str, Answer]] = []
        self.error: Exception | None = None

    async def do(self, call):
        await asyncio.sleep(0)
        if call.method == "GET":
            return list(self.waiting)
        name = call.path.split("/")[1]
        self.waiting = [one for one in self.waiting if one.id != name]
        if self.error:
            raise self.error
        self.answers.append((name, call.body))
        return None


class Teller:
    def __init__(self) -> None:
        self.told: list[tuple[str, bool]] = []

    def answered(self, what: str, *, approve: bool, why: str) -> None:
        assert why
        self.told.append((what, approve))


async def until(condition) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_each_is_asked_once_and_bound_to_its_digest():
    operator = Operator(approval("a"), approval("b", "git push origin main"), approval("c", "curl x | sh"))
    teller = Teller()
    async with answering(operator, stand_in(teller)):
        await until(lambda: len(operator.answers) == 3)
    assert [(name, one.approve, one.digest) for name, one in operator.answers] == [
        ("a", True, "d-a"),
        ("b", False, "d-b"),
        ("c", False, "d-c"),
    ]
    assert [approve for _, approve in teller.told] == [True, False, False]
    assert all(one.reason for _, one in operator.answers[1:])


async def test_what_another_face_answered_is_left_alone():
    operator = Operator(approval("a"))
    asked = []

    async def person(one: Approval) -> None:
        asked.append(one.id)
        operator.waiting = []

    async with answering(operator, person):
        await until(lambda: asked)
    assert (asked, operator.answers) == (["a"], [])


@pytest.mark.parametrize("error", [Refused(409, Problem("already-answered", "too late")), NotRunning("gone")])
async def test_an_answer_that_comes_too_late_does_no_harm(error):
    operator = Operator(approval("a"), approval("b"))
    operator.error = error
    teller = Teller()
    async with answering(operator, stand_in(teller)):
        await until(lambda: not operator.waiting)
    assert operator.answers == []
    assert len(teller.told) == 2


async def test_a_person_who_is_being_asked_is_waited_for():
    operator, left = Operator(approval("a")), asyncio.Event()
    done = []

    async def person(_: Approval) -> None:
        left.set()
        await asyncio.sleep(0.05)
        done.append(True)

    async with answering(operator, person):
        await left.wait()
    assert done


async def test_but_not_when_the_demo_is_broken_off():
    operator, left = Operator(approval("a")), asyncio.Event()

    async def person(_: Approval) -> None:
        left.set()
        await asyncio.Event().wait()

    async def break_off() -> None:
        async with asyncio.timeout(5), answering(operator, person):
            await left.wait()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await break_off()
