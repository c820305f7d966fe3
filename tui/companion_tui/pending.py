"""The approvals that the list shows: the open ones, and in its place the highlighted one that vanished."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from companion.contract.types import Approval
from companion_tui.show import left, plain

_MOST_REMEMBERED = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. `gone` says why the approval is no longer open; "" while it is. `sent`: an answer is on its way."""

    approval: Approval
    gone: str = ""
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What a fresh list brought: approvals never seen before, and (approval, why) of those that vanished."""

    fresh: tuple[Approval, ...]
    vanished: tuple[tuple[Approval, str], ...]


@dataclass(slots=True)
class Pending:
    """Keeps `entries` oldest first.

    An entry that vanished stays while it is the highlighted one, so that a key meant for it never meets its successor.
    """

    entries: list[Entry] = field(default_factory=list)
    _seen: dict[str, None] = field(default_factory=dict)
    _answered: dict[str, None] = field(default_factory=dict)
    _why_closed: dict[str, str] = field(default_factory=dict)

    def entry(self, id: str) -> Entry | None:  # noqa: A002 - the contract's word
        return next((entry for entry in self.entries if entry.approval.id == id), None)

    @property
    def waiting(self) -> int:
        """Approvals that are open as far as is known."""
        return sum(not entry.gone for entry in self.entries)

    def update(self, approvals: Sequence[Approval], highlighted: str, now: datetime) -> Change:
        """Takes over the daemon's list of open approvals."""
        still_open = {each.id: each for each in approvals if each.id not in self._answered}
        entries: list[Entry] = []
        vanished: list[tuple[Approval, str]] = []
        for entry in self.entries:
            approval = entry.approval
            if approval.id in still_open:
                entries.append(Entry(still_open.pop(approval.id), sent=entry.sent))
            elif entry.sent or (entry.gone and approval.id == highlighted):
                entries.append(entry)
            elif not entry.gone:
                why = self._why(approval, now)
                vanished.append((approval, why))
                if approval.id == highlighted:
                    entries.append(replace(entry, gone=why))
        entries += [Entry(approval) for approval in still_open.values()]
        fresh = tuple(each for each in still_open.values() if each.id not in self._seen)
        for each in still_open:
            _remember(self._seen, each)
        self.entries = entries
        return Change(fresh, tuple(vanished))

    def closed(self, id: str, text: str) -> None:  # noqa: A002
        """The daemon said why an approval closed; the list without it comes later."""
        self._why_closed[id] = plain(text)
        while len(self._why_closed) > _MOST_REMEMBERED:
            del self._why_closed[next(iter(self._why_closed))]

    def sent(self, id: str) -> None:  # noqa: A002
        """An answer is on its way."""
        self._replace(id, sent=True)

    def answered(self, id: str) -> None:  # noqa: A002
        """The answer counts: the entry leaves, and no later list brings it back."""
        _remember(self._answered, id)
        self.entries = [entry for entry in self.entries if entry.approval.id != id]

    def not_sent(self, id: str, gone: str = "") -> None:  # noqa: A002
        """The answer did not count; `gone` says why when the approval is not open any more."""
        self._replace(id, sent=False, gone=gone)

    def leave(self, highlighted: str) -> None:
        """The highlight moved: vanished entries elsewhere are dropped."""
        self.entries = [entry for entry in self.entries if not entry.gone or entry.approval.id == highlighted]

    def _replace(self, id: str, *, sent: bool, gone: str = "") -> None:  # noqa: A002
        self.entries = [
            replace(entry, sent=sent, gone=gone) if entry.approval.id == id else entry for entry in self.entries
        ]

    def _why(self, approval: Approval, now: datetime) -> str:
        if said := self._why_closed.pop(approval.id, ""):
            return said
        if left(approval.expires_at, now) == timedelta():
            return "expired: nobody answered in time, so the answer was no"
        return "answered elsewhere, or the agent hung up"


def _remember(names: dict[str, None], name: str) -> None:
    names[name] = None
    while len(names) > _MOST_REMEMBERED:
        del names[next(iter(names))]
