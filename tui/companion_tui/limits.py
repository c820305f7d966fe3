"""How limits stand, in words."""

from __future__ import annotations

from collections.abc import Iterable

from companion.contract.types import LimitLine
from companion_tui.show import count, one_line, plural

_NEAR = 80
_ALL = 100
_MOST_SHOWN = 999

_SHORT = {"requests_per_minute": "requests/min", "tokens_per_minute": "tokens/min", "parallel": "parallel"}
_LONG = {
    "requests_per_minute": ("request", "a minute"),
    "tokens_per_minute": ("token", "a minute"),
    "parallel": ("call", "at a time"),
}


def percent(limit: LimitLine) -> int:
    """How much is used of what may pass at once."""
    if limit.at_once <= 0:
        return _ALL if limit.used > 0 else 0
    return max(0, limit.used * 100 // limit.at_once)


def share(limit: LimitLine) -> str:
    """As in "61%", and ">999%" for whatever is more."""
    used = percent(limit)
    return f"{used}%" if used <= _MOST_SHOWN else f">{_MOST_SHOWN}%"


def tone(limit: LimitLine) -> str:
    """Of what stands out "bad" where calls wait and "warn" near the end; else "good" in use, and "quiet"."""
    if limit.waiting > 0:
        return "bad"
    return "warn" if percent(limit) >= _NEAR else "good" if limit.used > 0 else "quiet"


def presses(limit: LimitLine) -> bool:
    return tone(limit) in {"bad", "warn"}


def pressing_first(limits: Iterable[LimitLine]) -> list[LimitLine]:
    """Those at which most calls wait, then those that are used most; those that are equal stay in their order."""
    return sorted(limits, key=lambda limit: (-limit.waiting, -percent(limit)))


def whose(limit: LimitLine) -> str:
    """How much of what, and whom it is about, a path by its last part: "60 requests/min, client cline"."""
    what = f"{count(limit.amount)} {_SHORT.get(limit.kind) or one_line(limit.kind)}"
    if limit.dimension == "global":
        return what
    last = limit.name.rstrip("/").rpartition("/")[2]
    return f"{what}, {one_line(limit.dimension)} {one_line(last or limit.name) or 'unknown'}"


def used(limit: LimitLine) -> str:
    """As in "5 of 6 at once"."""
    at_once = " at once" if limit.at_once != limit.amount else ""
    return f"{count(limit.used)} of {count(limit.at_once)}{at_once}"


def waits(limit: LimitLine) -> str:
    """As in "2 wait"; "" where nobody does."""
    return f"{count(limit.waiting)} {'waits' if limit.waiting == 1 else 'wait'}" if limit.waiting > 0 else ""


def in_full(limit: LimitLine) -> str:
    """Every figure, and whose it is as the daemon names it."""
    noun, often = _LONG.get(limit.kind, ("", one_line(limit.kind)))
    amount = plural(limit.amount, noun) if noun else f"{limit.amount:,}"
    of = "" if limit.dimension == "global" else f" for {one_line(limit.dimension)} {one_line(limit.name) or 'unknown'}"
    mark = "! " if tone(limit) == "bad" else ""
    waiting = f", {plural(limit.waiting, 'call')} waiting" if limit.waiting > 0 else ""
    return f"{mark}{percent(limit)}% of {amount} {often}{of}: {limit.used:,} of {limit.at_once:,} used at once{waiting}"
