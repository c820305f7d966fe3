"""How budgets and upstreams stand, in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from companion.contract.types import BudgetLine, UpstreamLine
from companion_tui.show import moment, money, one_line, time_of

_NEAR = 80
_SPENT = 100
_MOST_SHOWN = 999
_YEAR = timedelta(days=365)
_LONGEST_REST = 2 * 365 * 86_400

_RESTS = {"open": "resting", "paused": "paused", "half-open": "on trial"}
_WHY = {"open": "it failed too often", "paused": "it asked for that", "half-open": "it failed too often"}


def percent(budget: BudgetLine) -> int:
    """How much of it is spent; what is set aside does not count."""
    if budget.limit_pd <= 0:
        return _SPENT
    return max(0, budget.spent_pd * 100 // budget.limit_pd)


def share(budget: BudgetLine) -> str:
    """As in "61%", and ">999%" for whatever is more."""
    spent = percent(budget)
    return f"{spent}%" if spent <= _MOST_SHOWN else f">{_MOST_SHOWN}%"


def tone(budget: BudgetLine) -> str:
    """How near its end it is: "good", "warn" or "bad"."""
    spent = percent(budget)
    return "bad" if spent >= _SPENT else "warn" if spent >= _NEAR else "good"


def fullest_first(budgets: Iterable[BudgetLine]) -> list[BudgetLine]:
    """Those that are equally full stay in their order, and money set aside moves none."""
    return sorted(budgets, key=percent, reverse=True)


def whose(budget: BudgetLine) -> str:
    """Its window and whom it is about, a path by its last part: "week, client cline"."""
    if budget.dimension == "global":
        return one_line(budget.window)
    last = budget.name.rstrip("/").rpartition("/")[2]
    return f"{one_line(budget.window)}, {one_line(budget.dimension)} {one_line(last or budget.name) or 'unknown'}"


def until(ends: str, now: datetime) -> str:
    """As in "until 00:00", "until Mon 09:00" (midnight goes unsaid), "until 1 Apr"; "" when nobody knows."""
    end = moment(ends)
    if end is None:
        return ""
    return f"until {_when(end, now, '%H:%M')}" if end >= now else "over"


def in_full(budget: BudgetLine, now: datetime) -> str:
    """Every figure, and whose it is as the daemon names it."""
    of = (
        "" if budget.dimension == "global" else f" of {one_line(budget.dimension)} {one_line(budget.name) or 'unknown'}"
    )
    mark = "! " if tone(budget) == "bad" else ""
    aside = f", {money(budget.reserved_pd)} set aside" if budget.reserved_pd else ""
    ends = until(budget.resets_at, now)
    return (
        f"{mark}{percent(budget)}% of the {one_line(budget.window)}'s budget{of}: "
        f"{money(budget.spent_pd)} of {money(budget.limit_pd)}{aside}{f', {ends}' if ends else ''}"
    )


def longest_first(lines: Iterable[UpstreamLine]) -> list[UpstreamLine]:
    """Those that the longest rest is left of; those that are being tried last."""
    return sorted(lines, key=lambda line: (line.state == "half-open", -line.seconds))


def served(line: UpstreamLine) -> str:
    return f"{one_line(line.upstream)}/{one_line(line.model)}"


def rests(line: UpstreamLine, since: datetime) -> str:
    """As in "resting until 12:00:23"; `since` is when the daemon told of it."""
    word = _RESTS.get(line.state) or one_line(line.state)
    if line.seconds <= 0 or line.state == "half-open":
        return word
    rest = timedelta(seconds=min(line.seconds, _LONGEST_REST))
    return f"{word} until {_when(since + rest, since, '%H:%M:%S')}"


def why_it_rests(line: UpstreamLine, now: datetime) -> str:
    """Why, since when, and what ends it where no time does; "" where nobody knows."""
    ending = "the next call finds out" if line.seconds <= 0 else "a call finds out" if line.state == "half-open" else ""
    since = f"since {time_of(line.since, now)}" if moment(line.since) else ""
    return ", ".join(part for part in (one_line(line.cause) or _WHY.get(line.state, ""), since, ending) if part)


def _when(end: datetime, now: datetime, hour: str) -> str:
    """Read as the first moment that it can mean."""
    if end - now >= _YEAR:
        return f"{end:%Y-%m-%d}"
    local = end.astimezone(now.tzinfo)
    if end - now < timedelta(days=1):
        return f"{local:{hour}}"
    if end - now < timedelta(days=6):
        return f"{local:%a}" if (local.hour, local.minute) == (0, 0) else f"{local:%a %H:%M}"
    return f"{local.day} {local:%b}"
