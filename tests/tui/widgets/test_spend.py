from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.widgets import Static

from companion.contract.types import SpendReport
from companion_tui.widgets.spend import SpendPanel
from tests.tui.bench import bench
from tests.tui.fakes import DOLLAR, FakeClock, FakeDaemon, budget, limit, parallel, report, row, status, week_of

WIDE, NARROW = (120, 40), (80, 24)
SPEND = FakeDaemon().spend
ONE_PRICED = report("model", [row("gpt-5-mini", 1, 450_000_000)])


async def test_before_the_first_figures_nothing_looks_like_spend(clock: FakeClock):
    for size in (WIDE, NARROW):
        async with bench(SpendPanel(clock), size=size) as stand:
            assert "$" not in stand.text
            assert "budget" not in stand.text
            assert "nothing yet" not in stand.text


async def test_a_wide_panel_has_the_groups_dearest_first(clock: FakeClock):
    panel = SpendPanel(clock)
    async with bench(panel, size=WIDE) as stand:
        panel.show(SPEND["model"], SPEND["tier"])
        await stand.settle()
        lines = [line.strip(" │") for line in stand.text.splitlines()]
        models = lines.index(next(line for line in lines if line.startswith("by model")))
        assert [line.split() for line in lines[models + 1 : models + 5]] == [
            ["claude-sonnet-4-5", "96", "$9.87"],
            ["claude-opus-4-5", "12", "$2.43"],
            ["gpt-5-mini", "37", "$0.0410"],
            ["local-llama", "3", "unpriced"],
        ]
        assert ["plan", "15", "$2.43+"] in [line.split() for line in lines]


async def test_what_has_no_price_is_never_silently_left_out(clock: FakeClock):
    panel = SpendPanel(clock)
    for size, text in (
        (WIDE, "! 3 calls (12.3k tokens) have no known"),
        (NARROW, "Today $12.34  148 calls  ! 3 calls unpriced"),
        ((120, 24), "Today $12.34  148 calls  ! 3 calls unpriced"),
    ):
        panel = SpendPanel(clock)
        async with bench(panel, size=size) as stand:
            panel.show(SPEND["model"], SPEND["tier"])
            await stand.settle()
            assert text in stand.text
            panel.show(ONE_PRICED, ONE_PRICED)
            await stand.settle()
            assert "!" not in stand.text
            one = report("model", [row("local-llama", 1, 0, unpriced=1)])
            panel.show(one, one)
            await stand.settle()
            assert ("! 1 call (4.1k tokens) has no known" if size == WIDE else "! 1 call unpriced") in stand.text


@pytest.mark.parametrize("size", [WIDE, NARROW, (120, 24), (80, 40)], ids=str)
async def test_without_a_budget_nothing_speaks_of_one(clock: FakeClock, size: tuple[int, int]):
    panel = SpendPanel(clock)
    async with bench(panel, size=size) as stand:
        panel.show(SPEND["model"], SPEND["tier"])
        panel.show_budgets([budget()])
        await stand.settle()
        assert "61%" in stand.text
        panel.show_budgets([])
        await stand.settle()
        assert "%" not in stand.text
        assert "budget" not in stand.text
        assert "░" not in stand.text


@pytest.mark.parametrize(
    ("size", "room", "text"),
    [
        (WIDE, 3, "Spend today · s: 2 more budgets"),
        (NARROW, 2, "Today $12.34  148 calls  ! 3 calls unpriced  s: 3 more budgets"),
        ((80, 40), 4, "Today $12.34  148 calls  ! 3 calls unpriced  s: 1 more budget"),
    ],
    ids=str,
)
async def test_budgets_that_there_is_no_room_for_are_counted(
    clock: FakeClock, size: tuple[int, int], room: int, text: str
):
    panel = SpendPanel(clock)
    async with bench(panel, size=size) as stand:
        panel.show(SPEND["model"], SPEND["tier"])
        panel.show_budgets([week_of(f"a{number}", number) for number in range(1, 6)])
        await stand.settle()
        assert text in stand.text
        assert stand.text.count("week, client") == room
        panel.show_budgets([week_of(f"a{number}", number) for number in range(room)])
        await stand.settle()
        assert "more budget" not in stand.text


async def test_budgets_come_before_the_spend_and_follow_the_size(clock: FakeClock):
    panel = SpendPanel(clock)
    async with bench(panel, size=WIDE) as stand:
        panel.show_budgets([budget(), *(week_of(f"a{number}", number) for number in range(5))])
        await stand.settle()
        assert "day, $20.00" in stand.text
        panel.show(SPEND["model"], SPEND["tier"])
        await stand.pilot.resize_terminal(*NARROW)
        await stand.settle()
        assert "61% of $20.00" in stand.text
        assert "s: 4 more budgets" in stand.text
        await stand.pilot.resize_terminal(*WIDE)
        await stand.settle()
        assert "Spend today · s: 3 more budgets" in stand.text


async def test_names_and_amounts_of_any_length_stay_in_their_columns(clock: FakeClock):
    rows = [row("[red]" + "漢字\n" * 30, 10**6, 10**6 * DOLLAR, unpriced=1), row("", 0, 0), row("-", 1, -5 * DOLLAR)]
    odd = report("model", rows)
    panel = SpendPanel(clock)
    async with bench(panel, size=WIDE) as stand:
        panel.show(odd, odd)
        await stand.settle()
        pane = panel.query_one("#spend-groups", Static)
        lines = [line for line in str(pane.content).splitlines() if line]
        assert {cell_len(line) for line in lines} == {panel.content_size.width - 1}
        assert len(stand.text.splitlines()) == 40
        assert "[red]漢字 ⏎ " in stand.text
        assert "$1,000,000.00+" in stand.text
        assert "(unknown)" in stand.text


@pytest.mark.parametrize("size", [WIDE, NARROW, (120, 24), (80, 40)], ids=str)
async def test_figures_that_may_be_out_of_date_say_so_at_every_size(clock: FakeClock, size: tuple[int, int]):
    panel = SpendPanel(clock)
    async with bench(panel, size=size) as stand:
        panel.say_failed("out of date: [red]no[/]")
        await stand.settle()
        assert "! out of date: [red]no[/]" in stand.text
        panel.show(SPEND["model"], SPEND["tier"])
        await stand.settle()
        assert "! out of date: [red]no[/]" in stand.text
        panel.say_failed("")
        await stand.settle()
        assert "out of date" not in stand.text


async def test_a_day_without_a_call(clock: FakeClock):
    panel = SpendPanel(clock)
    async with bench(panel, size=WIDE) as stand:
        nothing = SpendReport("2026-03-14", "2026-03-14", "UTC", "model", row("total", 0, 0), [])
        panel.show(nothing, nothing)
        await stand.settle()
        assert stand.text.count("nothing yet") == 2


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=str)
async def test_limits_come_below_the_budgets_and_what_there_is_no_room_for_is_counted(
    clock: FakeClock, size: tuple[int, int]
):
    panel = SpendPanel(clock)
    async with bench(panel, size=size) as stand:
        panel.show(SPEND["model"], SPEND["tier"])
        panel.show_budgets([week_of(f"a{number}", number) for number in range(5)])
        many = [parallel(f"m{number}", 1) for number in range(4)]
        panel.show_limits(status(limits=[limit(6, 2), *many], limits_left_out=1))
        await stand.settle()
        lines = stand.text.splitlines()
        [first] = [number for number, line in enumerate(lines) if "! 60 requests/min, client cline" in line]
        assert max(number for number, line in enumerate(lines) if "week, client" in line) < first
        assert ("s: +2 budgets, +4 limits" if size == WIDE else "s: +3 budgets, +5 limits") in stand.text
        panel.show_budgets([])
        await stand.settle()
        assert ("s: 4 more limits" if size == WIDE else "s: 5 more limits") in stand.text
        panel.show_limits(status())
        await stand.settle()
        assert "limit" not in stand.text
