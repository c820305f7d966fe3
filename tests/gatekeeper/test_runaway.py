"""An agent without end is stopped, nobody else is, and after a quiet minute it may go on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.gatekeeper.runaway import MOST_AGENTS, QUIET_SECONDS, RUNAWAY, RunawayBrake
from companion.model.exchange import Origin


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


CLINE = Origin("cline", "k1", "s", "/w")


def brake(per_minute=3, per_hour=10) -> tuple[RunawayBrake, Clock]:
    clock = Clock()
    return RunawayBrake(per_minute, per_hour, clock), clock


def passes(made: RunawayBrake, origin: Origin = CLINE) -> bool:
    return made.judge(origin) is None


class Naive:
    """Counts by looking at every call that there ever was."""

    def __init__(self, per_minute: int, per_hour: int) -> None:
        self.most = ((per_minute, 60), (per_hour, 3600))
        self.passed: list[float] = []
        self.asked = self.refused = None

    def passes(self, now: float) -> bool:
        if self.refused and now - self.asked >= QUIET_SECONDS:
            self.passed, self.refused = [], None
        self.asked = now
        if any(most and sum(now - at < seconds for at in self.passed) + 1 > most for most, seconds in self.most):
            self.refused = True
        if not self.refused:
            self.passed.append(now)
        return not self.refused


@given(
    st.integers(0, 5),
    st.integers(0, 12),
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([0, 1, 5, 20, 59.5, 60, 61, 300, 3600])), max_size=80),
)
def test_law_it_counts_as_one_would_by_hand(per_minute, per_hour, calls):
    made, clock = brake(per_minute, per_hour)
    naive = {name: Naive(per_minute, per_hour) for name in "ab"}
    for name, seconds in calls:
        clock.now += seconds
        assert passes(made, Origin("cline", name)) == naive[name].passes(clock.now)


def test_what_was_measured_of_cline_is_stopped_and_a_busy_agent_is_not():
    made, clock = brake(120, 3_000)
    refused = 0
    for _ in range(10_803):
        clock.now += 627 / 10_803
        refused += not passes(made)
    assert refused == 10_803 - 120
    clock.now += QUIET_SECONDS
    for _ in range(2_900):
        clock.now += 1.2
        assert passes(made)


def test_after_a_quiet_minute_it_may_go_on_and_not_before():
    made, clock = brake()
    assert [passes(made) for _ in range(5)] == [True, True, True, False, False]
    clock.now += QUIET_SECONDS - 1
    assert not passes(made), "and asking is not quiet"
    clock.now += QUIET_SECONDS - 1
    assert not passes(made)
    clock.now += QUIET_SECONDS
    assert [passes(made) for _ in range(4)] == [True, True, True, False]


def test_many_calls_within_an_hour_are_too_many_however_even_they_are():
    made, clock = brake(0, 10)
    for _ in range(10):
        assert passes(made)
        clock.now += 300
    denial = made.judge(CLINE)
    assert "more than 10 times within an hour" in denial.reason
    assert "limits.runaway_per_hour" in denial.hint


@pytest.mark.parametrize(
    "other", [Origin("claude", "k1", "s", "/w"), Origin("cline", "k2", "s", "/w"), Origin("cline", "k1", "s", "/v")]
)
def test_an_agent_is_a_client_with_a_key_in_a_workspace(other):
    made, _ = brake()
    assert [passes(made) for _ in range(4)][-1] is False
    assert passes(made, other)
    assert not passes(made, Origin("cline", "k1", "another session", "/w"))


@pytest.mark.parametrize(("per_minute", "per_hour"), [(0, 0), (0, 10_000), (10_000, 0)])
def test_0_is_off(per_minute, per_hour):
    made, _ = brake(per_minute, per_hour)
    assert all(passes(made) for _ in range(5_000))
    if not per_minute and not per_hour:
        assert made._agents == {}


def test_the_words_say_what_happened_and_how_to_go_on():
    made, _ = brake()
    denial = [made.judge(CLINE) for _ in range(4)][-1]
    assert denial.code == RUNAWAY == "runaway"
    assert denial.reason.startswith("cline called models more than 3 times within a minute")
    assert "until it has been quiet for 60 seconds" in denial.reason
    assert denial.hint.startswith("stop the agent, wait 60 seconds")
    assert "limits.runaway_per_minute in companion.toml" in denial.hint
    nameless = [made.judge(Origin()) for _ in range(4)][-1]
    assert nameless.reason.startswith("this agent called")


def test_other_numbers_begin_anew_and_the_same_ones_change_nothing():
    made, _ = brake()
    assert [passes(made) for _ in range(4)][-1] is False
    made.replace(3, 10)
    assert not passes(made)
    made.replace(4, 10)
    assert [passes(made) for _ in range(5)] == [True, True, True, True, False]


def test_agents_without_end_take_no_memory_without_end():
    made, clock = brake()
    runaway = Origin("cline", "k1", "s", "/runs")
    for number in range(3 * MOST_AGENTS):
        clock.now += 0.01
        passes(made, Origin("cline", "k1", "s", f"/w{number}"))
        passes(made, runaway)
    assert len(made._agents) == MOST_AGENTS
    assert not passes(made, runaway), "who calls is remembered"
    for _ in range(1_000):
        passes(made)
    assert all(len(one._times) <= 10 for agent in made._agents.values() for one in (agent.minute, agent.hour))
