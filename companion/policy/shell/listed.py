"""Words that are not known but for the files they may name."""

from __future__ import annotations

import re
from dataclasses import replace

from tree_sitter import Node

from companion.model.facts import Effect
from companion.policy.shell.effects import LISTED, TRACKED, TREE
from companion.policy.shell.invocation import read, tree
from companion.policy.shell.parse import Syntax
from companion.policy.shell.words import Value, splits

_READ_PIPES = frozenset(
    {
        "cat",
        "cmp",
        "colordiff",
        "column",
        "comm",
        "cut",
        "diff",
        "egrep",
        "fgrep",
        "grep",
        "head",
        "join",
        "md5sum",
        "nl",
    }
    | {"paste", "sdiff", "sha1sum", "sha256sum", "sort", "tac", "tail", "uniq", "wc"}
)
"""Programs that only look at what stands in the files they are given."""
_TAKES_ANY_NAME = frozenset({"basename", "cat", "dirname", "echo", "head", "ls", "nl", "stat", "tac", "tail"})
"""Programs that read and write nothing else, whatever option a file's name is taken for."""
_TAKES_ENDINGS = frozenset({"cut", "du", "egrep", "fgrep", "grep", "md5sum", "sha1sum", "sha256sum", "sha512sum", "wc"})
"""Programs of which an option may name one more file to read, and no more than that."""


def known_to(program: list[Value], value: Value, node: Node, syntax: Syntax) -> Value:
    """A word as programs know it that only look: what a pipe of its own holds is told by the command inside."""
    name = program[0].constant if program else None
    if node.type == "process_substitution" and name in _READ_PIPES and syntax.text(node).startswith("<("):
        return replace(value, listed=(), is_path=True)
    if value.listed is None and not value.glob:
        return value
    anyhow = name in _TAKES_ANY_NAME or (name in _TAKES_ENDINGS and _has_ending(value))
    if anyhow:
        return replace(value, is_path=True)
    # To the others a name with a dash in front may be an option, so that it does not count what else it names.
    return value if value.is_path else replace(value, listed=None)


def _has_ending(value: Value) -> bool:
    """Whether matches end in a known way, or a whole folder is read: an option that names a file names one of them."""
    patterns = [one.target for one in value.listed or () if one.code not in {TREE, LISTED}]
    patterns += [value.text or ""] if value.glob else []
    return (bool(patterns) or bool(value.listed)) and all(re.search(r"\.\w+$", pattern) for pattern in patterns)


def on_disk(reads: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """The files that git lists, read by somebody else: any of the folder may be among them."""
    return tuple(replace(one, target=tree(one.target), code=LISTED) if one.code == TRACKED else one for one in reads)


def name_all(values: list[Value]) -> Value | None:
    """What a loop's parameter names, where each of its words names files."""
    reads: list[Effect] = []
    for value in values:
        if (value.text is None and value.listed is None) or (value.text or "")[:1] == "-":
            return None
        reads += read(value)
    paths = all(value.is_path if value.text is None else value.text[:1] not in "*?[" for value in values)
    return Value(None, 0, 0, listed=tuple(dict.fromkeys(reads)), is_path=paths) if values else None


def one_of(elements: list[str], at: Value, *, quoted: bool) -> Value | None:
    """An element of an array by its number: which of them it is shells count differently."""
    if not quoted and any(map(splits, elements)):
        return None
    return name_all([replace(at, text=element) for element in elements])
