"""Many engines' spans of one text, made into one list."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace

from companion.model.facts import Confidence
from companion.policy.redaction import PLACEHOLDER
from companion.scan.secrets.engine import Span

_SHORTEST_REST = 8


def merge(spans: Iterable[Span]) -> list[Span]:
    """Spans that overlap become one that covers them all, sorted by start.

    It is named after the strongest of them: HIGH beats LOW, longer beats shorter, earlier beats later, and of equals
    the one that is named first in `spans`.
    """
    merged: list[Span] = []
    group: list[Span] = []
    end = 0
    for span in sorted(spans, key=lambda span: span.start):
        if group and span.start >= end:
            merged.append(_union(group, end))
            group, end = [], 0
        group.append(span)
        end = max(end, span.end)
    if group:
        merged.append(_union(group, end))
    return merged


def _union(group: list[Span], end: int) -> Span:
    best = min(group, key=lambda span: (span.confidence is Confidence.LOW, span.start - span.end, span.start))
    return replace(best, start=group[0].start, end=end)


def without_placeholders(text: str, spans: list[Span]) -> list[Span]:
    """`spans` without the placeholders in `text`: what is already hidden is no secret. Short rests are dropped too."""
    if "SECRET_" not in text:
        return spans
    holes = [match.span() for match in PLACEHOLDER.finditer(text)]
    ends = [high for _, high in holes]
    rest: list[Span] = []
    for span in spans:
        start, touched = span.start, False
        for index in range(bisect_right(ends, span.start), len(holes)):
            low, high = holes[index]
            if low >= span.end:
                break
            touched = True
            if low - start >= _SHORTEST_REST:
                rest.append(replace(span, start=start, end=low))
            start = high
        if span.end - start >= (_SHORTEST_REST if touched else 1):
            rest.append(replace(span, start=start))
    return rest
