"""Commands of the shell itself that change what it knows: its folder and its variables."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from tree_sitter import Node

from companion.model.facts import Effect
from companion.policy.shell.invocation import Invocation
from companion.policy.shell.options import split
from companion.policy.shell.parameters import Lookup
from companion.policy.shell.parse import Syntax
from companion.policy.shell.rules import apply
from companion.policy.shell.state import After, State
from companion.policy.shell.variables import is_private
from companion.policy.shell.words import evaluate

_NAME = re.compile(r"[A-Za-z_]\w*")
_FLAGS = re.compile(r"-[xg]+")


def _cd(invocation: Invocation, state: State, home: str) -> tuple[list[Effect], After]:
    arguments = split(invocation.args, "L")
    operands = arguments.operands
    here = _keeps_folders(state)
    if arguments.unknown is not None or len(operands) > 1:
        moved = here.enter(None)
    elif not operands:
        moved = here.enter(home or None)
    elif operands[0].constant == "-":
        moved = here.enter(None) if "OLDPWD" in state.variables else here.go_back()
    else:
        moved = here.enter(operands[0].constant)
    return [invocation.runs()], After(moved, state)


def _keeps_folders(state: State) -> State:
    """The shell keeps PWD and OLDPWD; whatever the command set them to is gone when it moves."""
    variables = {name: text for name, text in state.variables.items() if name not in {"PWD", "OLDPWD"}}
    return replace(state, variables=variables)


def _pushd(invocation: Invocation, state: State, _home: str) -> tuple[list[Effect], After]:
    folder = invocation.args[0].constant if len(invocation.args) == 1 else None
    if folder is None or not folder or folder[0] in "-+":
        # It turns the stack around, or takes a folder from it.
        return _lose_folder(invocation, state)
    return [invocation.runs()], After(_keeps_folders(state).push(folder), state)


def _popd(invocation: Invocation, state: State, _home: str) -> tuple[list[Effect], After]:
    if invocation.args:
        return _lose_folder(invocation, state)
    return [invocation.runs()], After(_keeps_folders(state).pop(), state)


def _lose_folder(invocation: Invocation, state: State) -> tuple[list[Effect], After]:
    lost = _keeps_folders(state).lose()
    return [invocation.runs()], After(lost, lost)


def _read(invocation: Invocation, state: State, _home: str) -> tuple[list[Effect], After]:
    arguments = split(invocation.args, "r s e p= t= n= N= d= u= i=")
    effects = [invocation.runs()]
    if arguments.unknown is not None:
        effects = [invocation.refuse(arguments.unknown)]
    for operand in arguments.operands:
        name = operand.constant or ""
        if not _NAME.fullmatch(name) or not is_private(name):
            effects.append(invocation.rule("sets-environment", name or "this word", operand))
        state = state.set(name, None)
    state = state.set("REPLY", None)
    return effects, After(state, state)


CHANGES_STATE: dict[str, Callable[[Invocation, State, str], tuple[list[Effect], After]]] = {
    "cd": _cd,
    "chdir": _cd,
    "pushd": _pushd,
    "popd": _popd,
    "read": _read,
}


def exports_only(node: Node) -> bool:
    """Whether it is an `export` of what it sets itself."""
    keyword, *children = node.children
    return keyword.type == "export" and all(one.type == "variable_assignment" and not _adds(one) for one in children)


def _adds(assignment: Node) -> bool:
    return any(child.type == "+=" for child in assignment.children)


def declare(
    node: Node, syntax: Syntax, lookup: Lookup, state: State, *, called: bool = False
) -> tuple[list[Effect], State]:
    """`export`, `declare`, `local`, `readonly`, `typeset`, `unset`; `local` sets in a function that is `called`."""
    effects: list[Effect] = []
    keyword = node.children[0].type
    names = 0
    for child in node.children[1:]:
        text = syntax.text(child)
        if child.type == "word" and _FLAGS.fullmatch(text) and keyword != "unset":
            continue
        named = child.child_by_field_name("name") if child.type == "variable_assignment" else child
        name = syntax.text(named) if named is not None else ""
        if named is None or named.type != "variable_name" or not is_private(name):
            effects.append(apply("sets-environment", name, *syntax.span(child)))
        value = child.child_by_field_name("value") if child.type == "variable_assignment" else None
        if keyword != "unset" and name not in state.variables and (value is None or _adds(child)):
            # It holds, or begins with, what the environment says.
            names += 1
            continue
        state = state.set(name, None)
        if (
            value is not None
            and not _adds(child)
            and keyword not in ({"unset"} if called else {"unset", "local"})
            and len(node.children) == 2
        ):
            state = state.set(name, evaluate(value, syntax, lookup).constant)
        names += 1
    if not names:
        effects.append(apply("reads-environment", "all of them", *syntax.span(node)))
    elif keyword == "readonly":
        # A later assignment to the name fails, and a shell may go on with the old value.
        effects.append(apply("not-understood", syntax.text(node), *syntax.span(node)))
    return effects, state
