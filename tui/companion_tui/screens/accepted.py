"""What is accepted now, and the key that takes it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from companion.contract.types import AcceptanceLine
from companion_tui.clock import Clock
from companion_tui.messages import NearEnd, RowChosen, RowHighlighted
from companion_tui.show import one_line, time_of
from companion_tui.widgets.rows import Cell, RowList, fit

_KEYS = "x takes back the highlighted one · esc closes"
_IDLE = "Nothing is accepted. On an exchange, v shows what was found in it."


class AcceptedScreen(ModalScreen[str | None]):
    """Dismissed with the id of what is to be found again, or None."""

    CSS_PATH = "findings.tcss"
    AUTO_FOCUS = "#accepted-rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "revoke", "Take back"),
        Binding("escape,q", "close", "Close"),
    ]

    def __init__(self, accepted: Sequence[AcceptanceLine], clock: Clock) -> None:
        super().__init__()
        self._accepted = [line for line in accepted if line.state == "live"]
        self._clock = clock

    def compose(self) -> ComposeResult:
        with Vertical(id="accepted") as box:
            box.border_title = Content(f"Accepted · {len(self._accepted)}")
            yield RowList(_key, self._draw, id="accepted-rows")
            yield Static(
                Content("x takes back the highlighted one · esc closes" if self._accepted else _IDLE),
                id="accepted-keys",
            )

    def on_mount(self) -> None:
        rows = self._rows
        rows.show(self._accepted)
        rows.display = bool(self._accepted)

    @property
    def _rows(self) -> RowList[AcceptanceLine]:
        return self.query_one("#accepted-rows", RowList)

    @on(RowHighlighted)
    @on(RowChosen)
    @on(NearEnd)
    def _nothing(self, event: RowHighlighted | RowChosen | NearEnd) -> None:
        event.stop()

    def action_revoke(self) -> None:
        if (row := self._rows.row) is not None:
            self.dismiss(row.id)

    def action_close(self) -> None:
        self.dismiss(None)

    def _draw(self, row: AcceptanceLine, width: int) -> list[Cell]:
        what = f"rule {row.rule}" if row.rule else row.shown
        return [
            (fit(one_line(what), 40), ""),
            (fit(_until(row.expires_at, self._clock.now()), 16), "quiet"),
            (fit(one_line(row.scope) or "everywhere", width - 56), "quiet"),
        ]


def _until(expires_at: str, now: datetime) -> str:
    return f"until {time_of(expires_at, now)}" if expires_at else "for good"


def _key(row: AcceptanceLine) -> str:
    return row.id
