"""Commands of the shell itself that change what it knows: its folder and its variables."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from tree_sitter import Node

from companion.model.facts import Effect
from companion.policy.shell.effects import GLOB
from companion.policy.shell.functions import called_with, forget_words
from companion.policy.shell.invocation import Invocation, Lists
from companion.policy.shell.listed import on_disk
from companion.policy.shell.options import Arguments, split
from companion.policy.shell.parameters import Lookup, array_key, unpack
from companion.policy.shell.parse import Syntax
from companion.policy.shell.rules import apply
from companion.policy.shell.settings import is_known_setting
from companion.policy.shell.state import After, State
from companion.policy.shell.variables import is_private
from companion.policy.shell.words import Value, evaluate

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
    names = [operand.constant or "" for operand in arguments.operands]
    for name, operand in zip(names, arguments.operands, strict=True):
        if not _NAME.fullmatch(name) or not is_private(name):
            effects.append(invocation.rule("sets-environment", name or "this word", operand))
        state = state.set(name, None)
    state = state.set("REPLY", None)
    lists = invocation.feed.listed
    if lists is not None and len(names) == 1 and _takes_whole(arguments, lists):
        span = invocation.start, invocation.end
        state = state.set_named(names[0], Value(None, *span, listed=on_disk(lists.reads), is_path=not lists.dashed))
    return effects, After(state, state)


def _takes_whole(arguments: Arguments, lists: Lists) -> bool:
    """Whether a line, or what ends at a NUL, comes to the parameter as it is; blanks at its ends may be gone."""
    given = arguments.given
    ends = given.get("d")
    plain = given.keys() <= {"r", "s", "p", "d"} and "r" in given and (ends is None or ends.constant == "")
    return plain and all(re.search(r"\w$", one.target, re.ASCII) for one in lists.reads if one.code == GLOB)


_SETS_OPTIONS = re.compile(r"(?:[-+][eux]*(?:o (?:pipefail|errexit|nounset))? ?)+")


def _set(invocation: Invocation, state: State, _home: str) -> tuple[list[Effect], After]:
    if invocation.args and invocation.args[0].constant == "--":
        after = called_with(invocation.args, state)
        return [invocation.runs()], After(after, after)
    known = _SETS_OPTIONS.fullmatch(" ".join(invocation.words)) and all(arg.constant for arg in invocation.args)
    after = state if known else forget_words(state)
    return [invocation.runs() if known else invocation.rule("reads-environment", "set")], After(after, after)


def _shift(invocation: Invocation, state: State, _home: str) -> tuple[list[Effect], After]:
    count = invocation.args[0].constant if len(invocation.args) == 1 else "1" if not invocation.args else None
    packed = state.variables.get(array_key("@"))
    elements = unpack(packed) if packed is not None else []
    if count is None or not re.fullmatch(r"\d{1,3}", count, re.ASCII):
        return [invocation.rule("unknown-word", "shift")], After(forget_words(state), forget_words(state))
    if packed is None or int(count) > len(elements):
        return [invocation.runs()], After(forget_words(state), forget_words(state))
    left = (Value("shift", 0, 0), *(Value(element, 0, 0) for element in elements[int(count) :]))
    after = called_with(left, state)
    return [invocation.runs()], After(after, after)


CHANGES_STATE: dict[str, Callable[[Invocation, State, str], tuple[list[Effect], After]]] = {
    "cd": _cd,
    "chdir": _cd,
    "pushd": _pushd,
    "popd": _popd,
    "read": _read,
    "set": _set,
    "shift": _shift,
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
        value = child.child_by_field_name("value") if child.type == "variable_assignment" else None
        told = None
        if child.type == "variable_assignment" and not _adds(child):
            told = "" if value is None else evaluate(value, syntax, lookup).constant
        if named is None or named.type != "variable_name" or not (is_private(name) or is_known_setting(name, told)):
            effects.append(apply("sets-environment", name, *syntax.span(child)))
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
