from __future__ import annotations

import pytest

from companion.contract.types import ClientSeen
from companion_tui.source import Trouble
from companion_tui.widgets.status import StatusBar
from tests.tui.bench import bench
from tests.tui.fakes import NOON, FakeClock, status

GONE = Trouble("no daemon is running", "companion up", "not-running")


async def test_it_says_that_it_connects_until_the_first_answer(clock: FakeClock):
    async with bench(StatusBar(clock)) as stand:
        assert stand.text.strip() == "◌ connecting"


@pytest.mark.parametrize(("width", "tiers"), [(80, False), (120, True)])
async def test_running_says_where_who_and_how_much(clock: FakeClock, width: int, tiers: bool):
    bar = StatusBar(clock)
    async with bench(bar, size=(width, 24)) as stand:
        bar.show(status(exchanges_today=1_148, tiers={"plan": "a/opus", "act": "lab/*"}))
        await stand.settle()
        line, *rest = stand.text.splitlines()
        assert line.startswith(" ● running  http://127.0.0.1:8787")
        assert line.endswith("cline, claude · 1,148 today")
        assert ("plan: opus · act: as asked" in line) is tiers
        assert not "".join(rest).strip()
        bar.show(status(clients=[]))
        await stand.settle()
        assert "no agent yet · 148 today" in stand.text


async def test_lost_says_what_to_type_and_how_old_everything_is(clock: FakeClock):
    bar = StatusBar(clock)
    async with bench(bar) as stand:
        bar.say_lost(GONE)
        await stand.settle()
        line, sentence, command, *_ = stand.text.splitlines()
        assert line.strip() == "○ not running"
        assert sentence.strip() == "No daemon is running."
        assert command.startswith(" Type  companion up  in another terminal. This screen keeps trying")
        bar.show(status())
        clock.tick(90)
        bar.say_lost(GONE)
        await stand.settle()
        assert "what is shown is as of 12:00:00" in stand.text
        bar.show(status())
        await stand.settle()
        assert len([line for line in stand.text.splitlines() if line.strip()]) == 1
        assert "● running" in stand.text


async def test_another_trouble_does_not_look_like_a_daemon_that_is_not_there(clock: FakeClock):
    bar = StatusBar(clock)
    async with bench(bar) as stand:
        bar.say_lost(Trouble("the socket is [red]someone else's[/]\x1b.", "", "not-allowed"))
        await stand.settle()
        assert "! trouble" in stand.text
        assert "not running" not in stand.text
        assert r"The socket is [red]someone else's[/]\x1b." in stand.text
        assert "Type" not in stand.text


@pytest.mark.parametrize("lost", [True, False])
async def test_a_resize_changes_neither_the_trouble_nor_the_hour_of_the_last_answer(clock: FakeClock, lost: bool):
    bar = StatusBar(clock)
    async with bench(bar) as stand:
        bar.show(status())
        clock.tick(90)
        if lost:
            bar.say_lost(GONE)
        else:
            bar.say_failed("out of date: the ledger is locked")
        clock.tick(90)
        await stand.pilot.resize_terminal(120, 24)
        assert ("○ not running" if lost else "! out of date: the ledger is locked") in stand.text
        assert "● running" not in stand.text
        assert bar.answered_at == NOON
        bar.show(status())
        await stand.pilot.resize_terminal(80, 24)
        assert "● running" in stand.text


async def test_a_status_that_cannot_be_had_keeps_what_is_known(clock: FakeClock):
    bar = StatusBar(clock)
    async with bench(bar) as stand:
        bar.show(status())
        bar.say_failed("out of date")
        bar.say_failed("")
        await stand.settle()
        assert stand.text.startswith(" ! out of date")
        assert "cline, claude · 148 today" in stand.text


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([f"agent-{number}" for number in range(100)], "+97, agent-97, agent-98, agent-99 · 148 today"),
        (["agent", "x" * 200], "xxx… · 148 today"),
        (["漢字" * 5, "漢字" * 9], "+1, 漢字漢字漢字漢字漢字漢字漢字漢字漢字 · 148 today"),
    ],
    ids=["many", "long", "wide"],
)
async def test_agents_do_not_push_the_state_off_the_line(clock: FakeClock, names: list[str], text: str):
    bar = StatusBar(clock)
    async with bench(bar, size=(90, 24)) as stand:
        bar.show(status(clients=[ClientSeen(name, "", 1) for name in names]))
        await stand.settle()
        line, *rest = stand.text.splitlines()
        assert line.startswith(" ● running  http://127.0.0.1:8787  ")
        assert line.endswith(text)
        assert not "".join(rest).strip()


async def test_names_are_drawn_as_they_are(clock: FakeClock):
    bar = StatusBar(clock)
    async with bench(bar, size=(200, 24)) as stand:
        bar.show(
            status(
                gateway="http://[::1]:8787",
                tiers={"[red]plan": "up/mo\x1bdel"},
                clients=[ClientSeen("[b]cli\nne", "", 1)],
            )
        )
        await stand.settle()
        for text in ("http://[::1]:8787", r"[red]plan: mo\x1bdel", "[b]cli ⏎ ne"):
            assert text in stand.text
