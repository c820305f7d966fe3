from __future__ import annotations

from contextlib import asynccontextmanager

from companion.contract.types import AcceptanceLine
from companion_tui.screens.accepted import AcceptedScreen
from tests.tui.bench import bench
from tests.tui.fakes import NOON, FakeClock

LINES = [
    AcceptanceLine("acc-1", "0a" * 16, "", "", "SECRET_GITHUB_0A0A0A0A", "live", NOON.isoformat(), "cli"),
    AcceptanceLine(
        "acc-2", "", "url-password", "/w", "url-password", "live", NOON.isoformat(), "tui", "", "2026-03-20T12:00:00Z"
    ),
    AcceptanceLine("acc-3", "", "gone", "/w", "gone", "revoked", NOON.isoformat(), "tui"),
]


@asynccontextmanager
async def accepted(lines: list[AcceptanceLine]):
    ends: list[str | None] = []
    async with bench(size=(110, 24)) as stand:
        await stand.app.push_screen(AcceptedScreen(lines, FakeClock()), ends.append)
        await stand.settle()
        yield stand, ends


async def test_what_holds_is_shown_and_the_highlighted_one_is_taken_back():
    async with accepted(LINES) as (stand, ends):
        for text in ("SECRET_GITHUB_0A0A0A0A", "for good", "everywhere", "rule url-password", "/w", "until 26-03-20"):
            assert text in stand.text
        assert "gone" not in stand.text
        await stand.press("j", "x")
        await stand.until(lambda: ends)
        assert ends == ["acc-2"]


async def test_where_nothing_is_accepted_no_key_takes_anything_back():
    async with accepted(LINES[2:]) as (stand, ends):
        assert "Nothing is accepted" in stand.text
        await stand.press("x")
        assert ends == []
        await stand.press("escape")
        await stand.until(lambda: ends)
        assert ends == [None]
