"""Which names the members of a JavaScript program's own values have."""

from __future__ import annotations

from companion.policy.shell.javascript.names import arguments_of, changing, quoted
from companion.policy.shell.javascript.tree import Piece


def makes_key(piece: Piece) -> bool:
    """Whether a member may get a name here that nobody knows."""
    if piece.kind == "subscript_expression":
        index = piece.get("index")
        return changing(piece) is not None and (index is None or quoted(index) is None)
    if piece.kind == "computed_property_name" or piece.text == "fromEntries":
        return True
    # What a text is read as may be made of what a function answers, under names that stand in the text.
    return piece.text == "parse" and not _is_called_with_text_alone(piece)


def _is_called_with_text_alone(name: Piece) -> bool:
    call = name.above.above
    called = call.kind == "call_expression" and name.above.field == "function" and name.field == "property"
    given = arguments_of(call) if called else []
    return called and len(given) < 2 and all(one.kind != "spread_element" for one in given)


def keys(pieces: list[Piece]) -> set[str]:
    """Names that members get in the program."""
    found: set[str] = set()
    for piece in pieces:
        if piece.kind in {"property_identifier", "shorthand_property_identifier"}:
            own = piece.above.kind in {"pair", "method_definition", "field_definition", "object"}
            if own or (piece.above.kind == "member_expression" and changing(piece.above) is not None):
                found.add(piece.text)
        elif piece.field in {"key", "name", "index"} and (text := quoted(piece)) is not None:
            found.add(text)
    return found
