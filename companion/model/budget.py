"""Budgets: how much may be spent, on what, in which stretch of days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from companion.model.exchange import Origin
from companion.model.scope import Dimension, KeyScope, Subject

EACH = "*"
"""Stands for each name of a dimension that has no entry of its own; each has the amount for itself.

What nobody named ("") counts together, as one name.
"""

ALL = "all"
"""The one name of Dimension.GLOBAL."""


class Window(StrEnum):
    """A stretch of local days. A week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def first_day(self, day: date) -> date:
        """The first day of the window that `day` is in."""
        match self:
            case Window.DAY:
                return day
            case Window.WEEK:
                return day - timedelta(days=day.weekday())
            case Window.MONTH:
                return day.replace(day=1)

    def next_first_day(self, day: date) -> date:
        """The first day of the window after the one that `day` is in."""
        longest = {Window.DAY: 1, Window.WEEK: 7, Window.MONTH: 31}[self]
        return self.first_day(self.first_day(day) + timedelta(days=longest))


def first_day_that_counts(today: date) -> date:
    """The first day of any window that `today` is in: spend before it is in no budget any more."""
    return min(window.first_day(today) for window in Window)


def beginning_of(day: date, zone: tzinfo) -> datetime:
    """The first moment of a local day, which is not midnight where the clocks leap over it."""
    return datetime.combine(day, time(), zone).astimezone(UTC).astimezone(zone)


class Unpriced(StrEnum):
    """What becomes of a call whose price is unknown, where a budget would count it."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `picodollars` in each window. `name` is EACH, or one name of the dimension, which stands in for EACH."""

    dimension: Dimension
    name: str
    window: Window
    picodollars: int


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A budget as it stands in the window that runs now; of a budget for EACH, what one name has of it."""

    dimension: Dimension
    name: str
    window: Window
    limit: int
    spent: int
    reserved: int
    """Set aside for calls under way."""
    resets_at: datetime

    @property
    def left(self) -> int:
        return max(0, self.limit - self.spent - self.reserved)


@dataclass(frozen=True, slots=True)
class SpentRow:
    """What was spent on one local day, as the ledger adds it up."""

    day: str
    """An ISO date."""
    model: str
    tier: str
    client: str
    workspace: str
    key_id: str
    picodollars: int

    def subject(self, scope: KeyScope) -> Subject:
        """As a call has it; `scope` is the key's."""
        origin = Origin(client=self.client, key_id=self.key_id, workspace=self.workspace, scope=scope)
        return {**origin.subject(self.model), Dimension.TIER: self.tier}
