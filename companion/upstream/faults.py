"""How much an upstream may fail before a call does, in numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Faults:
    """Patience with upstreams that fail. Seconds are real time, not the agent's."""

    retries: int = 1
    """How often one candidate is tried again within a call."""
    deadline_seconds: float = 600.0
    """From the start of a call to the head of its answer, over all candidates and tries."""
    first_byte_seconds: float = 300.0
    """From sending a request to the head of its answer. A model that answers whole may think until then."""
    idle_seconds: float = 300.0
    """The longest silence on a connection, before the answer's head too."""
    breaker_failures: int = 5
    """Failures in a row, from 1 up, after which a model of an upstream is left alone."""
    breaker_seconds: float = 15.0
    """For how long; up to half as much again, by chance, so that not all come back at once."""
