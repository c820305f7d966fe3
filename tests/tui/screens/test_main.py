from __future__ import annotations

import asyncio

import pytest

from companion.client import Refused
from companion.contract.codec import WireError
from companion.contract.types import Answer, FindingLine, Problem
from companion_tui.paragraphs import HELP
from tests.tui.driving import Drive, driving
from tests.tui.fakes import NOON, FakeClock, FakeDaemon, alert, approval, budget, evolve, exchange, resting, week_of

DIGEST = "digest-of-apr-1"


class TestAnswering:
    async def test_the_key_approves_what_was_in_view_bound_to_its_digest(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval()]
        async with driving(daemon, clock, settled="1 waiting") as drive:
            drive.look()
            await drive.press("a")
            await drive.until(lambda: daemon.answers, "an answer")
            assert daemon.answers == [("apr-1", Answer(approve=True, by="tui", digest=DIGEST))]
            await drive.until_shown("Nothing waits for you")
            assert not any("gone" in each for each in drive.said)

    async def test_a_denial_carries_its_reason(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval()]
        async with driving(daemon, clock, settled="1 waiting") as drive:
            drive.look()
            await drive.press("d", "n", "o", "enter")
            await drive.until(lambda: daemon.answers, "an answer")
            assert daemon.answers == [("apr-1", Answer(approve=False, by="tui", reason="no", digest=DIGEST))]

    async def test_a_command_that_does_not_fit_is_answered_once_it_was_read_to_its_end(
        self, daemon: FakeDaemon, clock: FakeClock
    ):
        daemon.approvals = [approval(what="\n".join(f"echo {number}" for number in range(60)))]
        async with driving(daemon, clock, settled="1 waiting") as drive:
            drive.look()
            for keys in ([], ["end"]):
                await drive.press("enter")
                await drive.until_shown("esc closes")
                await drive.press(*keys, "escape")
                await drive.until_shown("● running")
                drive.look()
                await drive.press("a")
                assert bool(keys) or not daemon.answers
            await drive.until(lambda: daemon.answers, "an answer")

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

    async def test_answers_side_by_side_each_arrive(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.approvals = [approval(), approval("apr-2", "rm -rf build")]
        daemon.holding = asyncio.Event()
        async with driving(daemon, clock, settled="2 waiting") as drive:
            drive.look()
            await drive.press("a", "j")
            drive.look()
            await drive.press("a")
            daemon.holding.set()
            await drive.until(lambda: len(daemon.answers) == 2, "both answers")
            assert {name for name, _ in daemon.answers} == {"apr-1", "apr-2"}

    @pytest.mark.parametrize(
        ("error", "said", "shown"),
        [
            (
                Refused(403, Problem("not-allowed", "this socket may only ask")),
                "Not answered: this socket",
                "1 waiting",
            ),
            (Refused(409, Problem("already-answered", "it was denied")), "Approval gone: it was denied", "✗ gone"),
            (Refused(404, Problem("unknown", "nobody knows it")), "Approval gone: nobody knows it", "✗ gone"),
            (WireError("not JSON"), "Not answered: the daemon's answer cannot be read (not JSON)", "1 waiting"),
        ],
        ids=str,
    )
    async def test_an_answer_that_does_not_count_says_so(
        self, daemon: FakeDaemon, clock: FakeClock, error: Exception, said: str, shown: str
    ):
        daemon.approvals = [approval()]
        daemon.failing["approvals/apr-1/answer"] = error
        async with driving(daemon, clock, settled="1 waiting") as drive:
            drive.look()
            if "gone" in shown:
                daemon.approvals = []
            await drive.press("a")
            await drive.until_said(said)
            await drive.until_shown(shown)
            assert daemon.answers == []

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
            assert daemon.answers == []


class TestFocus:
    async def test_what_arrives_does_not_take_it_and_the_line_says_how_to_come_there(
        self, daemon: FakeDaemon, clock: FakeClock
    ):
        async with driving(daemon, clock, settled="Nothing waits") as drive:
            await drive.press("2")
            daemon.ask(approval())
            await drive.until_shown("1 goes here, to answer")
            assert focused(drive) == "exchange-rows"
            drive.look()
            await drive.press("a")
            assert not daemon.answers
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
            assert [name for name, _ in daemon.answers] == ["apr-1", "apr-2", "apr-3"]

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


def focused(drive: Drive) -> str | None:
    return drive.app.focused.id if drive.app.focused else None


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
            assert drive.main.has_class("-lost")
            await drive.press("a")
            await drive.until_said("Nothing was approved: there is no connection")
            daemon.up = True
            await drive.until_shown("● running")
            assert not drive.main.has_class("-lost")
            drive.look()
            await drive.press("a")
            await drive.until(lambda: daemon.answers, "an answer")

    @pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=str)
    @pytest.mark.parametrize(
        ("part", "error"),
        [
            ("approvals", Refused(500, Problem("broken", "the ledger is locked", "companion doctor"))),
            ("spend", WireError("invalid value for type, expected int @ $.calls")),
            ("exchanges", RuntimeError("who knows")),
        ],
    )
    async def test_a_part_that_fails_says_so_and_the_rest_goes_on(
        self, daemon: FakeDaemon, clock: FakeClock, part: str, error: Exception, size: tuple[int, int]
    ):
        daemon.failing[part] = error
        async with driving(daemon, clock, size, settled="out of date") as drive:
            assert "● running" in drive.text
            del daemon.failing[part]
            await drive.press("r")
            await drive.until(lambda: "out of date" not in drive.text, "the complaint leaves")

    async def test_a_status_that_fails_says_so_and_the_rest_goes_on(self, daemon: FakeDaemon, clock: FakeClock):
        async with driving(daemon, clock, settled="by tier") as drive:
            daemon.failing["status"] = Refused(500, Problem("broken", "the ledger is locked"))
            await drive.press("r")
            await drive.until_shown("! out of date: the ledger is locked")
            daemon.ask(approval())
            await drive.until_shown("1 waiting")
            daemon.failing.clear()
            await drive.press("r")
            await drive.until_shown("● running")
            assert "out of date" not in drive.text

    async def test_an_event_that_cannot_be_read_is_survived(self, daemon: FakeDaemon, clock: FakeClock):
        async with driving(daemon, clock, settled="Nothing waits") as drive:
            daemon.put(WireError("not JSON"))
            daemon.approvals = [approval()]
            await drive.until_shown("1 waiting")
            assert "● running" in drive.text


class TestExchanges:
    async def test_older_ones_come_by_the_page_and_one_that_fails_may_be_asked_for_again(
        self, daemon: FakeDaemon, clock: FakeClock
    ):
        daemon.exchanges = [exchange(number) for number in range(500, 0, -1)]
        async with driving(daemon, clock, settled="cline") as drive:
            panel = drive.main._exchanges
            daemon.failing["exchanges"] = Refused(500, Problem("broken", "the ledger is locked"))
            await drive.press("2", "end")
            await drive.until_shown("no older ones: the ledger is locked")
            daemon.failing.clear()
            await drive.press("up")
            await drive.until(lambda: len(panel._lines) == 400, "the second page")
            await drive.press("end")
            await drive.until(lambda: len(panel._lines) == 500, "the third page")
            asked = [query["before"] for path, query in daemon.asked if path == "exchanges" and query["before"]]
            assert asked == ["ex-000301", "ex-000301", "ex-000101"]

    async def test_an_open_exchange_closes_in_place_and_one_that_waits_says_so(
        self, daemon: FakeDaemon, clock: FakeClock
    ):
        async with driving(daemon, clock, settled="· open") as drive:
            first = daemon.exchanges[0]
            daemon.ask(approval(exchange=first.id))
            await drive.until_shown("waits for your answer")
            daemon.exchanges[0] = evolve(first, closed_at=NOON.isoformat(), outcome="deny", ending="refused")
            daemon.take_away("apr-1")
            daemon.tell("exchange.closed", first.id)
            await drive.until(lambda: "· open" not in drive.text and "waits for" not in drive.text, "it closes")
            assert "✗ deny" in drive.text


class TestStanding:
    @pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
    async def test_budgets_rests_and_the_queue_come_and_go_with_the_status(
        self, daemon: FakeDaemon, clock: FakeClock, size: tuple[int, int]
    ):
        quiet = evolve(daemon.status, budgets=[])
        daemon.status = evolve(quiet, budgets=[week_of("cline", 83), budget()], resting=[resting()], waiting=2)
        async with driving(daemon, clock, size, settled="week, client cline") as drive:
            for text in (" 83%", " 61%", "until Mon", "wait at a limit   ‖ resting until 12:00:23  anthropic/"):
                assert text in drive.text
            daemon.status = quiet
            await drive.press("r")
            await drive.until(lambda: "%" not in drive.text and "‖" not in drive.text, "they go")

    async def test_a_reading_of_the_daemon_has_all_of_it(self, daemon: FakeDaemon, clock: FakeClock):
        lines = [budget(), *(week_of(f"agent-{number}", number) for number in range(6))]
        daemon.status = evolve(daemon.status, budgets=lines, resting=[resting()], waiting=2)
        async with driving(daemon, clock, settled="more budgets") as drive:
            clock.tick(5)
            await drive.press("s")
            await drive.until_shown("kingfisher: 1.5.0")
            assert drive.text.count("of the week's budget of client agent-") == 6
            assert "resting until 12:00:23, it failed too often" in drive.text

    async def test_alerts_gravest_first_and_all_of_them_in_full(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.status = evolve(daemon.status, alerts=[alert(), alert("page", "ledger-slow")])
        async with driving(daemon, clock, settled="▲ page ledger-slow  +1 more") as drive:
            await drive.press("exclamation_mark")
            await drive.until_shown("budget-near")
            assert drive.text.index("ledger-slow") < drive.text.index("budget-near")


KEYS = {"enter": "enter", "esc": "escape", "↓": "down", "↑": "up", "/": "slash", "!": "exclamation_mark"}


async def test_every_key_that_the_help_names_is_bound(daemon: FakeDaemon, clock: FakeClock):
    named = {KEYS.get(key, key) for label, _ in HELP if label and not label[0].isupper() for key in label.split()}
    daemon.approvals = [approval()]
    async with driving(daemon, clock, settled="1 waiting") as drive:
        bound = set(drive.main.active_bindings)
        await drive.press("2")
        bound |= set(drive.main.active_bindings)
        assert named <= bound | set(drive.app._bindings.key_to_bindings)
        assert len(named) > 10


class TestAccepting:
    FOUND = FindingLine("SECRET_GITHUB_0A1B2C3D", "GITHUB", "github-token", "rules", "high", "0a1b2c3d" * 4)

    async def test_a_finding_is_accepted_and_taken_back(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.exchanges = [exchange(1, redactions=1, findings=[self.FOUND])]
        daemon.warning = ".env keeps this value"
        async with driving(daemon, clock) as drive:
            await drive.press("2", "v")
            await drive.until_shown(self.FOUND.placeholder)
            await drive.press("v", "2")
            await drive.until(lambda: daemon.accepted, "an acceptance")
            (line,) = daemon.accepted.values()
            assert (line.fingerprint, line.by) == (self.FOUND.fingerprint, "tui")
            assert line.expires_at.startswith("2026-04-13")
            await drive.until_said("companion accept revoke acc-0")
            await drive.until_said(".env keeps this value")
            await drive.press("e")
            await drive.until_shown("takes back")
            await drive.press("x")
            await drive.until(lambda: daemon.accepted["acc-0"].state == "revoked", "the end of it")

    async def test_an_exchange_without_a_secret_says_so(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.exchanges = [exchange(1)]
        async with driving(daemon, clock) as drive:
            await drive.press("2", "v")
            await drive.until_said("No secret was found")

    async def test_what_the_daemon_refuses_is_said_and_nothing_else_ends(self, daemon: FakeDaemon, clock: FakeClock):
        daemon.exchanges = [exchange(1, redactions=1, findings=[self.FOUND])]
        daemon.failing["accepted"] = Refused(409, Problem("ledger", "the disk is full", "make room"))
        async with driving(daemon, clock) as drive:
            await drive.press("2", "v")
            await drive.until_shown(self.FOUND.placeholder)
            await drive.press("v", "3")
            await drive.until_said("Not accepted: the disk is full. Next: make room")
            await drive.press("e")
            await drive.until_said("the disk is full")
            await drive.until_shown("● running")
