from __future__ import annotations

from datetime import UTC, datetime

import pytest

from companion.contract.types import LimitLine
from companion.gatekeeper.sessions import Unhooked
from companion.observe.standing import Standing


def standing(today=lambda: (1, 2, 3), **given) -> Standing:
    return Standing(
        version="1",
        started_at="",
        home="/h",
        gateway="http://g",
        upstreams=dict,
        tiers=dict,
        budget_day=lambda: None,
        engines=dict,
        pending=lambda: 0,
        today=today,
        alerts=list,
        **given,
    )


def closed(made: Standing, client: str) -> None:
    made.notice("exchange.closed", "1", "", {"kind": "model", "client": client})


async def test_the_agents_that_came_through_are_shown_with_their_calls():
    made = standing()
    for client in ("cline", "codex", "cline"):
        closed(made, client)
    assert {one.client: one.exchanges for one in (await made.status()).clients} == {"cline": 2, "codex": 1}


async def test_calls_that_no_hook_asked_about_stand_beside_their_agent():
    noon = datetime(2026, 3, 14, 12, tzinfo=UTC)
    made = standing(unhooked={"cline": Unhooked(3, noon)}.get)
    for client in ("cline", "codex"):
        closed(made, client)
    found = {one.client: (one.unhooked, one.unhooked_since) for one in (await made.status()).clients}
    assert found == {"cline": (3, noon.isoformat()), "codex": (0, "")}


async def test_an_agent_that_calls_itself_anew_each_time_fills_no_memory():
    made = standing()
    for number in range(1000):
        closed(made, f"agent-{number}")
        closed(made, "cline")
    seen = {one.client: one.exchanges for one in (await made.status()).clients}
    assert len(seen) == 100
    assert seen["cline"] == 1000


async def test_a_ledger_that_cannot_be_read_hides_no_status(caplog: pytest.LogCaptureFixture):
    answers = [(1, 2, 3)]
    made = standing(answers.pop)
    assert (await made.status()).spent_today_pd == 2
    found = await made.status()
    assert (found.exchanges_today, found.spent_today_pd, found.unpriced_today) == (1, 2, 3)
    assert "cannot be read" in caplog.text


def limit(name: str, used: int = 0, waiting: int = 0, at_once: int = 10) -> LimitLine:
    return LimitLine("client", name, "parallel", at_once, at_once, used, waiting)


async def test_however_many_limits_there_are_those_that_press_are_told_of_in_their_order():
    many = [limit(f"c{number:03d}", used=1) for number in range(200)]
    many[7] = limit("waits", used=1, waiting=1)
    many[120] = limit("nearly full", used=9)
    many[150] = limit("small and half full", used=1, at_once=2)
    found = await standing(limits=lambda: many).status()
    assert (len(found.limits), found.limits_left_out) == (100, 100)
    assert {"waits", "nearly full", "small and half full"} <= {one.name for one in found.limits}
    assert [many.index(one) for one in found.limits] == sorted(many.index(one) for one in found.limits)


async def test_few_limits_are_told_of_as_they_are():
    few = [limit("b"), limit("a", used=3)]
    found = await standing(limits=lambda: few).status()
    assert (found.limits, found.limits_left_out) == (few, 0)
    assert (await standing().status()).limits == []
