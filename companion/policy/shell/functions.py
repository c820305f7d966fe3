"""Functions that a command defines, as far as a call of one comes to its body and to nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tree_sitter import Node

from companion.policy.shell.invocation import Invocation
from companion.policy.shell.parameters import array_key, pack
from companion.policy.shell.parse import Syntax
from companion.policy.shell.programs import judge
from companion.policy.shell.state import State
from companion.policy.shell.words import Value

DEEPEST_CALL = 8
"""How deep calls may stand inside each other."""

_NAME = re.compile(r"[A-Za-z_][\w-]*")
# Shells call these by themselves.
_CALLED = re.compile(
    r"TRAP\w*|zsh\w*|zle\w*|precmd|preexec|chpwd|periodic|command_not_found_\w*|\w*prompt\w*", re.IGNORECASE
)
LEAVING = frozenset({"return", "exit", "break", "continue", "exec"})
"""Commands behind which the rest of a body may be left out."""
_LEAVES = re.compile(rf"\b(?:{'|'.join(sorted(LEAVING))})\b")


def leaves(text: str) -> bool:
    """Whether a body of this text may be over before its last statement. A word in disguise it does not see."""
    return _LEAVES.search(text) is not None


@dataclass(frozen=True, slots=True)
class Function:
    """What a name stands for from its definition on."""

    body: Node
    own: tuple[str, ...]
    """Variables that may be what they were before when a call is over."""
    leaves: bool
    """Whether a call may be over before its last statement."""


def find_function(node: Node, syntax: Syntax) -> tuple[str, Function] | None:
    """Name and function of a definition; None where it may be another one, or hides what is known by that name."""
    body = node.child_by_field_name("body")
    named = node.child_by_field_name("name")
    name = syntax.text(named) if named is not None else ""
    if (
        body is None
        or body.type != "compound_statement"
        or body.children[0].type != "{"
        or len(node.named_children) != 2
    ):
        return None
    alone = node.parent is not None and node.parent.type == "program"
    behind = node.next_sibling
    if not alone or (behind is not None and behind.type == "&"):
        # Another branch, or another shell, may be the one that knows it.
        return None
    if not _NAME.fullmatch(name) or _CALLED.fullmatch(name) or not _is_free(name):
        return None
    return name, Function(body, tuple(_own(body, syntax)), leaves(syntax.text(body)))


def _is_free(name: str) -> bool:
    effects = list(judge(Invocation(name, (), 0, 0)))
    return len(effects) == 1 and getattr(effects[0], "code", "") == "unknown-program"


def _own(body: Node, syntax: Syntax) -> list[str]:
    names: list[str] = []
    waiting = [body]
    while waiting:
        current = waiting.pop()
        if current.type == "declaration_command":
            for child in current.named_children:
                named = child.child_by_field_name("name") if child.type == "variable_assignment" else child
                names.append(syntax.text(named) if named is not None else "")
        waiting += current.children
    return names


_POSITIONS = tuple(str(number) for number in range(1, 10))
_WORDS = array_key("@")


def called_with(words: tuple[Value, ...], state: State) -> State:
    """What the body knows at its start: the call's words by their number, up to the first that may be several."""
    texts = [word.constant for word in words[1:]]
    known = [text for text in texts if text is not None]
    state = forget_words(state).set(_WORDS, pack(known) if len(known) == len(texts) else None)
    for position, word in zip(_POSITIONS, words[1:], strict=False):
        if word.many or word.glob:
            break
        named = word.text is None and word.listed is not None
        state = state.set_named(position, word) if named else state.set(position, word.constant)
    return state


def back_from(function: Function, inner: State, caller: State) -> State:
    """What holds behind a call."""
    state = forget_words(inner)
    for name in function.own:
        state = state.set(name, None)
    for position in (*_POSITIONS, _WORDS):
        if position in caller.variables:
            state = state.set(position, caller.variables[position])
    return state


def forget_words(state: State) -> State:
    """When anything may be the words of the shell or of the call."""
    for position in (*_POSITIONS, _WORDS):
        state = state.set(position, None)
    return state
