from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion_tui.widgets.budgets import BudgetsPane, pieces
from tests.tui.bench import bench
from tests.tui.fakes import DOLLAR, FakeClock, budget, week_of

amounts = st.integers(0, 10**15)


@given(amounts, amounts, amounts, st.integers(1, 40))
def test_the_pieces_of_a_bar_fill_its_width_and_what_is_set_aside_follows_what_is_spent(
    spent: int, aside: int, limit: int, width: int
):
    line = budget(spent_pd=spent, reserved_pd=aside, limit_pd=limit)
    filled, reserved, empty = pieces(line, width)
    assert len(filled) + len(reserved) + len(empty) == width
    assert set(reserved) <= {"▒"}
    assert not reserved or aside
    if limit:
        # Each of the two is a cell at least, and no more than its part of the bar rounded up.
        assert (not empty) <= ((spent + aside) * width >= limit * (width - 2))
        assert (filled == "█" * width) == (spent >= limit)


@pytest.mark.parametrize(
    ("spent", "aside", "bar"),
    [
        (0, 0, "░░░░░░░░░░"),
        (62, 0, "██████▏░░░"),
        (50, 20, "█████▒▒░░░"),
        (0, 20, "▒▒░░░░░░░░"),
        (50, 1, "█████▒░░░░"),
        (50, 90, "█████▒▒▒▒▒"),
        (120, 50, "██████████"),
    ],
)
def test_a_bar_shows_what_is_set_aside(spent: int, aside: int, bar: str):
    assert "".join(pieces(budget(spent_pd=spent, reserved_pd=aside, limit_pd=100), 10)) == bar


async def test_on_a_wide_screen_each_budget_has_two_lines(clock: FakeClock):
    pane = BudgetsPane(clock)
    async with bench(pane, size=(120, 40)) as stand:
        pane.styles.width = 42
        pane.show([budget(reserved_pd=1_500_000_000_000), week_of("cline", 83)])
        await stand.settle()
        assert stand.text.splitlines()[:5] == [
            "week, client cline, $50.00       until Mon",
            "██████████████▉░░░  83%",
            "day, $20.00                    until 00:00",
            "██████████▉▒░░░░░░  61%    $1.50 set aside",
            "",
        ]


async def test_on_a_narrow_one_a_single_line(clock: FakeClock):
    pane = BudgetsPane(clock)
    async with bench(pane, size=(80, 40)) as stand:
        pane.show([budget(reserved_pd=1_500_000_000_000), week_of("cline", 123)])
        await stand.settle()
        assert stand.text.splitlines()[:3] == [
            "! week, client cline  ██████████ 123% of $50.00                        until Mon",
            "day                   ██████▒░░░  61% of $20.00, $1.50 set aside     until 00:00",
            "",
        ]


async def test_the_colour_says_how_near_it_is(clock: FakeClock):
    pane = BudgetsPane(clock)
    async with bench(pane) as stand:
        for percent, style in ((79, "$text-success"), (80, "$text-warning"), (100, "$text-error")):
            pane.show([budget(percent)])
            await stand.settle()
            assert {str(span.style) for span in pane.render().spans} >= {style}
            assert len({"$text-success", "$text-warning", "$text-error"} & _styles(pane)) == 1


def _styles(pane: BudgetsPane) -> set[str]:
    return {str(span.style) for span in pane.render().spans}


@pytest.mark.parametrize(("size", "room"), [((80, 24), 2), ((80, 40), 4), ((120, 24), 2), ((120, 40), 3)])
async def test_as_many_as_there_is_room_for_the_fullest_first(clock: FakeClock, size: tuple[int, int], room: int):
    pane = BudgetsPane(clock)
    async with bench(pane, size=size) as stand:
        if size[0] == 120:
            pane.styles.width = 42
        await stand.settle()
        pane.show([week_of(f"agent-{percent}", percent) for percent in range(10, 80, 10)])
        await stand.settle()
        shown = [line.split(",")[1].split()[1] for line in stand.text.splitlines() if "week" in line]
        assert shown == [f"agent-{percent}" for percent in (70, 60, 50, 40)][:room]
        assert pane.left_out == 7 - room


async def test_nothing_is_shown_where_there_is_none(clock: FakeClock):
    pane = BudgetsPane(clock)
    async with bench(pane) as stand:
        assert not pane.display
        pane.show([budget()])
        await stand.settle()
        assert pane.display
        pane.show([])
        await stand.settle()
        assert not pane.display
        assert not stand.text.strip()
        assert pane.left_out == 0


HUGE = 98_765_432 * DOLLAR


@pytest.mark.parametrize("width", [20, 42, 78])
async def test_whatever_the_daemon_says_stays_in_its_line(clock: FakeClock, width: int):
    pane = BudgetsPane(clock)
    async with bench(pane, size=(120, 40)) as stand:
        pane.styles.width = width
        pane.show(
            [
                budget(
                    dimension="[b]漢字",
                    name="漢字\n\x1b[2J" * 30,
                    window="fort\nnight",
                    limit_pd=1,
                    spent_pd=HUGE,
                    reserved_pd=HUGE,
                    resets_at="\n",
                )
            ]
        )
        await stand.settle()
        shown = [line for line in stand.text.splitlines() if line]
        assert len(shown) == (1 if width == 78 else 2)
        assert pane.size.width == width
        assert "\x1b" not in stand.text
        assert shown[0].startswith("! for")
