"""Filters over an answer that arrives in pieces."""

from __future__ import annotations

import re
from typing import Protocol

from companion.policy.redaction import LONGEST_PLACEHOLDER, LONGEST_TYPE, PLACEHOLDER, Lookup, restore


class StreamFilter(Protocol):
    """A guard over a streaming answer: what comes out may lag behind what goes in, until the flush."""

    def feed(self, delta: str) -> str:
        """Takes the next piece, gives what is certain by now; "" when nothing is."""
        ...

    def flush(self) -> str:
        """The answer is over: gives what was held back. The filter may be used for another answer."""
        ...


def _opening(literal: str, rest: str) -> str:
    """Matches every proper opening of `literal`, and all of it followed by `rest`."""
    pattern = rest
    for character in reversed(literal[1:]):
        pattern = f"(?:{character}{pattern})?"
    return literal[0] + pattern


# The tail of a text that more text may still turn into a placeholder; keep in step with PLACEHOLDER.
_UNFINISHED = re.compile(_opening("SECRET_", rf"(?:[A-Z0-9]{{1,{LONGEST_TYPE}}}(?:_[0-9A-F]{{0,7}})?)?") + r"\Z")


class RestoreFilter:
    """Puts secrets back where the answer names their placeholders, however the answer is cut into pieces.

    Holds back only a tail that can still become a placeholder, fewer than `LONGEST_PLACEHOLDER` characters, so ordinary
    text passes at once. One filter serves one block of an answer; see `restore` for `json_escaped`.
    """

    def __init__(self, lookup: Lookup, *, json_escaped: bool = False) -> None:
        self._lookup = lookup
        self._json_escaped = json_escaped
        self._held = ""

    def feed(self, delta: str) -> str:
        text = self._held + delta
        cut = self._certain(text)
        self._held = text[cut:]
        return restore(text[:cut], self._lookup, json_escaped=self._json_escaped)

    def flush(self) -> str:
        held, self._held = self._held, ""
        return held

    @staticmethod
    def _certain(text: str) -> int:
        """How much of `text` no further text can change.

        `text` begins where nothing before it matters. A tail that is still open holds at most two underscores, a whole
        placeholder holds two beside its own, so a tail is only looked for behind the last whole one.
        """
        start = max(0, len(text) - LONGEST_PLACEHOLDER + 1)
        if "S" not in text[start:]:
            return len(text)
        for match in PLACEHOLDER.finditer(text):
            start = max(start, match.end())
        unfinished = _UNFINISHED.search(text, start)
        return unfinished.start() if unfinished else len(text)
