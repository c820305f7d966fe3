"""Windows lie side by side without gap or overlap, in every zone and across every change of its clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.model.action import Tier
from companion.model.budget import ALL, BudgetState, SpentRow, Window, beginning_of, first_day_that_counts
from companion.model.exchange import Origin
from companion.model.scope import ANYTHING, Dimension, KeyScope

DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))
WINDOWS = st.sampled_from(Window)
# Africa/Cairo, Asia/Beirut, America/Havana and America/Asuncion change their clocks at midnight; Apia skipped a day.
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "Africa/Cairo", "Asia/Beirut", "America/Havana", "America/Sao_Paulo", "America/Asuncion",
     "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "America/St_Johns"]
).map(ZoneInfo)  # fmt: skip


@given(WINDOWS, DAYS)
def test_law_a_day_is_in_one_window_and_windows_follow_each_other(window, day):
    first, following = window.first_day(day), window.next_first_day(day)
    assert first <= day < following
    assert window.first_day(first) == first == window.first_day(following - timedelta(days=1))
    assert window.first_day(following) == following


@given(DAYS)
def test_what_people_call_a_week_and_a_month(day):
    assert Window.DAY.first_day(day) == day
    assert Window.WEEK.first_day(day).isoweekday() == 1
    assert (Window.WEEK.next_first_day(day) - Window.WEEK.first_day(day)).days == 7
    first = Window.MONTH.first_day(day)
    assert (first.day, first.month, first.year) == (1, day.month, day.year)
    assert Window.MONTH.next_first_day(day).day == 1


@pytest.mark.parametrize(
    ("window", "day", "first", "following"),
    [
        (Window.WEEK, "2026-03-01", "2026-02-23", "2026-03-02"),
        (Window.WEEK, "2027-01-01", "2026-12-28", "2027-01-04"),
        (Window.MONTH, "2028-02-29", "2028-02-01", "2028-03-01"),
        (Window.MONTH, "2026-12-31", "2026-12-01", "2027-01-01"),
        (Window.MONTH, "2026-01-31", "2026-01-01", "2026-02-01"),
    ],
)
def test_windows_by_the_calendar(window, day, first, following):
    day = date.fromisoformat(day)
    assert (window.first_day(day).isoformat(), window.next_first_day(day).isoformat()) == (first, following)


@given(DAYS)
def test_law_no_window_of_today_began_before_the_first_day_that_counts(today):
    firsts = [window.first_day(today) for window in Window]
    assert first_day_that_counts(today) in firsts
    assert all(first_day_that_counts(today) <= first for first in firsts)


@given(DAYS, ZONES)
def test_law_a_day_begins_when_the_date_changes(day, zone):
    begins = beginning_of(day, zone)
    assert begins.tzinfo is zone
    before = (begins.astimezone(UTC) - timedelta(microseconds=1)).astimezone(zone)
    assert before.date() < day <= begins.date()


@pytest.mark.parametrize(
    ("day", "zone", "begins"),
    [
        ("2026-03-29", "Europe/Berlin", "2026-03-29T00:00:00+01:00"),
        ("2023-04-28", "Africa/Cairo", "2023-04-28T01:00:00+03:00"),
        ("2011-12-30", "Pacific/Apia", "2011-12-31T00:00:00+14:00"),
        ("2026-11-01", "America/Havana", "2026-11-01T00:00:00-04:00"),
    ],
)
def test_midnights_that_are_not_there_or_twice(day, zone, begins):
    assert beginning_of(date.fromisoformat(day), ZoneInfo(zone)).isoformat() == begins


@pytest.mark.parametrize("scope", [ANYTHING, KeyScope("laptop", "p", "u", "t")])
def test_a_row_of_the_ledger_is_charged_as_its_calls_were(scope):
    origin = Origin("cline", "key-1", "s", "/w", Tier.PLAN, scope)
    row = SpentRow("2026-06-01", "m", "plan", "cline", "/w", "key-1", 5)
    assert row.subject(scope) == origin.subject("m")
    assert set(row.subject(scope)) == set(Dimension)
    assert row.subject(scope)[Dimension.GLOBAL] == ALL


def test_a_tier_of_another_version_is_a_name_too():
    assert SpentRow("2026-06-01", "", "huge", "", "", "", 5).subject(ANYTHING)[Dimension.TIER] == "huge"


@pytest.mark.parametrize(("spent", "reserved", "left"), [(0, 0, 10), (3, 4, 3), (3, 7, 0), (9, 9, 0)])
def test_what_is_left(spent, reserved, left):
    state = BudgetState(Dimension.GLOBAL, ALL, Window.DAY, 10, spent, reserved, datetime(2026, 6, 2, tzinfo=UTC))
    assert state.left == left
