from __future__ import annotations

import pytest
from textual.widgets import Input

from companion_tui.messages import DenialClosed
from companion_tui.widgets.denial import DenialBar
from tests.tui.bench import bench
from tests.tui.fakes import approval

FIRST, SECOND = approval("apr-1"), approval("apr-2", "rm -rf build")


@pytest.mark.parametrize(
    ("typed", "reason"),
    [("", ""), ("no way", "no way"), ("  no \t way  ", "no way"), ("[red]no[/]", "[red]no[/]"), ("x" * 500, "x" * 500)],
    ids=["nothing", "words", "blanks", "markup", "the longest"],
)
async def test_enter_denies_what_it_was_opened_for_with_the_words_that_were_typed(typed: str, reason: str):
    bar = DenialBar()
    async with bench(bar) as stand:
        bar.open(FIRST)
        bar.query_one(Input).insert_text_at_cursor(typed)
        await stand.press("enter")
        assert stand.told(DenialClosed) == [DenialClosed(FIRST, reason)]
        assert not bar.display
        assert bar.approval is None


async def test_a_reason_does_not_grow_past_the_longest():
    bar = DenialBar()
    async with bench(bar) as stand:
        bar.open(FIRST)
        bar.query_one(Input).insert_text_at_cursor("x" * 499)
        await stand.press("y", "z")
        assert bar.query_one(Input).value == "x" * 499 + "y"


async def test_escape_denies_nothing_whatever_was_typed_and_the_next_one_starts_empty():
    bar = DenialBar()
    async with bench(bar) as stand:
        assert not bar.display
        bar.open(FIRST)
        await stand.press("n", "escape")
        assert stand.told(DenialClosed) == [DenialClosed(None)]
        assert not bar.display
        bar.open(SECOND)
        await stand.settle()
        assert stand.app.focused is bar.query_one(Input)
        assert bar.query_one(Input).value == ""
        await stand.press("enter")
        assert stand.told(DenialClosed)[1:] == [DenialClosed(SECOND, "")]


async def test_closed_from_outside_it_denies_nothing_and_a_late_enter_neither():
    bar = DenialBar()
    async with bench(bar) as stand:
        bar.open(FIRST)
        await stand.press("n")
        line = bar.query_one(Input)
        bar.close()
        bar.post_message(Input.Submitted(line, line.value))
        await stand.settle()
        assert {each.approval for each in stand.told(DenialClosed)} == {None}
