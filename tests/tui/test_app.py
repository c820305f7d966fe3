from __future__ import annotations

import pytest
from textual import events

from companion_tui.app import CompanionApp, UntilAnswered, run_tui
from tests.tui.driving import driving
from tests.tui.fakes import FakeClock, FakeDaemon, approval


async def test_behind_another_window_it_does_not_take_the_focus_of_the_filter(daemon: FakeDaemon, clock: FakeClock):
    async with driving(daemon, clock, settled="Nothing waits") as drive:
        await drive.press("2", "slash", "x")
        drive.app.post_message(events.AppBlur())
        daemon.ask(approval())
        await drive.until_shown("1 waiting")
        drive.app.post_message(events.AppFocus())
        await drive.until(lambda: drive.app.focused is not None, "the focus comes back")
        assert drive.app.focused is not None
        assert drive.app.focused.id == "exchange-filter"
        drive.look()
        await drive.press("a")
        assert not daemon.answers


async def test_the_palette_knows_the_commands(daemon: FakeDaemon, clock: FakeClock):
    async with driving(daemon, clock) as drive:
        titles = {command.title for command in drive.app.get_system_commands(drive.main)}
        assert {"Approvals", "Filter exchanges", "Refresh", "Help"} <= titles


async def test_q_quits(daemon: FakeDaemon, clock: FakeClock):
    async with driving(daemon, clock) as drive:
        await drive.press("q")
        await drive.until(lambda: not drive.app._running or drive.app._exit, "it ends")
        assert drive.app.return_code == 0


async def test_no_color_leaves_no_colour(daemon: FakeDaemon, clock: FakeClock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_COLOR", "1")
    daemon.approvals = [approval()]
    async with driving(daemon, clock, settled="1 waiting") as drive:
        assert drive.app.no_color
        assert "▸ ? ask" in drive.text
        assert "✗ deny" in drive.text


def test_run_tui_gives_the_exit_status(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(CompanionApp, "run", lambda self: None)
    assert run_tui() == 0


class TestUntilAnswered:
    async def test_it_leaves_when_nothing_waits_any_more(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval()]
        app = UntilAnswered(daemon.connect, clock)
        async with app.run_test() as pilot:
            while not app._waited:
                await pilot.pause()
            assert app.is_running
            daemon.approvals = []
            daemon.tell("approval.closed", "apr-1")
            while app._exit is False:
                await pilot.pause(0.05)

    async def test_it_stays_when_the_next_one_comes_at_once(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval()]
        app = UntilAnswered(daemon.connect, clock)
        async with app.run_test() as pilot:
            while not app._waited:
                await pilot.pause()
            daemon.take_away("apr-1")
            while app._leaving is None:
                await pilot.pause()
            daemon.ask(approval("apr-2"))
            while app._leaving is not None:
                await pilot.pause()
            await pilot.pause(1.0)
            assert app.is_running
            assert app._exit is False
