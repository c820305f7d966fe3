"""A list of one-line rows that draws only the lines in view, so that its length costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from companion_tui.messages import NearEnd, RowChosen, RowHighlighted

T = TypeVar("T")

Cell = tuple[str, str]
"""A text and its tone: "", "good", "warn", "bad" or "quiet"."""

_NEAR = 20


def fit(text: str, width: int) -> str:
    """`text` in exactly `width` cells, cut with an ellipsis where it is longer."""
    if width <= 0:
        return ""
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


class RowList(ScrollView, Generic[T], can_focus=True):
    """The highlight stays on its row's key when rows come and go; posts RowHighlighted, RowChosen and NearEnd.

    `draw` gives the cells of one row for a width; together they fill it, save for the marker's two cells.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "rows--highlight",
        "rows--good",
        "rows--warn",
        "rows--bad",
        "rows--quiet",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("home,g", "jump(0)", "First", show=False),
        Binding("end,G", "jump(-1)", "Last", show=False),
        Binding("enter", "choose", "Details"),
    ]

    highlight: reactive[int] = reactive(0, repaint=False)

    def __init__(
        self,
        key: Callable[[T], str],
        draw: Callable[[T, int], Sequence[Cell]],
        *,
        id: str,  # noqa: A002 - Textual's word
        follow: bool = False,
    ) -> None:
        """With `follow` the highlight stays on the first row while that is highlighted and the list has no focus."""
        super().__init__(id=id)
        self._follow = follow
        self._key = key
        self._draw = draw
        self._rows: list[T] = []
        self._told = ""

    @property
    def row(self) -> T | None:
        """The highlighted row."""
        return self._rows[self.highlight] if self._rows else None

    def show(self, rows: Sequence[T]) -> None:
        """Replaces the rows. The highlight keeps its key; when that is gone, its place."""
        held = self._key(self.row) if self.row is not None else ""
        at_top = self.highlight == 0 and self.scroll_offset.y == 0
        self._rows = list(rows)
        keys = [self._key(row) for row in self._rows]
        place = keys.index(held) if held in keys else min(self.highlight, max(0, len(keys) - 1))
        self.virtual_size = Size(0, len(self._rows))
        self.set_reactive(RowList.highlight, place)
        if self._follow and at_top and not self.has_focus:
            self.set_reactive(RowList.highlight, 0)
        self._moved()
        self.refresh()

    def validate_highlight(self, index: int) -> int:
        return max(0, min(index, len(self._rows) - 1))

    def watch_highlight(self, old: int, new: int) -> None:
        for index in (old, new):
            self.refresh(Region(0, index - self.scroll_offset.y, self.size.width, 1))
        self._moved()

    def _moved(self) -> None:
        self.scroll_to_region(Region(0, self.highlight, 1, 1), animate=False, force=True)
        key = self._key(self.row) if self.row is not None else ""
        if key != self._told:
            self._told = key
            self.post_message(RowHighlighted(key))
        if self._rows and self.highlight >= len(self._rows) - _NEAR:
            self.post_message(NearEnd())

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index = y + self.scroll_offset.y
        base = self.rich_style
        if index >= len(self._rows):
            return Strip.blank(width, base)
        lit = index == self.highlight
        if lit:
            base += self.get_component_rich_style("rows--highlight", partial=True)
        segments = [Segment("▸ " if lit else "  ", base)]
        for text, tone in self._draw(self._rows[index], width - 2):
            style = base + self.get_component_rich_style(f"rows--{tone}", partial=True) if tone else base
            segments.append(Segment(text, style))
        return Strip(segments).adjust_cell_length(width, base)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is None:
            return
        index = place.y + self.scroll_offset.y
        if index >= len(self._rows):
            return
        if index == self.highlight and event.chain == 2:
            self.action_choose()
        self.highlight = index

    def action_move(self, by: int) -> None:
        self.highlight += by

    def action_page(self, by: int) -> None:
        self.highlight += by * max(1, self.size.height - 1)

    def action_jump(self, to: int) -> None:
        self.highlight = to if to >= 0 else len(self._rows) - 1

    def action_choose(self) -> None:
        if self.row is not None:
            self.post_message(RowChosen(self._key(self.row)))
