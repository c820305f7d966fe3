"""A text in front of everything: details, alerts, the daemon's state, help."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class ReadingScreen(ModalScreen[bool]):
    """Dismissed with True when the text was in view to its end."""

    CSS_PATH = "reading.tcss"
    AUTO_FOCUS = "#reading-scroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,question_mark", "close", "Close"),
        Binding("j", "scroll('down')", "Down", show=False),
        Binding("k", "scroll('up')", "Up", show=False),
    ]

    def __init__(self, title: str, paragraphs: list[tuple[str, str]]) -> None:
        """`paragraphs` are (label, text); those without text are left out."""
        super().__init__()
        self._title = title
        self._paragraphs = [(label, text) for label, text in paragraphs if text]

    def compose(self) -> ComposeResult:
        with Vertical(id="reading") as box:
            box.border_title = Content(self._title)
            box.border_subtitle = "↑ ↓ scroll · esc closes"
            with VerticalScroll(id="reading-scroll"):
                for label, text in self._paragraphs:
                    with Horizontal(classes="paragraph"):
                        if label:
                            yield Static(Content(label), classes="paragraph-label")
                        yield Static(Content(text), classes="paragraph-text" if label else "paragraph-whole")

    def action_close(self) -> None:
        pane = self.query_one("#reading-scroll", VerticalScroll)
        # Before it is drawn, and where no line of it fits, there is nothing to scroll either.
        drawn = 0 < pane.size.height <= self.query_one("#reading").size.height
        self.dismiss(drawn and pane.scroll_offset.y >= pane.max_scroll_y)

    def action_scroll(self, to: str) -> None:
        pane = self.query_one("#reading-scroll", VerticalScroll)
        (pane.scroll_down if to == "down" else pane.scroll_up)(animate=False)
