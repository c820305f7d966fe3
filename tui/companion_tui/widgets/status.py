"""The line about the daemon, and the banner that stands below it while there is none."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalGroup
from textual.content import Content
from textual.widgets import Static

from companion.contract.types import Status
from companion_tui.clock import Clock
from companion_tui.show import one_line, plain
from companion_tui.source import Trouble

_WIDE = 100


class StatusBar(VerticalGroup):
    """Always says the true state: connecting, running, running with trouble, or not answering."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(id="status")
        self._clock = clock
        self.status: Status | None = None
        self._answered_at = ""

    def compose(self) -> ComposeResult:
        with Horizontal(id="status-line"):
            yield Static(Content("◌ connecting"), id="status-state")
            yield Static(Content(), id="status-counts")
        yield Static(Content(), id="banner")

    def on_mount(self) -> None:
        self.query_one("#banner").display = False

    def on_resize(self) -> None:
        if self.status and not self.query_one("#banner").display:
            self.show(self.status)

    def show(self, status: Status) -> None:
        self.status = status
        self._answered_at = f"{self._clock.now():%H:%M:%S}"
        self.query_one("#banner").display = False
        wide = self.size.width >= _WIDE
        tiers = " · ".join(f"{one_line(tier)}: {_model(model)}" for tier, model in status.tiers.items())
        self.query_one("#status-state", Static).update(
            Content.assemble(
                ("● running", "bold $text-success"),
                f"  {one_line(status.gateway)}",
                (f"  {tiers}" if wide else "", "$foreground-muted"),
            )
        )
        agents = ", ".join(one_line(seen.client) for seen in status.clients) or "no agent yet"
        self.query_one("#status-counts", Static).update(
            Content.styled(f"{agents} · {status.exchanges_today:,} today", "$foreground-muted")
        )

    def say_lost(self, trouble: Trouble) -> None:
        """The daemon does not answer; says what to type, and that trying goes on."""
        gone = trouble.code == "not-running"
        word = "○ not running" if gone else "! trouble"
        self.query_one("#status-state", Static).update(Content.styled(word, "bold $text-error"))
        as_of = f"what is shown is as of {self._answered_at}" if self.status else ""
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
            self.query_one("#status-state", Static).update(Content.styled(f"! {text}", "bold $text-warning"))


def _model(routed: str) -> str:
    """The model without its upstream."""
    model = one_line(routed).rpartition("/")[2]
    return "as asked" if model == "*" else model


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
