"""Which variable a name of a JavaScript program is, and what is known of its value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from companion.policy.shell.javascript.tree import Piece
from companion.policy.shell.tools import names

FUNCTIONS = names(
    "function_declaration function_expression arrow_function generator_function generator_function_declaration "
    "method_definition"
)
_SCOPES = FUNCTIONS | {
    *("program", "statement_block", "for_statement", "for_in_statement", "catch_clause", "switch_body"),
    *("class", "class_declaration"),
}
_NAMES = frozenset({"identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"})
_ESCAPE = re.compile(r"\\")
DEEPEST = 24
"""How deep an expression is followed to what it comes to."""


@dataclass(slots=True, eq=False)
class Variable:
    """A name in its scope, with all that gives it a value."""

    name: str
    kinds: list[str] = field(default_factory=list[str])
    """`const`, `let`, `var`, `param`, `function`, `class`, `import`, `catch`, `each`."""
    value: Piece | None = None
    """What it is declared as, where it is the whole of that."""
    part: str | None = None
    """The property of `value` that it is taken from."""
    changes: list[Piece] = field(default_factory=list[Piece])
    """Assignments and updates."""
    uses: list[Piece] = field(default_factory=list[Piece])
    is_whole: bool = False
    """Whether its declaration gives it a value as a whole, or none."""
    clashes: bool = False
    """Whether a parameter of the same name may have lent it its value."""

    @property
    def is_fixed(self) -> bool:
        """Whether it has one value from its declaration on."""
        return len(self.kinds) == 1 and not self.changes and not self.clashes

    @property
    def is_constant(self) -> bool:
        return self.is_fixed and self.kinds[0] in {"const", "let", "var"} and self.value is not None


class NotUnderstood(Exception):  # noqa: N818 - an answer
    """The program does what these rules do not follow."""


class Names:
    """The variables of a program. Raises NotUnderstood for one whose scope is not plain."""

    def __init__(self, pieces: list[Piece]) -> None:
        self._bindings: set[int] = set()
        self.variables: list[Variable] = []
        self.free: list[Piece] = []
        """Names that no declaration stands behind."""
        self._of: dict[int, Variable] = {}
        for piece in pieces:
            self._declare(piece)
        for piece in pieces:
            if piece.kind in _NAMES and id(piece) not in self._bindings:
                self._use(piece)

    def of(self, piece: Piece) -> Variable | None:
        """The variable that a name stands for."""
        return self._of.get(id(piece))

    def binds(self, piece: Piece) -> bool:
        """Whether a name stands where it is given its meaning."""
        return id(piece) in self._bindings

    def _declare(self, piece: Piece) -> None:
        match piece.kind:
            case "variable_declarator":
                self._declarator(piece)
            case "for_in_statement" if (kind := piece.get("kind")) is not None:
                scope = _function_of(piece) if kind.text == "var" else piece
                self._bind_all(piece.get("left"), scope, "each")
            case "function_declaration" | "generator_function_declaration":
                if piece.above.kind not in {"program", "export_statement"} and not _is_body(piece.above):
                    # Its name may reach beyond the block.
                    raise NotUnderstood
                self._bind_all(piece.get("name"), _scope_of(piece), "function")
            case "function_expression" | "generator_function" | "class":
                self._bind_all(piece.get("name"), piece, "function")
            case "class_declaration":
                self._bind_all(piece.get("name"), _scope_of(piece), "class")
            case "formal_parameters":
                for kid in piece.named:
                    self._bind_all(kid, piece.above, "param")
            case "catch_clause":
                self._bind_all(piece.get("parameter"), piece, "catch")
            case "import_statement":
                self._imports(piece)
            case _:
                pass
        if piece.kind == "arrow_function":
            self._bind_all(piece.get("parameter"), piece, "param")

    def _declarator(self, piece: Piece) -> None:
        word = piece.above.kids[0].text
        scope = _function_of(piece) if word == "var" else _scope_of(piece)
        name, value = piece.get("name"), piece.get("value")
        if name is None:
            raise NotUnderstood
        if name.kind == "identifier":
            variable = self._bind(name, scope, word)
            variable.value, variable.is_whole = value, True
            variable.clashes = self._may_clash(variable, scope)
            return
        for variable, part in self._bind_all(name, scope, word):
            variable.clashes = self._may_clash(variable, scope)
            if part is not None:
                variable.value, variable.part = value, part

    @staticmethod
    def _may_clash(variable: Variable, scope: Piece) -> bool:
        owner = scope.parent
        return owner is not None and owner.kind in FUNCTIONS and variable.name in owner.names

    def _imports(self, piece: Piece) -> None:
        top = piece.above
        for clause in (kid for kid in piece.kids if kid.kind == "import_clause"):
            for kid in clause.named:
                if kid.kind == "identifier":
                    found, part = [kid], "default"
                elif kid.kind == "namespace_import":
                    found, part = kid.named[-1:], "*"
                else:
                    found, part = [], ""
                for each in kid.named if kid.kind == "named_imports" else ():
                    self._import(each, top, piece)
                for each in found:
                    variable = self._bind(each, top, "import")
                    variable.value, variable.part = piece.get("source"), part

    def _import(self, piece: Piece, top: Piece, statement: Piece) -> None:
        name, alias = piece.get("name"), piece.get("alias")
        if name is None or name.kind != "identifier":
            raise NotUnderstood
        variable = self._bind(alias or name, top, "import")
        variable.value, variable.part = statement.get("source"), name.text
        self._bindings.add(id(name))

    def _bind_all(self, pattern: Piece | None, scope: Piece, kind: str) -> list[tuple[Variable, str | None]]:
        """Binds the names of a pattern; each with the property that it is, where that is known."""
        found: list[tuple[Variable, str | None]] = []
        waiting: list[tuple[Piece, str | None, int]] = [(pattern, None, 0)] if pattern is not None else []
        while waiting:
            piece, part, depth = waiting.pop()
            match piece.kind:
                case "identifier":
                    found.append((self._bind(piece, scope, kind), part))
                case "shorthand_property_identifier_pattern":
                    known = piece.text if depth == 1 and piece.above.kind == "object_pattern" else None
                    found.append((self._bind(piece, scope, kind), known))
                case "pair_pattern":
                    key, value = piece.get("key"), piece.get("value")
                    if key is None or value is None:
                        raise NotUnderstood
                    known = key.text if depth == 1 and key.kind == "property_identifier" else None
                    waiting.append((value, known, depth + 1))
                case "object_assignment_pattern" | "assignment_pattern":
                    left = piece.get("left")
                    if left is None:
                        raise NotUnderstood
                    waiting.append((left, None, depth + 1))
                case "object_pattern" | "array_pattern" | "rest_pattern":
                    waiting += [(kid, None, depth + 1) for kid in piece.named]
                case _:
                    raise NotUnderstood
        return found

    def _bind(self, piece: Piece, scope: Piece, kind: str) -> Variable:
        self._bindings.add(id(piece))
        known = scope.names.get(piece.text)
        if isinstance(known, Variable):
            known.kinds.append(kind)
            return known
        variable = Variable(piece.text, [kind])
        scope.names[piece.text] = variable
        self.variables.append(variable)
        return variable

    def _use(self, piece: Piece) -> None:
        scope: Piece | None = piece
        while scope is not None:
            variable = scope.names.get(piece.text) if scope.names else None
            if isinstance(variable, Variable):
                self._of[id(piece)] = variable
                variable.uses.append(piece)
                if (change := changing(piece)) is not None:
                    variable.changes.append(change)
                return
            scope = scope.parent
        self.free.append(piece)


def changing(piece: Piece) -> Piece | None:
    """The assignment or update that a name or a member is the target of."""
    while piece.above.kind == "parenthesized_expression":
        piece = piece.above
    parent = piece.above
    if parent.kind in {"assignment_expression", "augmented_assignment_expression"} and piece.field == "left":
        return parent
    if parent.kind == "update_expression":
        return parent
    if parent.kind == "for_in_statement" and piece.field == "left":
        return parent
    inner: Piece = piece
    while inner.parent is not None and inner.parent.kind in {
        *("array_pattern", "object_pattern", "pair_pattern", "assignment_pattern", "rest_pattern"),
        "object_assignment_pattern",
    }:
        if inner.field in {"right", "key"}:
            return None
        inner = inner.parent
    return inner.above if inner is not piece else None


def _scope_of(piece: Piece) -> Piece:
    scope = piece.parent
    while scope is not None and scope.kind not in _SCOPES:
        scope = scope.parent
    if scope is None:
        raise NotUnderstood
    return scope


def _is_body(piece: Piece) -> bool:
    return piece.kind == "statement_block" and piece.above.kind in FUNCTIONS | {"class_static_block"}


def _function_of(piece: Piece) -> Piece:
    """The scope of a `var`."""
    scope = piece.parent
    while scope is not None and scope.kind != "program" and not _is_body(scope):
        scope = scope.parent
    if scope is None:
        raise NotUnderstood
    return scope


def quoted(piece: Piece) -> str | None:
    """The text of a string without escapes, or of a template that is one; else None."""
    if piece.kind == "string":
        return None if _ESCAPE.search(piece.text) else piece.text[1:-1]
    if piece.kind == "template_string" and all(kid.kind in {"`", "string_fragment"} for kid in piece.kids):
        return "".join(kid.text for kid in piece.kids if kid.kind == "string_fragment")
    return None


def arguments_of(call: Piece) -> list[Piece]:
    """The arguments of a call, or of `new`."""
    given = call.get("arguments")
    return given.named if given is not None else []
