"""What kind of failure an upstream's answer, or its silence, is: whether to ask again, where, and when.

The words in an error's body count more than its status: proxies send the same word under different statuses.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from companion.upstream.waits import named_wait, reset_wait

Headers = list[tuple[str, str]]

SHORT_SECONDS = 5.0
"""A wait that is worth it within a call; a longer one is for the agent to make, or another upstream serves."""

BARE_PAUSE_SECONDS = 1.0
"""The pause of an upstream that says "too many" without saying until when."""

BROKE_OFF = "the answer broke off"
"""What is said of an answer that began to serve the call and did not come to its end."""

_SERVED = range(200, 300)


class Again(StrEnum):
    """Where the same call may be sent again."""

    HERE = "here"
    """To the same upstream, and then to another."""
    ELSEWHERE = "elsewhere"
    """Another upstream may do what this one cannot."""
    NEVER = "never"
    """The call itself is at fault, or somebody has set a limit: no upstream may be asked."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What to do about one failed try."""

    again: Again
    trips: bool = False
    """Whether it counts against the upstream's health."""
    throttled: bool = False
    """Whether the upstream has too much to do, so that a repetition waits longer."""
    pauses: bool = False
    """Whether nobody is to ask this upstream for this model until `wait` is over."""
    wait: float = 0.0
    """Seconds that the upstream asks to be left alone; 0 when it names none."""
    cause: str = ""
    """In a few words for people; nothing of what the upstream wrote but its status and codes that are known here."""


_BROKEN = Failure(Again.HERE, trips=True)
_OVERLOADED = Failure(Again.HERE, trips=True, throttled=True)
_BUSY = Failure(Again.ELSEWHERE, throttled=True, pauses=True)
_LOCKED = Failure(Again.HERE)
_ELSEWHERE = Failure(Again.ELSEWHERE)
_SICK = Failure(Again.ELSEWHERE, trips=True)
_NEVER = Failure(Again.NEVER)

# Only words that say more than the status they come with. A limit that somebody has set is not passed by going
# elsewhere; an account that is merely empty is no such limit.
_BY_WORD = {
    "budget_exceeded": _NEVER,
    "enforced_spend_limit_reached": _NEVER,
    "billing_hard_limit_reached": _NEVER,
    "insufficient_quota": _ELSEWHERE,
    "billing_not_active": _ELSEWHERE,
    "model_not_found": _ELSEWHERE,
    "overloaded_error": _OVERLOADED,
    "rate_limit_error": _BUSY,
    "rate_limit_exceeded": _BUSY,
    "throttling_error": _BUSY,
}

_BY_STATUS = {
    401: _ELSEWHERE,
    402: _ELSEWHERE,
    403: _ELSEWHERE,
    404: _ELSEWHERE,
    408: _BROKEN,
    409: _LOCKED,
    424: _SICK,
    429: _BUSY,
    500: _BROKEN,
    502: _BROKEN,
    503: _BROKEN,
    504: _BROKEN,
    529: _OVERLOADED,
}

_BY_KIND = {
    "connect": replace(_BROKEN, cause="no connection"),
    "broken": replace(_BROKEN, cause="the connection broke"),
    # It may still be at work on the call, and charge for it.
    "timeout": replace(_SICK, cause="no answer in time"),
    "refused": replace(_ELSEWHERE, cause="companion may not ask it"),
}


def failure_of(status: int, headers: Headers, body: bytes, wall: float) -> Failure | None:
    """None for an answer that serves the call. Header names are lower case; `wall` is now, in seconds since 1970."""
    if status in _SERVED:
        return None
    word = next((word for word in _words(body) if word in _BY_WORD), "")
    found = _BY_WORD.get(word) or _BY_STATUS.get(status) or _other(status)
    cause = f"{status} {word}".rstrip()
    wait = named_wait(headers, wall)
    if found is _BUSY:
        if wait is None:
            wait = reset_wait(headers, wall)
        named = f"asked to be left alone for {math.ceil(wait)} s" if wait is not None else "too much to do"
        cause = f"{named} ({cause})"
        # Only one that says when to come back soon is asked again; without a time nobody knows what helps.
        again = Again.HERE if wait is not None and wait <= SHORT_SECONDS else Again.ELSEWHERE
        found = replace(found, again=again, wait=BARE_PAUSE_SECONDS if wait is None else wait)
    elif wait is not None and found.again is Again.HERE:
        found = replace(found, wait=wait, again=Again.HERE if wait <= SHORT_SECONDS else Again.ELSEWHERE)
    if found.again is Again.HERE and ("x-should-retry", "false") in headers:
        found = replace(found, again=Again.ELSEWHERE)
    return replace(found, cause=cause)


def failure_without_answer(kind: str) -> Failure:
    """`kind` is that of an UpstreamUnreachable."""
    return _BY_KIND[kind]


def _other(status: int) -> Failure:
    if status >= 500:
        return _SICK
    # A redirect is a matter of this upstream's address, anything else in 4xx a matter of the call.
    return _NEVER if status >= 400 else _ELSEWHERE


def _words(body: bytes) -> Iterator[str]:
    """The codes in an error's body, the most particular first."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    if isinstance(document, list) and document:
        document = document[0]
    error = _field(document, "error")
    places = (_field(error, "details"), error, document)
    for place in places:
        for name in ("error_code", "code", "type"):
            word = _field(place, name)
            if isinstance(word, str):
                yield word.lower()


def _field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
