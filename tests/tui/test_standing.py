from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.contract.types import UpstreamLine
from companion_tui import standing
from tests.tui.fakes import NOON, budget, resting, week_of

HOSTILE = "[red]a\nb\x1b"
ZONES = [timezone(timedelta(hours=hours)) for hours in (-8, 0, 5.75, 13)]


@pytest.mark.parametrize(
    ("spent", "limit", "percent", "tone"),
    [
        (0, 1_000, 0, "good"),
        (799, 1_000, 79, "good"),
        (800, 1_000, 80, "warn"),
        (999, 1_000, 99, "warn"),
        (1_000, 1_000, 100, "bad"),
        (2_345, 1_000, 234, "bad"),
        (10**18 - 1, 10**18, 99, "warn"),
        (0, 0, 100, "bad"),
        (-5, 1_000, 0, "good"),
    ],
)
def test_a_budget_is_near_from_80_percent_and_spent_from_100(spent: int, limit: int, percent: int, tone: str):
    line = budget(spent_pd=spent, limit_pd=limit, reserved_pd=900)
    assert (standing.percent(line), standing.share(line), standing.tone(line)) == (percent, f"{percent}%", tone)


def test_a_share_never_needs_more_than_five_cells():
    assert standing.share(budget(999)) == "999%"
    assert standing.share(budget(1_000)) == ">999%"


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=8))
def test_the_fullest_budget_comes_first_whatever_is_set_aside(stands: list[tuple[int, int]]):
    lines = [budget(percent, reserved_pd=aside, name=str(place)) for place, (percent, aside) in enumerate(stands)]
    ordered = standing.fullest_first(lines)
    assert sorted(each.name for each in ordered) == sorted(each.name for each in lines)
    for before, after in pairwise(ordered):
        assert standing.percent(before) >= standing.percent(after)
        assert standing.percent(before) > standing.percent(after) or int(before.name) < int(after.name)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "day"),
        ({"window": "month"}, "month"),
        ({"dimension": "client", "name": "cline"}, "day, client cline"),
        ({"dimension": "project", "name": "/home/ada/src/shop/"}, "day, project shop"),
        ({"dimension": "model", "name": "vendor/some-model"}, "day, model some-model"),
        ({"dimension": "user", "name": ""}, "day, user unknown"),
        ({"dimension": "project", "name": "//"}, "day, project //"),
        ({"dimension": "team", "name": HOSTILE}, r"day, team [red]a ⏎ b\x1b"),
    ],
)
def test_whose_budget_it_is(changes: dict[str, str], text: str):
    assert standing.whose(budget(**changes)) == text


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ("2026-03-15T00:00:00+00:00", "until 00:00"),
        ("2026-03-15T11:59:00+00:00", "until 11:59"),
        ("2026-03-15T01:00:00+01:00", "until 00:00"),
        ("2026-03-16T00:00:00+00:00", "until Mon"),
        ("2026-03-16T05:00:00+00:00", "until Mon 05:00"),
        ("2026-03-20T12:00:00+00:00", "until 20 Mar"),
        ("2026-04-01T00:00:00+00:00", "until 1 Apr"),
        ("2027-03-14T12:00:00+00:00", "until 2027-03-14"),
        ("9999-12-31T23:59:59-12:00", "until 9999-12-31"),
        ("2026-03-14T11:59:59+00:00", "over"),
        ("2026-03-16T00:00:00", ""),
        ("soon", ""),
        ("", ""),
    ],
)
def test_until_when(ends: str, text: str):
    assert standing.until(ends, NOON) == text


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.sampled_from(ZONES)),  # noqa: DTZ001
    st.integers(0, 320 * 24 * 60),
)
def test_an_end_reads_as_the_first_moment_that_it_can_mean(now: datetime, minutes: int):
    now = now.replace(second=0, microsecond=0)
    end = now + timedelta(minutes=minutes)
    word, *hour = standing.until(end.isoformat(), now).removeprefix("until ").split()
    if ":" in word:
        assert (word, end - now < timedelta(days=1)) == (f"{end:%H:%M}", True)
    elif word.isdecimal():
        assert (word, hour) == (str(end.day), [f"{end:%b}"])
        assert end - now < timedelta(days=365)
    else:
        days = (end.date() - now.date()).days
        assert (word, 0 < days < 7) == (f"{end:%a}", True)
        assert hour == ([] if f"{end:%H:%M}" == "00:00" else [f"{end:%H:%M}"])


@pytest.mark.parametrize(
    ("line", "word", "why"),
    [
        (resting(), "resting until 12:00:23", "it failed too often"),
        (resting(seconds=0), "resting", "it failed too often, the next call finds out"),
        (resting(state="paused", seconds=90), "paused until 12:01:30", "it asked for that"),
        (resting(state="paused", seconds=2 * 86_400), "paused until Mon 12:00", "it asked for that"),
        (resting(seconds=10**18), "resting until 2028-03-13", "it failed too often"),
        (resting(state="half-open", seconds=0), "on trial", "it failed too often, the next call finds out"),
        (resting(state="half-open", seconds=1), "on trial", "it failed too often, a call finds out"),
        (resting(state="as\nleep", seconds=5), "as ⏎ leep until 12:00:05", ""),
        (
            resting(cause="5 failures in a row, the last: 529", since="2026-03-14T12:59:45+01:00"),
            "resting until 12:00:23",
            "5 failures in a row, the last: 529, since 11:59:45",
        ),
        (
            resting(state="half-open", seconds=0, cause=HOSTILE, since="2026-03-13T12:00:00+00:00"),
            "on trial",
            r"[red]a ⏎ b\x1b, since 26-03-13, the next call finds out",
        ),
        (resting(state="paused", since="some day"), "paused until 12:00:23", "it asked for that"),
    ],
)
def test_an_upstream_that_rests_says_until_when_and_why(line: UpstreamLine, word: str, why: str):
    assert (standing.rests(line, NOON), standing.why_it_rests(line, NOON)) == (word, why)


def test_the_longest_rest_comes_first_and_one_on_trial_last():
    trial, short, long = resting("a", "half-open", 90), resting("b", "paused", 5), resting("c", "open", 60)
    assert standing.longest_first([trial, short, long]) == [long, short, trial]


def test_the_name_of_an_upstream_is_plain():
    assert standing.served(UpstreamLine("an\x1bthropic", HOSTILE, "open", 1)) == r"an\x1bthropic/[red]a ⏎ b\x1b"


def test_a_budget_in_full_has_every_figure():
    line = week_of("cline", 83, reserved_pd=1_500_000_000_000)
    assert standing.in_full(line, NOON) == (
        "83% of the week's budget of client cline: $41.50 of $50.00, $1.50 set aside, until Mon"
    )
    assert standing.in_full(budget(100), NOON) == "! 100% of the day's budget: $20.00 of $20.00, until 00:00"
    shop = budget(dimension="project", name="/home/ada/src/shop", resets_at="")
    assert standing.in_full(shop, NOON) == "61% of the day's budget of project /home/ada/src/shop: $12.20 of $20.00"
