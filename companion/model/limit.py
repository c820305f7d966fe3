"""Limits: how fast and how many at a time."""

from __future__ import annotations

from dataclasses import dataclass

from companion.model.scope import Dimension


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so much at a time; None is no limit. `name` as in a `Budget`, amount by amount."""

    dimension: Dimension
    name: str
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    parallel: int | None = None
