"""One exchange while it is under way: what was decided of it, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from companion.gatekeeper.approvals import Answered
from companion.gatekeeper.limits import Passed
from companion.gatekeeper.meter import Reservation
from companion.model.action import Action, ModelCall
from companion.model.exchange import Exchange, Route
from companion.model.facts import Finding
from companion.model.money import Usage
from companion.model.record import MOST_FINDINGS, CloudRecord, Ending, FindingRecord
from companion.model.verdict import Decision, Remark

BYTES_A_TOKEN = 4
"""Of a prompt, as an estimate."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an exchange was not admitted. `code` is stable; `hint` is the next step, or ""."""

    code: str
    reason: str
    hint: str = ""

    @property
    def words(self) -> str:
        """On one line, for the model."""
        parts = [f"companion refused this ({self.code}): {self.reason}."]
        if self.hint:
            parts.append(self.hint if self.hint.endswith((".", "?")) else f"{self.hint}.")
        return " ".join(" ".join(parts).split()).replace("..", ".")


def recorded(findings: Sequence[Finding]) -> tuple[FindingRecord, ...]:
    """Findings as they are written down: each secret once, at most MOST_FINDINGS."""
    times = Counter(finding.placeholder for finding in findings)
    first: dict[str, Finding] = {}
    for finding in findings:
        first.setdefault(finding.placeholder, finding)
    return tuple(
        FindingRecord(
            one.placeholder, one.type, one.rule, one.engine, one.confidence, one.fingerprint, times[one.placeholder]
        )
        for one in list(first.values())[:MOST_FINDINGS]
    )


class Admission:
    """What the caller of `admit` holds while the effect happens: the decision, and where to write what came of it."""

    def __init__(self, exchange: Exchange, decision: Decision, route: Route) -> None:
        self.exchange = exchange
        self.decision = decision
        self.route = route
        self.refusal: Refusal | None = None
        self.answered: Answered | None = None
        self.calls = 0
        """Requests sent upstream so far. Set before the first byte leaves."""
        self.status = 0
        self.usage: Usage | None = None
        self.redacted: dict[str, int] = {}
        """Secrets replaced in what goes upstream, by type."""
        self.found: tuple[FindingRecord, ...] = ()
        """What was found in the call, whatever became of it."""
        self.cloud: tuple[CloudRecord, ...] = ()
        """The services that it calls, whatever became of it."""
        self.failure = ""
        """Set by the caller when the effect failed: the reason, for people."""
        self.unbilled = ""
        """Set by the caller where no provider takes money for this: why, for people."""
        self.reservation: Reservation | None = None
        self.passed: Passed | None = None
        """Set while the call is inside its limits."""
        self.privileged = False
        """Whether it asked for what would change who decides."""

    def note(self, remark: Remark) -> None:
        """What the caller decided after admission, for the record."""
        self.decision = replace(self.decision, remarks=(*self.decision.remarks, remark))

    @property
    def action(self) -> Action:
        """The action to carry out, as amended."""
        return self.decision.action

    @property
    def ending(self) -> Ending:
        """How it ended, where nothing was raised."""
        if self.refusal:
            return Ending.REFUSED
        return Ending.FAILED if self.failure else Ending.SERVED

    @property
    def tokens(self) -> int:
        """What the call took of its limits: as its answer told, else the estimate; 0 if it never left."""
        if not self.calls:
            return 0
        if self.usage is not None:
            return self.usage.prompt + self.usage.output
        return self.action.size // BYTES_A_TOKEN if isinstance(self.action, ModelCall) else 0
