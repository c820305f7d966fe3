"""Counts money while it is being spent: reserve the most that a call can cost, settle what it did cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from companion.gatekeeper.tally import Sum, Tally, names_of
from companion.model.budget import ALL, EACH, Budget, BudgetState, SpentRow, Window, beginning_of
from companion.model.money import show_dollars
from companion.model.scope import ANYTHING, Dimension, KeyScope, Subject
from companion.policy.display import one_line

WARN_AT = (50, 80, 100)
"""Percent of a budget at which there is a warning."""

# The one before the last is there for a clock that is set back a little.
_MOST_WINDOWS = 2

_Limits = Mapping[tuple[Window, Dimension], Mapping[str, int]]


class Reservation(Struct, frozen=True):
    """Money set aside for one call, in the windows in which it was set aside. To be settled once."""

    picodollars: int
    subject: Subject
    tallies: Mapping[Window, tuple[date, Tally]]
    names: tuple[str, ...]
    """The subject's, as the tallies know them."""

    @property
    def day(self) -> date:
        """The local day that it is charged to."""
        return self.tallies[Window.DAY][0]


class BudgetExceeded(Exception):  # noqa: N818 - a verdict in waiting: admit() turns it into a denial
    """The call could pass the budget. The message is for people; `state` is the budget as it stood."""

    def __init__(self, state: BudgetState, ceiling: int) -> None:
        self.state = state
        whose = ""
        if state.dimension is not Dimension.GLOBAL:
            whose = f" for {state.dimension} {one_line(state.name, 80) or 'unknown'}"
        super().__init__(
            f"the {state.window}'s budget{whose} of {show_dollars(state.limit)} has {show_dollars(state.left)} left, "
            f"and this call could cost {show_dollars(ceiling)}; "
            f"it begins anew at {state.resets_at:%Y-%m-%d %H:%M} ({state.resets_at.tzinfo})"
        )


class Meter:
    """Every budget in one place. Nothing here awaits, so reading and reserving cannot be torn apart.

    All calls come from one thread, the event loop's.
    """

    def __init__(
        self,
        zone: ZoneInfo,
        clock: Callable[[], datetime],
        budgets: Iterable[Budget] = (),
        spent: Iterable[SpentRow] = (),
        on_warning: Callable[[BudgetState, int], None] = lambda _state, _percent: None,
        *,
        scope_of: Callable[[str], KeyScope] = lambda _key_id: ANYTHING,
    ) -> None:
        """`spent` is what the ledger has since `first_day_that_counts`; `scope_of` knows the scope of a key's id.

        `on_warning` hears of each of WARN_AT once a window, when settled spend reaches it, and must not raise.
        """
        self._zone = zone
        self._clock = clock
        self._on_warning = on_warning
        self._limits = _by_name(budgets)
        self._tallies: dict[Window, dict[date, Tally]] = {window: {} for window in Window}
        self._today: date | None = None
        self._windows: Mapping[Window, tuple[date, Tally]] = {}
        running = self._running()
        for row in spent:
            subject = row.subject(scope_of(row.key_id))
            for window, (first, tally) in running.items():
                if window.first_day(date.fromisoformat(row.day)) == first:
                    tally.add(subject, spent=row.picodollars)

    def replace(self, budgets: Iterable[Budget]) -> None:
        """From the next reservation on. What was spent and set aside stays counted, against new budgets too."""
        self._limits = _by_name(budgets)
        for window, tallies in self._tallies.items():
            for tally in tallies.values():
                tally.keep(self._kept(window), self._watched(window))

    @property
    def budget_day(self) -> int | None:
        """The day's budget for everything, in picodollars; None where there is none."""
        return self._limits.get((Window.DAY, Dimension.GLOBAL), {}).get(ALL)

    def counts(self, subject: Subject) -> bool:
        """Whether any budget is about such a call."""
        return any(True for _ in self._matching(subject))

    def reserve(self, subject: Subject, ceiling: int) -> Reservation:
        """Sets `ceiling` aside, or raises BudgetExceeded when spend, reservations and it would pass a budget.

        Of several such budgets the error names the one that begins anew last. A ceiling of 0 passes always.
        The names in `subject` are seen by people: hand them over without secrets.
        """
        # A KeyError for an incomplete one before anything is touched.
        named = names_of(subject)
        names: Subject = dict(subject)
        running = self._running()
        exceeded: list[BudgetState] = []
        for window, dimension, limit in self._matching(names) if ceiling > 0 else ():
            first, tally = running[window]
            found = tally.of(dimension, names[dimension])
            if found.spent + found.reserved + ceiling > limit:
                exceeded.append(self._state(window, first, dimension, names[dimension], limit, found))
        if exceeded:
            raise BudgetExceeded(max(exceeded, key=lambda state: state.resets_at), ceiling)
        for _, tally in running.values() if ceiling else ():
            tally.count(named, reserved=ceiling)
        return Reservation(ceiling, names, running, named)

    def settle(self, reservation: Reservation, cost: int) -> None:
        """Turns a reservation into spend, in the windows it was reserved in; a cost of 0 releases it."""
        names, aside = reservation.subject, reservation.picodollars
        for _, tally in reservation.tallies.values() if cost or aside else ():
            tally.count(reservation.names, spent=cost, reserved=-aside)
        for window, dimension, limit in self._matching(names) if cost else ():
            first, tally = reservation.tallies[window]
            found = tally.of(dimension, names[dimension])
            before, after = 100 * (found.spent - cost), 100 * found.spent
            for percent in WARN_AT:
                if before < percent * limit <= after:
                    state = self._state(window, first, dimension, names[dimension], limit, found)
                    self._on_warning(state, percent)

    def standing(self) -> list[BudgetState]:
        """Every budget in the windows that run now; of one for EACH, every name of which something is counted."""
        states: list[BudgetState] = []
        running = self._running()
        for (window, dimension), limits in self._limits.items():
            first, tally = running[window]
            counted = dict(tally.names(dimension)) if EACH in limits else {}
            for name in [*(name for name in limits if name != EACH), *(name for name in counted if name not in limits)]:
                limit = limits.get(name, limits.get(EACH, 0))
                found = counted.get(name) or tally.of(dimension, name)
                states.append(self._state(window, first, dimension, name, limit, found))
        dimensions, windows = list(Dimension), list(Window)
        return sorted(states, key=lambda one: (dimensions.index(one.dimension), one.name, windows.index(one.window)))

    def _running(self) -> Mapping[Window, tuple[date, Tally]]:
        """The windows of this moment, each with its first day."""
        today = self._clock().astimezone(self._zone).date()
        if today != self._today:
            self._today, self._windows = today, {window: self._begun(window, today) for window in Window}
        return self._windows

    def _begun(self, window: Window, today: date) -> tuple[date, Tally]:
        tallies, first = self._tallies[window], window.first_day(today)
        # The last that was asked for stands last: what falls out is what nobody asked for longest.
        tallies[first] = tallies.pop(first) if first in tallies else self._tally(window)
        while len(tallies) > _MOST_WINDOWS:
            del tallies[next(iter(tallies))]
        return first, tallies[first]

    def _tally(self, window: Window) -> Tally:
        return Tally(self._kept(window), self._watched(window))

    def _watched(self, window: Window) -> frozenset[Dimension]:
        return frozenset(dimension for one, dimension in self._limits if one is window)

    def _kept(self, window: Window) -> frozenset[tuple[Dimension, str]]:
        return frozenset(
            (dimension, name)
            for (one, dimension), limits in self._limits.items()
            for name in limits
            if one is window and name != EACH
        )

    def _matching(self, subject: Subject) -> Iterator[tuple[Window, Dimension, int]]:
        """Every budget that is about such a call, with its amount."""
        for (window, dimension), limits in self._limits.items():
            limit = limits.get(subject[dimension], limits.get(EACH))
            if limit is not None:
                yield window, dimension, limit

    def _state(
        self, window: Window, first: date, dimension: Dimension, name: str, limit: int, found: Sum
    ) -> BudgetState:
        resets_at = beginning_of(window.next_first_day(first), self._zone)
        return BudgetState(dimension, name, window, limit, found.spent, found.reserved, resets_at)


def _by_name(budgets: Iterable[Budget]) -> _Limits:
    """Of several budgets for the same, the smallest."""
    limits: dict[tuple[Window, Dimension], dict[str, int]] = {}
    for budget in budgets:
        names = limits.setdefault((budget.window, budget.dimension), {})
        names[budget.name] = min(budget.picodollars, names.get(budget.name, budget.picodollars))
    return limits
