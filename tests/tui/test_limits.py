from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.contract.types import LimitLine
from companion_tui import limits
from tests.tui.fakes import limit, parallel

HOSTILE = "[red]a\nb\x1b"


@pytest.mark.parametrize(
    ("used", "waiting", "at_once", "share", "tone"),
    [
        (0, 0, 100, "0%", "quiet"),
        (1, 0, 1_000, "0%", "good"),
        (79, 0, 100, "79%", "good"),
        (80, 0, 100, "80%", "warn"),
        (100, 0, 100, "100%", "warn"),
        (250, 0, 100, "250%", "warn"),
        (0, 1, 100, "0%", "bad"),
        (100, 3, 100, "100%", "bad"),
        (99_999, 0, 100, ">999%", "warn"),
        (0, 0, 0, "0%", "quiet"),
        (5, 0, 0, "100%", "warn"),
        (-1, -1, 10, "0%", "quiet"),
    ],
)
def test_a_limit_stands_out_near_its_end_or_where_calls_wait(
    used: int, waiting: int, at_once: int, share: str, tone: str
):
    line = limit(used, waiting, at_once=at_once)
    assert (limits.share(line), limits.tone(line), limits.presses(line)) == (share, tone, tone in {"warn", "bad"})


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3)), max_size=10))
def test_where_most_wait_comes_first_then_what_is_used_most(stands: list[tuple[int, int]]):
    lines = [limit(used, waiting, name=str(place)) for place, (used, waiting) in enumerate(stands)]
    ordered = limits.pressing_first(lines)
    assert sorted(each.name for each in ordered) == sorted(each.name for each in lines)
    for before, after in pairwise(ordered):
        first, second = ((each.waiting, limits.percent(each)) for each in (before, after))
        assert first > second or (first == second and int(before.name) < int(after.name))


@pytest.mark.parametrize(
    ("line", "whose", "used", "waits", "in_full"),
    [
        (
            limit(5),
            "60 requests/min, client cline",
            "5 of 6 at once",
            "",
            "83% of 60 requests a minute for client cline: 5 of 6 used at once",
        ),
        (
            limit(12_000, 1, dimension="global", name="all", kind="tokens_per_minute", amount=80_000, at_once=80_000),
            "80.0k tokens/min",
            "12.0k of 80.0k",
            "1 waits",
            "! 15% of 80,000 tokens a minute: 12,000 of 80,000 used at once, 1 call waiting",
        ),
        (
            parallel("vendor/opus", 1, 1_234, most=1),
            "1 parallel, model opus",
            "1 of 1",
            "1.2k wait",
            "! 100% of 1 call at a time for model vendor/opus: 1 of 1 used at once, 1,234 calls waiting",
        ),
        (
            limit(0, name="", dimension="user", amount=1),
            "1 requests/min, user unknown",
            "0 of 6 at once",
            "",
            "0% of 1 request a minute for user unknown: 0 of 6 used at once",
        ),
        (
            limit(0, name="//", kind=HOSTILE),
            r"60 [red]a ⏎ b\x1b, client //",
            "0 of 6 at once",
            "",
            r"0% of 60 [red]a ⏎ b\x1b for client //: 0 of 6 used at once",
        ),
    ],
)
def test_what_is_said_of_a_limit(line: LimitLine, whose: str, used: str, waits: str, in_full: str):
    assert (limits.whose(line), limits.used(line), limits.waits(line)) == (whose, used, waits)
    assert limits.in_full(line) == in_full
