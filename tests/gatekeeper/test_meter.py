"""No budget is ever passed, whoever asks and in whatever order; and the meter knows what a naive recount knows."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from companion.gatekeeper import tally
from companion.gatekeeper.meter import WARN_AT, BudgetExceeded, Meter, Reservation
from companion.model.action import Tier
from companion.model.budget import ALL, EACH, Budget, BudgetState, SpentRow, Window, beginning_of
from companion.model.exchange import Origin
from companion.model.scope import ANYTHING, Dimension, KeyScope, Subject

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 6, 3, 12, tzinfo=UTC)
"""A Wednesday."""

SCOPES = {"k1": KeyScope("laptop", "shop", "ann", "web"), "k2": ANYTHING, "": ANYTHING}
DAY = Budget(Dimension.GLOBAL, ALL, Window.DAY, 100)


class Clock:
    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Heard(list[tuple[BudgetState, int]]):
    def __call__(self, state: BudgetState, percent: int) -> None:
        self.append((state, percent))


def origin(client="cline", key_id="k1", workspace="/w", tier=Tier.ACT) -> Origin:
    return Origin(client, key_id, "s", workspace, tier, SCOPES[key_id])


def subject(client="cline", key_id="k1", workspace="/w", tier=Tier.ACT, model="m") -> Subject:
    return origin(client, key_id, workspace, tier).subject(model)


def meter(
    *budgets: Budget, clock: Clock | None = None, spent: Iterable[SpentRow] = (), warn=None, zone=BERLIN
) -> Meter:
    return Meter(zone, clock or Clock(), budgets, spent, Heard() if warn is None else warn, scope_of=SCOPES.__getitem__)


def row(day: str, picodollars: int, **given: str) -> SpentRow:
    plain = {"model": "m", "tier": "act", "client": "cline", "workspace": "/w", "key_id": "k1"}
    return SpentRow(day, picodollars=picodollars, **{**plain, **given})


def sums(meter: Meter) -> dict[tuple[str, str, str], tuple[int, int]]:
    return {(one.dimension, one.name, one.window): (one.spent, one.reserved) for one in meter.standing()}


CLIENTS, MODELS = st.sampled_from(["cline", "claude", "…", ""]), st.sampled_from(["opus", "haiku"])
SUBJECTS = st.builds(
    lambda client, key_id, workspace, tier, model: (
        SpentRow("", model, tier, client, workspace, key_id, 0),
        subject(client, key_id, workspace, tier, model),
    ),
    CLIENTS, st.sampled_from(sorted(SCOPES)), st.sampled_from(["/w", "/v", ""]), st.sampled_from(Tier), MODELS,
)  # fmt: skip
BUDGETS = st.lists(
    st.builds(
        Budget,
        st.sampled_from(Dimension),
        st.sampled_from([EACH, ALL, "cline", "opus", "laptop", "shop", "/v", "ann", "act", ""]),
        st.sampled_from(Window),
        st.integers(0, 150),
    ),
    max_size=6,
)


@dataclass
class Call:
    """What a naive book would note of one call."""

    about: SpentRow
    subject: Subject
    day: date
    taken: int
    reservation: Reservation | None


class Metering(RuleBasedStateMachine):
    """Calls that overlap over weeks, restarts, and, where the subclass has it, budgets that change."""

    @initialize(budgets=BUDGETS, zone=st.sampled_from(["Europe/Berlin", "America/Havana", "Pacific/Apia"]))
    def start(self, budgets: list[Budget], zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.clock = Clock(datetime(2026, 10, 20, 12, tzinfo=UTC))
        self.budgets = budgets
        self.heard = Heard()
        self.calls: list[Call] = []
        self.meter = meter(*budgets, clock=self.clock, warn=self.heard, zone=self.zone)

    def today(self) -> date:
        return self.clock.now.astimezone(self.zone).date()

    def taken(self, window: Window, dimension: Dimension, name: str, day: date, *, settled: bool | None = None) -> int:
        return sum(
            call.taken
            for call in self.calls
            if window.first_day(call.day) == window.first_day(day)
            and call.subject[dimension] == name
            and (settled is None or settled == (call.reservation is None))
        )

    def limit(self, window: Window, dimension: Dimension, name: str) -> int | None:
        for wanted in (name, EACH):
            found = [
                one.picodollars
                for one in self.budgets
                if (one.window, one.dimension, one.name) == (window, dimension, wanted)
            ]
            if found:
                return min(found)
        return None

    @rule(hours=st.integers(0, 30) | st.integers(0, 1000))
    def time_passes(self, hours: int) -> None:
        self.clock.now += timedelta(hours=hours)

    @rule(who=SUBJECTS, ceiling=st.integers(0, 80))
    def ask(self, who: tuple[SpentRow, Subject], ceiling: int) -> None:
        about, subject = who
        passed = {
            (window, dimension, name)
            for window in Window
            for dimension, name in subject.items()
            if (limit := self.limit(window, dimension, name)) is not None
            and self.taken(window, dimension, name, self.today()) + ceiling > limit
        }
        try:
            reservation = self.meter.reserve(subject, ceiling)
        except BudgetExceeded as exceeded:
            state = exceeded.state
            assert (state.window, state.dimension, state.name) in passed
            assert state.limit == self.limit(state.window, state.dimension, state.name)
            assert state.spent + state.reserved == self.taken(state.window, state.dimension, state.name, self.today())
            return
        assert not passed or not ceiling
        self.calls.append(Call(about, subject, self.today(), ceiling, reservation))

    @precondition(lambda self: self.calls)
    @rule(number=st.integers(0), percent=st.integers(0, 100))
    def settle(self, number: int, percent: int) -> None:
        waiting = [call for call in self.calls if call.reservation]
        if not waiting:
            return
        call = waiting[number % len(waiting)]
        cost = call.taken * percent // 100
        self.meter.settle(call.reservation, cost)
        call.taken, call.reservation = cost, None

    @rule()
    def restart(self) -> None:
        """What was under way is lost; the ledger has the rest, one row a day and kind."""
        self.calls = [call for call in self.calls if call.reservation is None]
        rows = [
            SpentRow(call.day.isoformat(), *(getattr(call.about, one) for one in SpentRow.__slots__[1:-1]), call.taken)
            for call in self.calls
        ]
        before = len(self.heard)
        self.meter = meter(*self.budgets, clock=self.clock, spent=rows, warn=self.heard, zone=self.zone)
        assert len(self.heard) == before

    @invariant()
    def the_meter_says_what_a_recount_says(self) -> None:
        told = self.meter.standing()
        names = {
            (window, dimension, call.subject[dimension])
            for call in self.calls
            for window in Window
            for dimension in Dimension
            if self.taken(window, dimension, call.subject[dimension], self.today())
        }
        names |= {(one.window, one.dimension, one.name) for one in self.budgets if one.name != EACH}
        assert {(one.window, one.dimension, one.name) for one in told} == {
            one for one in names if self.limit(*one) is not None
        }
        assert len(told) == len({(one.window, one.dimension, one.name) for one in told})
        for one in told:
            about = one.window, one.dimension, one.name
            assert one.limit == self.limit(*about)
            assert one.spent == self.taken(*about, self.today(), settled=True)
            assert one.reserved == self.taken(*about, self.today(), settled=False)
            assert one.resets_at == beginning_of(one.window.next_first_day(self.today()), self.zone)

    def teardown(self) -> None:
        for call in self.calls:
            if call.reservation:
                self.meter.settle(call.reservation, 0)
        assert all(one.reserved == 0 for one in self.meter.standing())


class SteadyMetering(Metering):
    """While budgets stay as they are, none is ever passed, and each of its warnings comes when it is due and once."""

    @invariant()
    def no_budget_is_passed(self) -> None:
        for one in self.meter.standing():
            assert one.spent + one.reserved <= one.limit

    @invariant()
    def every_warning_was_given_once(self) -> None:
        told = [(state.window, state.dimension, state.name, state.resets_at, percent) for state, percent in self.heard]
        assert len(told) == len(set(told))
        due = {
            (window, dimension, name, beginning_of(window.next_first_day(call.day), self.zone), percent)
            for call in self.calls
            for window in Window
            for dimension, name in call.subject.items()
            if (limit := self.limit(window, dimension, name)) is not None
            for percent in WARN_AT
            if 100 * self.taken(window, dimension, name, call.day, settled=True) >= percent * limit > 0
        }
        assert set(told) == due


class ChangingMetering(Metering):
    """What was spent counts against budgets that come later."""

    @rule(budgets=BUDGETS)
    def reload(self, budgets: list[Budget]) -> None:
        self.budgets = budgets
        self.meter.replace(budgets)


TestSteadyMetering = SteadyMetering.TestCase
TestChangingMetering = ChangingMetering.TestCase
TestSteadyMetering.settings = TestChangingMetering.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None
)


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


ROUNDS = 1_000
CALLERS = 64


async def test_64_calls_side_by_side_never_pass_a_budget_in_1000_rounds():
    dice = random.Random(4)
    for _ in range(ROUNDS):
        made = meter(DAY, Budget(Dimension.CLIENT, EACH, Window.WEEK, 80))
        spent = {"a": 0, "b": 0}
        refused = 0

        async def call(client: str, ceiling: int, cost: int, waits: int, made=made, spent=spent) -> None:
            nonlocal refused
            try:
                reservation = made.reserve(subject(client), ceiling)
            except BudgetExceeded:
                refused += 1
                return
            for _ in range(waits):
                await asyncio.sleep(0)
            spent[client] += cost
            assert sum(spent.values()) <= 100
            assert spent[client] <= 80
            made.settle(reservation, cost)

        calls = []
        for number in range(CALLERS):
            ceiling = dice.randint(1, 20)
            cost = dice.randint(ceiling // 2, ceiling)
            calls.append(call("ab"[number % 2], ceiling, cost, dice.randint(0, 3)))
        await asyncio.gather(*calls)
        assert refused, "a round in which nobody was refused is no race"
        assert made.reserve(subject("c"), 100 - sum(spent.values())), "what was not spent was given back"


async def test_threads_that_call_from_the_loop_never_pass_a_budget():
    loop = asyncio.get_running_loop()
    made = meter(Budget(Dimension.GLOBAL, ALL, Window.DAY, 1_000))
    spent = 0
    refused = 0
    lock = threading.Lock()

    async def reserve(ceiling: int) -> Reservation:
        return made.reserve(subject(), ceiling)

    async def settle(reservation: Reservation, cost: int) -> None:
        made.settle(reservation, cost)

    def work(seed: int) -> None:
        nonlocal spent, refused
        dice = random.Random(seed)
        for _ in range(20):
            ceiling = dice.randint(1, 20)
            try:
                reservation = asyncio.run_coroutine_threadsafe(reserve(ceiling), loop).result(30)
            except BudgetExceeded:
                with lock:
                    refused += 1
                continue
            cost = dice.randint(0, ceiling)
            with lock:
                spent += cost
                assert spent <= 1_000
            asyncio.run_coroutine_threadsafe(settle(reservation, cost), loop).result(30)

    with ThreadPoolExecutor(CALLERS) as pool:
        await asyncio.gather(*(loop.run_in_executor(pool, work, seed) for seed in range(CALLERS)))
    assert refused
    assert sums(made) == {("global", "all", "day"): (spent, 0)}


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
