"""What a guard says of an action, and what all guards together decided.

Verdicts are values, never exceptions: each carries a stable code, a reason that a person can read,
and, where there is one, the next step to take.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from companion.model.action import Action


class Allow(Struct, frozen=True):
    """No objection. With a code, it is a positive statement worth recording."""

    code: str = ""
    reason: str = ""


class Amend(Struct, frozen=True):
    """The action may go on as `action` instead."""

    code: str
    reason: str
    action: Action


class Ask(Struct, frozen=True):
    """A person has to say yes first."""

    code: str
    reason: str
    hint: str = ""


class Deny(Struct, frozen=True):
    """Not this. `hint` tells the agent or the person what to do instead."""

    code: str
    reason: str
    hint: str = ""


Verdict = Allow | Amend | Ask | Deny

PASS = Allow()


class Outcome(StrEnum):
    """The strongest verdict among a decision's remarks."""

    ALLOW = "allow"
    AMEND = "amend"
    ASK = "ask"
    DENY = "deny"


_STRENGTH: tuple[tuple[type[Verdict], Outcome], ...] = (
    (Deny, Outcome.DENY),
    (Ask, Outcome.ASK),
    (Amend, Outcome.AMEND),
    (Allow, Outcome.ALLOW),
)


class Remark(Struct, frozen=True):
    """Which guard said what."""

    guard: str
    verdict: Verdict


class Decision(Struct, frozen=True):
    """The action as amended, and every remark made on the way: the explanation is the result."""

    action: Action
    remarks: tuple[Remark, ...] = ()

    @property
    def decisive(self) -> Remark | None:
        """The remark that decided: the first one of the strongest kind; None when nobody objected."""
        if not self.remarks:
            return None
        found: Remark | None = None
        least = len(_STRENGTH)
        for remark in self.remarks:
            rank = next((rank for rank, (kind, _) in enumerate(_STRENGTH) if isinstance(remark.verdict, kind)), least)
            if rank < least:
                found, least = remark, rank
        return found

    @property
    def outcome(self) -> Outcome:
        """Deny beats ask, ask beats amend, amend beats allow."""
        if not self.remarks or (decisive := self.decisive) is None:
            return Outcome.ALLOW
        return next(outcome for kind, outcome in _STRENGTH if isinstance(decisive.verdict, kind))

    @property
    def code(self) -> str:
        """The stable code of the deciding remark; "allowed" when nobody objected."""
        decisive = self.decisive
        return (decisive.verdict.code if decisive else "") or "allowed"

    @property
    def reason(self) -> str:
        """The deciding remark's reason, for people."""
        decisive = self.decisive
        return decisive.verdict.reason if decisive else ""

    @property
    def hint(self) -> str:
        """The deciding remark's next step, where it names one."""
        decisive = self.decisive
        verdict = decisive.verdict if decisive else PASS
        return verdict.hint if isinstance(verdict, Ask | Deny) else ""
