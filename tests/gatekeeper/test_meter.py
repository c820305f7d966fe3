from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.gatekeeper.meter import BudgetExceeded, Meter

BERLIN = ZoneInfo("Europe/Berlin")


def meter(budget: int | None = 100, spent: int = 0, now: datetime = datetime(2026, 6, 1, 12, tzinfo=UTC)) -> Meter:
    return Meter(BERLIN, lambda: now, budget, {"2026-06-01": spent})


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 100), st.booleans()), max_size=30))
def test_the_budget_is_never_passed_when_no_call_costs_more_than_its_ceiling(calls):
    made, spent, open_ = meter(), 0, []
    for ceiling, part, settle_now in calls:
        try:
            reservation = made.reserve(ceiling)
        except BudgetExceeded:
            assert spent + sum(r.picodollars for r, _ in open_) + ceiling > 100
            continue
        open_.append((reservation, ceiling * part // 100))
        if settle_now:
            reservation, cost = open_.pop(0)
            made.settle(reservation, cost)
            spent += cost
        assert spent + sum(cost for _, cost in open_) <= 100
    for reservation, cost in open_:
        made.settle(reservation, cost)
        spent += cost
    assert made.reserve(100 - spent).picodollars == 100 - spent


def test_what_the_ledger_has_counts_from_the_start():
    with pytest.raises(BudgetExceeded, match="budget"):
        meter(spent=90).reserve(11)


def test_a_day_begins_at_local_midnight_and_a_call_over_midnight_stays_on_its_day():
    now = [datetime(2026, 6, 1, 21, 59, tzinfo=UTC)]
    made = Meter(BERLIN, lambda: now[0], 100, {})
    late = made.reserve(100)
    now[0] = datetime(2026, 6, 1, 22, 0, tzinfo=UTC)
    assert made.today() == "2026-06-02"
    early = made.reserve(100)
    made.settle(late, 100)
    made.settle(early, 0)
    assert made.reserve(100).day == "2026-06-02"


def test_no_budget_no_limit_and_a_changed_one_holds_at_once():
    made = meter(None)
    made.reserve(10**15)
    made.set_budget(1)
    with pytest.raises(BudgetExceeded):
        made.reserve(1)
