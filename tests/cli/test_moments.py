"""Lengths and times as people type them; what cannot be read is answered with what can."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.cli.moments import after, deadline, length, moment

has_zones = pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process cannot be changed here")


@pytest.fixture
def _berlin(live_in):
    live_in("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("45s", timedelta(seconds=45)),
        ("90m", timedelta(minutes=90)),
        ("12h", timedelta(hours=12)),
        ("30d", timedelta(days=30)),
        ("2w", timedelta(days=14)),
        ("0s", timedelta()),
    ],
)
def test_a_length(text, expected):
    assert length(text) == expected


@pytest.mark.parametrize(
    "text", ["", "d", "30", "30 d", "-1d", "1.5h", "1d12h", "30D", "٣d", "1y", "30d\n", "1234567890s"]
)
def test_what_is_no_length_is_answered_with_what_is(text):
    with pytest.raises(click.BadParameter, match="30d"):
        length(text)


def test_a_length_that_cannot_be_counted():
    with pytest.raises(click.BadParameter, match="longer than can be counted"):
        length("999999999w")
    with pytest.raises(click.BadParameter, match="later than can be counted"):
        deadline("99999999d")


@pytest.mark.usefixtures("_berlin")
@has_zones
@pytest.mark.parametrize("read", [moment, deadline])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-31", "2027-01-01T00:00:00+01:00"),
        ("2026-06-30", "2026-07-01T00:00:00+02:00"),
        ("2026-12-31T18:00", "2026-12-31T18:00:00+01:00"),
        ("2026-12-31 18:00:30", "2026-12-31T18:00:30+01:00"),
        ("2026-12-31T18:00Z", "2026-12-31T19:00:00+01:00"),
        ("2026-12-31T18:00-05:00", "2027-01-01T00:00:00+01:00"),
    ],
)
def test_a_time_is_of_this_machine_and_a_date_is_whole(read, text, expected):
    assert read(text).isoformat() == expected


@pytest.mark.parametrize("read", [moment, deadline])
@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "2026-02-30", "31.12.2026", "9999-12-31", "12:00", "30"])
def test_what_is_no_time_is_answered_with_what_is(read, text):
    with pytest.raises(click.BadParameter, match="2026-12-31"):
        read(text)


def test_a_length_is_no_moment_but_a_deadline():
    with pytest.raises(click.BadParameter):
        moment("30d")
    before = datetime.now(UTC)
    assert before <= deadline("30d") - timedelta(days=30) <= datetime.now(UTC)


@given(seconds=st.integers(0, 10**9))
def test_law_what_comes_after_is_that_much_later_and_says_its_offset(seconds):
    before = datetime.now(UTC)
    found = after(timedelta(seconds=seconds))
    assert found.tzinfo is not None
    assert before <= found - timedelta(seconds=seconds) <= datetime.now(UTC)
