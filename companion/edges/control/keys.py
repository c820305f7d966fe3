"""What is asked of a virtual key, read from the body of a request."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from companion.contract.codec import from_plain, to_plain
from companion.contract.types import KeyRequest
from companion.edges.control.problems import Refusal
from companion.model.action import Tier
from companion.model.scope import KeyScope


def read_key_request(body: dict[str, Any]) -> tuple[str, KeyScope, datetime | None]:
    """Name, scope and end of a new key. Raises Refusal or WireError."""
    asked = from_plain(body, KeyRequest)
    for field, read in to_plain(asked).items():
        # A text where a list should be would be read as its letters, a number as a name.
        if field in body and body[field] != read:
            kind = "a list of strings" if isinstance(read, list) else "a string"
            raise Refusal(400, "bad-request", f"{field}: expected {kind}")
    scope = KeyScope(
        asked.name,
        asked.project,
        asked.user,
        asked.team,
        tuple(asked.tags),
        tuple(_tier(name) for name in asked.tiers),
        tuple(asked.models),
    )
    return asked.name, scope, read_end(body) if asked.expires_at else None


def read_grace(body: dict[str, Any]) -> timedelta:
    """How long the old secret of a rotated key works on. Raises Refusal."""
    seconds = body.get("grace_seconds", 0)
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds < 2**31:
        raise Refusal(400, "bad-request", "grace_seconds: expected a whole number of seconds, 0 or more")
    return timedelta(seconds=seconds)


def read_end(body: dict[str, Any]) -> datetime | None:
    """When a key ends; None for never. Raises Refusal."""
    given = body.get("expires_at")
    if given == "":
        return None
    try:
        at = datetime.fromisoformat(given if isinstance(given, str) else "")
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Refusal(
            400, "bad-request", 'expires_at: expected a time with its offset, as 2026-12-31T18:00:00+01:00, or ""'
        )
    return at


def _tier(name: str) -> Tier:
    try:
        return Tier(name)
    except ValueError:
        raise Refusal(400, "bad-request", f"there is no tier {name!r}; the tiers are {', '.join(Tier)}") from None
