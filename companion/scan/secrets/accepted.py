"""Findings that somebody accepted are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from companion.scan.secrets.engine import Span
from companion.scan.secrets.merge import merge
from companion.scan.secrets.placing import WHOLE, Key, meant

Accepted = Callable[[str, str, str], bool]
"""Whether this value is accepted at this place, or what this rule finds there.

The place is a file, or else the workspace; "" where neither is known. A rule of "" asks after the value alone.
"""


def none_accepted(_value: str, _rule: str, _place: str) -> bool:
    """Where nobody accepts anything."""
    return False


def without_accepted(key: Key, spans: Sequence[Span], place: str, accepted: Accepted) -> list[Span]:
    """`spans` of a text merged, without what is accepted.

    A value counts as one engine sees it and as all together do. A rule counts where it names what all together found,
    as a person was told it: otherwise the next engine's rule would find the same again. That a text could not be
    searched is no rule.
    """
    text, kind = key

    def is_accepted(span: Span, rule: str) -> bool:
        named = "" if rule == WHOLE else rule
        return accepted(meant(text[span.start : span.end], kind), named, place)

    left = [span for span in spans if not is_accepted(span, "")]
    return [span for span in merge(left) if not is_accepted(span, span.rule)]
