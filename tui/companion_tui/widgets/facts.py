"""Labelled lines: label on the left, text wrapped on the right."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalGroup
from textual.content import Content
from textual.widgets import Static


class FactLine(Horizontal):
    """One label and its text."""

    def __init__(self, label: str) -> None:
        super().__init__(classes="fact")
        self._label = label

    def compose(self) -> ComposeResult:
        yield Static(Content(self._label), classes="fact-label")
        yield Static(Content(), classes="fact-text")

    def show(self, text: str) -> None:
        self.display = bool(text)
        self.query_one(".fact-text", Static).update(Content(text))


class Facts(VerticalGroup):
    """The same labels always; a line without text is not shown."""

    def __init__(self, labels: Sequence[str], *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._lines = {label: FactLine(label) for label in labels}

    def compose(self) -> ComposeResult:
        yield from self._lines.values()

    def show(self, texts: dict[str, str]) -> None:
        """Shows these texts, already plain, and hides the other labels."""
        for label, line in self._lines.items():
            line.show(texts.get(label, ""))
