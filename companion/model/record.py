"""The only form in which an exchange reaches a sink. Built in one function, after redaction."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from companion.model.money import Cost, Usage

MOST_FINDINGS = 50
MOST_CLOUD_CALLS = 50


class Ending(StrEnum):
    """How an exchange ended."""

    SERVED = "served"
    """The effect happened: the model answered, or the tool call went on to the agent."""
    REFUSED = "refused"
    """A guard, a budget or a person said no."""
    FAILED = "failed"
    """The upstream or companion failed."""
    CANCELLED = "cancelled"
    """The agent hung up."""
    LOST = "lost"
    """The daemon died while the exchange was open; written by the next start."""


class Opening(Struct, frozen=True):
    """First line of an exchange. `summary` is short, redacted, one line."""

    id: str
    parent: str
    at_ns: int
    kind: str
    client: str
    session: str
    workspace: str
    key_id: str
    tier: str
    dialect: str
    model: str
    """The model that the agent asked for; "" for anything but a model call."""
    summary: str


class RemarkRecord(Struct, frozen=True):
    """A remark as it is kept: guard, outcome, code, reason."""

    guard: str
    outcome: str
    code: str
    reason: str


class FindingRecord(Struct, frozen=True):
    """What was found in a call, once for each secret. Its value is named, never told."""

    placeholder: str
    type: str
    rule: str
    engine: str
    confidence: str
    fingerprint: str
    times: int = 1


class CloudRecord(Struct, frozen=True):
    """A call of a service that a command would make, as far as the command says; redacted, each text on one line."""

    service: str
    operation: str
    access: str
    """What it does there: "read", "write", "delete", "permissions", "secret" or "unknown"."""
    account: str = ""
    region: str = ""
    endpoint: str = ""


class Closing(Struct, frozen=True):
    """Last line of an exchange."""

    id: str
    at_ns: int
    ending: Ending
    outcome: str
    """The decision's outcome: allow, amend, ask or deny."""
    code: str
    reason: str
    guard: str
    remarks: tuple[RemarkRecord, ...] = ()
    approver: str = ""
    """Who answered where a person was asked: "tui", "cli", "editor", or "timeout"."""
    upstream: str = ""
    model: str = ""
    """The model that served the call."""
    calls: int = 0
    """Requests that went upstream for this exchange."""
    status: int = 0
    """HTTP status of the last upstream answer; 0 when there was none."""
    usage: Usage | None = None
    cost: Cost | None = None
    redactions: int = 0
    """Secrets replaced in what went upstream."""
    day: str = ""
    """The local day to whose budgets it is charged, as ISO 8601 has it; "" for the one on which it ended."""
    findings: tuple[FindingRecord, ...] = ()
    """Of all that was found in the call, the first MOST_FINDINGS secrets."""
    cloud: tuple[CloudRecord, ...] = ()
    """Of the services that a command calls, the first MOST_CLOUD_CALLS calls; whatever was decided of it."""
