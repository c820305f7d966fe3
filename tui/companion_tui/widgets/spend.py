"""Spend of today: total, budget, what is unpriced, and the rows by model and by tier."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Digits, Static

from companion.contract.types import SpendReport, SpendRow, Status
from companion_tui.show import count, money, one_line, plural
from companion_tui.widgets.bar import bar
from companion_tui.widgets.rows import fit

_NEAR_BUDGET = 80
_LINE_BAR = 10
_COST = 10


class SpendPanel(Vertical):
    """A panel on a wide screen, one line on a narrow one."""

    def __init__(self) -> None:
        super().__init__(id="spend", classes="panel")
        self.border_title = "Spend today"
        self._by_model: SpendReport | None = None
        self._by_tier: SpendReport | None = None
        self._budget: int | None = None

    def compose(self) -> ComposeResult:
        yield Digits("", id="spend-total")
        yield Static(Content(), id="spend-line")
        yield Static(Content(), id="spend-budget")
        yield Static(Content(), id="spend-unpriced")
        with VerticalScroll(id="spend-rows", can_focus=False):
            yield Static(Content(), id="spend-groups")

    def show(self, by_model: SpendReport, by_tier: SpendReport) -> None:
        self._by_model, self._by_tier = by_model, by_tier
        self._redraw()

    def show_budget(self, status: Status) -> None:
        """The day's budget comes with the status."""
        if status.budget_day_pd != self._budget:
            self._budget = status.budget_day_pd
            self._redraw()

    def say_failed(self, text: str) -> None:
        """Shows why the figures may be out of date; "" when they are not."""
        self.border_subtitle = Content(text)

    def on_resize(self) -> None:
        self._redraw()

    def _redraw(self) -> None:
        if self._by_model is None or self._by_tier is None:
            return
        total = self._by_model.total
        width = max(20, self.content_size.width)
        self.query_one("#spend-total", Digits).update(money(total.cost_pd))
        self.query_one("#spend-line", Static).update(self._line(total))
        self.query_one("#spend-budget", Static).update(self._budget_lines(total.cost_pd, width))
        unpriced = self.query_one("#spend-unpriced", Static)
        unpriced.set_class(not total.unpriced_calls, "-none")
        unpriced.update(Content.styled(_unpriced(total), "$text-warning"))
        self.query_one("#spend-groups", Static).update(
            Content("\n\n").join(
                (_group("by model", self._by_model.rows, width - 1), _group("by tier", self._by_tier.rows, width - 1))
            )
        )

    def _line(self, total: SpendRow) -> Content:
        """Everything in one line, for a narrow screen."""
        parts: list[Content | str | tuple[str, str]] = [("Today ", "$foreground-muted"), (money(total.cost_pd), "bold")]
        if self._budget is not None:
            filled, empty = bar(total.cost_pd, self._budget, _LINE_BAR)
            style = _budget_style(total.cost_pd, self._budget)
            parts += [
                " ",
                (filled, style),
                (empty, "$foreground-disabled"),
                (f" {_share(total.cost_pd, self._budget)} of {money(self._budget)}", style),
            ]
        if total.unpriced_calls:
            parts.append((f"  ! {plural(total.unpriced_calls, 'call')} unpriced", "$text-warning"))
        else:
            parts.append((f"  {plural(total.calls, 'call')}", "$foreground-muted"))
        return Content.assemble(*parts)

    def _budget_lines(self, spent: int, width: int) -> Content:
        if self._budget is None:
            return Content.styled("no budget is set for the day", "$foreground-muted")
        filled, empty = bar(spent, self._budget, width)
        style = _budget_style(spent, self._budget)
        words = f"{_share(spent, self._budget)} of the day's budget of {money(self._budget)}"
        return Content.assemble(
            (filled, style),
            (empty, "$foreground-disabled"),
            "\n",
            (f"! {words}" if spent >= self._budget else words, style),
        )


def _share(spent: int, budget: int) -> str:
    return f"{spent * 100 // budget}%" if budget > 0 else "all"


def _budget_style(spent: int, budget: int) -> str:
    if spent >= budget:
        return "$text-error"
    return "$text-warning" if spent * 100 >= budget * _NEAR_BUDGET else "$text-success"


def _unpriced(total: SpendRow) -> str:
    calls = plural(total.unpriced_calls, "call")
    verb = "has" if total.unpriced_calls == 1 else "have"
    return f"! {calls} ({count(total.unpriced_tokens)} tokens) {verb} no known price: the true total is higher"


def _group(title: str, rows: list[SpendRow], width: int) -> Content:
    calls_width = 7
    name_width = width - _COST - calls_width
    lines: list[Content | str] = [
        Content.styled(fit(title, name_width) + "calls".rjust(calls_width) + "cost".rjust(_COST), "$foreground-muted")
    ]
    for row in sorted(rows, key=lambda row: row.cost_pd, reverse=True):
        unknown = row.calls > 0 and row.unpriced_calls == row.calls
        cost = "unpriced" if unknown else money(row.cost_pd) + ("+" if row.unpriced_calls else "")
        lines.append(
            Content.assemble(
                fit(one_line(row.name) or "(unknown)", name_width),
                (count(row.calls).rjust(calls_width), "$foreground-muted"),
                (cost.rjust(_COST), "$text-warning" if row.unpriced_calls else ""),
            )
        )
    if not rows:
        lines.append(Content.styled("nothing yet", "$foreground-muted"))
    return Content("\n").join(lines)
