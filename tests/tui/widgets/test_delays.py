from __future__ import annotations

import pytest

from companion.contract.types import UpstreamLine
from companion_tui.widgets.delays import DelaysBar
from tests.tui.bench import bench
from tests.tui.fakes import FakeClock, resting, status


@pytest.mark.parametrize(
    ("lines", "waiting", "text"),
    [
        ([], 1, "… 1 call waits at a limit"),
        ([], 1_234, "… 1,234 calls wait at a limit"),
        ([resting()], 0, "‖ resting until 12:00:23  anthropic/claude-sonnet-4-5  it failed too often"),
        (
            [resting("opus", "paused", cause="asked to be left alone (429)", since="2026-03-14T11:59:53+00:00")],
            0,
            "‖ paused until 12:00:23  anthropic/opus  asked to be left alone (429), since 11:59:53",
        ),
        (
            [resting("a", "half-open", 0), resting("b", "paused", 61)],
            3,
            "… 3 calls wait at a limit   ‖ paused until 12:01:01  anthropic/b  +1 more (s)  it asked for that",
        ),
    ],
)
async def test_what_makes_calls_wait_in_one_line(clock: FakeClock, lines: list[UpstreamLine], waiting: int, text: str):
    bar = DelaysBar(clock)
    async with bench(bar, size=(120, 24)) as stand:
        assert not bar.display
        bar.show(status(resting=lines, waiting=waiting))
        await stand.settle()
        assert stand.text.strip() == text
        bar.show(status())
        await stand.settle()
        assert not stand.text.strip()


async def test_on_a_narrow_screen_it_still_says_which_and_until_when(clock: FakeClock):
    bar = DelaysBar(clock)
    async with bench(bar, size=(80, 24)) as stand:
        bar.show(status(resting=[resting(), resting("b", seconds=1)], waiting=3))
        await stand.settle()
        line, *rest = stand.text.splitlines()
        assert line.startswith(" … 3 wait at a limit   ‖ resting until 12:00:23  anthropic/claude-sonnet-4-5  …")
        assert not "".join(rest).strip()


async def test_the_time_is_counted_from_when_the_daemon_said_it(clock: FakeClock):
    bar = DelaysBar(clock)
    async with bench(bar) as stand:
        bar.show(status(resting=[resting(seconds=23)]))
        clock.tick(5)
        await stand.settle()
        assert "until 12:00:23" in stand.text
        bar.show(status(resting=[resting(seconds=18)]))
        await stand.settle()
        assert "until 12:00:23" in stand.text


async def test_names_are_drawn_as_they_are(clock: FakeClock):
    bar = DelaysBar(clock)
    async with bench(bar) as stand:
        bar.show(status(resting=[UpstreamLine("[red]up\n", "mo\x1bdel", "open", 1)]))
        await stand.settle()
        assert r"[red]up ⏎ /mo\x1bdel" in stand.text
