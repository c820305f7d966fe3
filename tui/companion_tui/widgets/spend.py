"""Spend of today: total, budgets, limits, what is unpriced, and the rows by model and by tier."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Digits, Static

from companion.contract.types import BudgetLine, SpendReport, SpendRow, Status
from companion_tui.clock import Clock
from companion_tui.show import count, money, one_line, plural
from companion_tui.widgets.budgets import ONE_LINE, BudgetsPane
from companion_tui.widgets.limits import LimitsPane
from companion_tui.widgets.rows import fit
from companion_tui.widgets.title import titled

_TITLE = "Spend today"
_CALLS = 7
_COST = 10


class SpendPanel(Vertical):
    """A panel on a wide screen, a few lines on a narrow one."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(id="spend", classes="panel")
        self._clock = clock
        self._by_model: SpendReport | None = None
        self._by_tier: SpendReport | None = None
        self._failed = ""

    def compose(self) -> ComposeResult:
        yield Digits("", id="spend-total")
        yield Static(Content(), id="spend-line")
        yield BudgetsPane(self._clock)
        yield LimitsPane()
        yield Static(Content(), id="spend-unpriced")
        with VerticalScroll(id="spend-rows", can_focus=False):
            yield Static(Content(), id="spend-groups")

    def show(self, by_model: SpendReport, by_tier: SpendReport) -> None:
        self._by_model, self._by_tier = by_model, by_tier
        self._redraw()

    def show_budgets(self, budgets: Sequence[BudgetLine]) -> None:
        self.query_one(BudgetsPane).show(budgets)
        self._redraw()

    def show_limits(self, status: Status) -> None:
        self.query_one(LimitsPane).show(status.limits, status.limits_left_out)
        self._redraw()

    def say_failed(self, text: str) -> None:
        """Shows why the figures may be out of date; "" when they are not."""
        self._failed = text
        self._redraw()

    def on_resize(self) -> None:
        self._redraw()

    def _redraw(self) -> None:
        width = max(20, self.content_size.width)
        more = _more(self.query_one(BudgetsPane).left_out, self.query_one(LimitsPane).left_out)
        self.border_title = titled(f"{_TITLE} · {more}" if more else _TITLE, self._failed)
        # On a narrow screen there is no title, so the line says what it says elsewhere.
        untitled = (self._failed, more) if width >= ONE_LINE else ("", "")
        self.query_one("#spend-line", Static).update(_line(self._by_model, *untitled))
        if self._by_model is None or self._by_tier is None:
            return
        total = self._by_model.total
        self.query_one("#spend-total", Digits).update(money(total.cost_pd))
        unpriced = self.query_one("#spend-unpriced", Static)
        unpriced.set_class(not total.unpriced_calls, "-none")
        unpriced.update(Content.styled(_unpriced(total), "$text-warning"))
        self.query_one("#spend-groups", Static).update(
            Content("\n\n").join(
                (_group("by model", self._by_model.rows, width - 1), _group("by tier", self._by_tier.rows, width - 1))
            )
        )


def _more(budgets: int, limits: int) -> str:
    """What there is no room for, and the key that shows it."""
    if budgets and limits:
        return f"s: +{plural(budgets, 'budget')}, +{plural(limits, 'limit')}"
    return f"s: {plural(budgets or limits, 'more budget' if budgets else 'more limit')}" if budgets or limits else ""


def _line(report: SpendReport | None, failed: str, more: str) -> Content:
    """The day in one line, what has failed first."""
    parts: list[str | tuple[str, str]] = [(f"! {failed}  " if failed else "", "$text-warning")]
    if report is not None:
        total = report.total
        unpriced = f"  ! {plural(total.unpriced_calls, 'call')} unpriced" if total.unpriced_calls else ""
        parts += [
            ("Today ", "$foreground-muted"),
            (money(total.cost_pd), "bold"),
            (f"  {plural(total.calls, 'call')}", "$foreground-muted"),
            (unpriced, "$text-warning"),
        ]
    parts.append((f"  {more}" if more else "", "$foreground-muted"))
    return Content.assemble(*parts)


def _unpriced(total: SpendRow) -> str:
    calls = plural(total.unpriced_calls, "call")
    verb = "has" if total.unpriced_calls == 1 else "have"
    return f"! {calls} ({count(total.unpriced_tokens)} tokens) {verb} no known price: the true total is higher"


def _group(title: str, rows: list[SpendRow], width: int) -> Content:
    costs = [_cost(row) for row in rows]
    cost_width = max(_COST, *(len(cost) + 1 for cost in costs), 0)
    name_width = width - cost_width - _CALLS
    lines: list[Content | str] = [
        Content.styled(fit(title, name_width) + "calls".rjust(_CALLS) + "cost".rjust(cost_width), "$foreground-muted")
    ]
    for row, cost in sorted(zip(rows, costs, strict=True), key=lambda pair: pair[0].cost_pd, reverse=True):
        lines.append(
            Content.assemble(
                fit(one_line(row.name) or "(unknown)", name_width),
                (count(row.calls).rjust(_CALLS), "$foreground-muted"),
                (cost.rjust(cost_width), "$text-warning" if row.unpriced_calls else ""),
            )
        )
    if not rows:
        lines.append(Content.styled("nothing yet", "$foreground-muted"))
    return Content("\n").join(lines)


def _cost(row: SpendRow) -> str:
    if row.calls > 0 and row.unpriced_calls == row.calls:
        return "unpriced"
    return money(row.cost_pd) + ("+" if row.unpriced_calls else "")
