from __future__ import annotations

import pytest

from companion.observe.standing import Standing


def standing(today=lambda: (1, 2, 3)) -> Standing:
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
    )


def closed(made: Standing, client: str) -> None:
    made.notice("exchange.closed", "1", "", {"kind": "model", "client": client})


async def test_the_agents_that_came_through_are_shown_with_their_calls():
    made = standing()
    for client in ("cline", "codex", "cline"):
        closed(made, client)
    assert {one.client: one.exchanges for one in (await made.status()).clients} == {"cline": 2, "codex": 1}


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
