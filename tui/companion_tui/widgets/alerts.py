"""Firing alerts, the gravest first."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from companion.contract.types import AlertState
from companion_tui.paragraphs import alert_symbol
from companion_tui.show import one_line

_GRAVITY = ("page", "warn", "info")
_STYLES = {"page": "bold $text-error", "warn": "bold $text-warning", "info": "bold $text-primary"}


class AlertsBar(Static):
    """One line for the gravest alert and how many more there are; not there when nothing fires."""

    def __init__(self) -> None:
        super().__init__(Content(), id="alerts")
        self.display = False
        self.alerts: list[AlertState] = []

    def show(self, alerts: Sequence[AlertState]) -> None:
        self.alerts = sorted(alerts, key=_gravity)
        self.display = bool(alerts)
        if not alerts:
            return
        first = self.alerts[0]
        more = f"  +{len(alerts) - 1} more (!)" if len(alerts) > 1 else ""
        self.update(
            Content.assemble(
                (f"{alert_symbol(first)} {one_line(first.severity)} ", _STYLES.get(first.severity, "bold")),
                (one_line(first.name), "bold"),
                (more, "$foreground-muted"),
                f"  {one_line(first.summary)}",
                (f"  → {one_line(first.todo)}" if first.todo else "", "$foreground-muted"),
            )
        )


def _gravity(alert: AlertState) -> int:
    return _GRAVITY.index(alert.severity) if alert.severity in _GRAVITY else 0
