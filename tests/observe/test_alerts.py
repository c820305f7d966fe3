"""What the daemon's rooms do becomes the right alert, at the right time."""

from __future__ import annotations

import asyncio

import pytest

from companion.gatekeeper.approvals import Approvals, Question
from companion.model.action import ShellCommand
from companion.model.exchange import Exchange, Origin
from companion.model.verdict import Ask, Decision, Remark
from companion.observe.evaluator import Evaluator
from companion.telemetry import catalogue
from companion.telemetry.rules import SETTLE_SECONDS
from tests.support.rooms import NOON, Heard


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def approvals(clock):
    made = Approvals(lambda: NOON, Heard(), clock)
    catalogue.approvals_oldest_seconds.follow(lambda: made.oldest_seconds)
    yield made
    catalogue.approvals_oldest_seconds.follow(lambda: 0.0)


async def test_an_approval_that_waits_for_two_minutes_is_an_alert_until_it_is_answered(clock, approvals):
    evaluator = Evaluator(clock=clock, count_past=False)
    action = ShellCommand("rm x")
    decision = Decision(action, (Remark("commands", Ask("rm", "it removes")),))
    asking = asyncio.create_task(
        approvals.ask(Question(Exchange("1" * 26, NOON, Origin(), action), decision, "rm x"), 600)
    )
    await asyncio.sleep(0)

    def names() -> set[str]:
        evaluator.tick()
        return {alert.name for alert in evaluator.firing()}

    for clock.seconds in range(0, 121, 5):
        assert "approval-waiting" not in names()
    clock.seconds = 125
    assert "approval-waiting" in names()
    approvals.close()
    await asking
    clock.seconds = 125 + SETTLE_SECONDS
    assert "approval-waiting" not in names()
