"""What was found in one exchange: a person may accept a value, or a rule where the agent works."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from companion.contract.types import AcceptRequest, ExchangeLine, FindingLine
from companion_tui.clock import Clock
from companion_tui.messages import NearEnd, RowChosen, RowHighlighted
from companion_tui.show import one_line, plural
from companion_tui.widgets.rows import Cell, RowList, fit

LENGTHS: dict[str, tuple[str, int | None]] = {"1": ("a day", 1), "2": ("30 days", 30), "3": ("for good", None)}
"""Key to how long an acceptance holds, in words and in days."""


class FindingsScreen(ModalScreen[AcceptRequest | None]):
    """Dismissed with what the person accepts, or None. Two keys accept: one says what, the next for how long."""

    CSS_PATH = "findings.tcss"
    AUTO_FOCUS = "#finding-rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "choose('value')", "Accept value"),
        Binding("w", "choose('rule')", "Accept rule here"),
        *(Binding(key, f"length('{key}')", words, show=False) for key, (words, _) in LENGTHS.items()),
        Binding("escape,q", "back", "Close"),
    ]

    def __init__(self, line: ExchangeLine, clock: Clock) -> None:
        super().__init__()
        self._line = line
        self._clock = clock
        self._chosen: AcceptRequest | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="findings") as box:
            box.border_title = Content(f"Secrets · {plural(len(self._line.findings), 'secret')} found")
            yield RowList(_key, _draw, id="finding-rows")
            yield Static(Content(), id="finding-keys")

    def on_mount(self) -> None:
        self._rows.show(self._line.findings)
        self._show_keys()

    @property
    def _rows(self) -> RowList[FindingLine]:
        return self.query_one("#finding-rows", RowList)

    @on(RowHighlighted)
    def _moved(self, event: RowHighlighted) -> None:
        """What was chosen was chosen of another row."""
        event.stop()
        self._chosen = None
        self._show_keys()

    @on(RowChosen)
    @on(NearEnd)
    def _nothing(self, event: RowChosen | NearEnd) -> None:
        event.stop()

    def action_choose(self, what: str) -> None:
        row = self._rows.row
        if row is None:
            return
        if what == "value":
            self._chosen = AcceptRequest(secret=row.fingerprint or row.placeholder, called=row.placeholder, by="tui")
        elif self._line.workspace:
            self._chosen = AcceptRequest(rule=row.rule, scope=self._line.workspace, by="tui")
        else:
            self.notify("Nobody said where the agent worked, so there is no place for a rule.", severity="warning")
        self._show_keys()

    def action_length(self, key: str) -> None:
        chosen, days = self._chosen, LENGTHS[key][1]
        if chosen is None:
            return
        until = "" if days is None else (self._clock.now() + timedelta(days=days)).isoformat()
        self.dismiss(
            AcceptRequest(
                secret=chosen.secret,
                called=chosen.called,
                rule=chosen.rule,
                scope=chosen.scope,
                expires_at=until,
                by=chosen.by,
            )
        )

    def action_back(self) -> None:
        if self._chosen is None:
            self.dismiss(None)
            return
        self._chosen = None
        self._show_keys()

    def _show_keys(self) -> None:
        shown = self.query_one("#finding-keys", Static)
        chosen = self._chosen
        if chosen is None:
            keys = (("v", "the value is no secret"), ("w", "what this rule finds here is none"), ("esc", "closes"))
            shown.update(Content.assemble(*(part for key, words in keys for part in _key_and_words(key, words))))
            return
        what = f"what {one_line(chosen.rule)} finds in {one_line(chosen.scope)}" if chosen.rule else chosen.called
        lengths = (part for key, (words, _) in LENGTHS.items() for part in _key_and_words(key, words))
        told = f"From the next call on {one_line(what)} leaves as it is. For how long?\n"
        shown.update(Content.assemble((told, "$text-warning"), *lengths, *_key_and_words("esc", "not at all")))


def _key_and_words(key: str, words: str) -> tuple[tuple[str, str], str]:
    return (f" {key} ", "bold $text-accent"), f"{words}  "


def _key(row: FindingLine) -> str:
    return row.placeholder


def _draw(row: FindingLine, width: int) -> list[Cell]:
    times = plural(row.times, "place")
    return [
        (fit(one_line(row.placeholder), 34), ""),
        (fit(one_line(row.confidence), 6), "bad" if row.confidence == "high" else "warn"),
        (fit(times, 12), "quiet"),
        (fit(f"{one_line(row.rule)} ({one_line(row.engine)})", width - 52), "quiet"),
    ]
