from __future__ import annotations

import asyncio

import pytest
from textual import events

from companion.client import Refused
from companion.contract.codec import WireError
from companion.contract.types import Answer, Problem
from companion_tui.app import CompanionApp, UntilAnswered, run_tui
from companion_tui.widgets.denial import DenialBar
from tests.tui.driving import driving
from tests.tui.fakes import DOLLAR, NOON, FakeClock, FakeDaemon, alert, approval, evolve, exchange

DIGEST = "digest-of-apr-1"


class TestApproving:
    async def test_the_key_approves_what_was_in_view_bound_to_its_digest(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval()]
        async with driving(daemon, clock, settled="1 waiting") as drive:
            drive.look()
            await drive.press("a")
            await drive.until(lambda: daemon.answers, "an answer")
            assert daemon.answers == [("apr-1", Answer(approve=True, by="tui", digest=DIGEST))]
            await drive.until_shown("Nothing waits for you")
            assert not any("gone" in each for each in drive.said)

    async def test_a_key_that_comes_too_early_approves_nothing_and_starts_the_wait_anew(
        self, daemon: FakeDaemon, clock: FakeClock
    ):
        daemon.approvals = [approval()]
        async with driving(daemon, clock, settled="1 waiting") as drive:
            clock.tick(0.3)
            await drive.press("a")
            clock.tick(0.3)
            await drive.press("a")
            assert any("Nothing was approved" in each for each in drive.said)
            clock.tick(0.5)
            await drive.press("a")
            await drive.until(lambda: daemon.answers, "an answer")

    async def test_after_an_answer_the_next_approval_waits_longer(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval(), approval("apr-2", "rm -rf build")]
        async with driving(daemon, clock, settled="2 waiting") as drive:
            drive.look()
            await drive.press("a")
            await drive.until_shown("1 waiting")
            clock.tick(0.6)
            await drive.press("a")
            assert [name for name, _ in daemon.answers] == ["apr-1"]
            drive.look()
            await drive.press("a")
            await drive.until(lambda: len(daemon.answers) == 2, "the second answer")

    async def test_a_command_that_does_not_fit_must_be_read_to_its_end(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval(what="\n".join(f"echo {number}" for number in range(60)))]
        async with driving(daemon, clock, settled="1 waiting") as drive:
            drive.look()
            await drive.press("a")
            await drive.until_said("did not fit")
            await drive.press("enter")
            await drive.until_shown("esc closes")
            await drive.press("escape")
            drive.look()
            await drive.press("a")
            assert not daemon.answers
            await drive.press("enter")
            await drive.until_shown("esc closes")
            await drive.press("end")
            await drive.until_shown("Digest")
            await drive.press("escape")
            await drive.until_shown("● running")
            drive.look()
            await drive.press("a")
            await drive.until(lambda: daemon.answers, "an answer")

    async def test_a_command_too_long_to_judge_is_not_approved(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval(what="x" * 20_001)]
        async with driving(daemon, clock, settled="1 waiting") as drive:
            drive.look()
            await drive.press("a")
            await drive.until_said("too long to judge")
            assert not daemon.answers

    async def test_an_answer_on_its_way_is_not_sent_twice(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval()]
        daemon.holding = asyncio.Event()
        async with driving(daemon, clock, settled="1 waiting") as drive:
            drive.look()
            await drive.press("a")
            await drive.until_shown("sending the answer")
            drive.look()
            await drive.press("a", "d")
            daemon.holding.set()
            await drive.until_shown("Nothing waits")
            assert len(daemon.answers) == 1

    async def test_the_command_cannot_speak_the_markup_of_the_screen(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval(what="echo [bold red]hi[/] \x1b[2J\u202e", reason="[/] is \x07 markup")]
        async with driving(daemon, clock, settled="1 waiting") as drive:
            assert r"echo [bold red]hi[/] \x1b[2J\u202e" in drive.text
            assert r"[/] is \x07 markup" in drive.text


class TestDenying:
    async def test_with_a_reason(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval()]
        async with driving(daemon, clock, settled="1 waiting") as drive:
            drive.look()
            await drive.press("d", *"no", "space", *"way", "enter")
            await drive.until(lambda: daemon.answers, "an answer")
            assert daemon.answers == [("apr-1", Answer(approve=False, by="tui", reason="no way", digest=DIGEST))]

    async def test_escape_goes_back(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval()]
        async with driving(daemon, clock, settled="1 waiting") as drive:
            drive.look()
            await drive.press("d", "x", "escape")
            await drive.until(lambda: not drive.main.query_one(DenialBar).display, "the line closes")
            assert drive.app.focused is not None
            assert drive.app.focused.id == "approval-rows"
            assert not daemon.answers

    async def test_a_new_approval_while_typing_changes_nothing(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval()]
        async with driving(daemon, clock, settled="1 waiting") as drive:
            drive.look()
            await drive.press("d", "n")
            daemon.ask(approval("apr-2", "rm -rf build"))
            await drive.until_shown("2 waiting")
            await drive.press("o", "enter")
            await drive.until(lambda: daemon.answers, "an answer")
            assert daemon.answers == [("apr-1", Answer(approve=False, by="tui", reason="no", digest=DIGEST))]
            await drive.until_shown("1 waiting")

    async def test_an_approval_that_vanishes_while_typing_gets_no_answer(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval(), approval("apr-2", "rm -rf build")]
        async with driving(daemon, clock, settled="2 waiting") as drive:
            drive.look()
            await drive.press("d", "n")
            daemon.take_away("apr-1", "approved in the editor")
            await drive.until_shown("1 waiting")
            await drive.press("o", "enter")
            await drive.until_said("approved in the editor")
            assert not daemon.answers


class TestVanishing:
    async def test_the_highlighted_one_says_why_and_keeps_its_place(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval(), approval("apr-2", "rm -rf build")]
        async with driving(daemon, clock, settled="2 waiting") as drive:
            drive.look()
            daemon.take_away("apr-1", "denied in the editor")
            await drive.until_shown("gone: denied in the editor")
            drive.look()
            await drive.press("a")
            assert not daemon.answers
            await drive.press("j")
            await drive.until(lambda: "gone" not in drive.text.split("Exchanges")[0], "the row leaves")
            assert "rm -rf build" in drive.text

    async def test_the_last_one_can_be_put_away(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval()]
        async with driving(daemon, clock, settled="1 waiting") as drive:
            daemon.take_away("apr-1", "denied in the editor")
            await drive.until_shown("gone: denied in the editor   esc puts it away")
            await drive.press("escape")
            await drive.until_shown("Nothing waits for you")

    async def test_expiry(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval()]
        async with driving(daemon, clock, settled="expires in 1:42") as drive:
            clock.tick(80)
            await drive.until_shown("expires in 0:22")
            clock.tick(40)
            await drive.until_shown("expired")
            daemon.take_away("apr-1")
            await drive.until_said("nobody answered in time")

    async def test_someone_else_was_first(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval()]
        async with driving(daemon, clock, settled="1 waiting") as drive:
            drive.look()
            daemon.approvals = []
            await drive.press("a")
            await drive.until_shown("gone: someone else answered it first")
            await drive.until_said("Approval gone: someone else answered it first")


class TestArriving:
    async def test_it_rings_and_says_so_without_moving_the_focus(self, daemon: FakeDaemon, clock: FakeClock):
        async with driving(daemon, clock, settled="Nothing waits") as drive:
            await drive.press("2")
            daemon.ask(approval())
            await drive.until_shown("1 waiting")
            assert len(drive.bells) == 1
            assert drive.said == ["An approval waits: cline: git push --force origin main"]
            assert drive.app.focused is not None
            assert drive.app.focused.id == "exchange-rows"
            drive.look()
            await drive.press("a")
            assert not daemon.answers

    async def test_from_elsewhere_the_line_says_how_to_come_here(self, daemon: FakeDaemon, clock: FakeClock):
        async with driving(daemon, clock, settled="Nothing waits") as drive:
            await drive.press("2")
            daemon.ask(approval())
            await drive.until_shown("1 goes here, to answer")
            await drive.press("1")
            await drive.until_shown("a approve")
            drive.look()
            await drive.press("a")
            await drive.until(lambda: daemon.answers, "an answer")

    async def test_the_first_one_and_each_one_after_it_can_be_answered_at_once(
        self, daemon: FakeDaemon, clock: FakeClock
    ):
        async with driving(daemon, clock, settled="Nothing waits") as drive:
            for number in (1, 2, 3):
                daemon.ask(approval(f"apr-{number}"))
                await drive.until_shown("a approve")
                drive.look()
                await drive.press("a")
                await drive.until(lambda n=number: len(daemon.answers) == n, f"answer {number}")
                await drive.until_shown("Nothing waits")

    async def test_behind_another_window_it_does_not_take_the_focus_of_the_filter(
        self, daemon: FakeDaemon, clock: FakeClock
    ):
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

    async def test_it_does_not_take_the_highlight(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval()]
        async with driving(daemon, clock, settled="1 waiting") as drive:
            drive.look()
            daemon.ask(approval("apr-2", "rm -rf build"))
            await drive.until_shown("2 waiting")
            await drive.press("a")
            await drive.until(lambda: daemon.answers, "an answer")
            assert daemon.answers[0][0] == "apr-1"


class TestLink:
    async def test_no_daemon_says_what_to_type_then_connects_by_itself(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.up = False
        async with driving(daemon, clock, settled="○ not running") as drive:
            assert "companion up" in drive.text
            assert "not known until the daemon answers" in drive.text
            assert "No exchange yet" not in drive.text
            daemon.approvals = [approval()]
            daemon.up = True
            await drive.until_shown("1 waiting")
            assert "● running" in drive.text
            assert "companion up" not in drive.text

    async def test_a_daemon_that_goes_away_leaves_what_was_known_and_takes_no_answer(
        self, daemon: FakeDaemon, clock: FakeClock
    ):
        daemon.approvals = [approval()]
        async with driving(daemon, clock, settled="1 waiting") as drive:
            drive.look()
            daemon.drop()
            await drive.until_shown("○ not running")
            assert "as of 12:00:00" in drive.text
            assert "git push" in drive.text
            await drive.press("a")
            await drive.until_said("Nothing was approved: there is no connection")
            daemon.up = True
            await drive.until_shown("● running")
            drive.look()
            await drive.press("a")
            await drive.until(lambda: daemon.answers, "an answer")

    async def test_going_away_in_the_middle_of_an_answer(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval()]
        daemon.holding = asyncio.Event()
        async with driving(daemon, clock, settled="1 waiting") as drive:
            drive.look()
            await drive.press("a")
            await drive.until_shown("sending the answer")
            daemon.drop()
            daemon.holding.set()
            await drive.until_said("nobody knows whether the answer counts")
            await drive.until_shown("○ not running")

    @pytest.mark.parametrize(
        ("part", "error"),
        [
            ("approvals", Refused(500, Problem("broken", "the ledger is locked", "companion doctor"))),
            ("spend", WireError("invalid value for type, expected int @ $.calls")),
            ("exchanges", RuntimeError("who knows")),
        ],
    )
    async def test_a_part_that_fails_says_so_and_the_rest_goes_on(
        self, daemon: FakeDaemon, clock: FakeClock, part: str, error: Exception
    ):
        daemon.failing[part] = error
        async with driving(daemon, clock, settled="out of date") as drive:
            assert "● running" in drive.text
            del daemon.failing[part]
            await drive.press("r")
            await drive.until(lambda: "out of date" not in drive.text, "the complaint leaves")

    async def test_a_refused_answer_leaves_the_approval_open(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval()]
        daemon.failing["approvals/apr-1/answer"] = Refused(403, Problem("not-allowed", "this socket may only ask"))
        async with driving(daemon, clock, settled="1 waiting") as drive:
            drive.look()
            await drive.press("a")
            await drive.until_said("Not answered: this socket may only ask")
            assert "1 waiting" in drive.text

    async def test_an_event_that_cannot_be_read_is_survived(self, daemon: FakeDaemon, clock: FakeClock):
        async with driving(daemon, clock, settled="Nothing waits") as drive:
            daemon.put(WireError("not JSON"))
            daemon.approvals = [approval()]
            await drive.until_shown("1 waiting")
            assert "● running" in drive.text


class TestExchanges:
    async def test_the_reason_of_the_highlighted_row(self, daemon: FakeDaemon, clock: FakeClock):
        async with driving(daemon, clock, settled="read .env") as drive:
            await drive.press("2", "j", "j")
            await drive.until_shown(".env is ignored by .gitignore line 3, so its content stays on this machine")
            await drive.press("enter")
            await drive.until_shown("Decided by")

    async def test_older_ones_come_by_the_page(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.exchanges = [exchange(number) for number in range(500, 0, -1)]
        async with driving(daemon, clock, settled="cline") as drive:
            panel = drive.main._exchanges
            assert len(panel._lines) == 200
            await drive.press("2", "end")
            await drive.until(lambda: len(panel._lines) == 400, "the second page")
            await drive.press("end")
            await drive.until(lambda: len(panel._lines) == 500, "the third page")
            asked = [query["before"] for path, query in daemon.asked if path == "exchanges" and query["before"]]
            assert asked == ["ex-000301", "ex-000101"]

    async def test_an_older_page_that_fails_may_be_asked_for_again(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.exchanges = [exchange(number) for number in range(300, 0, -1)]
        async with driving(daemon, clock, settled="cline") as drive:
            panel = drive.main._exchanges
            daemon.failing["exchanges"] = Refused(500, Problem("broken", "the ledger is locked"))
            await drive.press("2", "end")
            await drive.until_shown("no older ones: the ledger is locked")
            daemon.failing.clear()
            await drive.press("up", "end")
            await drive.until(lambda: len(panel._lines) == 300, "the page")

    async def test_an_open_exchange_closes_in_place(self, daemon: FakeDaemon, clock: FakeClock):
        async with driving(daemon, clock, settled="· open") as drive:
            first = daemon.exchanges[0]
            daemon.exchanges[0] = evolve(first, closed_at=NOON.isoformat(), outcome="deny", ending="refused")
            daemon.tell("exchange.closed", first.id)
            await drive.until(lambda: "· open" not in drive.text, "it closes")

    async def test_filter(self, daemon: FakeDaemon, clock: FakeClock):
        async with driving(daemon, clock, settled="read .env") as drive:
            await drive.press("2", "slash", *"codex", "enter")
            await drive.until_shown("2 of 9 match")
            assert "read .env" not in drive.text
            await drive.press("escape")
            await drive.until_shown("read .env")


class TestSpend:
    async def test_the_parts_of_a_day(self, daemon: FakeDaemon, clock: FakeClock):
        async with driving(daemon, clock, settled="by tier") as drive:
            assert "61% of the day's budget of $20.00" in drive.text
            assert "3 calls (12.3k tokens) have no known" in drive.text
            assert "claude-sonnet-4-5" in drive.text
            daemon.status = evolve(daemon.status, budget_day_pd=10 * DOLLAR)
            await drive.press("r")
            await drive.until_shown("! 123% of the day's budget of $10.00")
            daemon.status = evolve(daemon.status, budget_day_pd=None)
            await drive.press("r")
            await drive.until_shown("no budget is set for the day")


class TestScreens:
    async def test_alerts_gravest_first_and_all_of_them_in_full(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.status = evolve(daemon.status, alerts=[alert(), alert("page", "ledger-slow")])
        async with driving(daemon, clock, settled="▲ page ledger-slow  +1 more") as drive:
            await drive.press("exclamation_mark")
            await drive.until_shown("budget-near")

    async def test_help_and_the_daemons_state(self, daemon: FakeDaemon, clock: FakeClock):
        async with driving(daemon, clock) as drive:
            await drive.press("question_mark")
            await drive.until_shown("command palette, with themes")
            await drive.press("escape", "s")
            await drive.until_shown("kingfisher: 1.5.0")

    async def test_what_another_screen_covered_is_seen_from_anew(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval()]
        async with driving(daemon, clock, settled="1 waiting") as drive:
            drive.look()
            await drive.press("question_mark")
            await drive.until_shown("command palette, with themes")
            await drive.press("a", "escape")
            await drive.until_shown("● running")
            await drive.press("a")
            assert not daemon.answers

    async def test_the_palette_knows_the_commands(self, daemon: FakeDaemon, clock: FakeClock):
        async with driving(daemon, clock) as drive:
            titles = {command.title for command in drive.app.get_system_commands(drive.main)}
            assert {"Approvals", "Filter exchanges", "Refresh", "Help"} <= titles

    async def test_q_quits(self, daemon: FakeDaemon, clock: FakeClock):
        async with driving(daemon, clock) as drive:
            await drive.press("q")
            await drive.until(lambda: not drive.app._running or drive.app._exit, "it ends")

    async def test_no_color_leaves_no_colour(
        self, daemon: FakeDaemon, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
    ):
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
