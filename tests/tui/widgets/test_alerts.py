from __future__ import annotations

from itertools import permutations

import pytest

from companion_tui.widgets.alerts import AlertsBar
from tests.tui.bench import bench
from tests.tui.fakes import alert, evolve

GRAVEST_FIRST = ["page", "warn", "info"]


async def test_the_gravest_is_shown_whatever_the_order_and_none_takes_no_line():
    bar = AlertsBar()
    async with bench(bar, size=(160, 24)) as stand:
        assert not stand.text.strip()
        for order in permutations(GRAVEST_FIRST):
            bar.show([alert(severity, f"about-{severity}") for severity in order])
            await stand.settle()
            assert stand.text.splitlines()[0].startswith(" ▲ page about-page  +2 more (!)  62% of")
            assert [each.severity for each in bar.alerts] == GRAVEST_FIRST
        bar.show([])
        await stand.settle()
        assert not stand.text.strip()
        assert bar.alerts == []


@pytest.mark.parametrize(
    ("severity", "symbol", "style"),
    [
        ("page", "▲", "bold $text-error"),
        ("warn", "!", "bold $text-warning"),
        ("info", "i", "bold $text-primary"),
        ("doom", "▲", "bold"),
    ],
)
async def test_a_severity_is_symbol_word_and_colour(severity: str, symbol: str, style: str):
    bar = AlertsBar()
    async with bench(bar, size=(160, 24)) as stand:
        bar.show([alert("info", "quiet"), alert(severity, "loud")] if severity != "info" else [alert("info", "loud")])
        await stand.settle()
        assert stand.text.lstrip().startswith(f"{symbol} {severity} loud")
        assert str(bar.content.spans[0].style) == style


async def test_what_to_do_ends_the_line_and_nothing_stands_for_what_is_missing():
    bar = AlertsBar()
    async with bench(bar, size=(160, 24)) as stand:
        bar.show([alert()])
        await stand.settle()
        assert stand.text.strip().endswith("noon  → raise the budget or change the act tier's model")
        bar.show([evolve(alert(), todo="")])
        await stand.settle()
        assert stand.text.strip().endswith("spent before noon")


async def test_it_stays_one_line_of_plain_text():
    bar = AlertsBar()
    async with bench(bar, size=(80, 24)) as stand:
        bar.show([evolve(alert(name="[red]a\nb"), summary="\x1b[2J\n" * 40, severity="wa\nrn")])
        await stand.settle()
        assert bar.size.height == 1
        line, *rest = stand.text.splitlines()
        assert line.startswith(r" ▲ wa ⏎ rn [red]a ⏎ b  \x1b[2J ⏎ \x1b[2J")
        assert line.endswith("…")
        assert not "".join(rest).strip()
