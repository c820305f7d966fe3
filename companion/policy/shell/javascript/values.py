"""What an expression of a JavaScript program comes to: a text, a number, a known thing, or where it may go."""

from __future__ import annotations

import posixpath

from companion.policy.shell.javascript.keys import keys, makes_key
from companion.policy.shell.javascript.known import (
    ASKING,
    CHANGING,
    COMPARING,
    LEADS_ON,
    METHODS,
    MODULES,
    NUMBERS,
    ROOTS,
    STDIN_METHODS,
    TAKEN,
    TAKEN_PLAIN,
    TIMERS,
    VALUES,
)
from companion.policy.shell.javascript.names import (
    DEEPEST,
    Names,
    NotUnderstood,
    Variable,
    arguments_of,
    changing,
    quoted,
)
from companion.policy.shell.javascript.tree import Piece

_MAY_BE_KNOWN = frozenset({"identifier", "shorthand_property_identifier", "member_expression", "call_expression"})
_MOST_STEPS = 4_000
_LONGEST_TEXT = 20_000
_COUNTS = frozenset({"-", "*", "/", "%", "**", "|", "&", "^", "<<", ">>", ">>>"})
_HANDS_ON = frozenset({"&&", "||", "??"})
_LOGICAL = frozenset({"&&=", "||=", "??="})
_CONDITIONS = frozenset({"if_statement", "while_statement", "do_statement", "switch_statement", "for_statement"})
_USED_UP = _CONDITIONS | {
    "expression_statement",
    "template_substitution",
    "spread_element",
    "switch_case",
    "update_expression",
}
_USED_UP |= {"unary_expression"}
_HOOKS = frozenset({"toJSON", "toString", "valueOf", "then"})
_JOINS = frozenset({"path.join", "path.resolve", "path.posix.join", "path.posix.resolve"})


class Values:
    """`modules`: whether the engine has Node's modules under their own names."""

    def __init__(self, pieces: list[Piece], names: Names, folder: str, *, modules: bool) -> None:
        self._names = names
        self._folder = folder
        self._modules = modules
        self._own = frozenset(keys(pieces))
        """Names of the program's own methods and members."""
        self._makes_keys = any(map(makes_key, pieces))
        """Whether it may give a member a name that nobody knows."""
        self._steps = 0
        self._found: dict[int, str | None] = {}
        self._declared = {id(variable.value): variable for variable in names.variables if variable.value is not None}
        self.grows = False
        """Whether a list that a computed key finds is changed in place."""
        for piece in reversed(pieces):
            # The inner ones first: a long chain is not a deep one.
            self.known(piece)

    def _is_too_much(self, depth: int) -> bool:
        """Whether it goes too deep. Raises NotUnderstood where it takes too long."""
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise NotUnderstood
        return depth > DEEPEST

    def known(self, piece: Piece | None, depth: int = 0) -> str | None:
        """The dotted name of one of the known things of which not every use is harmless; None for all other values."""
        if piece is None or piece.kind not in _MAY_BE_KNOWN:
            return None
        if depth > DEEPEST:
            # It may be one of them.
            raise NotUnderstood
        if id(piece) not in self._found:
            self._found[id(piece)] = self._know(piece, depth)
        return self._found[id(piece)]

    def _know(self, piece: Piece, depth: int) -> str | None:
        match piece.kind:
            case "identifier" | "shorthand_property_identifier":
                variable = self._names.of(piece)
                if variable is None:
                    return None if self._names.binds(piece) else self._global(piece.text)
                return self._held(variable, depth)
            case "call_expression":
                return self._required(piece, depth)
            case "member_expression":
                member = piece.get("property")
                owner = self.known(piece.get("object"), depth + 1)
                name = f"{owner}.{member.text}" if owner is not None and member is not None else None
                return None if name in VALUES else name
            case _:
                return None

    def _global(self, name: str) -> str | None:
        is_module = self._modules and name in MODULES
        return name if is_module or name in ROOTS or name in TIMERS else None

    def _held(self, variable: Variable, depth: int) -> str | None:
        if variable.kinds == ["import"]:
            module = module_of(variable.value)
            whole = variable.part in {"*", "default"}
            name = module if module is None or whole else f"{module}.{variable.part}"
            return None if name in VALUES else name
        if variable.value is None:
            return None
        # A module counts as one in whatever else the variable may hold beside it.
        owner = self.known(variable.value, depth + 1)
        if owner is None:
            return None
        name = owner if variable.part is None else f"{owner}.{variable.part}"
        return None if name in VALUES else name

    def _required(self, call: Piece, depth: int) -> str | None:
        callee = call.get("function")
        if callee is not None and callee.kind == "member_expression":
            return "process.stdin" if self.known(callee, depth + 1) in STDIN_METHODS else None
        if callee is None or callee.kind != "identifier" or callee.text != "require" or self._names.of(callee):
            return None
        given = arguments_of(call)
        return module_of(given[0]) if len(given) == 1 else None

    def text(self, piece: Piece | None, depth: int = 0) -> str | None:
        """A text that is constant. A path counted from the script's folder counts from where it runs."""
        if piece is None or self._is_too_much(depth):
            return None
        match piece.kind:
            case "string" | "template_string":
                return quoted(piece)
            case "parenthesized_expression":
                return self.text(piece.named[0], depth + 1) if len(piece.named) == 1 else None
            case "binary_expression":
                left, right = self.text(piece.get("left"), depth + 1), self.text(piece.get("right"), depth + 1)
                known = left is not None and right is not None and piece.has("+")
                return f"{left}{right}" if known and len(left or "") < _LONGEST_TEXT else None
            case "identifier":
                variable = self._names.of(piece)
                if variable is None:
                    return f"{self._folder or '.'}" if piece.text == "__dirname" else None
                constant = variable.is_constant and variable.part is None and variable.kinds != ["var"]
                return self.text(variable.value, depth + 1) if constant else None
            case "call_expression":
                return self._joined(piece, depth)
            case _:
                return None

    def _joined(self, call: Piece, depth: int) -> str | None:
        callee = call.get("function")
        if callee is None or callee.kind != "member_expression":
            name = self._function(callee)
        else:
            member = callee.get("property")
            owner = self.known(callee.get("object"))
            name = f"{owner}.{member.text}" if owner and member is not None else None
        if name == "process.cwd":
            return "."
        if name not in _JOINS:
            return None
        parts = [self.text(part, depth + 1) for part in arguments_of(call)]
        if not parts or None in parts or "" in parts:
            return None
        known = [part for part in parts if part is not None]
        if name.endswith("resolve"):
            return posixpath.normpath(posixpath.join(*known))
        return posixpath.normpath("/".join(known))

    def _function(self, callee: Piece | None) -> str | None:
        """The name of a known function that a variable was taken out of its module as."""
        variable = self._names.of(callee) if callee is not None and callee.kind == "identifier" else None
        if variable is None or variable.part is None or not (variable.is_constant or variable.kinds == ["import"]):
            return None
        owner = module_of(variable.value) if variable.kinds == ["import"] else self.known(variable.value)
        return f"{owner}.{variable.part}" if owner else None

    def is_number(self, piece: Piece | None, depth: int = 0) -> bool:
        """Whether it is a number, and so as a key the place in a list."""
        if piece is None or self._is_too_much(depth):
            return False
        match piece.kind:
            case "number" | "update_expression":
                return True
            case "parenthesized_expression":
                return len(piece.named) == 1 and self.is_number(piece.named[0], depth + 1)
            case "unary_expression":
                return bool(piece.kids) and piece.kids[0].kind in {"-", "+", "~"}
            case "binary_expression":
                sides = piece.get("left"), piece.get("right")
                operator = piece.get("operator")
                sign = operator.kind if operator is not None else ""
                return sign in _COUNTS or (sign == "+" and all(self.is_number(side, depth + 1) for side in sides))
            case "ternary_expression":
                return all(self.is_number(piece.get(side), depth + 1) for side in ("consequence", "alternative"))
            case "call_expression":
                callee = piece.get("function")
                if callee is None:
                    return False
                if callee.kind == "identifier":
                    return callee.text in NUMBERS and self._names.of(callee) is None
                owner = callee.get("object")
                math = owner is not None and owner.kind == "identifier" and owner.text == "Math"
                return callee.kind == "member_expression" and math and self._names.of(owner) is None  # type: ignore[arg-type]
            case "identifier":
                variable = self._names.of(piece)
                return variable is not None and self._counts(variable, depth)
            case _:
                return False

    def _counts(self, variable: Variable, depth: int) -> bool:
        if len(variable.kinds) != 1 or variable.clashes or not variable.is_whole:
            return False
        if variable.value is None:
            if variable.kinds[0] != "let" or not variable.changes:
                return False
        elif not self.is_number(variable.value, depth + 1):
            return False
        return all(self._stays_number(change, depth) for change in variable.changes)

    def _stays_number(self, change: Piece, depth: int) -> bool:
        if change.kind == "update_expression":
            return True
        operator, left = change.get("operator"), change.get("left")
        if left is None or left.kind != "identifier":
            return False
        if change.kind == "assignment_expression":
            return self.is_number(change.get("right"), depth + 1)
        if change.kind == "augmented_assignment_expression" and operator is not None:
            counts = operator.kind.removesuffix("=") in _COUNTS
            return counts or (operator.kind == "+=" and self.is_number(change.get("right"), depth + 1))
        return False

    def is_used_up(self, piece: Piece, depth: int = 0) -> bool:
        """Whether nothing but text, numbers and truth comes of a value that a computed key has found.

        The key may be `constructor`. What it finds may then be shown and compared, and nothing may call it or keep it.
        """
        parent = piece.above
        if self._is_too_much(depth) or piece.parent is None:
            return False
        kind = parent.kind
        if kind in _USED_UP:
            return True
        match kind:
            case "parenthesized_expression":
                return self.is_used_up(parent, depth + 1)
            case "ternary_expression":
                return piece.field == "condition" or self.is_used_up(parent, depth + 1)
            case "binary_expression":
                operator = parent.get("operator")
                hands_on = operator is None or operator.kind in _HANDS_ON
                return not hands_on or self.is_used_up(parent, depth + 1)
            case "for_in_statement":
                return piece.field == "right"
            case "member_expression":
                return self._is_member_used_up(parent, depth)
            case "subscript_expression":
                if piece.field == "index":
                    return True
                return changing(parent) is None and self.is_used_up(parent, depth + 1)
            case "assignment_expression" | "augmented_assignment_expression":
                return self._is_assigned(piece, parent, depth)
            case "arguments":
                return self._is_argument_used_up(parent.above)
            case "pair":
                key = parent.get("key")
                plain = key is not None and key.kind == "property_identifier" and key.text not in _HOOKS
                return plain and self._is_shown(parent.above, depth)
            case "array":
                return self._is_shown(parent, depth)
            case "variable_declarator":
                return self._is_name_used_up(parent, depth)
            case "arrow_function":
                return piece.field == "body" and self._is_answer(parent)
            case _:
                return False

    def _is_member_used_up(self, member: Piece, depth: int) -> bool:
        name = member.get("property")
        if name is None or changing(member) is not None:
            return False
        if name.text == "length":
            return True
        call = member.above
        if call.kind == "call_expression" and member.field == "function":
            if name.text in self._own:
                return False
            self.grows = self.grows or name.text in CHANGING
            return name.text in METHODS or name.text in CHANGING
        return name.text not in LEADS_ON and self.is_used_up(member, depth + 1)

    def _is_assigned(self, piece: Piece, change: Piece, depth: int) -> bool:
        operator = change.get("operator")
        logical = operator is not None and operator.kind in _LOGICAL
        if piece.field == "left":
            # What is written to, unless it was followed to here from a value in it.
            return depth == 0 and (not logical or self.is_used_up(change, depth + 1))
        return change.kind == "augmented_assignment_expression" and not logical

    def _is_argument_used_up(self, call: Piece) -> bool:
        callee = call.get("function")
        if call.kind != "call_expression" or callee is None:
            return False
        if callee.kind == "identifier":
            return callee.text in TAKEN_PLAIN and self._names.of(callee) is None
        name, owner = callee.get("property"), callee.get("object")
        if callee.kind != "member_expression" or name is None or owner is None:
            return False
        known = self.known(owner)
        if known == "JSON":
            return name.text == "stringify" and _replaces_nothing(call)
        if known is not None:
            return known in {"console", "Math", "path"} or f"{known}.{name.text}" in TAKEN
        return name.text in COMPARING and self._is_native(name)

    def _is_shown(self, whole: Piece, depth: int) -> bool:
        """Whether a list or an object is only printed."""
        parent = whole.above
        if depth > DEEPEST:
            return False
        if parent.kind == "array" or (parent.kind == "pair" and whole.field == "value"):
            return self._is_shown(parent if parent.kind == "array" else parent.above, depth + 1)
        callee = parent.above.get("function") if parent.kind == "arguments" else None
        owner = callee.get("object") if callee is not None else None
        name = callee.get("property") if callee is not None else None
        known = self.known(owner)
        if known == "JSON":
            return name is not None and name.text == "stringify" and _replaces_nothing(parent.above)
        return known == "console"

    def _is_name_used_up(self, declarator: Piece, depth: int) -> bool:
        name = declarator.get("name")
        variable = None
        if name is not None and name.kind == "identifier":
            variable = self._declared.get(id(declarator.get("value")))
        if variable is None or not variable.is_constant:
            return False
        return all(self.is_used_up(use, max(depth, 1)) for use in variable.uses)

    def _is_answer(self, function: Piece) -> bool:
        """Whether a function's answer is only looked at by the method that it is given to."""
        call = function.above.above
        callee = call.get("function") if function.above.kind == "arguments" else None
        name = callee.get("property") if callee is not None and callee.kind == "member_expression" else None
        return name is not None and name.text in ASKING and self._is_native(name)

    def _is_native(self, name: Piece) -> bool:
        """Whether no method of this name can be the program's own."""
        return name.text not in self._own and not self._makes_keys

    def is_function(self, piece: Piece) -> bool:
        """Whether it is certainly a function of the program itself."""
        if piece.kind in {"arrow_function", "function_expression"}:
            return True
        variable = self._names.of(piece) if piece.kind == "identifier" else None
        if variable is None or not variable.is_fixed:
            return False
        value = variable.value
        made = value is not None and value.kind in {"arrow_function", "function_expression"} and variable.part is None
        return variable.kinds == ["function"] or (variable.kinds == ["const"] and made)


def module_of(piece: Piece | None) -> str | None:
    """The module that a text names."""
    name = quoted(piece) if piece is not None else None
    return MODULES.get(name.removeprefix("node:")) if name is not None else None


def _replaces_nothing(call: Piece) -> bool:
    """Whether no function is handed to JSON.stringify, which would call it with each value."""
    given = arguments_of(call)
    plain = all(one.kind != "spread_element" for one in given)
    return plain and (len(given) < 2 or given[1].kind in {"null", "undefined", "array"})
