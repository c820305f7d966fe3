"""Where the parts of a command stand in the text that a person is shown."""

from __future__ import annotations

from collections.abc import Sequence

from companion.policy.display import visible
from companion.policy.redaction import PLACEHOLDER


def places(raw: str, scrubbed: str) -> list[int] | None:
    """For each character of `raw`, and for its end, where it stands in `visible(scrubbed)`.

    `scrubbed` is `raw` with secrets replaced by placeholders. None where it cannot be told what was replaced.
    """
    found: list[int] = []
    shown = at = before = mark = 0
    for match in [*PLACEHOLDER.finditer(scrubbed), None]:
        kept = scrubbed[before : match.start() if match else len(scrubbed)]
        start = raw.find(kept, at) if match else len(raw) - len(kept)
        if start < at or raw[start : start + len(kept)] != kept or (start > at and not before):
            return None
        # What was replaced is shown where its placeholder begins.
        found += [mark] * (start - at)
        for character in kept:
            found.append(shown)
            shown += len(visible(character))
        at = start + len(kept)
        if match:
            mark, shown, before = shown, shown + len(match.group()), match.end()
    return [*found, shown]


def span(places: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """A part of the command in the text that is shown; 0:0 for one that does not lie in it."""
    if not 0 <= start < end < len(places):
        return 0, 0
    return places[start], places[end]
