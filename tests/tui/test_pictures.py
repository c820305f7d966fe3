"""The whole screen as text, per state and size. After a wanted change: pytest tests/tui --snapshot-update"""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from companion.contract.types import Status
from tests.tui.driving import Drive, driving
from tests.tui.fakes import (
    DOLLAR,
    FakeClock,
    FakeDaemon,
    alert,
    approval,
    budget,
    evolve,
    limit,
    parallel,
    resting,
    week_of,
)

SIZES = [(80, 24), (120, 40)]


async def settle(drive: Drive) -> None:
    """Until all parts have come and no notification lies above them."""
    drive.look()
    await drive.until_shown("$12.34" if drive.app.size.width < 100 else "by tier")
    await drive.until_shown("✗ deny")
    await drive.until(lambda: "$text-accent" in str(drive.panel.query_one("#approval-keys").content.spans), "keys lit")
    drive.app.clear_notifications()
    await drive.until(lambda: not drive.app.screen.query("Toast"), "no toast")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_approvals_wait(daemon: FakeDaemon, clock: FakeClock, size: tuple[int, int], snapshot: SnapshotAssertion):
    daemon.approvals = [
        approval(exchange="ex-000009"),
        approval("apr-2", "write deploy/prod.env", client="claude", kind="file"),
    ]
    daemon.status = evolve(daemon.status, alerts=[alert()])
    async with driving(daemon, clock, size, settled="2 waiting") as drive:
        await settle(drive)
        assert drive.text == snapshot
        assert drive.app.export_screenshot().startswith("<svg")


def tight(found: Status) -> Status:
    """Every part of the status that says something at once."""
    month = {"window": "month", "resets_at": "2026-04-01T00:00:00+00:00"}
    return evolve(
        found,
        budgets=[
            budget(61, reserved_pd=1_500_000_000_000),
            budget(38, limit_pd=150 * DOLLAR, spent_pd=57 * DOLLAR, **month),
            week_of("claude", 83, reserved_pd=412_300_000_000),
            week_of("cline", 12),
            budget(102, dimension="project", name="/home/ada/src/storefront", **month),
        ],
        resting=[resting(), resting("opus-4-5", "paused", 61, cause="asked to be left alone for 90 s (429)")],
        waiting=3,
        limits=[limit(5), parallel("claude-opus-4-5", 4, 3), limit(0, name="codex"), parallel("gpt-5-mini", 1)],
        alerts=[alert()],
    )


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_money_is_tight(daemon: FakeDaemon, clock: FakeClock, size: tuple[int, int], snapshot: SnapshotAssertion):
    daemon.status = tight(daemon.status)
    async with driving(daemon, clock, size, settled="Nothing waits") as drive:
        await drive.until_shown("$12.34" if size[0] < 100 else "by model")
        await drive.until_shown("✗ deny")
        assert drive.text == snapshot


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_no_daemon(daemon: FakeDaemon, clock: FakeClock, size: tuple[int, int], snapshot: SnapshotAssertion):
    daemon.up = False
    async with driving(daemon, clock, size, settled="○ not running") as drive:
        assert drive.text == snapshot


@pytest.mark.parametrize("size", [(80, 24), (100, 24), (120, 24), (80, 40), (200, 60)], ids=str)
async def test_the_keys_are_in_view_whatever_the_size(daemon: FakeDaemon, clock: FakeClock, size: tuple[int, int]):
    daemon.approvals = [
        approval(f"apr-{number}", "echo\n" * 50, reason="why " * 90, hint="so " * 90) for number in range(9)
    ]
    daemon.status = tight(daemon.status)
    async with driving(daemon, clock, size, settled="9 waiting") as drive:
        await drive.until_shown("expires in")
        assert " a approve" in drive.text
        assert "Why " in drive.text
        assert "time " in drive.text
