"""What makes calls wait or go elsewhere: limits, and upstreams that rest."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from companion.contract.types import Status
from companion_tui.clock import Clock
from companion_tui.show import plural
from companion_tui.standing import longest_first, rests, served, why_it_rests

_WIDE = 100


class DelaysBar(Static):
    """One line: how many calls wait, and the longest rest of an upstream; not there when neither is."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(Content(), id="delays")
        self._clock = clock
        self.display = False

    def show(self, status: Status) -> None:
        """`status` as it came just now."""
        self.display = bool(status.waiting or status.resting)
        calls = plural(status.waiting, "call") if self.app.size.width >= _WIDE else f"{status.waiting:,}"
        waiting = f"… {calls} {'waits' if status.waiting == 1 else 'wait'} at a limit" if status.waiting else ""
        parts: list[str | tuple[str, str]] = [(waiting, "bold $text-warning")]
        if status.resting:
            first, now = longest_first(status.resting)[0], self._clock.now()
            more = f"  +{len(status.resting) - 1} more (s)" if len(status.resting) > 1 else ""
            parts += [
                "   " if waiting else "",
                (f"‖ {rests(first, now)}", "bold $text-warning"),
                (f"  {served(first)}", "bold"),
                (more, "$foreground-muted"),
                f"  {why_it_rests(first, now)}",
            ]
        self.update(Content.assemble(*parts))
