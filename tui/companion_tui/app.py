"""The terminal UI's application: `run_tui` is what `companion tui` calls."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.app import App, SystemCommand
from textual.screen import Screen
from textual.timer import Timer

from companion_tui import messages as told
from companion_tui.clock import Clock, SystemClock
from companion_tui.screens.main import MainScreen
from companion_tui.source import Connect, connect_to_daemon

_LEAVE_SECONDS = 0.8


class CompanionApp(App[None]):
    """Everything happens on the main screen; the application adds the command palette."""

    TITLE = "companion"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - as App declares it
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012 - as App declares it

    def __init__(self, connect: Connect, clock: Clock | None = None) -> None:
        """`connect` opens the source of all data, again after each loss; tests give a clock that stands still."""
        super().__init__()
        self._main = MainScreen(connect, clock or SystemClock())

    def on_mount(self) -> None:
        self.push_screen(self._main)

    def on_app_focus(self) -> None:
        """The terminal came to the front: a key may have been meant for what was there before."""
        self._main.seen_anew()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield from super().get_system_commands(screen)
        if screen is not self._main:
            return
        main = self._main
        yield SystemCommand("Approvals", "Go to the approvals that wait", lambda: main.action_go("approvals"))
        yield SystemCommand("Exchanges", "Go to the recent exchanges", lambda: main.action_go("exchanges"))
        yield SystemCommand("Filter exchanges", "Show only those that hold some words", main.action_filter)
        yield SystemCommand("Accepted", "Findings that were accepted, and take one back", main.action_accepted)
        yield SystemCommand("Daemon", "Gateway, tiers, upstreams, engines and agents", main.action_read_status)
        yield SystemCommand("Alerts", "Everything that is firing, and what to do", main.action_read_alerts)
        yield SystemCommand("Refresh", "Fetch everything again, or try to connect now", main.action_refresh)
        yield SystemCommand("Help", "Keys and what they do", main.action_help)


class UntilAnswered(CompanionApp):
    """Leaves by itself when everything that waited has its answer: for a guided run such as the demo."""

    _waited = False
    _leaving: Timer | None = None

    @on(told.PendingArrived)
    def _count(self, event: told.PendingArrived) -> None:
        if self._leaving is not None:
            self._leaving.stop()
            self._leaving = None
        if event.approvals:
            self._waited = True
        elif self._waited:
            # A moment to see what became of the answer, and for the agent to ask for the next one.
            self._leaving = self.set_timer(_LEAVE_SECONDS, self.exit)


def run_until_answered() -> int:
    """As `run_tui`, until nothing waits any more."""
    app = UntilAnswered(connect_to_daemon)
    app.run()
    return app.return_code or 0


def run_tui() -> int:
    """Runs until the person quits; the exit status. Needs no running daemon: it says what to type and waits."""
    app = CompanionApp(connect_to_daemon)
    app.run()
    return app.return_code or 0
