"""The expansions inside of a piece of a command: those that run something, and those that show a variable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from companion.policy.shell.budget import Budget
from companion.policy.shell.parameters import Lookup, assigns
from companion.policy.shell.parse import Syntax

_SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution"})
# ! reads another variable, @ may expand its text once more, = assigns.
_RISKY = frozenset({"!", "@", "=", ":="})
_ASSIGNING = frozenset({"=", "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", "&=", "|=", "^=", "++", "--"})
_SAFE_INDEX = re.compile(r"\d+|[@*]")
_COMPUTED = frozenset(
    {"arithmetic_expansion", "binary_expression", "unary_expression", "ternary_expression", "postfix_expression"}
    | {"parenthesized_expression", "simple_expansion"}
)
_COUNTS = frozenset("#?$!")
"""Special parameters that are numbers; the others may hold any text."""


@dataclass(frozen=True, slots=True)
class Substitution:
    """Commands that run while a word is expanded."""

    node: Node


@dataclass(frozen=True, slots=True)
class Shown:
    """A parameter whose value becomes part of the command."""

    node: Node
    name: str


@dataclass(frozen=True, slots=True)
class Risk:
    """An expansion that can do more than to put a value in; `code` is the rule's."""

    node: Node
    code: str


def find_expansions(
    node: Node, syntax: Syntax, lookup: Lookup, budget: Budget
) -> Iterator[Substitution | Shown | Risk]:
    """All of them, in the order of the text; what is inside of a Substitution is left to whoever walks it."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        budget.visit()
        if current.type in _SUBSTITUTIONS:
            yield Substitution(current)
            continue
        if current.type in {"simple_expansion", "expansion"}:
            yield from _parameter(current, syntax, lookup)
        elif current.type == "arithmetic_expansion":
            yield from check_arithmetic(current, syntax, lookup)
        elif current.type == "subscript" and not _has_safe_index(current, syntax):
            yield Risk(current, "arithmetic")
        waiting += reversed(current.children)


def check_arithmetic(node: Node, syntax: Syntax, lookup: Lookup) -> Iterator[Risk]:
    """Text that is computed may be an array's element with a command in its subscript, be it quoted or a value."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if not _is_plain_arithmetic(current, syntax, lookup):
            yield Risk(node, "arithmetic")
            return
        waiting += current.children


def _is_plain_arithmetic(node: Node, syntax: Syntax, lookup: Lookup) -> bool:
    """Whether the node, apart from what stands inside of it, is a number or a sign that sets nothing."""
    match node.type:
        case "number":
            return True
        case "special_variable_name":
            return syntax.text(node) in _COUNTS
        case "variable_name" | "word":
            return re.fullmatch(r"\d+", lookup(syntax.text(node)) or "") is not None
        case _:
            return node.type in _COMPUTED if node.is_named else node.type not in _ASSIGNING


def _parameter(node: Node, syntax: Syntax, lookup: Lookup) -> Iterator[Shown | Risk]:
    operators = [child.type for child in node.children if not child.is_named]
    first = next((child for child in node.named_children if child.type != "special_variable_name"), None)
    risky = set(operators) & _RISKY and assigns(syntax.text(node), lookup)
    if node.type == "expansion" and (risky or not _is_plain_slice(node, operators)):
        yield Risk(node, "expansion")
    if first is None:
        return
    name = first.child_by_field_name("name") if first.type == "subscript" else first
    if name is not None and name.type == "variable_name":
        yield Shown(node, syntax.text(name))
    elif node.named_children[0].type != "special_variable_name":
        yield Risk(node, "expansion")


def _is_plain_slice(node: Node, operators: list[str]) -> bool:
    """`${x:1:2}` computes its numbers."""
    return ":" not in operators or all(child.type == "number" for child in node.named_children[1:])


def _has_safe_index(node: Node, syntax: Syntax) -> bool:
    index = node.child_by_field_name("index")
    return index is not None and _SAFE_INDEX.fullmatch(syntax.text(index)) is not None
