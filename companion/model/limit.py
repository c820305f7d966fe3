"""Limits: how fast and how many at a time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from companion.model.scope import Dimension


class LimitKind(StrEnum):
    """The amounts that a limit can have."""

    REQUESTS = "requests_per_minute"
    TOKENS = "tokens_per_minute"
    PARALLEL = "parallel"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so much at a time; None is no limit. `name` as in a `Budget`, amount by amount."""

    dimension: Dimension
    name: str
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    parallel: int | None = None


@dataclass(frozen=True, slots=True)
class LimitState:
    """How one amount of a limit stands."""

    dimension: Dimension
    name: str
    kind: LimitKind
    amount: int
    at_once: int
    """How much may pass at once. What is used of it comes back evenly; of parallel calls, as they end."""
    used: int
    """Of `at_once`, rounded up. More than that where something bigger passed, or where the limit was lowered."""
    waiting: int
    """Calls that wait for it. One that several limits hold up counts at the one that holds it up longest."""
