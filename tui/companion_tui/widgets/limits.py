"""Limits, those that press first: how much is used of what may pass at once, and how many calls wait."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from companion.contract.types import LimitLine
from companion_tui.limits import presses, pressing_first, share, tone, used, waits, whose
from companion_tui.widgets.bar import bar
from companion_tui.widgets.budgets import ONE_LINE
from companion_tui.widgets.rows import fit

_TALL = 32
_LONGEST_NAME = 32
_NAME_AND_BAR = 44
_LONGEST_BAR = 20
_SHARE = 5
_USED = 19
_STYLES = {
    "quiet": "$foreground-disabled",
    "good": "$text-success",
    "warn": "$text-warning",
    "bad": "$text-error",
}


class LimitsPane(Widget):
    """Two lines for each limit where it is narrow, one where it is wide; not there when there is none.

    Where there is little room, only what presses is shown.
    """

    def __init__(self) -> None:
        super().__init__(id="limits")
        self._limits: list[LimitLine] = []
        self._beside = 0
        self.display = False

    @property
    def left_out(self) -> int:
        """How many that are used there is no room for."""
        hidden = self._limits[len(self._shown(self.content_size.width)) :]
        return self._beside + sum(tone(limit) != "quiet" for limit in hidden)

    def show(self, limits: Sequence[LimitLine], beside: int) -> None:
        """`beside` is how many more the daemon knows of."""
        self._limits, self._beside = pressing_first(limits), beside
        self.display = bool(limits)
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's shape
        return (1 if width >= ONE_LINE else 2) * len(self._shown(width))

    def render(self) -> Content:
        width = self.content_size.width
        shown = self._shown(width)
        if width < ONE_LINE:
            return Content("\n").join(_two_lines(each, width) for each in shown)
        names = min(_LONGEST_NAME, max((cell_len(_name(each)) for each in shown), default=0))
        return Content("\n").join(_line(each, width, names) for each in shown)

    def _shown(self, width: int) -> list[LimitLine]:
        if self.app.size.height < _TALL:
            return [limit for limit in self._limits[:1] if presses(limit)]
        return self._limits[: 3 if width >= ONE_LINE else 2]


def _line(limit: LimitLine, width: int, names: int) -> Content:
    bar_width = min(_LONGEST_BAR, _NAME_AND_BAR - names - 2)
    waiting = waits(limit)
    return Content.assemble(
        (fit(_name(limit), names) + "  ", _quiet(limit)),
        *_bar(limit, bar_width),
        (share(limit).rjust(_SHARE), _share_style(limit)),
        (fit(f"  {used(limit)}", width - names - 2 - bar_width - _SHARE - len(waiting) - 1) + " ", "$foreground-muted"),
        (waiting, "bold $text-error" if waiting else ""),
    )


def _two_lines(limit: LimitLine, width: int) -> Content:
    waiting = waits(limit)
    bar_width = max(_SHARE, width - _SHARE - _USED)
    return Content.assemble(
        (fit(_name(limit), width - len(waiting) - 1) + " ", _quiet(limit)),
        (waiting, "bold $text-error" if waiting else ""),
        "\n",
        *_bar(limit, bar_width),
        (share(limit).rjust(_SHARE), _share_style(limit)),
        (fit(used(limit).rjust(_USED), width - bar_width - _SHARE), "$foreground-muted"),
    )


def _bar(limit: LimitLine, width: int) -> tuple[tuple[str, str], ...]:
    filled, empty = bar(limit.used, limit.at_once, width)
    return (filled, _STYLES[tone(limit)]), (empty, "$foreground-disabled")


def _name(limit: LimitLine) -> str:
    return f"! {whose(limit)}" if tone(limit) == "bad" else whose(limit)


def _share_style(limit: LimitLine) -> str:
    return _quiet(limit) or f"bold {_STYLES[tone(limit)]}"


def _quiet(limit: LimitLine) -> str:
    return "$foreground-muted" if tone(limit) == "quiet" else ""
