from __future__ import annotations

import pytest

from companion_tui.widgets.limits import LimitsPane
from tests.tui.bench import bench
from tests.tui.fakes import limit, parallel

PRESSING = [limit(5), parallel("opus", 4, 12), parallel("haiku", 1), limit(0, name="codex")]


async def test_on_a_wide_screen_each_limit_has_two_lines_those_that_press_first():
    pane = LimitsPane()
    async with bench(pane, size=(120, 40)) as stand:
        pane.styles.width = 42
        pane.show(PRESSING, 0)
        await stand.settle()
        assert stand.text.splitlines()[:5] == [
            "! 4 parallel, model opus           12 wait",
            "██████████████████ 100%             4 of 4",
            "60 requests/min, client cline",
            "███████████████░░░  83%     5 of 6 at once",
            "",
        ]
        assert pane.left_out == 1, "one that is not used is none to miss"


async def test_on_a_narrow_one_a_single_line():
    pane = LimitsPane()
    async with bench(pane, size=(80, 40)) as stand:
        pane.show(PRESSING, 7)
        await stand.settle()
        assert [line.rstrip() for line in stand.text.splitlines()[:4]] == [
            "! 4 parallel, model opus       █████████████ 100%  4 of 4                12 wait",
            "60 requests/min, client cline  ██████████▊░░  83%  5 of 6 at once",
            "4 parallel, model haiku        ███▎░░░░░░░░░  25%  1 of 4",
            "",
        ]
        assert pane.left_out == 7


@pytest.mark.parametrize("size", [(80, 24), (120, 24)])
async def test_where_there_is_little_room_only_what_presses_is_shown(size: tuple[int, int]):
    pane = LimitsPane()
    async with bench(pane, size=size) as stand:
        pane.show([parallel("haiku", 1), limit(0)], 0)
        await stand.settle()
        assert not stand.text.strip()
        assert pane.left_out == 1
        pane.show(PRESSING, 0)
        await stand.settle()
        assert "12 wait" in stand.text
        assert "requests" not in stand.text
        assert pane.left_out == 2


async def test_what_is_not_used_does_not_shout_and_what_presses_does():
    pane = LimitsPane()
    loud = {"$text-success", "$text-warning", "$text-error"}
    async with bench(pane) as stand:
        for line, styles in (
            (limit(0), set()),
            (limit(1), {"$text-success"}),
            (limit(5), {"$text-warning"}),
            (limit(6, 1), {"$text-error"}),
        ):
            pane.show([line], 0)
            await stand.settle()
            assert {each for each in loud if any(each in str(span.style) for span in pane.render().spans)} == styles


async def test_nothing_is_shown_where_there_is_none():
    pane = LimitsPane()
    async with bench(pane) as stand:
        assert not pane.display
        pane.show(PRESSING, 0)
        await stand.settle()
        assert pane.display
        pane.show([], 0)
        await stand.settle()
        assert not pane.display
        assert not stand.text.strip()
        assert pane.left_out == 0


@pytest.mark.parametrize("width", [20, 42, 78])
async def test_whatever_the_daemon_says_stays_in_its_line(width: int):
    pane = LimitsPane()
    async with bench(pane, size=(120, 40)) as stand:
        pane.styles.width = width
        huge = 10**15
        pane.show([limit(huge, 10**7, dimension="[b]漢字", name="漢字\n\x1b[2J" * 30, kind="a\nb", amount=huge)], 0)
        await stand.settle()
        shown = [line for line in stand.text.splitlines() if line]
        assert len(shown) == (1 if width == 78 else 2)
        assert pane.size.width == width
        assert "\x1b" not in stand.text
        assert shown[0].startswith("! ")
