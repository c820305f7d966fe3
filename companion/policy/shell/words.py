"""What a word of a command comes to once a shell has expanded it, as far as that can be told from the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from companion.model.facts import Effect
from companion.policy.shell.braces import Part, expand
from companion.policy.shell.parameters import Lookup, array_key, expand_parameter, unpack
from companion.policy.shell.parse import Syntax


@dataclass(frozen=True, slots=True)
class Value:
    """One word at characters `start:end` of the command.

    A constant has a `text`. A glob has one too: the pattern, in which a quoted * ? [ or backslash stands behind a
    backslash. A word that is not known has None.
    """

    text: str | None
    start: int
    end: int
    glob: bool = False
    many: bool = False
    """Not known, and may come to no word or to several."""
    substituted: bool = False
    """Holds a process substitution: a command's output, or its input, as a file."""
    listed: tuple[Effect, ...] | None = None
    """Where the word is not known, but it can only be one of these: the reads of all of them."""
    printed: bool = False
    """Known only by what a command would print."""
    below_temporary: str = ""
    """Not known, but it lies below the folder for temporary things by this path, which begins with a slash."""
    is_path: bool = False
    """Not known, and certainly no option, or none that matters."""
    number: bool = False
    """Not known, and certainly a number."""

    @property
    def constant(self) -> str | None:
        """The text of a constant, else None."""
        return None if self.glob else self.text


WORDS = frozenset(
    {"word", "number", "string", "raw_string", "ansi_c_string", "translated_string", "concatenation", "regex"}
    | {"simple_expansion", "expansion", "command_substitution", "process_substitution", "arithmetic_expansion"}
    | {"brace_expression", "variable_name", "extglob_pattern"}
)
"""The kinds of nodes that are words."""

_QUOTED = "\0"
"""Stands for one quoted character in a word's shape, where an unquoted one stands for itself."""

_MULTIPLIES = re.compile(r"[*?\[{]")
_MATCHES = re.compile(r"[*?\[]")
_STRANGE = frozenset({"translated_string", "extglob_pattern", "arithmetic_expansion"})
_ALL = re.compile(r'(?P<quote>"?)\$(?:\{(?P<name>[A-Za-z_]\w*)\[@\]\}|@)(?P=quote)')
_NAMED = re.compile(r"\$\{\w+\}")
_RANGE = re.compile(r"\{-?\w+\.\.-?\w+\}")
_TILDE = re.compile(r"~(?=/|$)")
# After = and : a tilde expands in assignments, and in words that look like them.
_INNER_TILDE = re.compile(r"[=:]~(?!\d+%)")
_SPLITS = re.compile(r"[\s*?\[\\]|^$")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPE_IN_STRING = re.compile(r"\\([\"$`\\])")
_OPENING = re.compile(r"[$`]")
_ANSI = re.compile(
    r"\\(?:([abeEfnrtv\\'\"?])|([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|c(.)|(.))",
    re.DOTALL,
)
_ANSI_LETTERS = {"a": 7, "b": 8, "e": 27, "E": 27, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_SPECIAL = re.compile(r"[*?\[\\]")
_PLAIN = re.compile(r"[\w./:%@+,=-]+")


def evaluate(node: Node, syntax: Syntax, lookup: Lookup) -> Value:
    """The value of a word's node where it stands alone; not known where braces would make several of it."""
    return _plain(node, syntax) or _value(list(_pieces(node, syntax, lookup)), node, syntax, lookup)


def evaluate_all(node: Node, syntax: Syntax, lookup: Lookup) -> tuple[Value, ...]:
    """The values of the words that a word in a list becomes: of braces none, one or many."""
    if (plain := _plain(node, syntax)) is not None:
        return (plain,)
    if (elements := _elements(node, syntax, lookup)) is not None:
        return elements
    pieces = list(_pieces(node, syntax, lookup))
    shape = _shape(pieces)
    if not _has_braces(shape) or not _is_plain_for_braces(node, syntax) or "$" in shape:
        return (_value(pieces, node, syntax, lookup),)
    words = expand(pieces)
    if words is None:
        return (_value(pieces, node, syntax, lookup),)
    # A word of nothing that is not even quoted is no word.
    return tuple(_value(list(word), node, syntax, lookup, braces=False) for word in words if word)


def _plain(node: Node, syntax: Syntax) -> Value | None:
    """The value of a word that is what it looks like, as most are: found out in a fifth of the time."""
    word = node.children[0] if node.type == "command_name" and node.child_count == 1 else node
    if word.type not in {"word", "number"} or word.child_count:
        return None
    text = syntax.text(word)
    return Value(text, *syntax.span(node)) if _PLAIN.fullmatch(text) else None


def _elements(node: Node, syntax: Syntax, lookup: Lookup) -> tuple[Value, ...] | None:
    """The values of `"${name[@]}"`, also without the quotes where that is the same."""
    found = _ALL.fullmatch(syntax.text(node)) if node.type in {"string", "expansion", "simple_expansion"} else None
    packed = lookup(array_key(found["name"] or "@")) if found else None
    elements = unpack(packed) if packed is not None else []
    if found is None or packed is None or (not found["quote"] and any(map(_SPLITS.search, elements))):
        return None
    return tuple(Value(element, *syntax.span(node)) for element in elements)


def _value(pieces: list[Part], node: Node, syntax: Syntax, lookup: Lookup, *, braces: bool = True) -> Value:
    start, end = syntax.span(node)
    substituted = holds(node, "process_substitution")
    multiplies = _MULTIPLIES if braces else _MATCHES
    if any(piece.text is None for piece in pieces):
        many = any(not piece.quoted and (piece.text is None or multiplies.search(piece.text)) for piece in pieces)
        return Value(None, start, end, many=many, substituted=substituted)
    text = "".join(piece.text or "" for piece in pieces)
    shape = _shape(pieces)
    if (braces and _has_braces(shape)) or _INNER_TILDE.search(shape):
        return Value(None, start, end, many=True)
    if shape.startswith("~"):
        alone = len(pieces) == 1 or (pieces[0].text or "").startswith("~/")
        home = lookup("HOME") if alone and _TILDE.match(shape) else None
        if home is None:
            return Value(None, start, end)
        text, shape = home + text[1:], _QUOTED * len(home) + shape[1:]
    if _has_wildcards(shape):
        return Value(_pattern(text, shape), start, end, glob=True)
    return Value(text, start, end)


def _shape(pieces: list[Part]) -> str:
    return "".join(_QUOTED * len(piece.text or "") if piece.quoted else piece.text or "" for piece in pieces)


def _is_plain_for_braces(node: Node, syntax: Syntax) -> bool:
    """Whether quotes and expansions end for whoever looks for braces only where they end for the grammar."""
    if "`" in syntax.text(node):
        return False
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current.type in _STRANGE or (current.type == "expansion" and not _NAMED.fullmatch(syntax.text(current))):
            return False
        # Inside of a substitution everything is its own.
        waiting += [] if current.type in {"command_substitution", "process_substitution"} else current.children
    return True


def _has_braces(shape: str) -> bool:
    inside = shape[shape.find("{") :] if "{" in shape else ""
    return ("," in inside or ".." in inside) and "}" in inside


def _has_wildcards(shape: str) -> bool:
    return "*" in shape or "?" in shape or ("[" in shape and "]" in shape[shape.find("[") :])


def _pieces(node: Node, syntax: Syntax, lookup: Lookup) -> Iterator[Part]:
    match node.type:
        case "command_name" | "concatenation":
            for child in node.children:
                yield from _pieces(child, syntax, lookup)
        case "word" | "number" | "variable_name" | "test_operator" | "extglob_pattern" if not node.child_count:
            yield from _unescaped(syntax.text(node))
        case "raw_string":
            yield Part(syntax.text(node)[1:-1], quoted=True)
        case "ansi_c_string":
            yield Part(decode_ansi(syntax.text(node)[2:-1]), quoted=True)
        case "string":
            yield from _in_string(node, syntax, lookup)
        case "brace_expression" if _RANGE.fullmatch(syntax.text(node)):
            yield Part(syntax.text(node), quoted=False)
        case "simple_expansion" | "expansion" | "command_substitution":
            text = _expanded(node, syntax, lookup)
            known = text is not None and not _SPLITS.search(text)
            yield Part(text if known else None, quoted=known, joins=node.type == "simple_expansion")
        case _:
            yield Part(None, quoted=False)


def _unescaped(text: str) -> Iterator[Part]:
    at = 0
    for escape in _ESCAPE.finditer(text):
        yield Part(text[at : escape.start()], quoted=False)
        yield Part(escape.group(1), quoted=True)
        at = escape.end()
    yield Part(text[at:], quoted=False)


def _in_string(node: Node, syntax: Syntax, lookup: Lookup) -> Iterator[Part]:
    """Text between the expansions stands for itself; the grammar may count some of it to the expansion behind it."""
    start, end = syntax.range(node)
    text = syntax.source.text
    if text[start] != '"' or text[end - 1] != '"' or end - start < 2:
        yield Part(None, quoted=False)
        return
    at = start + 1
    for child in node.named_children:
        if child.type == "string_content":
            continue
        first, last = syntax.range(child)
        opening = _OPENING.search(text, first, last)
        if opening is None:
            yield Part(None, quoted=False)
            return
        yield Part(_ESCAPE_IN_STRING.sub(r"\1", text[at : opening.start()]), quoted=True)
        text_of_child = _expanded(child, syntax, lookup)
        # `"$@"` and `"${x[@]}"` are as many words as there are.
        yield Part(text_of_child, quoted=text_of_child is not None or "@" not in syntax.text(child))
        at = last
    yield Part(_ESCAPE_IN_STRING.sub(r"\1", text[at : end - 1]), quoted=True)


def splits(text: str) -> bool:
    """Whether a value may be other words, or none, where no quotes stand around it."""
    return _SPLITS.search(text) is not None


def substitution(node: Node) -> str:
    """The name under which a lookup knows what a command substitution printed."""
    return f"$({node.start_byte}"


def _expanded(node: Node, syntax: Syntax, lookup: Lookup) -> str | None:
    if node.type == "command_substitution":
        said = lookup(substitution(node))
        return None if said is None else said.rstrip("\n")
    return _parameter(node, syntax, lookup) if node.type in {"simple_expansion", "expansion"} else None


def _parameter(node: Node, syntax: Syntax, lookup: Lookup) -> str | None:
    """The value of `$name` or `${name…}`; None where it is not known."""
    if node.type == "expansion":
        return expand_parameter(syntax.text(node), lookup)
    named = node.named_children
    if syntax.text(node) == "$#":
        packed = lookup(array_key("@"))
        return None if packed is None else str(len(unpack(packed)))
    plain = len(named) == 1 and named[0].type == "variable_name" and node.child_count == 2
    return lookup(syntax.text(named[0])) if plain else None


def decode_ansi(text: str) -> str | None:
    """The inside of `$'…'` decoded; None where it holds what shells read differently: bytes, NUL, control letters."""
    unclear = False

    def one(found: re.Match[str]) -> str:
        nonlocal unclear
        letter, octal, hexadecimal, short, long, control, other = found.groups()
        if other is not None:
            return "\\" + other
        if letter is not None:
            return chr(_ANSI_LETTERS.get(letter, ord(letter)))
        if control is not None:
            unclear = True
            return ""
        code = int(octal, 8) if octal else int(hexadecimal or short or long, 16)
        bytewise = octal is not None or hexadecimal is not None
        if code == 0 or (bytewise and code > 0x7F) or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            unclear = True
            return ""
        return chr(code)

    decoded = _ANSI.sub(one, text)
    return None if unclear else decoded


def _pattern(text: str, shape: str) -> str:
    return "".join(
        "\\" + character if form == _QUOTED and _SPECIAL.match(character) else character
        for character, form in zip(text, shape, strict=True)
    )


def holds(node: Node, kind: str) -> bool:
    """Whether a node of this kind is the node or stands in it."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current.type == kind:
            return True
        waiting += current.children
    return False


def fixed_folder(pattern: str) -> str:
    """The folder above a glob's first wildcard: "src" for `src/*.py`, "." for `*.py`, "/" for `/*`."""
    found = re.search(r"(?<!\\)(?:\\\\)*[*?\[]", pattern)
    constant = pattern[: found.start()] if found else pattern
    folder, slash, _ = constant.rpartition("/")
    return _ESCAPE.sub(r"\1", folder) or (slash or ".")
