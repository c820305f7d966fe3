"""Counts money while it is being spent: reserve the most that a call can cost, settle what it did cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from companion.model.money import show_dollars


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money set aside for one call, on the local day it was set aside."""

    day: str
    picodollars: int


class BudgetExceeded(Exception):  # noqa: N818 - a verdict in waiting: admit() turns it into a denial
    """The call could pass the budget. The message is for people."""


class Meter:
    """One budget, the day's. Nothing here awaits, so reading and reserving cannot be torn apart."""

    def __init__(
        self, zone: ZoneInfo, clock: Callable[[], datetime], budget_day: int | None, spent: dict[str, int] | None = None
    ) -> None:
        """`budget_day` in picodollars, None for no budget; `spent` is what the ledger has, by local day."""
        self._zone = zone
        self._clock = clock
        self._budget = budget_day
        self._spent = dict(spent or {})
        self._reserved: dict[str, int] = {}

    @property
    def budget_day(self) -> int | None:
        return self._budget

    def set_budget(self, budget_day: int | None) -> None:
        """From the next reservation on."""
        self._budget = budget_day

    def today(self) -> str:
        return self._clock().astimezone(self._zone).date().isoformat()

    def reserve(self, ceiling: int) -> Reservation:
        """Sets `ceiling` aside, or raises BudgetExceeded when spend, reservations and it would pass the budget."""
        day = self.today()
        taken = self._spent.get(day, 0) + self._reserved.get(day, 0)
        if self._budget is not None and taken + ceiling > self._budget:
            left = max(0, self._budget - taken)
            raise BudgetExceeded(
                f"the day's budget of {show_dollars(self._budget)} has {show_dollars(left)} left, "
                f"and this call could cost {show_dollars(ceiling)}"
            )
        self._reserved[day] = self._reserved.get(day, 0) + ceiling
        return Reservation(day, ceiling)

    def settle(self, reservation: Reservation, cost: int) -> None:
        """Turns a reservation into spend; a cost of 0 releases it."""
        day = reservation.day
        # Reservations of nothing, for calls without a price, leave no sum of their own behind.
        left = self._reserved.pop(day, 0) - reservation.picodollars
        if left:
            self._reserved[day] = left
        self._spent[day] = self._spent.get(day, 0) + cost
