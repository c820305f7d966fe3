"""What the two syntaxes of agents' settings have in common: single entries change, every other byte stays."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final, Protocol

KeyPath = tuple[str, ...]
"""Where an entry stands: the keys of nested objects, outermost first."""


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
"""Stands for an entry that is not there; null is a value."""


class Syntax(Protocol):
    """Texts go in and come out whole. `put`, `drop` and `restore` raise Unfit when an entry has no place."""

    def parse(self, text: str) -> dict[str, Any]:
        """Raises Unparseable."""
        ...

    def put(self, text: str, path: KeyPath, value: Any) -> str:
        """Sets an entry; objects on the way to it are made as needed."""
        ...

    def drop(self, text: str, path: KeyPath) -> str:
        """Takes an entry out; one that is not there is no error."""
        ...

    def restore(self, text: str, path: KeyPath, source: str) -> str:
        """Makes an entry what it is in `source`, written as it is written there; takes it out if it is not there."""
        ...

    def same(self, one: str, other: str) -> bool:
        """Whether one text may stand in for the other and nothing that a person wrote is lost."""
        ...


def lookup(document: Any, path: KeyPath) -> Any:
    """The value at `path`, or MISSING."""
    for key in path:
        if not isinstance(document, dict) or key not in document:
            return MISSING
        document = document[key]
    return document


def canonical(value: Any) -> str:
    """Equal for equal values, whatever their order of keys; NaN equals itself."""
    return json.dumps(value, sort_keys=True, default=repr)


def digest(value: Any) -> str:
    """sha256 of a value, to know it again without keeping it."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
