from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from companion.contract.types import AcceptRequest, FindingLine
from companion_tui.screens.findings import LENGTHS, FindingsScreen
from tests.tui.bench import bench
from tests.tui.fakes import NOON, FakeClock, exchange

FOUND = [
    FindingLine("SECRET_GITHUB_0A1B2C3D", "GITHUB", "github-token", "rules", "high", "0a1b2c3d" * 4, 3),
    FindingLine("SECRET_PASSWORD_1A1B2C3D", "PASSWORD", "assigned-password", "rules", "low", "1a1b2c3d" * 4),
]
WHERE = "/home/ada/src/shop"


@asynccontextmanager
async def findings(**changes: Any):
    ends: list[AcceptRequest | None] = []
    async with bench(size=(110, 24)) as stand:
        line = exchange(1, findings=FOUND, **changes)
        await stand.app.push_screen(FindingsScreen(line, FakeClock()), ends.append)
        await stand.settle()
        yield stand, ends


async def test_every_finding_is_named_and_none_is_told():
    async with findings() as (stand, _):
        for one in FOUND:
            assert one.placeholder in stand.text
            assert one.rule in stand.text
            assert one.confidence in stand.text
        assert "3 places" in stand.text


@pytest.mark.parametrize("key", LENGTHS)
@pytest.mark.parametrize(
    ("keys", "asked"),
    [
        (["v"], {"secret": "0a1b2c3d" * 4, "called": FOUND[0].placeholder}),
        (["j", "v"], {"secret": "1a1b2c3d" * 4, "called": FOUND[1].placeholder}),
        (["j", "w"], {"rule": "assigned-password", "scope": WHERE}),
        (["v", "w"], {"rule": "github-token", "scope": WHERE}),
    ],
    ids=str,
)
async def test_one_key_says_what_and_the_next_for_how_long(keys: list[str], asked: dict[str, str], key: str):
    async with findings() as (stand, ends):
        await stand.press(*keys)
        assert "not at all" in stand.text
        await stand.press(key)
        await stand.until(lambda: ends)
    days = LENGTHS[key][1]
    until = "" if days is None else (NOON + timedelta(days=days)).isoformat()
    assert ends == [AcceptRequest(**asked, expires_at=until, by="tui")]


@pytest.mark.parametrize(
    ("keys", "end"),
    [(["1", "2", "3"], False), (["v", "j", "1"], False), (["v", "escape", "1"], False), (["escape"], True)],
    ids=str,
)
async def test_what_was_not_said_in_full_accepts_nothing(keys: list[str], end: bool):
    async with findings() as (stand, ends):
        await stand.press(*keys)
        assert ends == ([None] if end else [])


async def test_without_a_workspace_there_is_no_place_for_a_rule():
    async with findings(workspace="") as (stand, ends):
        await stand.press("w", "3")
        assert ends == []
