"""From what engines see in a text to what is hidden there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from companion.model.action import TextKind
from companion.model.facts import Confidence, Finding
from companion.policy.redaction import type_name
from companion.scan.secrets.engine import Span

WHOLE = "too-much-to-search"
"""The rule under which a text is hidden whole, because nobody can say in time what it holds."""

Key = tuple[str, TextKind | None]
"""A text and what it is, None for plain text: what is hidden in it depends on both."""

Placed = dict[Key, list[tuple[Span, str]]]
"""What is hidden in each text, with its placeholder, in order."""


def whole(text: str) -> list[Span]:
    return [Span(0, len(text), "TEXT", WHOLE, WHOLE, Confidence.HIGH)]


def is_whole(spans: Sequence[Span]) -> bool:
    return bool(spans) and spans[0].rule == WHOLE


def is_doubted(span: Span, kind: TextKind | None) -> bool:
    """Whether to hide this would rather break the call than hide a secret."""
    return kind is TextKind.SEALED and span.confidence is not Confidence.HIGH


def meant(secret: str, kind: TextKind | None) -> str:
    """The secret as it is meant: in JSON without its escapes."""
    if kind is not TextKind.JSON or "\\" not in secret:
        return secret
    try:
        return str(json.loads(f'"{secret}"'))
    except ValueError:
        return secret


def findings_of(
    texts: Sequence[str], kinds: Mapping[int, TextKind], placed: Placed, fingerprint: Callable[[str], str]
) -> tuple[Finding, ...]:
    """`fingerprint` names a secret as it is meant."""
    if not placed:
        return ()
    return tuple(
        finding_of(index, span, placeholder, fingerprint(meant(text[span.start : span.end], kinds.get(index))))
        for index, text in enumerate(texts)
        for span, placeholder in placed.get((text, kinds.get(index)), ())
    )


def finding_of(text: int, span: Span, placeholder: str, fingerprint: str = "") -> Finding:
    return Finding(
        text=text,
        start=span.start,
        end=span.end,
        type=type_name(span.type),
        rule=span.rule,
        engine=span.engine,
        confidence=span.confidence,
        placeholder=placeholder,
        fingerprint=fingerprint,
    )
