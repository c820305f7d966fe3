"""Laws of admission."""

from __future__ import annotations

import asyncio
import random
import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from companion.contract.types import Answer
from companion.gatekeeper.limits import Limits
from companion.gatekeeper.meter import BudgetExceeded, Meter
from companion.model.action import Dialect, ModelCall, ToolCall
from companion.model.budget import ALL, Budget, Window
from companion.model.exchange import Exchange, Origin, Route
from companion.model.limit import Limit
from companion.model.money import Usage
from companion.model.policy import Policy
from companion.model.record import Ending
from companion.model.scope import Dimension
from companion.model.verdict import Allow, Amend, Ask, Deny, Remark
from companion.policy.guards.secrets import secrets
from tests.support.rooms import NOON, Heard, Ledger, Policies, Prices, Scanner, gatekeeper

ROUTE = Route("main", "anthropic", "model")


def call(*texts: str, id: str = "1") -> Exchange:
    return Exchange(id, NOON, Origin("cline", "key", workspace="/w"), ModelCall(Dialect.CHAT, "model", texts))


def tool(id: str = "1") -> Exchange:
    return Exchange(id, NOON, Origin("cline", "key", workspace="/w"), ToolCall("deploy"))


def says(verdict):
    return ("test", lambda action, facts: verdict)


def lines(keeper) -> list[tuple[str, Ending, str]]:
    """Exactly one opening and one closing for every id, or this fails."""
    openings = [line.id for line in keeper.ledger.openings]
    closings = [line.id for line in keeper.ledger.closings]
    assert sorted(openings) == sorted(closings)
    assert len(set(openings)) == len(openings)
    return [(line.id, line.ending, line.code) for line in keeper.ledger.closings]


async def test_what_is_allowed_happens_and_is_written_down_once():
    keeper = gatekeeper([says(Allow("fine", "because"))])
    async with keeper.admit(tool()) as admission:
        assert admission.refusal is None
    assert lines(keeper) == [("1", Ending.SERVED, "fine")]


async def test_a_denial_reaches_the_caller_as_a_value():
    keeper = gatekeeper([says(Deny("no", "never", "do that instead"))])
    async with keeper.admit(tool()) as admission:
        assert (admission.refusal.code, admission.refusal.hint) == ("no", "do that instead")
    assert lines(keeper) == [("1", Ending.REFUSED, "no")]


async def test_an_edge_that_cannot_read_an_action_objects_and_is_written_down():
    keeper = gatekeeper([says(Allow("fine", ""))])
    async with keeper.admit(tool(), objection=Deny("unreadable", "no sense in it")) as admission:
        assert admission.refusal.code == "unreadable"
    assert lines(keeper) == [("1", Ending.REFUSED, "unreadable")]


@pytest.mark.parametrize("approve", [True, False])
async def test_a_person_decides_what_a_guard_asks(approve):
    keeper = gatekeeper([says(Ask("risky", "it deploys"))])

    async def enter():
        async with keeper.admit(tool()) as admission:
            return admission

    entering = asyncio.create_task(enter())
    while not keeper.asking.approvals.pending():
        await asyncio.sleep(0)
    [approval] = keeper.asking.approvals.pending()
    assert keeper.ledger.closings == []
    keeper.asking.approvals.answer(approval.id, Answer(approve, "cli", "no release today", approval.digest))
    admission = await entering
    assert (admission.refusal is None) is approve
    if not approve:
        assert "no release today" in admission.refusal.reason
    assert lines(keeper)[0][1] is (Ending.SERVED if approve else Ending.REFUSED)
    assert keeper.ledger.closings[0].approver == "cli"


async def test_nobody_answers_means_no():
    keeper = gatekeeper([says(Ask("risky", "it deploys"))], policies=Policies(Policy(approval_seconds=0)))
    async with keeper.admit(tool()) as admission:
        assert admission.refusal.code == "approval-timeout"
    assert keeper.asking.approvals.pending() == []


async def test_an_agent_that_goes_away_takes_its_question_along():
    keeper = gatekeeper([says(Ask("risky", "it deploys"))])

    async def enter():
        async with keeper.admit(tool()):
            raise AssertionError("must not be admitted")

    entering = asyncio.create_task(enter())
    while not keeper.asking.approvals.pending():
        await asyncio.sleep(0)
    entering.cancel()
    await asyncio.gather(entering, return_exceptions=True)
    assert keeper.asking.approvals.pending() == []
    assert lines(keeper)[0][1] is Ending.CANCELLED


async def test_a_scan_that_fails_denies_and_is_recorded():
    keeper = gatekeeper([says(Allow("fine", ""))], scanner=Scanner(fail=RuntimeError("engine gone")))
    async with keeper.admit(call("hello"), ROUTE) as admission:
        assert admission.refusal.code == "examination-failed"
    assert lines(keeper) == [("1", Ending.REFUSED, "examination-failed")]


async def test_a_guard_that_raises_denies_and_is_told():
    def broken(action, facts):
        raise ZeroDivisionError

    heard = Heard()
    keeper = gatekeeper([("broken", broken)], listener=heard)
    async with keeper.admit(tool()) as admission:
        assert admission.refusal.code == "guard-failed"
    assert ("failure", "guard broken") in [(name, id) for name, id, _, _ in heard.notices]


async def test_what_cannot_be_written_down_does_not_happen():
    keeper = gatekeeper([says(Allow("fine", ""))], ledger=Ledger(fail=OSError("disk full")))
    async with keeper.admit(call("hello"), ROUTE) as admission:
        assert admission.refusal.code == "ledger-unavailable"
    assert lines(keeper)[0][1] is Ending.REFUSED


async def test_the_amended_call_goes_out_and_no_secret_reaches_a_line():
    keeper = gatekeeper([("secrets", secrets)])
    async with keeper.admit(call("say HUSH", "nothing"), ROUTE) as admission:
        assert admission.action.texts == ("say SECRET_WORD_00000000", "nothing")
    assert keeper.ledger.closings[0].redactions == 1
    assert "HUSH" not in repr((keeper.ledger.openings, keeper.ledger.closings, keeper.listener.notices))


@pytest.mark.parametrize("fail", [None, RuntimeError("engine gone")])
async def test_no_secret_reaches_a_line_as_the_name_of_a_model_or_a_session(fail):
    keeper = gatekeeper([], scanner=Scanner(fail=fail))
    named = structs.replace(
        call("hello"),
        origin=Origin("cline", "key", session="HUSH-1"),
        action=ModelCall(Dialect.CHAT, "HUSH-model", ("hello",)),
    )
    async with keeper.admit(named, ROUTE):
        pass
    [opening] = keeper.ledger.openings
    assert "HUSH" not in repr(opening)
    assert opening.model
    assert opening.session


async def test_no_secret_of_a_tool_call_reaches_a_line_or_a_face():
    keeper = gatekeeper([says(Deny("no", "never"))])
    exchange = Exchange("1", NOON, Origin(), ToolCall("post", '{"token": "HUSH"}'))
    async with keeper.admit(exchange):
        pass
    assert "HUSH" not in repr((keeper.ledger.openings, keeper.ledger.closings, keeper.listener.notices))


async def test_usage_becomes_cost_and_unknown_is_never_zero():
    for model, expected in (("model", 15), ("unknown", None)):
        keeper = gatekeeper()
        async with keeper.admit(call("x"), Route("main", "p", model)) as admission:
            admission.calls += 1
            admission.usage = Usage(input=10, output=5)
        assert keeper.ledger.closings[0].cost.picodollars == expected


async def test_a_call_without_usage_is_unpriced_and_one_that_never_left_costs_nothing():
    keeper = gatekeeper()
    async with keeper.admit(call("x"), ROUTE) as admission:
        admission.calls += 1
    async with keeper.admit(call("x", id="2"), ROUTE):
        pass
    first, second = keeper.ledger.closings
    assert (first.cost.picodollars, first.cost.reason) == (None, "the answer carried no usage")
    assert second.cost is None


async def test_a_call_over_midnight_is_written_down_on_the_day_whose_budget_it_is_charged_to():
    now = datetime(2026, 6, 1, 21, 59, tzinfo=UTC)
    keeper = gatekeeper(meter=Meter(ZoneInfo("Europe/Berlin"), lambda: now))
    async with keeper.admit(call("x"), ROUTE):
        now = datetime(2026, 6, 1, 22, 1, tzinfo=UTC)
    async with keeper.admit(tool("2")):
        pass
    assert [closing.day for closing in keeper.ledger.closings] == ["2026-06-01", ""]


async def test_a_budget_is_never_passed_by_calls_side_by_side():
    meter = Meter(ZoneInfo("UTC"), lambda: NOON, [Budget(Dimension.GLOBAL, ALL, Window.DAY, 100)])
    keeper = gatekeeper(meter=meter, prices=Prices(most=30))
    spent = 0

    async def one(number: int) -> None:
        nonlocal spent
        async with keeper.admit(call("x", id=str(number)), ROUTE) as admission:
            if admission.refusal is None:
                admission.calls += 1
                await asyncio.sleep(random.Random(number).random() / 100)
                admission.usage = Usage(input=20, output=10)
                spent += 30

    await asyncio.gather(*(one(number) for number in range(64)))
    assert spent <= 100
    assert {code for _, _, code in lines(keeper)} == {"allowed", "budget-exceeded"}
    subject = call("x").origin.subject("model")
    assert meter.reserve(subject, 100 - spent).picodollars == 100 - spent, "what was not spent was given back"


class LatePrices(Prices):
    """They come when somebody says so."""

    def __init__(self) -> None:
        super().__init__(most=60)
        self.ready = False
        self.come = asyncio.Event()

    async def load(self) -> None:
        await self.come.wait()
        self.ready = True

    def ceiling(self, *_: object) -> int:
        assert self.ready
        return self.most


async def test_a_call_waits_for_the_prices_and_nothing_else_does():
    prices = LatePrices()
    meter = Meter(ZoneInfo("UTC"), lambda: NOON, [Budget(Dimension.GLOBAL, ALL, Window.DAY, 100)])
    keeper = gatekeeper(meter=meter, prices=prices)
    refusals = []

    async def ask(number: int) -> None:
        async with keeper.admit(call("x", id=str(number)), ROUTE) as admission:
            refusals.append(admission.refusal and admission.refusal.code)
            await asyncio.sleep(0.001)

    asking = [asyncio.create_task(ask(number)) for number in range(3)]
    async with keeper.admit(tool("tool")) as admission:
        assert admission.refusal is None
    assert refusals == []
    asking[2].cancel()
    await asyncio.gather(asking[2], return_exceptions=True)
    prices.come.set()
    await asyncio.gather(*asking[:2])
    assert sorted(refusals, key=str) == [None, "budget-exceeded"]
    endings = {id: ending for id, ending, _ in lines(keeper)}
    assert endings["2"] is Ending.CANCELLED


@pytest.mark.parametrize("where", ["gathering", "opening", "asking", "inside"])
async def test_cancelled_anywhere_an_opening_has_its_closing(where):
    ask = where == "asking"
    keeper = gatekeeper([says(Ask("risky", "") if ask else Allow())])
    steps = {"gathering": 1, "opening": 3, "asking": 30, "inside": 30}[where]

    async def enter():
        async with keeper.admit(call("x") if not ask else tool(), ROUTE):
            await asyncio.sleep(60)

    entering = asyncio.create_task(enter())
    for _ in range(steps):
        await asyncio.sleep(0.001 if steps > 3 else 0)
    entering.cancel()
    await asyncio.gather(entering, return_exceptions=True)
    endings = [ending for _, ending, _ in lines(keeper)]
    # Whoever is gone before the line was begun leaves none.
    assert endings == [Ending.CANCELLED] or (where == "gathering" and endings == [])


async def test_an_error_of_the_caller_fails_the_exchange_and_goes_on_up():
    keeper = gatekeeper()
    with pytest.raises(ValueError, match="boom"):
        async with keeper.admit(tool()):
            raise ValueError("boom")
    assert lines(keeper)[0][1] is Ending.FAILED


async def test_an_amended_then_denied_call_is_denied():
    amend = ("amend", lambda action, facts: Amend("a", "", action))
    keeper = gatekeeper([amend, says(Deny("no", "never"))])
    async with keeper.admit(call("x"), ROUTE) as admission:
        assert admission.refusal.code == "no"


async def test_whoever_hangs_up_before_the_opening_leaves_neither_line_nor_money_behind():
    scrubbing, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    class Slow(Scanner):
        def scrub(self, text: str) -> str:
            loop.call_soon_threadsafe(scrubbing.set)
            assert go_on.wait(5)
            return text

    keeper = gatekeeper(scanner=Slow())

    async def enter():
        async with keeper.admit(tool()):
            raise AssertionError("must not be admitted")

    entering = asyncio.create_task(enter())
    await scrubbing.wait()
    entering.cancel()
    go_on.set()
    await asyncio.gather(entering, return_exceptions=True)
    assert lines(keeper) == []
    assert keeper.listener.notices == []


async def test_a_daemon_that_stops_refuses_what_waits_and_what_comes():
    keeper = gatekeeper([says(Ask("risky", "it deploys"))])

    async def enter(id: str):
        async with keeper.admit(tool(id)) as admission:
            return admission.refusal

    entering = asyncio.create_task(enter("1"))
    while not keeper.asking.approvals.pending():
        await asyncio.sleep(0)
    keeper.asking.approvals.close()
    for refusal in (await entering, await enter("2")):
        assert refusal.code == "companion-stopping"
        assert "stopping" in refusal.reason
    assert [ending for _, ending, _ in lines(keeper)] == [Ending.REFUSED] * 2


async def test_a_clock_that_is_set_back_lets_no_exchange_end_before_it_began():
    keeper = gatekeeper()
    later = datetime.now(UTC) + timedelta(hours=2)
    async with keeper.admit(structs.replace(call("x"), at=later), ROUTE):
        pass
    assert keeper.ledger.closings[0].at_ns >= keeper.ledger.openings[0].at_ns


async def test_a_policy_that_cannot_be_had_denies_and_is_recorded():
    class Broken(Policies):
        def policy_for(self, workspace: str) -> Policy:
            raise RuntimeError("no policy")

    keeper = gatekeeper(policies=Broken())
    async with keeper.admit(call("x"), ROUTE) as admission:
        assert admission.refusal.code == "examination-failed"
    assert lines(keeper) == [("1", Ending.REFUSED, "examination-failed")]


async def test_another_route_sets_its_own_money_aside():
    budgets = [Budget(Dimension.MODEL, name, Window.DAY, 100) for name in ("model", "other")]
    meter = Meter(ZoneInfo("UTC"), lambda: NOON, budgets)
    keeper = gatekeeper(meter=meter, prices=Prices(most=60))
    other = Route("spare", "anthropic", "other")

    def reserved() -> dict[str, int]:
        return {state.name: state.reserved for state in meter.standing()}

    async with keeper.admit(call("x"), ROUTE) as admission:
        assert reserved() == {"model": 60, "other": 0}
        keeper.rebook(admission, other)
        assert reserved() == {"model": 0, "other": 60}
        async with keeper.admit(call("y", id="2"), ROUTE) as second:
            with pytest.raises(BudgetExceeded):
                keeper.rebook(second, other)
            assert reserved() == {"model": 0, "other": 60}
        admission.calls, admission.usage = 1, Usage(input=50)
    assert {state.name: state.spent for state in meter.standing()} == {"model": 0, "other": 50}
    assert keeper.ledger.closings[-1].model == "other"


async def test_a_call_above_a_limit_waits_and_is_refused_when_its_turn_does_not_come():
    limits = Limits([Limit(Dimension.GLOBAL, ALL, None, None, 1)], wait_seconds=0)
    keeper = gatekeeper(limits=limits)
    async with keeper.admit(call("x"), ROUTE) as first:
        assert first.refusal is None
        async with keeper.admit(call("y", id="2"), ROUTE) as second:
            assert second.refusal is not None
            assert second.refusal.code.startswith("limit")
    async with keeper.admit(call("z", id="3"), ROUTE) as third:
        assert third.refusal is None
    assert sorted(code.partition("-")[0] for _, _, code in lines(keeper)) == ["allowed", "allowed", "limit"]


@pytest.mark.parametrize("denies", [True, False])
async def test_what_no_budget_can_count_is_refused_where_the_person_says_so(denies):
    meter = Meter(ZoneInfo("UTC"), lambda: NOON, [Budget(Dimension.GLOBAL, ALL, Window.DAY, 100)])
    keeper = gatekeeper(meter=meter, denies_unpriced=lambda: denies)
    async with keeper.admit(call("x"), Route("main", "anthropic", "unknown")) as admission:
        assert (admission.refusal is not None) is denies
    assert lines(keeper)[0][2] == ("unpriced-call" if denies else "allowed")


async def test_what_an_edge_decided_on_the_way_is_in_the_record():
    keeper = gatekeeper([])
    async with keeper.admit(call("x"), ROUTE, noted=(Remark("auto", Allow("auto-small", "small")),)):
        pass
    assert [(one.guard, one.code) for one in keeper.ledger.closings[0].remarks] == [("auto", "auto-small")]
