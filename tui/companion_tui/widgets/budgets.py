"""Budgets, the fullest first: how much is spent, what is set aside, until when they run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from companion.contract.types import BudgetLine
from companion_tui.clock import Clock
from companion_tui.show import money
from companion_tui.standing import fullest_first, share, tone, until, whose
from companion_tui.widgets.bar import bar
from companion_tui.widgets.rows import fit

ONE_LINE = 60
"""Cells from which on a budget has one line."""

_TALL = 32
_SHORTEST_NAME = 6
_LONGEST_NAME = 22
_NAME_AND_BAR = 32
_LONGEST_BAR = 20
_SHARE = 5
_ASIDE = 19
_STYLES = {"good": "$text-success", "warn": "$text-warning", "bad": "$text-error"}


class BudgetsPane(Widget):
    """Two lines for each budget where it is narrow, one where it is wide; not there when there is none."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(id="budgets")
        self._clock = clock
        self._budgets: list[BudgetLine] = []
        self.display = False

    @property
    def left_out(self) -> int:
        """How many there is no room for."""
        return max(0, len(self._budgets) - self._room(self.content_size.width))

    def show(self, budgets: Sequence[BudgetLine]) -> None:
        self._budgets = fullest_first(budgets)
        self.display = bool(budgets)
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's shape
        lines = 1 if width >= ONE_LINE else 2
        return lines * min(len(self._budgets), self._room(width))

    def render(self) -> Content:
        width, now = self.content_size.width, self._clock.now()
        shown = self._budgets[: self._room(width)]
        if width < ONE_LINE:
            return Content("\n").join(_two_lines(each, now, width) for each in shown)
        names = min(_LONGEST_NAME, max((cell_len(_name(each)) for each in shown), default=0))
        return Content("\n").join(_line(each, now, width, names) for each in shown)

    def _room(self, width: int) -> int:
        if self.app.size.height < _TALL:
            return 2
        return 4 if width >= ONE_LINE else 3


def pieces(budget: BudgetLine, width: int) -> tuple[str, str, str]:
    """The bar's cells for what is spent, what is set aside and what is left; none of the first two goes unseen."""
    filled, rest = bar(budget.spent_pd, budget.limit_pd, width)
    if budget.reserved_pd <= 0 or budget.limit_pd <= 0:
        return filled, "", rest
    covered = round((budget.spent_pd + budget.reserved_pd) * width / budget.limit_pd)
    aside = min(len(rest), max(1, covered - len(filled)))
    return filled, "▒" * aside, rest[aside:]


def _line(budget: BudgetLine, now: datetime, width: int, names: int) -> Content:
    style, end = _STYLES[tone(budget)], until(budget.resets_at, now)
    bar_width = min(_LONGEST_BAR, _NAME_AND_BAR - names - 2)
    aside = f", {_aside(budget)}" if budget.reserved_pd else ""
    return Content.assemble(
        fit(_name(budget), names) + "  ",
        *_bar(budget, bar_width),
        (share(budget).rjust(_SHARE), f"bold {style}"),
        (
            fit(f" of {money(budget.limit_pd)}{aside}", width - names - 2 - bar_width - _SHARE - len(end) - 1) + " ",
            "$foreground-muted",
        ),
        (end, "$foreground-muted"),
    )


def _two_lines(budget: BudgetLine, now: datetime, width: int) -> Content:
    style, end = _STYLES[tone(budget)], until(budget.resets_at, now)
    limit = f", {money(budget.limit_pd)}"
    name, longest = _name(budget), max(_SHORTEST_NAME, width - len(limit) - len(end) - 1)
    if cell_len(name) > longest:
        name = fit(name, longest)
    bar_width = max(_SHARE, width - _SHARE - _ASIDE)
    aside = _aside(budget).rjust(_ASIDE) if budget.reserved_pd else ""
    return Content.assemble(
        fit(name + limit, width - len(end) - 1) + " ",
        (end, "$foreground-muted"),
        "\n",
        *_bar(budget, bar_width),
        (share(budget).rjust(_SHARE), f"bold {style}"),
        (fit(aside, width - bar_width - _SHARE), "$foreground-muted"),
    )


def _bar(budget: BudgetLine, width: int) -> tuple[tuple[str, str], ...]:
    filled, aside, empty = pieces(budget, width)
    return (filled, _STYLES[tone(budget)]), (aside, "$foreground-muted"), (empty, "$foreground-disabled")


def _name(budget: BudgetLine) -> str:
    return f"! {whose(budget)}" if tone(budget) == "bad" else whose(budget)


def _aside(budget: BudgetLine) -> str:
    return f"{money(budget.reserved_pd)} set aside"
