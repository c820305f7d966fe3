"""From text to a syntax tree that accounts for every character, or to the statement that it is not understood.

The grammar has silent holes: commands that a shell would run stand in its tree as plain words, without an error. So a
tree counts only when nothing that looks like an expansion is left in a leaf, nothing but blanks lies between nodes,
and each mask lies in a node of its own kind.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from companion.policy.shell.budget import Budget
from companion.policy.shell.source import Kind, Source, Unclear, is_quoted_delimiter, prepare

_MOST_NODES = 12_000

# Control, format, and other characters that a person does not see or a shell does not take for what they look like.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
    "\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
# The grammar's scanner looks letters up in C's table of 256, and what lies behind it can end the process.
_WIDE = re.compile("[^\x00-\xff]")
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_EXPANSION = re.compile(r"`|\$[({\[]|[<>=]\(")
_OPENERS = frozenset({"$(", "${", "$((", "`", "<(", ">(", "$"})
_OPAQUE = frozenset({"raw_string", "ansi_c_string", "comment"})
_TEXTS = frozenset({"string_content", "heredoc_content", "heredoc_body"})
_BLANK = re.compile(r"[ \t\n]")
_LITERAL = frozenset({"string", "heredoc_body"})
"""Nodes in which text between the children stands for itself."""
_ON_ONE_LINE = frozenset(
    {"command", "declaration_command", "unset_command", "variable_assignments", "file_redirect"}
    | {"test_command", "unary_expression", "binary_expression", "parenthesized_expression"}
)
_WORD_LISTS = _ON_ONE_LINE | {
    *("redirected_statement", "herestring_redirect", "heredoc_redirect", "for_statement", "case_statement", "array"),
    *("program", "do_group", "list", "pipeline"),
}
_BRACKETED = frozenset({"compound_statement", "test_command"})
_MAY_TOUCH = frozenset({"file_redirect", "herestring_redirect", "heredoc_redirect", "heredoc_body", "heredoc_end"})


@dataclass(frozen=True, slots=True)
class Syntax:
    """A command's tree, with the way from its nodes to the text."""

    root: Node
    source: Source
    _characters: tuple[int, ...]
    """Byte offset of each character; () where they are the same."""

    def range(self, node: Node) -> tuple[int, int]:
        """The node's characters in the joined text."""
        return self._character(node.start_byte), self._character(node.end_byte)

    def text(self, node: Node) -> str:
        """What stands at the node, unmasked."""
        start, end = self.range(node)
        return self.source.text[start:end]

    def masked(self, start: int, end: int) -> str:
        """The masked text between two byte offsets."""
        return self.source.masked[self._character(start) : self._character(end)]

    def span(self, node: Node) -> tuple[int, int]:
        """The node's characters in the command as it was written."""
        return self.source.span(*self.range(node))

    def _character(self, byte: int) -> int:
        return bisect_right(self._characters, byte) - 1 if self._characters else byte

    def byte(self, character: int) -> int:
        """The byte offset of a character of the joined text."""
        return self._characters[character] if self._characters else character


@cache
def _language() -> Language:
    return Language(tree_sitter_bash.language())


def parse(command: str, budget: Budget) -> Syntax:
    """The tree of `command`. Raises Unclear for all that is too long, hidden, broken or not accounted for."""
    budget.spend(characters=len(command))
    source = prepare(command)
    budget.spend(tokens=source.tokens)
    if hidden := _HIDDEN.search(command):
        raise Unclear("hidden-characters", hidden.start(), hidden.end())
    narrow = _WIDE.sub("\xe9", source.masked)
    raw = narrow.encode()
    root = Parser(_language()).parse(raw).root_node
    characters: tuple[int, ...] = ()
    if not narrow.isascii():
        characters = tuple(accumulate((len(character.encode()) for character in narrow), initial=0))
    syntax = Syntax(root, source, characters)
    if root.descendant_count > _MOST_NODES:
        raise Unclear("over-budget", 0, len(command))
    if root.has_error:
        raise Unclear("not-understood", 0, len(command))
    if syntax.masked(0, root.start_byte).strip(" \t\n") or syntax.masked(root.end_byte, len(raw)).strip(" \t\n"):
        raise Unclear("not-understood", 0, len(command))
    _check_tree(syntax)
    _check_source(syntax)
    return syntax


def _check_tree(syntax: Syntax) -> None:
    waiting = [(syntax.root, False)]
    ends: set[tuple[int, int]] = set()
    while waiting:
        node, in_backticks = waiting.pop()
        if node.type == "heredoc_end":
            ends.add(syntax.range(node))
        children = node.children
        if not children:
            _check_leaf(syntax, node, in_backticks=in_backticks)
            continue
        _check_gaps(syntax, node, children)
        in_backticks = in_backticks or syntax.masked(children[0].start_byte, children[0].end_byte).strip() == "`"
        waiting += [(child, in_backticks) for child in children]
    if ends != set(syntax.source.heredocs):
        raise Unclear("not-understood", 0, len(syntax.source.original))


def _check_leaf(syntax: Syntax, node: Node, *, in_backticks: bool) -> None:
    if node.type in _OPAQUE:
        return
    text = syntax.masked(node.start_byte, node.end_byte)
    plain = _ESCAPED.sub("", text)
    # The grammar takes a line break, or a blank between brackets, into a word when a backslash stands behind it.
    if node.is_named and node.type not in _TEXTS and _BLANK.search(plain):
        raise Unclear("not-understood", *syntax.span(node))
    # `-rf2>x` are options and a redirection; the grammar takes the whole for the descriptor.
    if node.type == "file_descriptor" and not text.isdigit():
        raise Unclear("not-understood", *syntax.span(node))
    if not node.is_named and text.strip() in _OPENERS:
        return
    # Inside backticks a backslash is taken away before the text is read as a command, which no tree shows.
    if "\\\n" in text or (in_backticks and "\\" in text) or _EXPANSION.search(plain):
        raise Unclear("not-understood", *syntax.span(node))


def _check_gaps(syntax: Syntax, node: Node, children: list[Node]) -> None:
    edges = [node.start_byte, *(edge for child in children for edge in (child.start_byte, child.end_byte))]
    edges.append(node.end_byte)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if start == end:
            continue
        gap = syntax.masked(start, end)
        if node.type in _LITERAL:
            wrong = bool(_EXPANSION.search(_ESCAPED.sub("", gap)))
        else:
            wrong = bool(gap.strip(" \t\n")) or (node.type in _ON_ONE_LINE and "\n" in gap)
        if wrong:
            raise Unclear("not-understood", *syntax.span(node))
    if children[0].type in {"{", "[", "[["} and node.type in _BRACKETED and edges[2] == edges[3]:
        # Without a blank behind it the bracket is part of a word.
        raise Unclear("not-understood", *syntax.span(node))
    if node.type == "command" and any(child.type == "subshell" for child in children):
        # Not a command to a POSIX shell, and a substitution to fish.
        raise Unclear("not-understood", *syntax.span(node))
    if node.type in _WORD_LISTS:
        for one, other in pairwise(children):
            # `a>b` is fine; two words without a blank between them are one word to a shell.
            words = node.type == "command" or (one.is_named and other.is_named)
            if words and one.end_byte == other.start_byte and other.type not in _MAY_TOUCH:
                raise Unclear("not-understood", *syntax.span(node))


def _check_source(syntax: Syntax) -> None:
    """Whether the tree agrees with the lexer about what was masked and what was joined."""
    for mask in syntax.source.masks:
        node = syntax.root.descendant_for_byte_range(syntax.byte(mask.start), syntax.byte(mask.end))
        if node is None or not _agrees(syntax, node, mask.kind):
            raise Unclear("not-understood", *syntax.source.span(mask.start, mask.end))
    for joint in syntax.source.joints:
        node = syntax.root.descendant_for_byte_range(syntax.byte(joint), syntax.byte(joint))
        while node is not None:
            if node.type in _OPAQUE or node.type == "heredoc_body":
                raise Unclear("not-understood", *syntax.source.span(joint, joint))
            node = node.parent


def _agrees(syntax: Syntax, node: Node, kind: Kind) -> bool:
    if kind not in {Kind.BODY, Kind.QUOTED_BODY}:
        return node.type == kind.value
    body = node.parent if node.type == "heredoc_content" else node
    if body is None or body.type != "heredoc_body":
        return False
    redirect = body.parent
    starts = [child for child in redirect.children if child.type == "heredoc_start"] if redirect else []
    quoted = len(starts) == 1 and is_quoted_delimiter(syntax.text(starts[0]))
    return quoted or kind is Kind.BODY
