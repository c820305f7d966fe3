"""Drives the application in tests: waits for conditions, reads the screen as text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from textual import events
from textual.pilot import Pilot

from companion_tui.app import CompanionApp
from companion_tui.screens.main import MainScreen
from companion_tui.widgets.approvals import ApprovalsPanel
from tests.tui.fakes import FakeClock, FakeDaemon

LONG_ENOUGH = 2.0
"""Seconds after which any approval in view has been seen."""

_ROUNDS = 5
_CHARACTERS = {"space": " ", "slash": "/", "enter": "\r"}


@dataclass
class Drive:
    """A running application with its fake daemon and clock."""

    app: CompanionApp
    pilot: Pilot[None]
    daemon: FakeDaemon
    clock: FakeClock
    bells: list[int]

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Waits for a condition, which fails the test when it does not come true."""
        try:
            async with asyncio.timeout(10):
                while not condition():
                    await settle(self.pilot)
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(f"never came true: {what}\n{self.text}") from None
        await settle(self.pilot)

    async def until_shown(self, text: str) -> None:
        await self.until(lambda: text in self.text, text)

    async def until_said(self, text: str) -> None:
        await self.until(lambda: any(text in each for each in self.said), f"{text}; said: {self.said}")

    async def press(self, *keys: str) -> None:
        await press(self.pilot, *keys)

    def look(self) -> None:
        """Lets enough time go by that what is in view has been seen."""
        self.clock.tick(LONG_ENOUGH)

    @property
    def text(self) -> str:
        """The screen in front, line by line."""
        return screen_text(self.app)

    @property
    def said(self) -> list[str]:
        """All notifications, title and text."""
        return [f"{each.title}: {each.message}" for each in self.app._notifications]

    @property
    def panel(self) -> ApprovalsPanel:
        return self.app._main.query_one(ApprovalsPanel)

    @property
    def main(self) -> MainScreen:
        return self.app._main


async def settle(pilot: Pilot[None]) -> None:
    """Until what is queued is done, and what that queued, some times over, and all of it is drawn."""
    for _ in range(_ROUNDS):
        await pilot._wait_for_screen()
        await pilot.app.animator.wait_until_complete()
        pilot.app.screen._on_timer_update()


async def press(pilot: Pilot[None], *keys: str) -> None:
    """As `Pilot.press`, which waits for the whole process to be idle, over and over."""
    for key in keys:
        character = _CHARACTERS.get(key, key if len(key) == 1 else None)
        pilot.app._driver.send_message(events.Key(key, character))
        await settle(pilot)


def screen_text(app: CompanionApp) -> str:
    width, height = app.size
    lines = app.screen._compositor.render_strips(app.size)
    return "\n".join("".join(segment.text for segment in line).rstrip()[:width] for line in lines[:height])


@asynccontextmanager
async def driving(
    daemon: FakeDaemon, clock: FakeClock, size: tuple[int, int] = (120, 40), settled: str = "● running"
) -> AsyncIterator[Drive]:
    """The application, once `settled` is on the screen."""
    app = CompanionApp(daemon.connect, clock)
    app.animation_level = "none"
    bells: list[int] = []
    app.bell = lambda: bells.append(1)
    async with app.run_test(size=size) as pilot:
        drive = Drive(app, pilot, daemon, clock, bells)
        await drive.until_shown(settled)
        yield drive
