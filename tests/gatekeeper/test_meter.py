"""What a budget counts, in which windows and for whom; what a refusal and a warning say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.gatekeeper import tally
from companion.gatekeeper.meter import BudgetExceeded
from companion.model.budget import ALL, EACH, Budget, Window
from companion.model.scope import Dimension
from tests.support.metering import DAY, Clock, Heard, meter, row, subject, sums


@given(st.integers(1, 200), st.lists(st.integers(0, 200), max_size=6))
def test_law_all_matching_budgets_are_checked_before_any_is_touched(limit, limits):
    """A refused call leaves no trace, whichever of its budgets refused it."""
    dimensions = list(Dimension)[1:]
    budgets = [Budget(one, EACH, Window.DAY, limit) for one, limit in zip(dimensions, limits, strict=False)]
    made = meter(Budget(Dimension.GLOBAL, ALL, Window.MONTH, limit), *budgets)
    with pytest.raises(BudgetExceeded):
        made.reserve(subject(), 201)
    assert set(sums(made).values()) == {(0, 0)}
    fits = min([limit, *limits])
    assert made.reserve(subject(), fits).picodollars == fits


def test_nothing_is_touched_for_a_subject_that_lacks_a_dimension():
    made = meter(DAY)
    with pytest.raises(KeyError):
        made.reserve({Dimension.GLOBAL: ALL}, 5)
    assert sums(made) == {("global", "all", "day"): (0, 0)}


def test_a_reservation_does_not_follow_a_subject_that_changes():
    made = meter(Budget(Dimension.MODEL, EACH, Window.DAY, 100))
    mutable = dict(subject(model="a"))
    reservation = made.reserve(mutable, 5)
    mutable[Dimension.MODEL] = "b"
    made.settle(reservation, 4)
    assert sums(made) == {("model", "a", "day"): (4, 0)}


def test_what_the_ledger_has_counts_from_the_start_in_the_windows_that_still_run():
    budgets = [Budget(Dimension.GLOBAL, ALL, window, 100) for window in Window]
    rows = [row("2026-06-03", 1), row("2026-06-02", 2), row("2026-05-31", 4), row("2026-06-01", 8, client="claude")]
    made = meter(*budgets, Budget(Dimension.CLIENT, EACH, Window.WEEK, 50), spent=rows)
    assert sums(made) == {
        ("global", "all", "day"): (1, 0),
        ("global", "all", "week"): (11, 0),
        ("global", "all", "month"): (11, 0),
        ("client", "cline", "week"): (3, 0),
        ("client", "claude", "week"): (8, 0),
    }


def test_the_scope_of_a_key_says_whose_money_its_rows_are():
    budgets = [Budget(one, EACH, Window.DAY, 50) for one in (Dimension.KEY, Dimension.PROJECT, Dimension.TEAM)]
    made = meter(*budgets, spent=[row("2026-06-03", 1), row("2026-06-03", 2, key_id="k2")])
    assert sums(made) == {
        ("key", "laptop", "day"): (1, 0),
        ("key", "k2", "day"): (2, 0),
        ("project", "shop", "day"): (1, 0),
        ("project", "/w", "day"): (2, 0),
        ("team", "web", "day"): (1, 0),
        ("team", "", "day"): (2, 0),
    }


def test_a_budget_under_a_name_stands_in_for_the_one_for_each():
    made = meter(
        Budget(Dimension.CLIENT, EACH, Window.DAY, 10),
        Budget(Dimension.CLIENT, "cline", Window.DAY, 30),
        Budget(Dimension.CLIENT, EACH, Window.MONTH, 35),
    )
    made.settle(made.reserve(subject("cline"), 30), 30)
    with pytest.raises(BudgetExceeded, match="month's budget for client cline of"):
        made.reserve(subject("cline"), 6)
    with pytest.raises(BudgetExceeded, match="day's budget for client claude of"):
        made.reserve(subject("claude"), 11)
    assert sums(made)["client", "cline", "day"] == (30, 0)


def test_the_days_budget_for_everything():
    assert meter(DAY, Budget(Dimension.CLIENT, EACH, Window.DAY, 7)).budget_day == 100
    assert meter(Budget(Dimension.GLOBAL, ALL, Window.WEEK, 7)).budget_day is None


@pytest.mark.parametrize(
    ("budget", "counted"),
    [
        (None, False),
        (DAY, True),
        (Budget(Dimension.MODEL, EACH, Window.MONTH, 1), True),
        (Budget(Dimension.CLIENT, "cline", Window.WEEK, 1), True),
        (Budget(Dimension.CLIENT, "claude", Window.WEEK, 1), False),
    ],
)
def test_whether_a_budget_is_about_a_call(budget, counted):
    assert meter(*([budget] if budget else [])).counts(subject("cline")) is counted


def test_a_day_begins_at_local_midnight_and_a_call_over_midnight_stays_on_its_day():
    clock = Clock(datetime(2026, 6, 1, 21, 59, tzinfo=UTC))
    made = meter(DAY, clock=clock)
    late = made.reserve(subject(), 100)
    clock.now = datetime(2026, 6, 1, 22, 0, tzinfo=UTC)
    early = made.reserve(subject(), 100)
    made.settle(late, 100)
    made.settle(early, 7)
    assert sums(made) == {("global", "all", "day"): (7, 0)}


def test_a_clock_that_is_set_back_finds_what_was_spent():
    clock = Clock(datetime(2026, 6, 1, 21, 59, tzinfo=UTC))
    made = meter(DAY, clock=clock)
    made.settle(made.reserve(subject(), 60), 60)
    clock.now += timedelta(minutes=2)
    made.settle(made.reserve(subject(), 70), 70)
    clock.now -= timedelta(minutes=2)
    assert sums(made) == {("global", "all", "day"): (60, 0)}
    clock.now += timedelta(minutes=2)
    assert sums(made) == {("global", "all", "day"): (70, 0)}


def test_of_the_windows_the_one_that_nobody_asked_for_longest_is_forgotten():
    clock = Clock()
    made = meter(DAY, clock=clock)
    for days in (0, 1, -1, 2, -2):
        clock.now += timedelta(days=days)
        made.settle(made.reserve(subject(), 9), 9)
    assert sums(made) == {("global", "all", "day"): (27, 0)}


@given(st.lists(st.integers(-50, 50), max_size=30))
def test_law_no_more_windows_are_kept_than_are_needed(steps):
    clock = Clock()
    made = meter(DAY, clock=clock)
    for days in steps:
        clock.now += timedelta(days=days)
        made.settle(made.reserve(subject(), 1), 1)
        assert all(len(tallies) <= 2 for tallies in made._tallies.values())


def test_the_refusal_says_everything_a_person_needs():
    dollar = 10**12
    made = meter(
        Budget(Dimension.GLOBAL, ALL, Window.DAY, 2 * dollar), Budget(Dimension.CLIENT, EACH, Window.WEEK, 2 * dollar)
    )
    made.settle(made.reserve(subject(), dollar), dollar)
    made.reserve(subject(), dollar // 2)
    with pytest.raises(BudgetExceeded) as caught:
        made.reserve(subject(), dollar)
    assert str(caught.value) == (
        "the week's budget for client cline of $2.00 has $0.5000 left, and this call could cost $1.00; "
        "it begins anew at 2026-06-08 00:00 (Europe/Berlin)"
    )
    state = caught.value.state
    assert (state.spent, state.reserved, state.left) == (dollar, dollar // 2, dollar // 2)
    with pytest.raises(BudgetExceeded, match=r"^the day's budget of \$2\.00 has \$0\.5000 left"):
        made.reserve(subject("claude"), dollar)


@pytest.mark.parametrize(
    ("name", "shown"), [("", "client unknown of"), ("a\nb\x1b[2J", r"client a ⏎ b<U\+001B>\[2J of")]
)
def test_what_an_agent_calls_itself_does_not_steer_a_terminal(name, shown):
    with pytest.raises(BudgetExceeded, match=shown):
        meter(Budget(Dimension.CLIENT, EACH, Window.DAY, 1)).reserve(subject(name), 2)


def test_a_call_that_can_cost_nothing_passes_a_budget_that_is_used_up():
    made = meter(DAY, spent=[row("2026-06-03", 170)])
    made.settle(made.reserve(subject(), 0), 0)
    with pytest.raises(BudgetExceeded):
        made.reserve(subject(), 1)
    assert sums(made) == {("global", "all", "day"): (170, 0)}


def test_what_costs_more_than_it_could_is_counted_all_the_same():
    heard = Heard()
    made = meter(DAY, warn=heard)
    made.settle(made.reserve(subject(), 0), 260)
    assert sums(made) == {("global", "all", "day"): (260, 0)}
    assert [percent for _, percent in heard] == [50, 80, 100]


def test_a_percentage_is_reached_when_it_is_exactly_there_and_once():
    heard = Heard()
    made = meter(DAY, warn=heard)
    for cost, told in ((49, 0), (1, 1), (0, 1), (29, 1), (1, 2), (1, 2), (18, 2), (1, 3), (0, 3)):
        made.settle(made.reserve(subject(), cost), cost)
        assert len(heard) == told
    assert [percent for _, percent in heard] == [50, 80, 100]


def test_warnings_say_how_the_budget_stands_and_come_when_all_is_counted():
    spent_then: list[tuple[int, int]] = []
    made = meter(DAY, Budget(Dimension.MODEL, "m", Window.WEEK, 60))
    made._on_warning = lambda state, percent: spent_then.append((percent, sums(made)["model", "m", "week"][0]))
    made.settle(made.reserve(subject(), 55), 55)
    assert spent_then == [(50, 55), (50, 55), (80, 55)]


def test_a_changed_amount_warns_of_what_is_reached_from_then_on():
    heard = Heard()
    made = meter(DAY, warn=heard)
    made.settle(made.reserve(subject(), 60), 60)
    made.replace([Budget(Dimension.GLOBAL, ALL, Window.DAY, 200)])
    made.settle(made.reserve(subject(), 60), 60)
    assert [(state.limit, state.spent, percent) for state, percent in heard] == [(100, 60, 50), (200, 120, 50)]


def test_a_budget_that_comes_later_has_a_sum_of_its_own_however_many_names_there_are(monkeypatch):
    monkeypatch.setattr(tally, "MOST_NAMES", 2)
    each = Budget(Dimension.CLIENT, EACH, Window.DAY, 100)
    made = meter(each)
    for client in "ab":
        made.settle(made.reserve(subject(client), 1), 1)
    made.replace([each, Budget(Dimension.CLIENT, "z", Window.DAY, 50)])
    for client in "cz":
        made.settle(made.reserve(subject(client), 1), 1)
    assert sums(made) == {("client", name, "day"): (1, 0) for name in "abz…"}


def test_names_without_end_take_no_memory_without_end():
    made = meter(Budget(Dimension.MODEL, EACH, Window.MONTH, 10**9), DAY)
    for number in range(3_000):
        made.settle(made.reserve(subject(model=f"m{number}"), 0), 1)
    assert len(made.standing()) <= 1_002
    assert sum(one.spent for one in made.standing() if one.dimension is Dimension.MODEL) == 3_000
    for number in range(3_000):
        made.reserve(subject(model=f"n{number}"), 0)
    assert len(made.standing()) <= 1_002
