"""Exchanges: the newest first, older ones by the page, with the reason for the highlighted one's verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from companion.contract.types import ExchangeLine
from companion_tui.clock import Clock
from companion_tui.feed import PAGE
from companion_tui.messages import FindingsWanted, NearEnd, OlderWanted, ReadingWanted, RowChosen, RowHighlighted
from companion_tui.paragraphs import measures, no_reason, of_exchange
from companion_tui.show import Mark, money, one_line, time_of, verdict
from companion_tui.widgets.rows import Cell, RowList, fit
from companion_tui.widgets.title import titled

MOST = 2_000
"""Exchanges held at most; older ones are for `companion log`."""

_WIDE = 100
_IDLE = "No exchange yet. Point an agent at the gateway: companion connect claude"
_IDLE_WITHOUT_UPSTREAM = (
    "No upstream is configured yet, so no model can be called.\n"
    "Type: companion down, then companion up --upstream https://api.anthropic.com"
)
_MARKER_AND_SCROLLBAR = 3


class ExchangesPanel(Vertical):
    """Posts OlderWanted when the highlight nears the end of what is held."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter"),
        Binding("v", "secrets", "Secrets", show=False),
    ]

    def __init__(self, clock: Clock) -> None:
        super().__init__(id="exchanges", classes="panel")
        self._clock = clock
        self._lines: dict[str, ExchangeLine] = {}
        self._room = PAGE
        self._complete = False
        self._asked_before = ""
        self._words: list[str] = []
        self._waiting: set[str] = set()
        self._arrived = False
        self._failed = ""

    def compose(self) -> ComposeResult:
        yield Static(Content(), id="exchange-heads")
        yield RowList(_key, self._draw, id="exchange-rows", follow=True)
        yield Static(_IDLE, id="exchanges-idle")
        yield Static(Content(), id="exchange-reason")
        yield Input(placeholder="words to filter by · enter keeps · esc clears", compact=True, id="exchange-filter")

    def on_mount(self) -> None:
        self.query_one("#exchange-filter", Input).display = False
        self._redraw()

    def on_resize(self) -> None:
        self._draw_heads()

    @property
    def _rows(self) -> RowList[ExchangeLine]:
        return self.query_one("#exchange-rows", RowList)

    def focus_rows(self) -> None:
        self._rows.focus()

    def show_upstreams(self, upstreams: Mapping[str, str]) -> None:
        """Without one, no agent gets an answer, and that comes first."""
        self.query_one("#exchanges-idle", Static).update(_IDLE if upstreams else _IDLE_WITHOUT_UPSTREAM)

    def show_newest(self, lines: Sequence[ExchangeLine], changed: Sequence[ExchangeLine]) -> None:
        """Takes over the newest exchanges; where they do not join those that are held, these are dropped."""
        self._arrived = True
        if self._lines and len(lines) >= PAGE and not any(line.id in self._lines for line in lines):
            self._lines, self._room, self._complete, self._asked_before = {}, PAGE, False, ""
        if not self._lines and len(lines) < PAGE:
            self._complete = True
        self._lines.update((line.id, line) for line in lines)
        self._lines.update((line.id, line) for line in changed if line.id in self._lines)
        self._trim()

    def show_older(self, lines: Sequence[ExchangeLine]) -> None:
        """Adds the page that OlderWanted asked for."""
        self._complete = len(lines) < PAGE
        self._asked_before = ""
        self._room = min(MOST, max(self._room, len(self._lines) + len(lines)))
        self._lines.update((line.id, line) for line in lines)
        self._trim()

    def older_failed(self) -> None:
        """The page did not come; it may be asked for again."""
        self._asked_before = ""

    def show_waiting(self, exchanges: set[str]) -> None:
        """Approvals for these exchanges are open."""
        if exchanges != self._waiting:
            self._waiting = exchanges
            self._redraw()

    def _mark(self, line: ExchangeLine) -> Mark:
        return verdict(line, waiting=line.id in self._waiting)

    def say_failed(self, text: str) -> None:
        """Shows why the list may be out of date; "" when it is not."""
        self._failed = text
        self._show_title()

    def _trim(self) -> None:
        newest = sorted(self._lines, reverse=True)
        self._complete = self._complete and len(newest) <= self._room
        self._lines = {name: self._lines[name] for name in newest[: self._room]}
        self._redraw()

    def _redraw(self) -> None:
        lines = [line for line in self._lines.values() if self._passes(line)]
        self._rows.show(lines)
        self.query_one("#exchanges-idle", Static).display = self._arrived and not self._lines
        self._rows.display = bool(self._lines)
        self._show_title()
        self._show_reason()
        self._draw_heads()

    def _show_title(self) -> None:
        title = "Exchanges"
        if self._words:
            title += f" · {sum(map(self._passes, self._lines.values())):,} of {len(self._lines):,} match"
        elif len(self._lines) >= MOST:
            title += f" · newest {MOST:,}, older: companion log"
        self.border_title = titled(title, self._failed)

    def _passes(self, line: ExchangeLine) -> bool:
        if not self._words:
            return True
        texts = (
            line.client,
            line.tier,
            line.kind,
            self._mark(line).word,
            line.summary,
            line.code,
            line.reason,
            line.model,
        )
        return all(any(word in text.lower() for text in texts) for word in self._words)

    def _draw_heads(self) -> None:
        self.query_one("#exchange-heads", Static).update(
            Content("  " + "".join(text for text, _ in _cells(_HEADS, self.content_size.width - _MARKER_AND_SCROLLBAR)))
        )

    def _draw(self, line: ExchangeLine, width: int) -> list[Cell]:
        mark = self._mark(line)
        cost = money(line.cost_pd) if line.cost_pd is not None else "unpriced" if line.unpriced else ""
        return _cells(
            (
                (time_of(line.opened_at, self._clock.now()), "quiet"),
                (one_line(line.client), ""),
                (one_line(line.tier), "quiet"),
                (one_line(line.kind), ""),
                (str(mark), mark.tone),
                (one_line(line.summary), ""),
                (cost, "warn" if line.unpriced else "quiet"),
            ),
            width,
        )

    @on(RowHighlighted)
    def _highlight_moved(self, event: RowHighlighted) -> None:
        event.stop()
        self._show_reason()

    @on(RowChosen)
    def _chosen(self, event: RowChosen) -> None:
        event.stop()
        if line := self._lines.get(event.key):
            self.post_message(ReadingWanted(f"Exchange · {self._mark(line)}", of_exchange(line, self._clock.now())))

    @on(NearEnd)
    def _near_end(self, event: NearEnd) -> None:
        event.stop()
        last = next(reversed(self._lines), "")
        if self._complete or self._asked_before or not last or len(self._lines) >= MOST:
            return
        self._asked_before = last
        self.post_message(OlderWanted(last))

    def _show_reason(self) -> None:
        shown = self.query_one("#exchange-reason", Static)
        line = self._rows.row
        if line is None:
            shown.update(Content("No exchange matches." if self._words else ""))
            return
        mark = self._mark(line)
        open_for = "waits for your answer" if line.id in self._waiting else no_reason(line)
        shown.update(
            Content.assemble(
                (str(mark), f"bold {_STYLES[mark.tone]}"),
                (f" {one_line(line.guard)}" if line.guard else "", "$foreground-muted"),
                f"  {one_line(line.reason) or open_for}\n",
                (" · ".join(measures(line)), "$foreground-muted"),
            )
        )

    def action_secrets(self) -> None:
        line = self._rows.row
        if line is None:
            return
        if line.findings:
            self.post_message(FindingsWanted(line))
        else:
            self.notify("No secret was found in this exchange.", timeout=3)

    def action_filter(self) -> None:
        words = self.query_one("#exchange-filter", Input)
        words.display = True
        words.focus()

    @on(Input.Changed, "#exchange-filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._words = event.value.lower().split()
        self._redraw()

    @on(Input.Submitted, "#exchange-filter")
    def _filter_kept(self, event: Input.Submitted) -> None:
        event.stop()
        event.input.display = bool(self._words)
        self._rows.focus()

    def key_escape(self) -> None:
        words = self.query_one("#exchange-filter", Input)
        if words.display:
            words.value = ""
            words.display = False
            self._rows.focus()


_HEADS: tuple[Cell, ...] = (
    ("time", ""),
    ("client", ""),
    ("tier", ""),
    ("kind", ""),
    ("verdict", ""),
    ("summary", ""),
    ("cost", ""),
)
_STYLES = {"good": "$text-success", "warn": "$text-warning", "bad": "$text-error", "quiet": "$foreground-muted"}


def _cells(cells: Sequence[Cell], width: int) -> list[Cell]:
    """The columns of one row; a narrow row has no cost, which the lines below the list say."""
    wide = width >= _WIDE
    widths = (10, 10, 7, 7, 12) if wide else (10, 9, 6, 6, 11)
    cost_width = 11 if wide else 0
    drawn = [(fit(text, size - 1) + " ", tone) for (text, tone), size in zip(cells, widths, strict=False)]
    summary, tone = cells[5]
    drawn.append((fit(summary, width - sum(widths) - cost_width), tone))
    if wide:
        cost, tone = cells[6]
        drawn.append((fit(cost, cost_width - 1).strip().rjust(cost_width), tone))
    return drawn


def _key(line: ExchangeLine) -> str:
    return line.id
