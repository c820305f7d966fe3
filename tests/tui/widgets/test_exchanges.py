from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from textual.widgets import Input

from companion.contract.types import ExchangeLine
from companion_tui.feed import PAGE
from companion_tui.messages import OlderWanted, ReadingWanted
from companion_tui.widgets.exchanges import MOST, ExchangesPanel
from companion_tui.widgets.rows import RowList
from tests.tui.bench import bench
from tests.tui.fakes import FakeClock, evolve, exchange, story

WIDE, NARROW = (120, 24), (80, 24)


def shown(panel: ExchangesPanel) -> list[str]:
    return [line.id for line in panel.query_one("#exchange-rows", RowList)._rows]


def ids(numbers: Sequence[int]) -> list[str]:
    return [f"ex-{number:06d}" for number in numbers]


def page(newest: int, size: int = PAGE) -> list[ExchangeLine]:
    return [exchange(number) for number in range(newest, max(0, newest - size), -1)]


class TestHolding:
    async def test_a_log_read_by_heads_and_pages_is_held_as_the_daemon_has_it(self, clock: FakeClock):
        """Whatever comes in whatever order: newest first, each once, as it was said last, with no gap."""
        walk = random.Random(7)
        panel = ExchangesPanel(clock)
        async with bench(panel) as stand:
            log = page(1_000, 1_000)[::-1]
            last = 300
            panel.show_newest(log[:last][::-1][:PAGE], [])
            for _ in range(40):
                step = walk.choice(["grow", "older", "change"])
                if step == "grow":
                    last += walk.randrange(50)
                    panel.show_newest(log[:last][::-1][:50], [])
                elif step == "older":
                    oldest = min(panel._lines)
                    panel.show_older([line for line in log[:last][::-1] if line.id < oldest][:PAGE])
                else:
                    place = walk.randrange(last)
                    log[place] = evolve(log[place], outcome="deny", ending="refused")
                    panel.show_newest(log[:last][::-1][:50], [log[place]])
                names = shown(panel)
                assert names == ids(range(last, last - len(names), -1))
                held = set(names)
                heads = {line.id for line in log[:last][::-1][:50]}
                for line in log[:last]:
                    if line.id in held & heads:
                        assert panel._lines[line.id] == line
            assert stand.app.is_running

    async def test_what_does_not_join_what_is_held_replaces_it(self, clock: FakeClock):
        panel = ExchangesPanel(clock)
        async with bench(panel):
            panel.show_newest(page(300), [])
            panel.show_older(page(100))
            panel.show_newest(page(900), [])
            assert shown(panel) == ids(range(900, 700, -1))

    async def test_a_change_to_one_that_is_not_held_adds_no_row(self, clock: FakeClock):
        panel = ExchangesPanel(clock)
        async with bench(panel):
            panel.show_newest(page(300, 100), [exchange(7), exchange(250, outcome="deny")])
            assert shown(panel) == ids(range(300, 200, -1))
            assert panel._lines["ex-000250"].outcome == "deny"

    async def test_no_more_than_the_most_are_held_and_the_title_says_where_the_rest_is(self, clock: FakeClock):
        panel = ExchangesPanel(clock)
        async with bench(panel) as stand:
            panel.show_newest(page(5_000), [])
            while len(panel._lines) < MOST:
                panel.show_older(page(5_000 - len(panel._lines)))
            panel.show_newest(page(5_100, 150), [])
            await stand.settle()
            assert shown(panel) == ids(range(5_100, 3_100, -1))
            assert "Exchanges · newest 2,000, older: companion log" in stand.text
            stand.heard.clear()
            await stand.press("end")
            assert stand.told(OlderWanted) == []


class TestOlder:
    async def test_near_the_end_the_next_page_is_asked_for_once(self, clock: FakeClock):
        panel = ExchangesPanel(clock)
        async with bench(panel) as stand:
            panel.show_newest(page(500), [])
            panel.focus_rows()
            await stand.press("end", "k", "end")
            assert stand.told(OlderWanted) == [OlderWanted("ex-000301")]
            panel.older_failed()
            await stand.press("k", "end")
            assert stand.told(OlderWanted) == [OlderWanted("ex-000301")] * 2
            panel.show_older(page(300))
            await stand.press("end")
            assert stand.told(OlderWanted)[2:] == [OlderWanted("ex-000101")]

    @pytest.mark.parametrize("by", ["a short first page", "a short older page", "an empty older page"])
    async def test_at_the_end_of_the_log_nothing_is_asked_for(self, clock: FakeClock, by: str):
        panel = ExchangesPanel(clock)
        async with bench(panel) as stand:
            if by == "a short first page":
                panel.show_newest(page(30), [])
            else:
                panel.show_newest(page(230 if "short" in by else 200), [])
                panel.show_older(page(30 if "short" in by else 0))
            panel.focus_rows()
            await stand.settle()
            stand.heard.clear()
            await stand.press("end")
            assert stand.told(OlderWanted) == []


class TestDrawing:
    @pytest.mark.parametrize("size", [WIDE, NARROW, (100, 40), (60, 24)], ids=str)
    async def test_every_verdict_is_in_its_column_under_its_head(self, clock: FakeClock, size: tuple[int, int]):
        panel = ExchangesPanel(clock)
        async with bench(panel, size=size) as stand:
            panel.show_newest(story(), [])
            panel.show_waiting({"ex-000009"})
            await stand.settle()
            heads, *rows = (line for line in stand.text.splitlines() if "time" in line or "11:59:" in line)
            column = heads.index("verdict")
            assert [row[column : column + 10].strip() for row in rows] == [
                "? ask",
                "✓ allow",
                "✗ deny",
                "~ amend",
                "✓ ask: yes",
                "✗ ask: no",
                "✓ allow",
                "! failed",
                "✓ allow",
            ]
            assert ("cost" in heads) is (size[0] > 104)
            assert ("unpriced" in stand.text) is (size[0] > 104)

    async def test_the_highlighted_one_is_explained_below_and_in_full_on_enter(self, clock: FakeClock):
        panel = ExchangesPanel(clock)
        async with bench(panel, size=NARROW) as stand:
            panel.show_newest(story(), [])
            panel.focus_rows()
            await stand.press("j", "j")
            assert "✗ deny ignore  .env is ignored by .gitignore line 3, so its content stays" in stand.text
            await stand.press("enter")
            (wanted,) = stand.told(ReadingWanted)
            assert (wanted.title, wanted.about) == ("Exchange · ✗ deny", "")
            assert ("Decided by", "ignore") in wanted.paragraphs

    async def test_one_that_waits_for_a_person_says_so_until_it_does_not(self, clock: FakeClock):
        panel = ExchangesPanel(clock)
        async with bench(panel, size=NARROW) as stand:
            panel.show_newest(story(), [])
            await stand.settle()
            assert "· open  still open" in stand.text
            panel.show_waiting({"ex-000009"})
            await stand.settle()
            assert "? ask  waits for your answer" in stand.text
            panel.show_waiting(set())
            await stand.settle()
            assert "· open  still open" in stand.text

    async def test_names_and_summaries_are_drawn_as_they_are(self, clock: FakeClock):
        panel = ExchangesPanel(clock)
        async with bench(panel, size=WIDE) as stand:
            odd = exchange(
                1, client="[b]\x1b", summary="[red]rm\n-rf\u202e[/]", outcome="deny", reason="[/] no\nway", guard="[g]"
            )
            panel.show_newest([odd], [])
            await stand.settle()
            assert r"[red]rm ⏎ -rf\u202e[/]" in stand.text
            assert "[g]  [/] no ⏎ way" in stand.text
            assert r"[b]\x1b" in stand.text

    async def test_an_empty_log_says_what_to_do_but_only_once_it_is_known_to_be_empty(self, clock: FakeClock):
        panel = ExchangesPanel(clock)
        async with bench(panel, size=NARROW) as stand:
            assert "No exchange yet" not in stand.text
            panel.say_failed("out of date: [red]no[/]")
            await stand.settle()
            assert "out of date: [red]no[/]" in stand.text
            panel.show_newest([], [])
            panel.say_failed("")
            await stand.settle()
            assert "No exchange yet. Point an agent at the gateway: companion connect" in stand.text
            assert "out of date" not in stand.text
            panel.show_upstreams({})
            await stand.settle()
            assert "companion up --upstream" in stand.text
            assert "No exchange yet" not in stand.text
            panel.show_upstreams({"a": "https://a"})
            await stand.settle()
            assert "companion connect claude" in stand.text


class TestFilter:
    @pytest.mark.parametrize(
        ("words", "numbers"),
        [
            ("codex", [2, 1]),
            ("CODEX small", [1]),
            ("deny", [7]),
            ("ask", [9, 5, 4]),
            ("gitignore", [7]),
            ("recursive-delete", [5]),
            ("local-llama plan", [3]),
            ("nowhere", []),
            ("[red", []),
        ],
    )
    async def test_all_words_must_be_in_what_is_shown_of_it(self, clock: FakeClock, words: str, numbers: list[int]):
        panel = ExchangesPanel(clock)
        async with bench(panel, size=WIDE) as stand:
            panel.show_newest(story(), [])
            panel.show_waiting({"ex-000009"})
            panel.action_filter()
            panel.query_one(Input).value = words
            await stand.settle()
            assert shown(panel) == ids(numbers)
            assert f"Exchanges · {len(numbers)} of 9 match" in stand.text
            assert ("No exchange matches." in stand.text) is (not numbers)

    async def test_it_is_kept_by_enter_holds_for_what_comes_and_cleared_by_escape(self, clock: FakeClock):
        panel = ExchangesPanel(clock)
        async with bench(panel, size=NARROW) as stand:
            panel.show_newest(story(), [])
            panel.focus_rows()
            await stand.press("slash", *"cod", "enter")
            assert stand.app.focused is panel.query_one("#exchange-rows")
            panel.show_newest([exchange(11, client="codex"), exchange(10), *story()], [])
            await stand.settle()
            assert shown(panel) == ids([11, 2, 1])
            await stand.press("escape")
            assert len(shown(panel)) == 11
            assert not panel.query_one(Input).display
            assert "match" not in stand.text

    async def test_enter_on_no_words_puts_it_away(self, clock: FakeClock):
        panel = ExchangesPanel(clock)
        async with bench(panel, size=NARROW) as stand:
            panel.show_newest(story(), [])
            panel.focus_rows()
            await stand.press("slash", "enter")
            assert not panel.query_one(Input).display
            assert stand.app.focused is panel.query_one("#exchange-rows")
