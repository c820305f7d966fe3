from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from companion_tui.screens.reading import ReadingScreen
from tests.tui.bench import Bench, bench

LONG = [("", "\n".join(f"echo {number}" for number in range(60))), ("Digest", "abc")]


@asynccontextmanager
async def reading(paragraphs: list[tuple[str, str]], title: str = "Help", size: tuple[int, int] = (80, 24)):
    """Read on a stand of its own; the second value gets what the screen was dismissed with."""
    ends: list[bool | None] = []
    async with bench(size=size) as stand:
        await stand.app.push_screen(ReadingScreen(title, paragraphs), ends.append)
        await stand.settle()
        yield stand, ends


async def closed(stand: Bench, ends: list[bool | None], key: str = "escape") -> bool | None:
    await stand.press(key)
    await stand.until(lambda: ends)
    assert len(ends) == 1
    return ends[0]


@pytest.mark.parametrize("key", ["escape", "enter", "q", "question_mark"])
async def test_what_fits_was_in_view_to_its_end(key: str):
    async with reading([("a", "approve"), ("d", "deny")]) as (stand, ends):
        assert "approve" in stand.text
        assert await closed(stand, ends, key) is True


@pytest.mark.parametrize(
    ("keys", "whole"),
    [
        ([], False),
        (["j", "down", "pagedown"], False),
        (["end"], True),
        (["end", "k"], False),
        (["pagedown", "pagedown", "pagedown", "pagedown"], True),
    ],
    ids=str,
)
async def test_what_does_not_fit_must_be_scrolled_to_its_end(keys: list[str], whole: bool):
    async with reading(LONG) as (stand, ends):
        await stand.press(*keys)
        assert ("Digest" in stand.text) is whole
        assert await closed(stand, ends) is whole


async def test_closed_before_it_was_drawn_it_was_not_read():
    ends: list[bool | None] = []
    async with bench(size=(80, 24)) as stand:
        screen = ReadingScreen("Approval", LONG)
        screen.call_later(screen.action_close)
        await stand.app.push_screen(screen, ends.append)
        await stand.until(lambda: ends)
        assert ends == [False]


async def test_where_not_a_line_of_it_fits_it_was_not_read():
    async with reading(LONG, size=(80, 3)) as (stand, ends):
        assert "echo" not in stand.text
        assert await closed(stand, ends) is False


async def test_texts_and_titles_are_drawn_as_they_are_and_empty_ones_left_out():
    pairs = [("", "echo [bold]hi[/]"), ("Why", ""), ("Hint", "[red]so[/]"), ("", "")]
    async with reading(pairs, title="Approval · [red]shell[/]") as (stand, _):
        lines = [line.strip(" │") for line in stand.text.splitlines() if line.strip()]
        assert "Approval · [red]shell[/]" in lines[0]
        assert [line for line in lines[1:-1] if line] == ["echo [bold]hi[/]", "Hint          [red]so[/]"]


async def test_a_line_longer_than_the_screen_is_folded_not_cut():
    async with reading([("", "x" * 200 + "END")]) as (stand, _):
        assert "END" in stand.text
        assert stand.text.count("x") == 200
