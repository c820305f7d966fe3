"""`[ … ]` and `[[ … ]]`: conditions that the grammar takes apart itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from companion.model.facts import Effect
from companion.policy.shell.effects import NAMES
from companion.policy.shell.invocation import Invocation, read
from companion.policy.shell.parameters import Lookup
from companion.policy.shell.parse import Syntax
from companion.policy.shell.programs import judge
from companion.policy.shell.rules import apply
from companion.policy.shell.words import Value, evaluate

_NESTING = frozenset({"unary_expression", "binary_expression", "parenthesized_expression"})
_SHELL_SIGNS = frozenset({"&&", "||", "<", ">", "(", ")", ";", "&", "|"})
_NUMERIC = frozenset({"-eq", "-ne", "-lt", "-le", "-gt", "-ge"})
_ON_FILES = frozenset("-" + letter for letter in "abcdefghkprsuwxGLNOS")
_BETWEEN_FILES = frozenset({"-nt", "-ot", "-ef"})


def judge_condition(node: Node, syntax: Syntax, lookup: Lookup) -> Iterator[Effect]:
    """The effects of a `test_command`, its paths counted from the folder it runs in."""
    start, end = syntax.span(node)
    words = list(_words(node, syntax, lookup))
    name = words[0].text or ""
    if name == "[" and _SHELL_SIGNS.intersection(_signs(node)):
        # `[` is a program like any other: the grammar takes for its operator what a shell takes for its own.
        yield apply("not-understood", syntax.text(node), start, end)
    elif name == "[":
        for finding in judge(Invocation("[", tuple(words[1:]), start, end)):
            if isinstance(finding, Effect):
                yield finding
    else:
        yield from _double(Invocation(name, tuple(words[1:]), start, end), words)


def _double(invocation: Invocation, words: list[Value]) -> Iterator[Effect]:
    inside = words[1:-1]
    for at, word in enumerate(inside):
        sides = [*inside[max(at - 1, 0) : at], *inside[at + 1 : at + 2]]
        plain = len(sides) == 2 and all(re.fullmatch(r"-?\d+", side.text or "") for side in sides)
        # -v and -R, and numbers that are not plain, are computed, and may run what stands in a subscript.
        if word.text in {"-v", "-R"} or (word.text in _NUMERIC and not plain):
            yield invocation.rule("arithmetic", "this condition")
        for file in inside[at + 1 : at + 2] if word.text in _ON_FILES else sides if word.text in _BETWEEN_FILES else []:
            if file.text:
                yield from read(file, NAMES)
    yield invocation.runs()


def _signs(node: Node) -> Iterator[str]:
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current is node or current.type in _NESTING:
            waiting += current.children
        elif not current.is_named:
            yield current.type


def _words(node: Node, syntax: Syntax, lookup: Lookup) -> Iterator[Value]:
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current is node or current.type in _NESTING:
            waiting += reversed(current.children)
        elif current.is_named and current.type != "comment":
            yield evaluate(current, syntax, lookup)
        elif current.type != "comment":
            yield Value(syntax.text(current).strip(), *syntax.span(current))
