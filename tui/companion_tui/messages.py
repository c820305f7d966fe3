"""Every message of the terminal UI. Those that carry the whole of something replace an older one still in the queue."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from companion.contract.types import Approval, ExchangeLine, SpendReport, Status
from companion_tui.source import Trouble


class Whole(Message):
    """Only the newest of its type counts."""

    def can_replace(self, message: Message) -> bool:
        return type(message) is type(self)


@dataclass
class LinkLost(Whole):
    """The daemon cannot be reached; the feed goes on trying."""

    trouble: Trouble


@dataclass
class StatusArrived(Whole):
    """The daemon answers, and this is how it stands."""

    status: Status


@dataclass
class PendingArrived(Whole):
    """All open approvals, oldest first."""

    approvals: list[Approval]


@dataclass
class SpendArrived(Whole):
    """Today's spend."""

    by_model: SpendReport
    by_tier: SpendReport


@dataclass
class NewestArrived(Message):
    """The newest exchanges, newest first, and older ones that changed since."""

    lines: list[ExchangeLine]
    changed: list[ExchangeLine]


@dataclass
class PartFailed(Message):
    """One part of the data could not be had, while the daemon answers otherwise."""

    part: str
    """ "approvals", "status", "spend" or "exchanges"."""
    trouble: Trouble


@dataclass
class ApprovalClosed(Message):
    """An approval is no longer open; `text` says why, where the daemon said so."""

    id: str
    text: str


@dataclass
class AnswerGiven(Message):
    """The person answered an approval; nothing is sent yet."""

    approval: Approval
    approve: bool
    reason: str = ""
    reach: str = "once"


@dataclass
class DenialClosed(Message):
    """The line for a denial's reason closed. `approval` is None when nothing is to be denied."""

    approval: Approval | None
    reason: str = ""


@dataclass
class OlderWanted(Message):
    """The list of exchanges is near its end; `before` is the id to go on from."""

    before: str


@dataclass
class ReadingWanted(Message):
    """A text to be read on a screen of its own. `about` is the approval's id, or "" where it is about none."""

    title: str
    paragraphs: list[tuple[str, str]]
    """(label, text); a label of "" makes the text stand across the whole width."""
    about: str = ""


@dataclass
class FindingsWanted(Message):
    """The person wants to see what was found in this exchange, and maybe accept some of it."""

    line: ExchangeLine


@dataclass
class RowHighlighted(Message):
    """The highlight of a row list moved to the row with this key; "" when the list is empty."""

    key: str


@dataclass
class RowChosen(Message):
    """Enter was pressed on, or a second click hit, the row with this key."""

    key: str


class NearEnd(Message):
    """The highlight of a row list came near its end."""
