"""How long an upstream asks to be left alone, as its headers say it."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

Headers = list[tuple[str, str]]

LONGEST_SECONDS = 3600.0
"""No wait is believed beyond this: after it the upstream says again how it stands."""

_RESET = re.compile(r"(?:anthropic-ratelimit-(?P<of>[a-z-]+)-reset|x-ratelimit-reset-(?P<for>[a-z-]+))")
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")


def named_wait(headers: Headers, wall: float) -> float | None:
    """What retry-after-ms or retry-after says, in seconds; None where neither can be read."""
    told = dict(reversed(headers))
    milliseconds = _number(told.get("retry-after-ms", ""))
    if milliseconds is not None:
        return _bounded(milliseconds / 1000)
    value = told.get("retry-after", "")
    seconds = _number(value)
    if seconds is None:
        seconds = _until(value, _clock(told, wall))
    return None if seconds is None else _bounded(seconds)


def reset_wait(headers: Headers, wall: float) -> float | None:
    """Until every limit that is used up is reset; until the first reset where none is said to be used up."""
    told = dict(reversed(headers))
    clock = _clock(told, wall)
    used_up: list[float] = []
    others: list[float] = []
    for name, value in told.items():
        match = _RESET.fullmatch(name)
        if match is None:
            continue
        seconds = _duration(value)
        if seconds is None:
            seconds = _until(value, clock)
        if seconds is not None:
            limit = match["of"] or match["for"]
            left = told.get(
                f"anthropic-ratelimit-{limit}-remaining" if match["of"] else f"x-ratelimit-remaining-{limit}"
            )
            (used_up if left == "0" else others).append(_bounded(seconds))
    return max(used_up) if used_up else min(others, default=None)


def _clock(told: dict[str, str], wall: float) -> float:
    """The upstream's own clock where it tells it, so that two clocks need not agree."""
    told_at = _moment(told.get("date", ""))
    return wall if told_at is None else told_at


def _until(value: str, clock: float) -> float | None:
    moment = _moment(value)
    return None if moment is None else moment - clock


def _moment(value: str) -> float | None:
    """An HTTP date or an RFC 3339 time, in seconds since 1970."""
    try:
        at = parsedate_to_datetime(value) if "," in value else datetime.fromisoformat(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _duration(value: str) -> float | None:
    """Such as "1m30s", "20ms" or plain seconds."""
    if _DURATION.fullmatch(value):
        return sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(value))
    return _number(value)


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_SECONDS)
