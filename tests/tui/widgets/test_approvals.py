from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from textual.widgets import Input

from companion.contract.types import Approval
from companion_tui.aim import SEEN_AFTER
from companion_tui.messages import AnswerGiven, ReadingWanted
from companion_tui.source import Trouble
from companion_tui.widgets.approvals import ApprovalsPanel
from companion_tui.widgets.denial import DenialBar
from tests.tui.bench import Bench, bench
from tests.tui.driving import LONG_ENOUGH
from tests.tui.fakes import NOON, FakeClock, approval

ONE, TWO, THREE = approval(), approval("apr-2", "rm -rf build"), approval("apr-3", "ls")
LONG = approval(what="\n".join(f"echo {number}" for number in range(60)))


@dataclass
class Panel(Bench):
    """The panel on its bench."""

    panel: ApprovalsPanel
    clock: FakeClock

    async def show(self, *approvals: Approval, seen: bool = True) -> None:
        self.panel.show(approvals)
        await self.settle()
        if seen:
            self.look()

    def look(self) -> None:
        self.clock.tick(LONG_ENOUGH)

    @property
    def answers(self) -> list[AnswerGiven]:
        return self.told(AnswerGiven)


@asynccontextmanager
async def panel_of(
    *approvals: Approval, clock: FakeClock, size: tuple[int, int] = (80, 40), seen: bool = True
) -> AsyncIterator[Panel]:
    panel = ApprovalsPanel(clock)
    async with bench(panel, size=size) as stand:
        made = Panel(stand.app, stand.pilot, stand.heard, stand.bells, panel, clock)
        if approvals:
            await made.show(*approvals, seen=seen)
        yield made


class TestApproving:
    async def test_the_key_approves_what_is_highlighted_once(self, clock: FakeClock):
        async with panel_of(ONE, TWO, clock=clock) as stand:
            await stand.press("j")
            stand.look()
            await stand.press("a")
            stand.look()
            await stand.press("a")
            assert stand.answers == [AnswerGiven(TWO, approve=True)]
            assert "… sending the answer" in stand.text

    async def test_a_key_that_comes_too_early_approves_nothing_and_starts_the_wait_anew(self, clock: FakeClock):
        async with panel_of(ONE, clock=clock, seen=False) as stand:
            clock.tick(0.3)
            await stand.press("a")
            clock.tick(0.3)
            await stand.press("a")
            assert stand.answers == []
            assert any("Nothing was approved: it had only just come into view" in each for each in stand.said)
            clock.tick(0.5)
            await stand.press("a")
            assert stand.answers == [AnswerGiven(ONE, approve=True)]

    async def test_after_an_answer_the_next_approval_waits_longer(self, clock: FakeClock):
        async with panel_of(ONE, TWO, clock=clock) as stand:
            await stand.press("a")
            stand.panel.answered(ONE, approve=True)
            await stand.settle()
            assert "✓ Approved: git push --force origin main" in stand.said
            clock.tick(0.6)
            await stand.press("a")
            assert len(stand.answers) == 1
            stand.look()
            await stand.press("a")
            assert stand.answers[1:] == [AnswerGiven(TWO, approve=True)]

    async def test_the_same_id_with_another_action_is_seen_from_anew(self, clock: FakeClock):
        async with panel_of(ONE, clock=clock) as stand:
            await stand.show(approval(what="rm -rf /", digest="another"), seen=False)
            await stand.press("a")
            assert stand.answers == []

    async def test_what_another_screen_covered_is_seen_from_anew(self, clock: FakeClock):
        async with panel_of(ONE, clock=clock) as stand:
            stand.panel.covered()
            await stand.press("a")
            assert stand.answers == []

    @pytest.mark.parametrize("size", [(80, 40), (80, 24), (120, 24), (80, 8)], ids=str)
    async def test_a_command_that_does_not_fit_must_be_read_to_its_end(self, clock: FakeClock, size: tuple[int, int]):
        async with panel_of(LONG, clock=clock, size=size) as stand:
            await stand.press("a")
            assert stand.answers == []
            assert any("more lines of it did not fit. Press enter" in each for each in stand.said)
            stand.panel.read_whole("apr-9")
            await stand.press("a")
            assert stand.answers == []
            stand.panel.read_whole(LONG.id)
            await stand.press("a")
            assert stand.answers == [AnswerGiven(LONG, approve=True)]

    async def test_what_was_read_whole_counts_for_that_action_and_no_other_of_its_name(self, clock: FakeClock):
        async with panel_of(LONG, clock=clock) as stand:
            stand.panel.read_whole(LONG.id)
            await stand.show(approval(what=LONG.what + "\nrm -rf /", digest="another"))
            await stand.press("a")
            assert stand.answers == []

    @pytest.mark.parametrize("height", range(1, 14))
    async def test_where_a_line_of_it_is_out_of_view_no_key_approves_it(self, clock: FakeClock, height: int):
        two_lines = approval(what="echo harmless\nrm -rf /")
        others = [approval(f"apr-{number}", "ls") for number in range(3, 6)]
        async with panel_of(two_lines, *others, clock=clock, size=(80, height)) as stand:
            stand.app.clear_notifications()
            await stand.until(lambda: not stand.app.screen.query("Toast"))
            seen = {"echo harmless", "rm -rf /"} <= {line.strip(" ▌▁▂▃▄▅▆▇█") for line in stand.text.splitlines()}
            stand.panel.action_approve()
            await stand.settle()
            assert bool(stand.answers) is seen

    async def test_a_command_too_long_to_judge_is_not_approved_even_when_read(self, clock: FakeClock):
        async with panel_of(approval(what="x" * 20_001), clock=clock) as stand:
            stand.panel.read_whole("apr-1")
            await stand.press("a")
            assert stand.answers == []
            assert any("20,001 characters long, too long to judge here" in each for each in stand.said)

    async def test_without_the_daemon_nothing_is_answered(self, clock: FakeClock):
        async with panel_of(ONE, clock=clock) as stand:
            stand.panel.lost()
            await stand.press("a", "d")
            assert stand.answers == []
            assert "no answer can be given without the daemon" in stand.text
            assert not stand.panel.query_one(DenialBar).display
            await stand.show(ONE)
            await stand.press("a")
            assert stand.answers == [AnswerGiven(ONE, approve=True)]

    @pytest.mark.parametrize("seed", range(2))
    async def test_whatever_happens_an_answer_is_for_what_was_in_view_long_enough(self, clock: FakeClock, seed: int):
        walk = random.Random(seed)
        known = [approval(f"apr-{number}", f"rm {walk.random()}", digest="d") for number in [*range(20), *range(10)]]
        steps = ["tick"] * 4 + ["show"] * 2 + ["approve"] * 5 + ["move", "away", "lost", "taken", "failed", "closed"]
        answered = 0
        async with panel_of(clock=clock) as stand:
            panel, in_view, quiet_since, lost = stand.panel, None, 0.0, True
            for _ in range(250):
                step, entry, now = walk.choice(steps), panel._entry, clock.monotonic()
                last = stand.answers[-1].approval if stand.answers else None
                if step == "tick":
                    clock.tick(walk.choice([0.1, 0.3, 0.5, 1.1]))
                elif step == "show":
                    panel.show(list({each.id: each for each in walk.sample(known, walk.randrange(5))}.values()))
                    lost = False
                elif step == "move":
                    panel._rows.action_move(walk.choice([-1, 1]))
                elif step == "away":
                    panel.action_put_away()
                elif step == "lost":
                    panel.lost()
                    lost = True
                elif step == "closed":
                    panel.closed(walk.choice(known).id, "said elsewhere")
                elif step == "approve":
                    panel.action_approve()
                elif last and step == "taken":
                    panel.answered(last, approve=True)
                elif last:
                    panel.answer_failed(last, Trouble("no"), gone=walk.random() < 0.5)
                stand.app.clear_notifications()
                for _turn in range(20):
                    await asyncio.sleep(0)
                if len(stand.answers) > answered:
                    assert step == "approve"
                    assert (entry.gone, entry.sent, lost) == ("", False, False)
                    assert stand.answers[answered:] == [AnswerGiven(entry.approval, approve=True)]
                    assert entry.approval == in_view
                    assert now - quiet_since >= SEEN_AFTER
                    answered += 1
                elif step == "approve":
                    quiet_since = now
                shown = panel._entry.approval if panel._entry and not panel._entry.gone else None
                if shown != in_view:
                    in_view, quiet_since = shown, clock.monotonic()
            assert answered >= 3


class TestDenying:
    async def test_with_a_reason(self, clock: FakeClock):
        async with panel_of(ONE, clock=clock) as stand:
            await stand.press("d", *"no", "enter")
            assert stand.answers == [AnswerGiven(ONE, approve=False, reason="no")]

    async def test_escape_goes_back_to_the_list_and_it_is_seen_from_anew(self, clock: FakeClock):
        async with panel_of(ONE, clock=clock) as stand:
            await stand.press("d", "x", "escape")
            assert not stand.panel.query_one(DenialBar).display
            assert stand.app.focused is stand.panel.query_one("#approval-rows")
            await stand.press("a")
            assert stand.answers == []

    async def test_a_new_approval_while_typing_changes_nothing(self, clock: FakeClock):
        async with panel_of(ONE, clock=clock) as stand:
            await stand.press("d", "n")
            await stand.show(ONE, TWO)
            assert "2 waiting" in stand.text
            await stand.press("o", "enter")
            assert stand.answers == [AnswerGiven(ONE, approve=False, reason="no")]

    async def test_one_that_vanishes_while_typing_gets_no_answer(self, clock: FakeClock):
        async with panel_of(ONE, TWO, clock=clock) as stand:
            await stand.press("d", "n")
            stand.panel.closed("apr-1", "approved in the editor")
            await stand.show(TWO)
            await stand.press("o", "enter")
            assert stand.answers == []
            assert "Approval gone: approved in the editor" in stand.said

    async def test_one_that_changes_while_typing_gets_no_answer(self, clock: FakeClock):
        async with panel_of(ONE, clock=clock) as stand:
            await stand.press("d", "n")
            await stand.show(approval(digest="another"))
            await stand.press("enter")
            assert stand.answers == []

    async def test_too_early_it_does_not_even_ask_why(self, clock: FakeClock):
        async with panel_of(ONE, clock=clock, seen=False) as stand:
            await stand.press("d")
            assert not stand.panel.query_one(DenialBar).display
            assert not isinstance(stand.app.focused, Input)


class TestVanishing:
    async def test_the_highlighted_one_says_why_keeps_its_place_and_takes_no_answer(self, clock: FakeClock):
        async with panel_of(ONE, TWO, clock=clock) as stand:
            stand.panel.closed("apr-1", "denied in the editor")
            await stand.show(TWO)
            assert "gone: denied in the editor   esc puts it away" in stand.text
            assert "1 waiting" in stand.text
            await stand.press("a", "d")
            assert stand.answers == []
            assert stand.said[-2:] == ["Approval gone: denied in the editor"] * 2
            await stand.press("j")
            assert "✗ gone" not in stand.text
            stand.look()
            await stand.press("a")
            assert stand.answers == [AnswerGiven(TWO, approve=True)]

    async def test_put_away_its_successor_is_seen_from_anew(self, clock: FakeClock):
        async with panel_of(ONE, TWO, clock=clock) as stand:
            await stand.show(TWO)
            await stand.press("escape", "a")
            assert stand.answers == []
            await stand.show()
            await stand.press("escape")
            assert "Nothing waits for you." in stand.text

    async def test_an_answer_that_came_too_late_says_who_was_first(self, clock: FakeClock):
        async with panel_of(ONE, clock=clock) as stand:
            await stand.press("a")
            stand.panel.answer_failed(ONE, Trouble("someone else\x1b was first"), gone=True)
            await stand.settle()
            assert r"gone: someone else\x1b was first" in stand.text
            assert r"Approval gone: someone else\x1b was first" in stand.said

    async def test_an_answer_that_was_refused_may_be_given_again(self, clock: FakeClock):
        async with panel_of(ONE, clock=clock) as stand:
            await stand.press("a")
            stand.panel.answer_failed(ONE, Trouble("[b]no[/]", "companion doctor"), gone=False)
            await stand.settle()
            assert "Not answered: [b]no[/]. Next: companion doctor" in stand.said
            stand.look()
            await stand.press("a")
            assert len(stand.answers) == 2


class TestShowing:
    async def test_what_is_new_rings_and_is_told_once_and_takes_no_highlight(self, clock: FakeClock):
        async with panel_of(clock=clock) as stand:
            await stand.show(ONE)
            assert (len(stand.bells), stand.said) == (1, ["An approval waits: cline: git push --force origin main"])
            await stand.show(ONE)
            await stand.show(ONE, TWO, THREE)
            assert len(stand.bells) == 2
            assert stand.said[1:] == ["2 approvals wait: cline: rm -rf build"]
            await stand.press("a")
            assert stand.answers == [AnswerGiven(ONE, approve=True)]

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [(0, "expires in 1:42"), (80, "expires in 0:22"), (102, "expired"), (500, "expired")],
    )
    async def test_the_time_that_is_left(self, clock: FakeClock, seconds: int, text: str):
        async with panel_of(ONE, clock=clock, seen=False) as stand:
            clock.tick(seconds)
            await stand.until(lambda: text in stand.text)
            assert stand.text.count("expire") == 1

    @pytest.mark.parametrize(("width", "keys"), [(80, " a  A  R  d "), (40, " a  d "), (24, "")])
    async def test_where_keys_do_not_fit_the_time_that_is_left_does(self, clock: FakeClock, width: int, keys: str):
        async with panel_of(approval(reaches=["session", "rule"]), clock=clock, size=(width, 24)) as stand:
            await stand.until(lambda: "expires in 1:" in stand.text)
            [line] = [line for line in stand.text.splitlines() if "expires in 1:" in line]
            assert "…" not in line
            assert "".join(re.findall(r" (?:a|A|R|d|enter) (?=\w)", line)) == keys

    async def test_one_that_ran_out_says_so(self, clock: FakeClock):
        async with panel_of(ONE, clock=clock, seen=False) as stand:
            clock.tick(200)
            await stand.show()
            assert "gone: expired: nobody answered in time, so the answer was no" in stand.text

    async def test_the_keys_light_up_when_they_answer(self, clock: FakeClock):
        async with panel_of(ONE, clock=clock, seen=False) as stand:
            keys = stand.panel.query_one("#approval-keys")
            assert "$text-accent" not in str(keys.content.spans)
            stand.look()
            await stand.until(lambda: "$text-accent" in str(keys.content.spans))

    async def test_idle_is_not_said_before_it_is_known(self, clock: FakeClock):
        async with panel_of(clock=clock) as stand:
            assert "What waits is not known until the daemon answers." in stand.text
            await stand.show()
            assert "Nothing waits for you." in stand.text
            stand.panel.lost()
            await stand.settle()
            assert "Nothing waits for you." not in stand.text

    @pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
    async def test_a_list_that_may_be_out_of_date_says_so(self, clock: FakeClock, size: tuple[int, int]):
        async with panel_of(ONE, clock=clock, size=size) as stand:
            stand.panel.say_failed("out of date: [red]no[/]")
            await stand.settle()
            assert "Approvals · 1 waiting · ! out of date: [red]no[/]" in stand.text
            await stand.show(ONE, TWO)
            assert "2 waiting · ! out of date" in stand.text
            stand.panel.say_failed("")
            await stand.settle()
            assert "out of date" not in stand.text

    async def test_the_command_cannot_speak_the_markup_of_the_screen(self, clock: FakeClock):
        odd = approval(what="echo [bold red]hi[/] \x1b[2J\u202e", reason="[/] is \x07 markup", client="[b]\n")
        async with panel_of(odd, clock=clock) as stand:
            assert r" ▌ echo [bold red]hi[/] \x1b[2J\u202e" in stand.text
            assert r"shell echo [bold red]hi[/] \x1b[2J\u202e" in stand.text
            assert r"[/] is \x07 markup" in stand.text
            assert r"An approval waits: [b] ⏎ : echo [bold red]hi[/] \x1b[2J\u202e" in stand.said

    async def test_enter_reads_the_whole_of_what_is_highlighted(self, clock: FakeClock):
        async with panel_of(ONE, TWO, clock=clock) as stand:
            await stand.press("j", "enter")
            (wanted,) = stand.told(ReadingWanted)
            assert (wanted.title, wanted.about) == ("Approval · shell", "apr-2")
            assert ("", "rm -rf build") in wanted.paragraphs
            assert ("Digest", "digest-of-apr-2") in wanted.paragraphs

    async def test_another_one_is_shown_from_its_beginning(self, clock: FakeClock):
        other = approval("apr-2", "\n".join(f"rm {number}" for number in range(60)), asked_at=NOON.isoformat())
        async with panel_of(LONG, other, clock=clock) as stand:
            pane = stand.panel.query_one("#what-pane")
            pane.scroll_end(animate=False)
            await stand.press("j")
            assert pane.scroll_offset.y == 0
            assert "rm 0" in stand.text


class TestFurther:
    @pytest.mark.parametrize(("key", "reach"), [("a", "once"), ("A", "session"), ("R", "rule")])
    async def test_a_yes_may_reach_further_where_that_is_offered(self, clock: FakeClock, key: str, reach: str):
        async with panel_of(approval(reaches=["once", "session", "rule"]), clock=clock) as stand:
            await stand.pilot.press(key)
            await stand.settle()
            assert [(each.approve, each.reach) for each in stand.answers] == [(True, reach)]

    @pytest.mark.parametrize("key", ["A", "R"])
    async def test_and_else_nothing_is_answered(self, clock: FakeClock, key: str):
        async with panel_of(ONE, clock=clock) as stand:
            await stand.pilot.press(key)
            await stand.settle()
            assert stand.answers == []
