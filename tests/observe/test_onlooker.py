"""What happens becomes numbers: driven through the real gatekeeper, so that the two cannot drift apart."""

from __future__ import annotations

import pytest

from companion.gatekeeper.limits import Limits
from companion.gatekeeper.runaway import RunawayBrake
from companion.model.action import Dialect, ModelCall, ShellCommand
from companion.model.budget import ALL
from companion.model.exchange import Exchange, Origin, Route
from companion.model.limit import Limit
from companion.model.money import Usage
from companion.model.scope import Dimension
from companion.observe.onlooker import Onlooker
from companion.policy.guards.control import control
from companion.policy.guards.secrets import secrets
from companion.telemetry import catalogue
from tests.support.rooms import NOON, gatekeeper


def total(counter, **labels: str) -> float:
    wanted = set(labels.items())
    return sum(value for key, value in counter.read().items() if wanted <= set(zip(counter.labels, key, strict=True)))


async def test_an_exchange_is_counted_with_its_money_and_its_secrets():
    before = [total(one) for one in (catalogue.exchanges_total, catalogue.spent_picodollars_total)]
    hidden = total(catalogue.secrets_redacted_total)
    keeper = gatekeeper([("secrets", secrets)], listener=Onlooker())
    action = ModelCall(Dialect.CHAT, "m", ("HUSH",))
    async with keeper.admit(Exchange("1", NOON, Origin("cline"), action), Route("u", "p", "m")) as admission:
        admission.calls += 1
        admission.usage = Usage(input=40, output=2)
    assert total(catalogue.exchanges_total) == before[0] + 1
    assert total(catalogue.spent_picodollars_total) == before[1] + 42
    assert total(catalogue.secrets_redacted_total) == hidden + 1


async def test_an_unpriced_and_a_failed_call_are_counted_as_such():
    unpriced, failed = total(catalogue.unpriced_calls_total), total(catalogue.upstream_errors_total)
    keeper = gatekeeper(listener=Onlooker())
    for route in (Route("u", "p", "unknown"), Route("u", "p", "m")):
        action = ModelCall(Dialect.CHAT, "m", ("x",))
        async with keeper.admit(Exchange("1", NOON, Origin(), action), route) as admission:
            admission.calls += 1
            admission.usage = Usage(input=1)
            admission.failure = "" if route.model == "unknown" else "broke off"
    assert total(catalogue.unpriced_calls_total) == unpriced + 1
    assert total(catalogue.upstream_errors_total) == failed + 1


async def test_a_guard_that_raises_is_counted():
    def broken(action, facts):
        raise ValueError

    before = total(catalogue.guard_failures_total, guard="broken")
    keeper = gatekeeper([("broken", broken)], listener=Onlooker())
    async with keeper.admit(Exchange("1", NOON, Origin(), ModelCall(Dialect.CHAT, "m", ()))):
        pass
    assert total(catalogue.guard_failures_total, guard="broken") == before + 1


@pytest.mark.parametrize("reason", ["wrong-host", "unknown-key"])
def test_who_is_turned_away_is_counted(reason):
    before = total(catalogue.unauthorized_requests_total, reason=reason)
    Onlooker().notice("request.turned-away", reason, "x", {"code": reason})
    assert total(catalogue.unauthorized_requests_total, reason=reason) == before + 1


async def test_a_call_that_money_or_limits_refuse_is_counted():
    limits = Limits([Limit(Dimension.GLOBAL, ALL, None, None, 1)], wait_seconds=0)
    keeper = gatekeeper(listener=Onlooker(), limits=limits)
    before = total(catalogue.calls_refused_total)
    action = ModelCall(Dialect.CHAT, "m", ("x",))
    async with keeper.admit(Exchange("1", NOON, Origin(), action), Route("u", "p", "m")):
        async with keeper.admit(Exchange("2", NOON, Origin(), action), Route("u", "p", "m")) as second:
            assert second.refusal is not None
            assert second.refusal.code.startswith("limit-")
    assert total(catalogue.calls_refused_total) == before + 1


async def test_an_agent_that_ran_away_is_counted_by_its_name():
    brake = RunawayBrake(1, 0, lambda: 0.0)
    keeper = gatekeeper(listener=Onlooker())
    before = total(catalogue.runaway_stops_total, client="cline")
    origin, action = Origin("cline"), ModelCall(Dialect.CHAT, "m", ("x",))
    for number in range(3):
        exchange = Exchange(str(number), NOON, origin, action)
        async with keeper.admit(exchange, Route("u", "p", "m"), brake.judge(origin)):
            pass
    assert total(catalogue.runaway_stops_total, client="cline") == before + 2


def test_a_mark_of_a_budget_and_an_attached_request_are_counted():
    onlooker = Onlooker()
    marks, attached = total(catalogue.budgets_reached_total, percent="80"), total(catalogue.calls_attached_total)
    onlooker.notice("budget.warning", "team", "80 % is spent", {"percent": 80, "window": "week"})
    onlooker.notice("call.attached", "1", "asked again while held", {})
    assert total(catalogue.budgets_reached_total, percent="80", dimension="team", window="week") >= 1
    assert total(catalogue.budgets_reached_total, percent="80") == marks + 1
    assert total(catalogue.calls_attached_total) == attached + 1


def test_values_of_ones_own_files_in_answers_are_counted():
    before = total(catalogue.secrets_answered_total)
    Onlooker().notice("answer.secret", "x1", "the answer holds SECRET_ENV_1A2B3C4D", {"types": {"ENV": 1}, "known": 1})
    Onlooker().notice("answer.secret", "x2", "the answer holds SECRET_AWS_1A2B3C4D", {"types": {"AWS": 1}, "known": 0})
    assert total(catalogue.secrets_answered_total) == before + 1


async def test_who_reaches_for_control_is_counted():
    before = total(catalogue.privileged_requests_total, client="claude")
    keeper = gatekeeper([("control", control())], listener=Onlooker())
    action = ShellCommand("companion approve 1a2b3c4d", "/w")
    async with keeper.admit(Exchange("1", NOON, Origin("claude", workspace="/w"), action)) as admission:
        assert admission.refusal is not None
    assert total(catalogue.privileged_requests_total, client="claude") == before + 1
