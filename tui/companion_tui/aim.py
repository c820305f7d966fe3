"""Which approval a keystroke would answer, and whether the person can have seen it yet."""

from __future__ import annotations

from dataclasses import dataclass

from companion.contract.types import Approval

SEEN_AFTER = 0.4
"""Seconds that an approval must have been in view before a key answers it."""

SEEN_AFTER_ANSWER = 1.0
"""As SEEN_AFTER, when it came into view because the one before it was answered: longer than a keyboard's
delay before it repeats a key that is held down."""


@dataclass(slots=True)
class Aim:
    """The approval in view. A key pressed too early counts the time from anew, so a held key never answers."""

    approval: Approval | None = None
    since: float = 0.0
    wait: float = SEEN_AFTER

    def at(self, approval: Approval | None, now: float, wait: float = SEEN_AFTER) -> None:
        """`approval` is in view. The time goes on where it is the same action under the same id."""
        same = (
            approval is not None
            and self.approval is not None
            and (approval.id, approval.digest, approval.what)
            == (self.approval.id, self.approval.digest, self.approval.what)
        )
        self.approval = approval
        if not same:
            self.since, self.wait = now, wait

    def restart(self, now: float) -> None:
        """What was in view was covered, or comes into view again."""
        self.since = now

    def ready(self, now: float) -> bool:
        """Whether a key would answer."""
        return self.approval is not None and now - self.since >= self.wait

    def press(self, now: float) -> Approval | None:
        """The approval that a key pressed now answers; None when there is none or it came too early."""
        if self.ready(now):
            return self.approval
        self.restart(now)
        return None
