"""What agents of different make read differently: upper case in names, and a letter that comes in two halves."""

from __future__ import annotations

from typing import Any

from companion.edges.gateway.dialect import refuse_misspelt


def kinds_of(value: dict[str, Any]) -> list[str]:
    """What kind of thing an object says it is, also to an agent that is blind to case; in lower case."""
    return [
        kind.casefold()
        for key, kind in value.items()
        if type(kind) is str and (key == "type" or (len(key) == len("type") and key.casefold() == "type"))
    ]


def refuse_misspelt_in(names: frozenset[str], *values: Any) -> None:
    """As refuse_misspelt, for each of `values` that is an object."""
    for value in values:
        if isinstance(value, dict):
            refuse_misspelt(value, names)


def is_whole(text: str) -> bool:
    """Whether no letter of it is but a half."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
