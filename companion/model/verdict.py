"""What a guard says of an action, and what all guards together decided.

Verdicts are values, never exceptions: each carries a stable code, a reason that a person can read,
and, where there is one, the next step to take.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from companion.model.action import Action


@dataclass(frozen=True, slots=True)
class Allow:
    """No objection. With a code, it is a positive statement worth recording."""

    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Amend:
    """The action may go on as `action` instead."""

    code: str
    reason: str
    action: Action


@dataclass(frozen=True, slots=True)
class Ask:
    """A person has to say yes first."""

    code: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Deny:
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


@dataclass(frozen=True, slots=True)
class Remark:
    """Which guard said what."""

    guard: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Decision:
    """The action as amended, and every remark made on the way: the explanation is the result."""

    action: Action
    remarks: tuple[Remark, ...] = ()

    @property
    def decisive(self) -> Remark | None:
        """The remark that decided: the first one of the strongest kind; None when nobody objected."""
        for kind, _ in _STRENGTH:
            for remark in self.remarks:
                if isinstance(remark.verdict, kind):
                    return remark
        return None

    @property
    def outcome(self) -> Outcome:
        """Deny beats ask, ask beats amend, amend beats allow."""
        for kind, outcome in _STRENGTH:
            if any(isinstance(remark.verdict, kind) for remark in self.remarks):
                return outcome
        return Outcome.ALLOW

    @property
    def code(self) -> str:
        """The stable code of the deciding remark; "allowed" when nobody objected."""
        return self.decisive.verdict.code if self.decisive and self.decisive.verdict.code else "allowed"

    @property
    def reason(self) -> str:
        """The deciding remark's reason, for people."""
        return self.decisive.verdict.reason if self.decisive else ""

    @property
    def hint(self) -> str:
        """The deciding remark's next step, where it names one."""
        verdict = self.decisive.verdict if self.decisive else PASS
        return verdict.hint if isinstance(verdict, Ask | Deny) else ""
