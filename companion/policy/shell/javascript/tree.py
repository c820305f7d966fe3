"""From JavaScript to a tree whose tokens are certainly those that an engine reads, or to None.

Where an engine and the grammar could take a slash, a quote, a line break or a word for different things, there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from tree_sitter import Language, Parser

from companion.policy.shell.tools import names

LONGEST = 20_000
_MOST_NODES = 4_000

# Comments of another kind, ends of lines that few count as such, and what nobody sees.
_STRANGE = re.compile(
    "<!--|-->|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xa0\xad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]|\r(?!\n)"
)
_GAP = re.compile(r"[ \t\r\n]*")
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_SHAPES = {
    "string": re.compile(r"'(?:[^'\\\r\n]|\\(?:\r\n|.))*'|\"(?:[^\"\\\r\n]|\\(?:\r\n|.))*\"", re.DOTALL),
    "regex": re.compile(r"/(?!\*)(?:[^/\\\[\r\n]|\\.|\[(?:[^\]\\\r\n]|\\.)*\])+/[a-z]*"),
    "comment": re.compile(r"//[^\r\n]*|/\*(?:(?!\*/).)*\*/", re.DOTALL),
    "hash_bang_line": re.compile(r"#![^\r\n]*"),
    "number": re.compile(r"\.?\d(?:[\w.]|(?<=[eE])[+-])*", re.ASCII),
    "private_property_identifier": re.compile(r"#[A-Za-z_$][\w$]*", re.ASCII),
    "optional_chain": re.compile(r"\?\."),
    "string_fragment": re.compile(r"(?:(?!\$\{)[^`\\])*"),
    "escape_sequence": re.compile(r"\\(?:\r\n|.|u\{\w+\}|u\w{4}|x\w\w)", re.DOTALL),
    **dict.fromkeys(
        (
            "identifier",
            "property_identifier",
            "shorthand_property_identifier",
            "shorthand_property_identifier_pattern",
            "statement_identifier",
        ),
        _IDENTIFIER,
    ),
}
_WHOLE = frozenset({"string", "regex", "comment", "hash_bang_line", "number"})
"""Kinds that are looked at as one token, whatever stands in them."""
_KINDS = names(
    """
    program expression_statement variable_declaration lexical_declaration variable_declarator statement_block
    if_statement
    else_clause for_statement for_in_statement while_statement do_statement break_statement continue_statement
    return_statement throw_statement try_statement catch_clause finally_clause switch_statement switch_body switch_case
    switch_default labeled_statement empty_statement function_declaration function_expression arrow_function
    generator_function generator_function_declaration formal_parameters class class_declaration class_body
    class_heritage
    class_static_block field_definition method_definition object array pair spread_element object_pattern array_pattern
    pair_pattern object_assignment_pattern assignment_pattern rest_pattern computed_property_name call_expression
    arguments
    new_expression member_expression subscript_expression optional_chain assignment_expression
    augmented_assignment_expression binary_expression unary_expression update_expression ternary_expression
    sequence_expression parenthesized_expression await_expression yield_expression template_string template_substitution
    identifier property_identifier shorthand_property_identifier shorthand_property_identifier_pattern
    statement_identifier private_property_identifier string string_fragment escape_sequence number regex true false null
    undefined this super import_statement import_clause named_imports import_specifier namespace_import import_attribute
    export_statement export_clause export_specifier comment hash_bang_line
    """
)
"""The kinds of nodes that are understood. Others are `with`, `debugger`, JSX, decorators, `import(…)`, `new.target`."""

_NO_NAMES = frozenset({"let", "yield", "await", "async", "static", "of", "get", "set", "using", "arguments", "eval"})
"""Words that are a name here and a keyword there."""
_ENDS = re.compile(r"[\w$)\]`'\"]$", re.ASCII)
"""The end of a token behind which an expression may be over."""
_BEFORE_REGEX = frozenset(
    {"", "(", ",", "=", ":", "[", "!", "&&", "||", "??", "?", ";", "{", "return", "=>", "=="} | {"===", "+"}
)


class Piece:
    """A node: its kind, the field of its parent that it is, and its text where it is one token."""

    __slots__ = ("end", "field", "kids", "kind", "names", "parent", "start", "text")

    def __init__(self, kind: str, field: str | None, parent: Piece | None, start: int, end: int) -> None:
        self.kind = kind
        self.field = field
        self.parent = parent
        self.start = start
        self.end = end
        self.text = ""
        self.kids: list[Piece] = []
        self.names: dict[str, object] = {}
        """The variables that are bound in it, where it is a scope."""

    def get(self, field: str) -> Piece | None:
        """The child that is this field."""
        for kid in self.kids:
            if kid.field == field:
                return kid
        return None

    def has(self, kind: str) -> bool:
        """Whether a child is of this kind."""
        return any(kid.kind == kind for kid in self.kids)

    @property
    def named(self) -> list[Piece]:
        """The children that are no punctuation, keyword or comment."""
        return [kid for kid in self.kids if kid.kind in _KINDS and kid.kind != "comment"]

    @property
    def above(self) -> Piece:
        """The parent; of the root the root itself."""
        return self.parent or self


@cache
def _parser() -> Parser:
    # Imported when the first such code is met: commands start without it.
    import tree_sitter_javascript  # noqa: PLC0415

    return Parser(Language(tree_sitter_javascript.language()))


def parse_javascript(text: str) -> list[Piece] | None:
    """The nodes of a program, parents first and in the order of the text; None where it is not understood."""
    if len(text) > LONGEST or _STRANGE.search(text):
        return None
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        return None
    root = _parser().parse(raw).root_node
    if root.has_error or root.descendant_count > _MOST_NODES or root.type != "program":
        return None
    pieces: list[Piece] = []
    cursor = root.walk()
    parent: Piece | None = None
    while True:
        node = cursor.node
        if node is None:
            return None
        kind = node.type
        if node.is_named and kind not in _KINDS:
            return None
        piece = Piece(kind, cursor.field_name, parent, node.start_byte, node.end_byte)
        pieces.append(piece)
        if parent is not None:
            parent.kids.append(piece)
        if kind not in _WHOLE and cursor.goto_first_child():
            parent = piece
            continue
        piece.text = raw[piece.start : piece.end].decode()
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return pieces if _is_exact(pieces, raw) else None
            parent = parent.parent if parent is not None else None


def _is_exact(pieces: list[Piece], raw: bytes) -> bool:
    """Whether every character belongs to a token that nobody can read otherwise."""
    at, before, line = 0, "", False
    for piece in _tokens(pieces):
        gap = raw[at : piece.start].decode()
        if piece.start < at or (not _GAP.fullmatch(gap) and not _within_template(piece, gap)):
            return False
        at = max(at, piece.end)
        line = line or "\n" in gap
        kind, text = piece.kind, piece.text
        shape = _SHAPES.get(kind)
        if (shape is not None and not shape.fullmatch(text)) or (shape is None and text != kind):
            return False
        if kind == "comment":
            line = line or "\n" in text
            continue
        if kind == "hash_bang_line" and piece.start:
            return False
        if kind in {"string_fragment", "escape_sequence"}:
            continue
        if not _is_sure(piece, before, line=line):
            return False
        before, line = text, False
    return not raw[at:].strip(b" \t\r\n")


def _tokens(pieces: list[Piece]) -> Iterator[Piece]:
    return (piece for piece in pieces if not piece.kids and piece.kind != "program" and (piece.end > piece.start))


def _within_template(piece: Piece, gap: str) -> bool:
    return piece.above.kind == "template_string" and "`" not in gap and "\\" not in gap and "${" not in gap


def _is_sure(piece: Piece, before: str, *, line: bool) -> bool:
    """Whether the token is what it seems to be behind that one; `line`: a line break stands between."""
    kind, text, parent = piece.kind, piece.text, piece.above
    if kind == "regex":
        return before in _BEFORE_REGEX
    if kind in {"/", "/="}:
        return before != "}" and before not in _NO_NAMES
    if kind in {"identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"}:
        return text not in _NO_NAMES
    if kind == "`" and parent.kind == "template_string" and parent.kids[0] is piece:
        # Behind a value it is a call of it.
        return before in {"return", "case", "of", "in", "typeof", "default", "else", "await"} or not (
            _ENDS.search(before) or before == "}"
        )
    # An engine may go on with the line before.
    return not (line and text in {"(", "[", "+", "-", "*", "++", "--"} and _ENDS.search(before))
