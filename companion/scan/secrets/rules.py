"""companion's own rules: what they are is data in the TOML files beside this, how they are tried stands here."""

from __future__ import annotations

import re
import threading
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from companion.model.facts import Confidence
from companion.scan.secrets.checks import CHECKS, Check
from companion.scan.secrets.disguises import PIECE_END, joined, triggers, uncovered
from companion.scan.secrets.engine import Span, TooMuchError, allowance
from companion.scan.secrets.places import Places

_NAME = "rules"
_VERSION = "2"
_MOST_FOUND = 1_000
_ROOM = 2_000
"""So many characters of a text allow for one more secret in it."""
_SELDOM = 16
"""At every so many places the clock is looked at: each takes some µs."""
_FILES = ("tokens.toml", "rules.toml", "services.toml")
_BLANK = re.compile(r"<<(\w+)(?::([\d-]+))?>>")
_SHORT = 3
"""So few characters at the beginning of a token are those of many a word."""
_FIRST_LETTERS = 8
"""Behind that beginning, so many letters of the token tell it from most words."""
_NO_MARKS = {"alnum", "lower", "upper", "digits", "hex"}
_ALPHABETS = {
    "alnum": "A-Za-z0-9",
    "lower": "a-z0-9",
    "upper": "A-Z0-9",
    "digits": "0-9",
    "hex": "0-9a-fA-F",
    "word": "A-Za-z0-9_-",
    "b64": "A-Za-z0-9+/=",
    "b64u": "A-Za-z0-9_=-",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the files."""

    id: str
    type: str
    confidence: Confidence
    literals: tuple[str, ...]
    where: str
    """Tried where this matches too; "" for nowhere else."""
    pattern: re.Pattern[str]
    check: str
    samples: tuple[str, ...]
    decoys: tuple[str, ...]
    is_token: bool = False
    """Whether its literals are how a token begins, so that one in pieces can be put together."""
    is_short: bool = False
    """Whether its literals begin so many words that it is tried where `where` matches and nowhere else."""


_Try = tuple[Rule, Callable[[str, int], re.Match[str] | None], Check]


class OwnRules:
    """Tries each rule where one of its literals stands; never anywhere else. Compiled when first needed."""

    name = _NAME
    version = _VERSION

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._compiled: _Compiled | None = None

    def load(self) -> str:
        self._rules()
        return ""

    def find(self, text: str) -> list[Span]:
        """Raises TooMuchError for a text that consists of what secrets begin with."""
        rules = self._compiled or self._rules()
        hints: list[tuple[int, str]] = []
        spans = rules.find(text, hints)
        if hints:
            spans.update(dict.fromkeys(uncovered(text, hints, rules.find)))
        return list(spans)

    def _rules(self) -> _Compiled:
        with self._lock:
            if self._compiled is None:
                self._compiled = _Compiled(load_rules())
            return self._compiled


class _Compiled:
    """The rules by their literals, and beside them what gives a disguise away."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        tries: dict[str, list[_Try]] = {}
        for rule in rules:
            for literal in () if rule.is_short else rule.literals:
                tries.setdefault(literal, []).append((rule, rule.pattern.match, CHECKS[rule.check]))
        kinds = triggers(literal for rule in rules if rule.is_token for literal in rule.literals)
        literals = list(dict.fromkeys((*tries, *kinds)))
        others = [rule for rule in rules if rule.where]
        self._places = Places(literals, [rule.where for rule in others])
        self._tries: list[tuple[tuple[_Try, ...], str]] = [
            *((tuple(tries.get(literal, ())), kinds.get(literal, "")) for literal in literals),
            *((((rule, rule.pattern.match, CHECKS[rule.check]),), "") for rule in others),
        ]

    def find(self, text: str, hints: list[tuple[int, str]] | None = None) -> dict[Span, None]:
        """What the rules find in `text` as it reads; places that give a disguise away are added to `hints`."""
        spans: dict[Span, None] = {}
        most = _MOST_FOUND + len(text) // _ROOM
        for count, (position, number) in enumerate(self._places.find(text)):
            if count % _SELDOM == 0:
                allowance()
            tries, kind = self._tries[number]
            for rule, match_at, is_secret in tries:
                match, view = match_at(text, position), None
                if match is None and rule.is_token and (view := joined(text, position)) is not None:
                    match = match_at(view.text, 0)
                if match and is_secret(match["secret"], match):
                    start, end = match.span("secret")
                    span = Span(start, end, rule.type, rule.id, _NAME, rule.confidence)
                    if view is None:
                        spans[span] = None
                    else:
                        spans.update(dict.fromkeys(view.spans([span])))
            if len(spans) > most:
                raise TooMuchError
            if kind and hints is not None:
                hints.append((position, kind))
        return spans


@cache
def load_rules() -> tuple[Rule, ...]:
    """The rules as they ship."""
    tables = [tomllib.loads(files(__package__).joinpath(name).read_text("utf-8")) for name in _FILES]
    rules = [_rule(row, table) for table in tables for row in table["rule"]]
    return (*rules, *(_vendor(name, shapes) for table in tables for name, shapes in table.get("vendors", {}).items()))


def _rule(row: Mapping[str, Any], table: Mapping[str, Any]) -> Rule:
    return Rule(
        id=row["id"],
        type=row["type"],
        confidence=Confidence(row["confidence"]),
        literals=tuple(row.get("literals") or (() if "where" in row else table["names"])),
        where=row.get("where", ""),
        pattern=re.compile(row["pattern"]),
        check=row["check"],
        samples=tuple(row["samples"]),
        decoys=tuple(row["decoys"]),
        is_token="vendors" in table and not any("/" in literal for literal in row["literals"]),
    )


def _vendor(name: str, shapes: Sequence[str]) -> Rule:
    """The rule of a row of [vendors]: tried where the fixed first part of a shape stands."""
    fixed = [shape.partition("<<")[0] for shape in shapes]
    where = _where(shapes[0]) if len(shapes) == 1 else ""
    return Rule(
        id=f"{name.lower()}-token",
        type=name,
        confidence=Confidence.HIGH,
        literals=tuple(dict.fromkeys(part.lower() for part in fixed)),
        where=where,
        pattern=re.compile(rf"(?<![A-Za-z0-9])(?P<secret>{'|'.join(map(_shape, shapes))})(?![A-Za-z0-9])"),
        check="shaped",
        samples=tuple(f"token [[{shape}]]," for shape in shapes),
        decoys=tuple(f"token {part}..." for part in fixed),
        is_token=True,
        is_short=bool(where),
    )


def _where(shape: str) -> str:
    """What a token of this shape begins with, in one piece or up to where its first piece ends; "" for most shapes.

    Where the token's letters cannot hold its beginning again, no place hides another one.
    """
    fixed, alphabet, *_ = _BLANK.split(shape)
    if len(fixed) > _SHORT or alphabet not in _NO_MARKS:
        return ""
    letter, last = f"[{_ALPHABETS[alphabet]}]", _FIRST_LETTERS - 1
    return rf"{re.escape(fixed)}(?:{letter}{{{_FIRST_LETTERS}}}|{letter}{{0,{last}}}{PIECE_END})"


def _shape(shape: str) -> str:
    """A shape as an expression."""
    parts = _BLANK.split(shape)
    return "".join(
        re.escape(parts[at]) + (_expression(parts[at + 1], parts[at + 2]) if at + 1 < len(parts) else "")
        for at in range(0, len(parts), 3)
    )


def _expression(alphabet: str, length: str | None) -> str:
    if alphabet == "uuid":
        return "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    return f"[{_ALPHABETS[alphabet]}]{{{(length or '1').replace('-', ',')}}}"
