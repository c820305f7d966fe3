"""The line in which a person may say why an approval is denied."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from companion.contract.types import Approval
from companion_tui.messages import DenialClosed

_LONGEST_REASON = 500


class DenialBar(Horizontal):
    """Hidden until opened for one approval; whatever arrives meanwhile, it denies that one or none."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Back")]

    def __init__(self) -> None:
        super().__init__(id="denial")
        self.approval: Approval | None = None
        self.display = False

    def compose(self) -> ComposeResult:
        yield Static("Deny ", id="denial-label")
        yield Input(
            placeholder="reason, shown to the model (optional) · enter denies · esc goes back",
            max_length=_LONGEST_REASON,
            compact=True,
            id="denial-reason",
        )

    def open(self, approval: Approval) -> None:
        self.approval = approval
        self.display = True
        reason = self.query_one(Input)
        reason.value = ""
        reason.focus()

    def close(self, reason: str = "", *, deny: bool = False) -> None:
        approval, self.approval = self.approval, None
        self.display = False
        self.post_message(DenialClosed(approval if deny else None, reason))

    def action_cancel(self) -> None:
        self.close()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.close(" ".join(event.value.split()), deny=True)
