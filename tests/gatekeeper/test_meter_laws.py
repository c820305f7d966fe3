"""No budget is ever passed, whoever asks and in whatever order; and the meter knows what a naive recount knows."""

from __future__ import annotations

import asyncio
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from companion.gatekeeper.meter import WARN_AT, BudgetExceeded, Reservation
from companion.model.action import Tier
from companion.model.budget import ALL, EACH, Budget, SpentRow, Window, beginning_of
from companion.model.scope import Dimension, Subject
from tests.support.metering import DAY, SCOPES, Clock, Heard, meter, subject, sums

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
TestSteadyMetering.settings = TestChangingMetering.settings = settings(max_examples=60, stateful_step_count=30)


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
