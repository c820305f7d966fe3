"""One panel by itself, under the real style sheet, and what it says to the rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

from companion_tui.app import CompanionApp
from companion_tui.screens import main
from tests.tui.driving import press, screen_text, settle

M = TypeVar("M", bound=Message)


class _Stand(App[None]):
    CSS_PATH = Path(main.__file__).with_name("main.tcss")
    HORIZONTAL_BREAKPOINTS = CompanionApp.HORIZONTAL_BREAKPOINTS
    VERTICAL_BREAKPOINTS = CompanionApp.VERTICAL_BREAKPOINTS

    def __init__(self, widgets: tuple[Widget, ...]) -> None:
        super().__init__()
        self.animation_level = "none"
        self._widgets = widgets

    def compose(self) -> ComposeResult:
        yield from self._widgets


@dataclass
class Bench:
    """The running stand."""

    app: App[None]
    pilot: Pilot[None]
    heard: list[Message]
    bells: list[int]

    async def press(self, *keys: str) -> None:
        await press(self.pilot, *keys)

    async def settle(self) -> None:
        await settle(self.pilot)

    async def until(self, condition: Callable[[], object]) -> None:
        """Waits for what comes by itself; the test's own time limit ends it where it does not come."""
        while not condition():
            await settle(self.pilot)
            await asyncio.sleep(0.005)

    def told(self, kind: type[M]) -> list[M]:
        """The messages of this kind that were posted, in order."""
        return [each for each in self.heard if isinstance(each, kind)]

    @property
    def text(self) -> str:
        return screen_text(self.app)

    @property
    def said(self) -> list[str]:
        """All notifications, title and text."""
        return [f"{each.title}: {each.message}" for each in self.app._notifications]


@asynccontextmanager
async def bench(*widgets: Widget, size: tuple[int, int] = (80, 40)) -> AsyncIterator[Bench]:
    heard: list[Message] = []

    def hear(message: Message) -> None:
        # Each widget that a message passes on its way up hears it anew.
        if type(message).__module__ == "companion_tui.messages" and not any(message is each for each in heard):
            heard.append(message)

    app = _Stand(widgets)
    bells: list[int] = []
    app.bell = lambda: bells.append(1)
    async with app.run_test(size=size, message_hook=hear) as pilot:
        yield Bench(app, pilot, heard, bells)
