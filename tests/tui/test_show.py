from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.model.money import show_dollars
from companion_tui import show
from tests.tui.fakes import NOON, exchange


@pytest.mark.parametrize(
    ("picodollars", "text"),
    [
        (0, "$0.00"),
        (12_340_000_000_000, "$12.34"),
        (1_234_567_890_000_000, "$1,234.57"),
        (12_300_000_000, "$0.0123"),
        (500_000_000_000, "$0.5000"),
        (999_960_000_000, "$1.00"),
        (999_940_000_000, "$0.9999"),
        (450_000_000, "$0.000450"),
        (10_000, "$0.0000000100"),
        (1, "$0.000000000001"),
        (1_005_000_000_000, "$1.00"),
        (1_015_000_000_000, "$1.02"),
        (-12_340_000_000_000, "-$12.34"),
    ],
)
def test_money(picodollars: int, text: str):
    assert show.money(picodollars) == text


@given(st.integers(min_value=-(10**19), max_value=10**19))
@settings(max_examples=200)
def test_money_is_never_further_off_than_half_its_last_digit(picodollars: int):
    text = show.money(picodollars)
    number = text.replace("$", "").replace(",", "")
    last_digit = Fraction(1, 10 ** len(number.partition(".")[2]))
    assert abs(Fraction(number) - Fraction(picodollars, 10**12)) <= last_digit / 2
    assert (picodollars == 0) == (Fraction(number) == 0)


@given(st.one_of(st.integers(min_value=-(10**19), max_value=10**19), st.integers(-(10**13), 10**13)))
@settings(max_examples=300)
def test_the_daemon_and_the_command_line_show_the_same_text_for_the_same_amount(picodollars: int):
    assert show.money(picodollars) == show_dollars(picodollars)


@given(st.text())
@settings(max_examples=200)
def test_what_is_shown_is_printable(text: str):
    assert show.one_line(text).isprintable()
    assert show.plain(text).replace("\n", "").isprintable()


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"])))
@settings(max_examples=50)
def test_what_was_printable_stays_as_it_is(text: str):
    assert show.plain(text) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (1_000, "1.0k"), (12_345, "12.3k"), (999_949, "999.9k"), (999_950, "1.0M")],
)
def test_count(number: int, text: str):
    assert show.count(number) == text


@pytest.mark.parametrize(
    ("iso", "text"),
    [
        ("2026-03-14T11:59:48+00:00", "11:59:48"),
        ("2026-03-14T12:59:48+01:00", "11:59:48"),
        ("2026-03-13T11:59:48Z", "26-03-13"),
        ("2026-03-14T11:59:48", "--:--:--"),
        ("soon", "--:--:--"),
        ("", "--:--:--"),
    ],
)
def test_time_of(iso: str, text: str):
    assert show.time_of(iso, NOON) == text


@pytest.mark.parametrize(
    ("iso", "text"),
    [
        ("2026-03-13T23:30:48.175042-01:00", "2026-03-14 00:30:48"),
        ("9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59-14:00"),
        ("so\non", "so ⏎ on"),
    ],
)
def test_moment_of(iso: str, text: str):
    assert show.moment_of(iso, NOON) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (102, "expires in 1:42"),
        (59.9, "expires in 0:59"),
        (0.5, "expired"),
        (-5, "expired"),
        (3_725, "expires in 1:02:05"),
    ],
)
def test_countdown(seconds: float, text: str):
    remaining = show.left((NOON + timedelta(seconds=seconds)).isoformat(), NOON)
    assert show.countdown(remaining) == text


def test_nobody_knows_when_it_expires():
    assert show.countdown(show.left("never", datetime.now(UTC))) == ""


@pytest.mark.parametrize(
    ("changes", "waiting", "text"),
    [
        ({}, False, "✓ allow"),
        ({"outcome": "amend"}, False, "~ amend"),
        ({"outcome": "deny", "ending": "refused"}, False, "✗ deny"),
        ({"outcome": "ask"}, False, "✓ ask: yes"),
        ({"outcome": "ask", "ending": "refused"}, False, "✗ ask: no"),
        ({"outcome": "allow", "ending": "refused"}, False, "✗ refused"),
        ({"outcome": "allow", "ending": "failed"}, False, "! failed"),
        ({"outcome": "allow", "ending": "cancelled"}, False, "- cancelled"),
        ({"outcome": "allow", "ending": "lost"}, False, "! lost"),
        ({"outcome": "perhaps"}, False, "? perhaps"),
        ({"outcome": ""}, False, "? unknown"),
        ({"closed_at": "", "outcome": ""}, False, "· open"),
        ({"closed_at": "", "outcome": ""}, True, "? ask"),
    ],
)
def test_verdict_is_symbol_and_word(changes: dict[str, str], waiting: bool, text: str):
    assert str(show.verdict(exchange(1, **changes), waiting=waiting)) == text
