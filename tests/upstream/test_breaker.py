from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from companion.upstream.breaker import Breaker, Rest, State

LIMIT, SECONDS = 3, 10.0


class Clock:
    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def wall(clock: Clock) -> float:
    return 1_000_000 + clock.seconds


class Scene:
    def __init__(self, chance: float = 0.0) -> None:
        self.clock = Clock()
        self.openings = 0
        self.breaker = Breaker(LIMIT, SECONDS, self.clock, lambda: chance, self.opened, wall=lambda: wall(self.clock))

    def opened(self) -> None:
        self.openings += 1

    def fail(self, times: int = 1) -> None:
        for _ in range(times):
            self.breaker.enter().failed("529")

    def rested(self) -> None:
        self.fail(LIMIT)
        self.clock.seconds += SECONDS


@pytest.fixture
def scene():
    return Scene()


def test_it_opens_after_so_many_failures_in_a_row(scene):
    scene.fail(LIMIT - 1)
    assert scene.breaker.state is State.CLOSED
    assert scene.openings == 0
    scene.fail()
    assert scene.breaker.state is State.OPEN
    assert scene.breaker.enter() is None
    assert scene.breaker.wait == SECONDS
    assert scene.openings == 1


def test_a_success_in_between_begins_the_row_anew(scene):
    for _ in range(3):
        scene.fail(LIMIT - 1)
        scene.breaker.enter().succeeded()
    assert scene.breaker.state is State.CLOSED
    assert scene.breaker.spotless


@pytest.mark.parametrize("neutral", ["release", "answered"])
def test_what_says_nothing_neither_counts_nor_forgives(scene, neutral):
    scene.fail(LIMIT - 1)
    for _ in range(10):
        getattr(scene.breaker.enter(), neutral)()
    assert scene.breaker.state is State.CLOSED
    scene.fail()
    assert scene.breaker.state is State.OPEN


def test_half_open_lets_exactly_one_of_fifty_through(scene):
    scene.rested()
    assert scene.breaker.state is State.HALF_OPEN
    permits = [scene.breaker.enter() for _ in range(50)]
    assert [permit is not None for permit in permits] == [True] + [False] * 49
    assert not scene.breaker.ready
    assert scene.breaker.wait > 0


def test_the_one_that_is_answered_closes_it_for_all(scene):
    scene.rested()
    probe = scene.breaker.enter()
    probe.answered()
    assert scene.breaker.state is State.CLOSED
    others = [scene.breaker.enter() for _ in range(5)]
    assert None not in others
    probe.succeeded()
    scene.fail(LIMIT - 1)
    assert scene.breaker.state is State.CLOSED


@pytest.mark.parametrize("same", [True, False])
def test_until_an_answer_has_come_whole_one_failure_opens_it_again(scene, same):
    scene.rested()
    probe = scene.breaker.enter()
    probe.answered()
    (probe if same else scene.breaker.enter()).failed("529")
    assert scene.breaker.state is State.OPEN
    assert scene.openings == 2


def test_the_one_that_fails_opens_it_for_as_long_again(scene):
    scene.rested()
    scene.fail()
    assert scene.breaker.wait == SECONDS
    assert scene.breaker.enter() is None
    scene.clock.seconds += SECONDS
    assert scene.breaker.enter() is not None


def test_the_one_that_is_cancelled_makes_room_for_another(scene):
    scene.rested()
    scene.breaker.enter().release()
    assert scene.breaker.state is State.HALF_OPEN
    assert scene.breaker.enter() is not None
    assert scene.breaker.enter() is None


def test_calls_of_before_it_opened_say_nothing(scene):
    slow = [scene.breaker.enter() for _ in range(2 * LIMIT)]
    scene.rested()
    slow[0].succeeded()
    slow[1].answered()
    slow[2].release()
    assert scene.breaker.state is State.HALF_OPEN
    slow[3].failed("529")
    assert scene.breaker.state is State.HALF_OPEN, "or it would rest longer for old news"
    scene.breaker.enter().succeeded()
    slow[4].failed("529")
    scene.fail(LIMIT - 1)
    assert scene.breaker.state is State.CLOSED


def test_a_permit_is_settled_once(scene):
    permits = [scene.breaker.enter() for _ in range(LIMIT)]
    for permit in permits[: LIMIT - 1]:
        for _ in range(5):
            permit.failed("529")
    assert scene.breaker.state is State.CLOSED
    permits[0].succeeded()
    permits[-1].failed("529")
    assert scene.breaker.state is State.OPEN


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, SECONDS), (0.5, 1.25 * SECONDS), (1.0, 1.5 * SECONDS)])
def test_it_reopens_at_a_time_of_chance(chance, seconds):
    scene = Scene(chance)
    scene.fail(LIMIT)
    assert scene.breaker.wait == seconds


def test_a_pause_lets_nothing_through_until_its_time_and_the_longer_one_stands(scene):
    scene.breaker.pause(5, "busy")
    scene.breaker.pause(2, "busy")
    assert scene.breaker.state is State.PAUSED
    assert scene.breaker.enter() is None
    assert scene.breaker.wait == 5
    scene.clock.seconds += 5
    assert scene.breaker.state is State.CLOSED
    assert scene.breaker.enter() is not None
    assert scene.openings == 0


def test_a_pause_holds_back_the_probe_as_well(scene):
    scene.rested()
    scene.breaker.pause(5, "busy")
    assert scene.breaker.enter() is None
    scene.clock.seconds += 5
    assert scene.breaker.enter() is not None


def test_what_opened_it_and_when_is_remembered(scene):
    assert scene.breaker.rest is None
    scene.breaker.enter().failed("500")
    scene.clock.seconds += 1
    scene.breaker.enter().failed("no connection")
    assert scene.breaker.rest is None, "it does not rest yet"
    scene.clock.seconds += 1
    began = wall(scene.clock)
    scene.breaker.enter().failed("529")
    assert scene.breaker.rest == Rest("3 failures in a row, the last: 529", began)


def test_a_rest_goes_on_while_a_call_finds_out_and_where_that_fails(scene):
    began = wall(scene.clock)
    scene.rested()
    assert scene.breaker.rest == Rest("3 failures in a row, the last: 529", began)
    scene.breaker.enter().failed("no answer in time")
    assert scene.breaker.rest == Rest("4 failures in a row, the last: no answer in time", began)


def test_a_rest_after_it_was_well_is_another(scene):
    scene.rested()
    probe = scene.breaker.enter()
    probe.answered()
    assert scene.breaker.rest is None
    scene.clock.seconds += 1
    probe.failed("the answer broke off")
    assert scene.breaker.rest == Rest("4 failures in a row, the last: the answer broke off", wall(scene.clock))
    scene.clock.seconds += SECONDS
    scene.breaker.enter().succeeded()
    assert scene.breaker.rest is None
    scene.fail(LIMIT)
    assert scene.breaker.rest == Rest("3 failures in a row, the last: 529", wall(scene.clock))


def test_one_failure_that_opens_it_is_no_row():
    breaker = Breaker(1, SECONDS, Clock(), lambda: 0.0, wall=lambda: 5.0)
    breaker.enter().failed("")
    assert breaker.state is State.OPEN, "whatever is said of it"
    breaker = Breaker(1, SECONDS, Clock(), lambda: 0.0, wall=lambda: 5.0)
    breaker.enter().failed("529")
    assert breaker.rest == Rest("a failure: 529", 5.0)


def test_a_pause_has_the_cause_of_the_longest_and_the_beginning_of_the_first(scene):
    began = wall(scene.clock)
    scene.breaker.pause(5, "5 s")
    scene.clock.seconds += 1
    scene.breaker.pause(2, "2 s")
    assert scene.breaker.rest == Rest("5 s", began)
    scene.breaker.pause(60, "60 s")
    assert scene.breaker.rest == Rest("60 s", began)
    scene.clock.seconds += 60
    assert scene.breaker.rest is None
    scene.breaker.pause(1, "1 s")
    assert scene.breaker.rest == Rest("1 s", wall(scene.clock))


class Life(RuleBasedStateMachine):
    """Calls come and go in any order; what a breaker promises holds at every moment."""

    def __init__(self) -> None:
        super().__init__()
        self.scene = Scene()
        self.open: list = []
        self.probes: list = []

    @rule()
    def enter(self) -> None:
        breaker = self.scene.breaker
        half_open, ready = breaker.state is State.HALF_OPEN, breaker.ready
        permit = breaker.enter()
        assert (permit is not None) == ready
        if permit is not None:
            self.open.append(permit)
            if half_open:
                self.probes.append(permit)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), how=st.sampled_from(["answered", "succeeded", "failed", "release"]))
    def settle(self, data, how) -> None:
        permit = data.draw(st.sampled_from(self.open))
        getattr(permit, how)(*(["529"] if how == "failed" else []))
        if how != "answered":
            self.open.remove(permit)
        if permit in self.probes:
            self.probes.remove(permit)

    @rule(seconds=st.floats(0, 2 * SECONDS))
    def wait(self, seconds) -> None:
        self.scene.clock.seconds += seconds

    @rule(seconds=st.floats(0, SECONDS))
    def pause(self, seconds) -> None:
        self.scene.breaker.pause(seconds, "busy")

    @invariant()
    def whatever_rests_says_why_and_since_when(self) -> None:
        breaker = self.scene.breaker
        assert (breaker.rest is None) == (breaker.state is State.CLOSED)
        if breaker.rest:
            assert breaker.rest.since <= wall(self.scene.clock)
            assert breaker.rest.cause == "busy" if breaker.state is State.PAUSED else "529" in breaker.rest.cause

    @invariant()
    def one_probe_at_most(self) -> None:
        assert len(self.probes) <= 1

    @invariant()
    def open_or_paused_is_shut_and_closed_is_not(self) -> None:
        breaker = self.scene.breaker
        if breaker.state in (State.OPEN, State.PAUSED):
            assert not breaker.ready
            assert breaker.wait > 0
        if breaker.state is State.CLOSED:
            assert breaker.ready
        if breaker.ready:
            assert breaker.wait == 0

    @invariant()
    def without_a_probe_it_comes_back(self) -> None:
        if not self.probes:
            before = self.scene.clock.seconds
            self.scene.clock.seconds += self.scene.breaker.wait
            assert self.scene.breaker.ready
            self.scene.clock.seconds = before


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestLife = Life.TestCase
