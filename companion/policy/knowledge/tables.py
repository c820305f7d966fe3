"""Reads the tables of tools: which commands of a tool only read, and what the others do.

A table is a TOML file beside this module, with one section for each tool:

    also      other names of the program
    service   whose API it calls; absent for a tool that works on this machine
    account, region, endpoint   options that say on whose behalf, where, and at which address
    go        true where one dash is as good as two
    options   what every command of it understands, as `companion.policy.knowledge.argv` writes it
    with      options of single commands: [tool.with], "commands" = "options"
    read, secret, write, …  commands by class, separated by commas

A command is one or more words, `|` between those of which each is meant (`apps:info|list` is `apps:info` and
`apps:list`); "." is the program without a command. Behind
it, `/2` says that this holds with at most two operands (a later class may say what it does with more), and `@content`,
`@names`, `@tree`, `@write` and `@run` what they are to it: files read whole, files looked at, folders read whole,
files written, another program with its arguments.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from itertools import chain, product
from typing import Any

from companion.policy.knowledge.argv import Table, table
from companion.policy.knowledge.index import FILES

CLASSES = (
    "read", "secret", "write", "delete", "permissions", "login", "run", "build", "install", "publish", "process",
    "service", "project",
)  # fmt: skip
_ENTRY = re.compile(r"(?P<words>[^/@]*?)(?:/(?P<most>\d+))?(?:@(?P<operands>\w+))?", re.DOTALL)
_OPERANDS = frozenset({"", "content", "names", "tree", "write", "run"})


@dataclass(frozen=True, slots=True)
class Row:
    """What one command does."""

    what: str
    most: int | None = None
    operands: str = ""


@dataclass(slots=True)
class Node:
    """The commands below a word of a tool."""

    options: Table
    children: dict[str, Node] = field(default_factory=dict[str, "Node"])
    rows: list[Row] = field(default_factory=list[Row])

    def row(self, operands: int) -> Row | None:
        """What the command does with so many operands; the last that is known where there are too many."""
        fits = (row for row in self.rows if row.most is None or operands <= row.most)
        return next(fits, self.rows[-1] if self.rows else None)


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool with its commands."""

    name: str
    service: str
    root: Node
    go: bool
    account: frozenset[str]
    region: frozenset[str]
    endpoint: frozenset[str]


@lru_cache(maxsize=64)
def _document(name: str) -> dict[str, Any]:
    text = resources.files("companion.policy.knowledge").joinpath("data", f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=1024)
def tool(program: str) -> Tool | None:
    """The table of a program, by any of its names."""
    file = FILES.get(program)
    if file is None:
        return None
    for name, section in _document(file).items():
        if program == name or program in section.get("also", "").split():
            return _build(name, section)
    return None


def _build(name: str, section: dict[str, Any]) -> Tool:
    options = f"help? {section.get('options', '')}"
    root = Node(table(f"{options} version?"))
    own: dict[str, str] = {}
    for words, extra in section.get("with", {}).items():
        for each in chain.from_iterable(map(_spell, words.split(","))):
            own[each] = f"{own.get(each, '')} {extra}"
    for what in CLASSES:
        for entry in section.get(what, "").split(","):
            if entry.strip():
                _enter(root, options, own, entry.strip(), what)
    if "." in own:
        root.options = table(f"{options} version? {own['.']}")
    return Tool(
        name=section.get("name", name),
        service=section.get("service", ""),
        root=root,
        go=section.get("go", False),
        account=frozenset(section.get("account", "").split()),
        region=frozenset(section.get("region", "").split()),
        endpoint=frozenset(section.get("endpoint", "").split()),
    )


def _enter(root: Node, options: str, own: dict[str, str], entry: str, what: str) -> None:
    found = _ENTRY.fullmatch(entry)
    if found is None or (found["operands"] or "") not in _OPERANDS:
        raise ValueError(f"no entry of a table: {entry!r}")
    row = Row(what, int(found["most"]) if found["most"] else None, found["operands"] or "")
    for words in _spell(found["words"]):
        node, path = root, ""
        for word in [] if words == "." else words.split():
            path = f"{path} {word}".strip()
            node = node.children.setdefault(word, Node(table(f"{options} {own.get(path, '')}")))
        if any(other.most is None or other.most == row.most for other in node.rows):
            raise ValueError(f"twice in a table: {words!r}")
        node.rows.append(row)


def _spell(words: str) -> list[str]:
    return [" ".join(each) for each in product(*map(_alternatives, words.split()))]


def _alternatives(word: str) -> list[str]:
    first, *others = word.split("|")
    topic, colon, _ = first.rpartition(":")
    return [first, *(f"{topic}{colon}{other}" for other in others)]
