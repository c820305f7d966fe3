"""JavaScript given as text: what its syntax tree shows that it reads, writes, deletes and runs.

A program counts as understood where none of its values can be more than data, a function of its own, or one that only
computes. Then whatever it calls is harmless, and what it asks of Node's modules is told. So no name may stand for such
a module other than in a call that is known; no member may lead from a value to its maker; and what a computed key finds
may be shown and compared only.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterator

from companion.policy.shell.effects import NAMES
from companion.policy.shell.invocation import (
    Finding,
    Inner,
    Invocation,
    Look,
    Text,
    UnreadableFile,
    delete,
    read,
    write,
)
from companion.policy.shell.javascript import known
from companion.policy.shell.javascript.calls import Calls, Told
from companion.policy.shell.javascript.names import FUNCTIONS, Names, NotUnderstood, arguments_of, changing, quoted
from companion.policy.shell.javascript.tree import Piece, parse_javascript
from companion.policy.shell.javascript.values import Values, module_of
from companion.policy.shell.pycode import other_code
from companion.policy.shell.variables import is_harmless_to_show
from companion.policy.shell.words import Value

_TYPED = re.compile(r"<[^<>]*>\s*[(`]")
_FILES = frozenset({"write", "delete", "delete-tree"})
_COST_OF_PIECE = 5
"""In characters that are only parsed."""
_NEVER_NAMED = frozenset({"require", "require.main", "module", "exports", "module.exports"})
_EXPORTED = re.compile(r"exports(?:\.\w+)?|module\.exports(?:\.\w+)?|process\.exitCode")


def judge_javascript(
    invocation: Invocation, code: Value, *, folder: str = "", engine: str = "node"
) -> Iterator[Finding]:
    """The findings of a program text; "runs-code" beside them unless all that it does is told.

    `folder` is that of the script, from where it runs; "" for a text of the command's own.
    """
    found: list[Finding] = []
    clear = False
    text = code.constant
    if text is not None and invocation.affords(len(text)):
        clear, told = examine(text, invocation.look, folder, engine, affords=invocation.affords)
        # Where they stand does not say when they run: each of them may come behind all others.
        again = [one for one in told if one.what in {"text", "words"}]
        for one in (*told, *again):
            found += _effects(invocation, code, one)
    if clear:
        yield invocation.runs()
        yield from found
        return
    yield invocation.rule("runs-code", at=code)
    yield from found
    yield from other_code(code)


def examine(
    text: str,
    look: Look | None,
    folder: str = "",
    engine: str = "node",
    *,
    affords: Callable[[int], bool] = lambda _: True,
) -> tuple[bool, list[Told]]:
    """Whether a program does no more than what is told of it, and that."""
    pieces = parse_javascript(text)
    if pieces is None or (engine != "node" and _TYPED.search(text)) or not affords(_COST_OF_PIECE * len(pieces)):
        return False, []
    try:
        return _Program(pieces, look, folder, engine).judge()
    except NotUnderstood:
        return False, []


def _effects(invocation: Invocation, code: Value, told: Told) -> Iterator[Finding]:
    at = Value(told.target, code.start, code.end)
    match told.what:
        case "read":
            yield from read(at)
        case "names":
            yield from read(at, NAMES)
        case "write":
            yield from write(at)
        case "delete" | "delete-tree":
            deep = told.what == "delete-tree"
            yield invocation.rule("rm-recursive" if deep else "rm")
            yield from delete(at, deep=deep)
        case "text":
            yield Text(at)
        case "words":
            yield Inner((at, *(Value(word, code.start, code.end) for word in told.words)))
        case _:
            yield invocation.rule("reads-environment", told.target or "all of them", code)


class _Program:
    """One program. Every node is asked whether it is harmless where it stands."""

    def __init__(self, pieces: list[Piece], look: Look | None, folder: str, engine: str) -> None:
        self._pieces = pieces
        self._look = look
        self._folder = folder
        self._node = engine == "node"
        self._names = Names(pieces)
        self._values = Values(pieces, self._names, folder, modules=self._node)
        self._calls = Calls(self._values, node=self._node)

    def judge(self) -> tuple[bool, list[Told]]:
        # All of it is looked at, so that what is told of a program that is asked about is told too.
        answers = [self._is_fine(piece) for piece in self._pieces]
        answers += [self._is_free_fine(piece) for piece in self._names.free]
        clear = all(answers) and all(
            variable.name not in known.NEVER_OWN and not variable.name.startswith("__")
            for variable in self._names.variables
        )
        told = list(dict.fromkeys(self._calls.told))
        runs = any(one.what in {"text", "words"} for one in told)
        if runs and (self._values.grows or any(one.what in _FILES for one in told)):
            # What is run may be what was written before.
            clear = False
        return clear, told

    def _is_fine(self, piece: Piece) -> bool:
        kind = piece.kind
        if (name := self._values.known(piece)) is not None and not self._is_known_fine(piece, name):
            return False
        match kind:
            case "member_expression":
                return self._is_member_fine(piece)
            case "subscript_expression":
                return self._is_subscript_fine(piece)
            case "this":
                return _is_own_this(piece)
            case "super":
                return piece.field in {"function", "object"} and piece.above.kind != "subscript_expression"
            case "await_expression":
                around = _function_around(piece)
                return around is None or around.has("async")
            case "yield_expression":
                around = _function_around(piece)
                return around is not None and (around.kind.startswith("generator") or around.has("*"))
            case "call_expression":
                return not any(kid.kind == "template_string" and kid.field == "arguments" for kid in piece.kids)
            case "class_heritage":
                return len(piece.named) == 1 and piece.named[0].kind in {"identifier", "null"}
            case "computed_property_name":
                return piece.above.kind == "pair"
            case "import_statement":
                return self._is_import_fine(piece)
            case "export_statement":
                return piece.get("source") is None and not any(
                    kid.kind in {"*", "namespace_export"} for kid in piece.kids
                )
            case "property_identifier" | "string" | "shorthand_property_identifier" | "private_property_identifier":
                return _is_key_fine(piece)
            case "shorthand_property_identifier_pattern":
                return not _leads_on(piece.text)
            case _:
                return True

    def _is_free_fine(self, piece: Piece) -> bool:
        """Whether a name that no declaration stands behind is that of something harmless."""
        name, parent = piece.text, piece.above
        if changing(piece) is not None or parent.kind == "export_specifier":
            return False
        if name in known.PLAIN:
            member = parent if parent.kind in {"member_expression", "subscript_expression"} else None
            return member is None or piece.field != "object" or changing(member) is None
        if self._values.known(piece) is not None:
            return True
        if name in known.CALLED and parent.kind == "call_expression" and piece.field == "function":
            return True
        return name in known.MADE and _is_maker(piece)

    def _is_known_fine(self, piece: Piece, name: str) -> bool:
        """Whether one of the known things stands where it may."""
        parent = piece.above
        if not self._node and name.partition(".")[0] in known.MODULES and not name.startswith("process"):
            return False
        if name.startswith("process.env."):
            return self._is_variable_fine(piece, name.removeprefix("process.env."))
        if parent.kind == "member_expression" and piece.field == "object":
            if self._values.known(parent) is not None:
                return True
            return changing(parent) is None and not _is_deleted(parent)
        if name == "process.env":
            if parent.kind != "variable_declarator":
                self._calls.told.append(Told("environment"))
            return parent.kind == "variable_declarator" and self._is_taken_apart(parent)
        if parent.kind == "call_expression" and piece.field == "function":
            return self._is_require_fine(parent) if name == "require" else self._calls.judge(name, parent)
        if parent.kind == "unary_expression":
            return parent.kids[0].kind == "typeof"
        if parent.kind == "variable_declarator" and piece.field == "value":
            return name not in _NEVER_NAMED and self._is_taken_apart(parent)
        if _EXPORTED.fullmatch(name):
            return parent.kind == "assignment_expression" and piece.field == "left"
        if name == "process.stdin":
            return parent.kind == "expression_statement" or (parent.kind == "for_in_statement" and parent.has("await"))
        if name in {"require.main", "module"} and parent.kind == "binary_expression":
            sides = {self._values.known(parent.get("left")), self._values.known(parent.get("right"))}
            return sides == {"require.main", "module"}
        return name in known.MADE and _is_maker(piece)

    def _is_variable_fine(self, piece: Piece, name: str) -> bool:
        """A variable of the environment: shown like a shell's."""
        if not is_harmless_to_show(name):
            self._calls.told.append(Told("environment", name))
        return changing(piece) is None and not _is_deleted(piece)

    def _is_taken_apart(self, declarator: Piece) -> bool:
        """Whether a module is given one name for good, or its members are each given one."""
        name, value = declarator.get("name"), declarator.get("value")
        mine = [variable for variable in self._names.variables if variable.value is value]
        if name is None or not mine or not all(variable.is_fixed for variable in mine):
            return False
        if name.kind == "identifier":
            return True
        parts = name.named if name.kind == "object_pattern" else []
        plain = all(
            kid.kind == "shorthand_property_identifier_pattern"
            or (kid.kind == "pair_pattern" and [one.kind for one in kid.named] == ["property_identifier", "identifier"])
            for kid in parts
        )
        return bool(parts) and plain and len(mine) == len(parts)

    def _is_require_fine(self, call: Piece) -> bool:
        given = arguments_of(call)
        if not self._node or len(given) != 1:
            return False
        return module_of(given[0]) is not None or self._is_data(quoted(given[0]))

    def _is_import_fine(self, statement: Piece) -> bool:
        source = statement.get("source")
        if not self._node or source is None:
            return False
        if statement.has("import_attribute"):
            return self._is_data(quoted(source))
        return module_of(source) is not None

    def _is_data(self, name: str | None) -> bool:
        """Whether it is a JSON file of the project, which is then told as read."""
        if name is None or self._look is None or not re.fullmatch(r"\.\.?/[\w./@-]+\.json", name):
            return False
        path = posixpath.normpath(posixpath.join(self._folder, name))
        try:
            text = None if path.startswith("..") else self._look(path)
        except UnreadableFile:
            return False
        self._calls.told.append(Told("read", path))
        # A link counts as what it leads to, which may be code.
        return text is not None and _is_json(text)

    def _is_member_fine(self, piece: Piece) -> bool:
        owner, name = piece.get("object"), piece.get("property")
        if owner is None or name is None:
            return False
        if name.kind == "private_property_identifier":
            return True
        return not _leads_on(name.text) and (not name.text.startswith("_") or owner.kind == "this")

    def _is_subscript_fine(self, piece: Piece) -> bool:
        owner, index = piece.get("object"), piece.get("index")
        if owner is None or index is None or owner.kind == "super":
            return False
        key = quoted(index)
        if key is not None:
            return not _leads_on(key) and not key.startswith("_")
        return self._values.is_number(index) or self._values.is_used_up(piece)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _leads_on(name: str) -> bool:
    return name in known.LEADS_ON or name.startswith("__")


def _is_key_fine(piece: Piece) -> bool:
    """Whether a name of a member may be given, or taken, where it stands."""
    parent = piece.above
    if piece.kind == "string" and piece.field not in {"key", "name"}:
        return True
    name = piece.text if piece.kind != "string" else quoted(piece)
    if name is None:
        return False
    if parent.kind == "pair_pattern":
        return not _leads_on(name) and not name.startswith("_")
    if parent.kind == "method_definition" and name == "constructor":
        return parent.above.kind == "class_body"
    if parent.kind in {"pair", "method_definition", "field_definition", "object"}:
        return name not in {"constructor", "prototype"} and not name.startswith("__")
    return True


def _is_maker(piece: Piece) -> bool:
    """Whether it stands behind `new`, `instanceof` or `extends`."""
    parent = piece.above
    if parent.kind == "binary_expression":
        operator = parent.get("operator")
        return piece.field == "right" and operator is not None and operator.kind == "instanceof"
    return (parent.kind == "new_expression" and piece.field == "constructor") or parent.kind == "class_heritage"


def _is_deleted(piece: Piece) -> bool:
    while piece.above.kind == "parenthesized_expression":
        piece = piece.above
    return piece.above.kind == "unary_expression" and piece.above.kids[0].kind == "delete"


def _function_around(piece: Piece) -> Piece | None:
    around = piece.parent
    while around is not None and around.kind not in FUNCTIONS:
        around = around.parent
    return around


def _is_own_this(piece: Piece) -> bool:
    """Whether `this` is an object of the program: elsewhere than in a class it may be the global one."""
    around = piece.parent
    while around is not None:
        if around.kind in {"field_definition", "class_static_block"}:
            return True
        if around.kind == "method_definition":
            return around.above.kind == "class_body"
        if around.kind in FUNCTIONS and around.kind != "arrow_function":
            return False
        around = around.parent
    return False
