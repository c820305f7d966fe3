"""The line about the daemon, and the banner that stands below it while there is none."""

from __future__ import annotations

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalGroup
from textual.content import Content
from textual.widgets import Static

from companion.contract.types import Status
from companion_tui.clock import Clock
from companion_tui.show import one_line, plain
from companion_tui.source import Trouble
from companion_tui.widgets.rows import fit

_WIDE = 100
_BLANKS = 4
_RUNNING = "● running"


class StatusBar(VerticalGroup):
    """Always says the true state: connecting, running, running with trouble, or not answering."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(id="status")
        self._clock = clock
        self.status: Status | None = None
        self.answered_at = clock.now()
        self._trouble = False

    def compose(self) -> ComposeResult:
        with Horizontal(id="status-line"):
            yield Static(Content("◌ connecting"), id="status-state")
            yield Static(Content(), id="status-counts")
        yield Static(Content(), id="banner")

    def on_mount(self) -> None:
        self.query_one("#banner").display = False

    def on_resize(self) -> None:
        if self.status and not self._trouble:
            self._show_running(self.status)

    def show(self, status: Status) -> None:
        """`status` as it came just now."""
        self.status = status
        self.answered_at = self._clock.now()
        self._trouble = False
        self.query_one("#banner").display = False
        self._show_running(status)

    def _show_running(self, status: Status) -> None:
        wide = self.size.width >= _WIDE
        gateway = f"  {one_line(status.gateway)}"
        tiers = " · ".join(f"{one_line(tier)}: {_model(model)}" for tier, model in status.tiers.items())
        self.query_one("#status-state", Static).update(
            Content.assemble(
                (_RUNNING, "bold $text-success"), gateway, (f"  {tiers}" if wide else "", "$foreground-muted")
            )
        )
        today = f" · {status.exchanges_today:,} today"
        room = self.size.width - cell_len(_RUNNING + gateway + today) - _BLANKS
        agents = _latest([one_line(seen.client) for seen in status.clients], room) or "no agent yet"
        self.query_one("#status-counts", Static).update(Content.styled(agents + today, "$foreground-muted"))

    def say_lost(self, trouble: Trouble) -> None:
        """The daemon does not answer; says what to type, and that trying goes on."""
        self._trouble = True
        gone = trouble.code == "not-running"
        word = "○ not running" if gone else "! trouble"
        self.query_one("#status-state", Static).update(Content.styled(word, "bold $text-error"))
        as_of = f"what is shown is as of {self.answered_at:%H:%M:%S}" if self.status else ""
        self.query_one("#status-counts", Static).update(Content.styled(as_of, "$foreground-muted"))
        next_step = [
            ("Type ", ""),
            (f" {plain(trouble.next)} ", "bold reverse"),
            (" in another terminal. ", ""),
        ]
        banner = self.query_one("#banner", Static)
        banner.update(
            Content.assemble(
                (_sentence(plain(trouble.text)), "bold"),
                "\n",
                *(next_step if trouble.next else ()),
                ("This screen keeps trying and connects by itself.", ""),
            )
        )
        banner.display = True

    def say_failed(self, text: str) -> None:
        """The daemon answers, but its status cannot be had."""
        if text:
            self._trouble = True
            self.query_one("#status-state", Static).update(Content.styled(f"! {text}", "bold $text-warning"))


def _latest(agents: list[str], room: int) -> str:
    """As many of the last ones as there is room for, at least a piece of one, and how many there are besides."""
    for left_out in range(len(agents)):
        text = ", ".join(([f"+{left_out}"] if left_out else []) + agents[left_out:])
        if cell_len(text) <= room:
            return text
    return fit(agents[-1], max(1, room)).rstrip() if agents else ""


def _model(routed: str) -> str:
    """The model without its upstream."""
    model = one_line(routed).rpartition("/")[2]
    return "as asked" if model == "*" else model


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
