"""A user's own rules, in gitleaks' TOML format.

What gitleaks would do with a rule is done, but for what looks at more than a text: commits, and paths where the text
comes from a prompt. A rule that cannot be had as it is written is not in force, and `faults` says so.
"""

from __future__ import annotations

import hashlib
import re
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from companion.model.facts import Confidence
from companion.scan.secrets.engine import Span
from companion.scan.secrets.goregex import UnknownSyntax, translated
from companion.scan.secrets.places import lower
from companion.scan.secrets.prefilter import Prefilter
from companion.scan.secrets.values import entropy

_NAME = "gitleaks"
_LARGEST = 4 * 1024 * 1024
_MOST_RULES = 5_000
_REACH = 4_096
"""Characters on either side of a keyword in which its rule is tried."""
_WINDOW = 32_768
_SECONDS = 2.0
_ID = re.compile(r"[\w.@+-]{1,120}")


@dataclass(frozen=True, slots=True)
class Fault:
    """What of a user's file is not in force, and why."""

    where: str
    """The rule's id, or "" for the whole file."""
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why}" if self.where else self.why


@dataclass(frozen=True, slots=True)
class Allow:
    """What makes a match none."""

    regexes: tuple[re.Pattern[str], ...]
    target: str
    """ "secret", "match" or "line"."""
    stopwords: tuple[str, ...]
    every: bool
    """Whether all of what it names has to be so, not one alone."""
    paths: bool
    """Whether it names paths or commits as well, which a text does not have."""

    def permits(self, secret: str, match: str, line: str) -> bool:
        subject = {"match": match, "line": line}.get(self.target, secret)
        said = [any(one.search(subject) for one in self.regexes)] if self.regexes else []
        said += [any(word in secret.lower() for word in self.stopwords)] if self.stopwords else []
        return bool(said) and (all(said) and not self.paths if self.every else any(said))


@dataclass(frozen=True, slots=True)
class Rule:
    """One [[rules]]."""

    id: str
    pattern: re.Pattern[str]
    group: int
    entropy: float
    keywords: tuple[str, ...]
    allows: tuple[Allow, ...]

    @property
    def type(self) -> str:
        return re.split(r"[^A-Za-z0-9]", self.id)[0] or self.id

    @property
    def confidence(self) -> Confidence:
        return Confidence.LOW if "generic" in self.id.lower() else Confidence.HIGH


@dataclass(frozen=True, slots=True)
class RuleFile:
    """What a file says, as far as it is in force."""

    rules: tuple[Rule, ...] = ()
    faults: tuple[Fault, ...] = ()
    digest: str = ""


class Gitleaks:
    """The rules of one file as it was when this was made."""

    name = _NAME

    def __init__(self, file: RuleFile) -> None:
        self._file = file
        self._keywords = list(dict.fromkeys(word for rule in file.rules for word in rule.keywords))
        self._possible = Prefilter(self._keywords, literal=True)

    @property
    def version(self) -> str:
        return f"{len(self._file.rules)} rules, {self._file.digest}"

    def load(self) -> str:
        return "" if self._file.rules else "no rule of the file is in force"

    def find(self, text: str) -> list[Span]:
        until = time.monotonic() + _SECONDS
        lowered = lower(text)
        present = {self._keywords[number] for number in self._possible.possible(lowered)} if self._keywords else set()
        spans: dict[Span, None] = {}
        for rule in self._file.rules:
            words = [word for word in rule.keywords if word in present and word in lowered]
            if rule.keywords and not words:
                continue
            for low, high in _windows(lowered, words):
                if time.monotonic() > until:
                    raise TimeoutError(f"the rules took longer than {_SECONDS:g} seconds, the last was {rule.id}")
                for match in rule.pattern.finditer(text, low, high):
                    # What reaches to a window's end may go on behind it; there it is whole.
                    span = _span(rule, text, match) if match.end() < high or high == len(text) else None
                    if span is not None:
                        spans[span] = None
        return list(spans)


def _windows(lowered: str, words: list[str]) -> Iterator[tuple[int, int]]:
    """Where to try a rule: around its keywords, or, without any, everywhere."""
    if not words:
        for low in range(0, max(1, len(lowered)), _WINDOW):
            yield max(0, low - _REACH), min(len(lowered), low + _WINDOW)
        return
    places = sorted(match.start() for match in re.finditer("|".join(map(re.escape, words)), lowered))
    low = high = -1
    for place in places:
        if place - _REACH > high:
            if high >= 0:
                yield low, high
            low = max(0, place - _REACH)
        high = min(len(lowered), place + _REACH)
    if high >= 0:
        yield low, high


def _span(rule: Rule, text: str, match: re.Match[str]) -> Span | None:
    group = rule.group or next((number for number in range(1, match.re.groups + 1) if match[number]), 0)
    start, end = match.span(group)
    if end <= start:
        return None
    secret = text[start:end]
    if rule.entropy and entropy(secret) <= rule.entropy:
        return None
    newline = text.find("\n", match.end())
    line = text[text.rfind("\n", 0, match.start()) + 1 : newline if newline >= 0 else None]
    if any(allow.permits(secret, match.group(), line) for allow in rule.allows):
        return None
    return Span(start, end, rule.type, rule.id, _NAME, rule.confidence)


def read_rules(path: Path) -> RuleFile:
    """What the file says. Never raises: what is wrong with it is a fault."""
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            return RuleFile(faults=(Fault("", f"{path} is larger than {_LARGEST >> 20} MB"),))
        data = tomllib.loads(raw.decode("utf-8-sig"))
    except OSError as error:
        return RuleFile(faults=(Fault("", f"{path} cannot be read: {error.strerror}"),))
    except (ValueError, RecursionError) as error:
        return RuleFile(faults=(Fault("", f"{path} is no TOML: {error}"),))
    return _read(data, hashlib.sha256(raw).hexdigest()[:12])


def _read(data: Mapping[str, Any], digest: str) -> RuleFile:
    faults: list[Fault] = []
    tables = data.get("rules", [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        return RuleFile(faults=(Fault("", "rules: expected tables [[rules]]"),))
    extend = data.get("extend")
    if isinstance(extend, dict) and extend.get("path"):
        faults.append(Fault("", "extend.path: files that a file extends are not read; name their rules in this one"))
    everywhere = _global_allows(data, faults)
    rules: dict[str, Rule] = {}
    for number, table in enumerate(tables[:_MOST_RULES], start=1):
        named = table.get("id")
        where = named if isinstance(named, str) and _ID.fullmatch(named) else f"rule {number}"
        if table.get("skipReport") is True:
            continue
        if where != named or where in rules:
            why = "its id stands there twice" if where in rules else "id: expected letters, digits and . _ - @ +"
            faults.append(Fault(where, why))
            continue
        try:
            allows = [allow for rule_ids, allow in everywhere if not rule_ids or where in rule_ids]
            rules[where] = _rule(where, table, allows)
        except UnknownSyntax as error:
            faults.append(Fault(where, str(error)))
    if len(tables) > _MOST_RULES:
        faults.append(Fault("", f"only the first {_MOST_RULES} rules are read"))
    return RuleFile(tuple(rules.values()), tuple(faults), digest)


def _rule(name: str, table: Mapping[str, Any], everywhere: list[Allow]) -> Rule:
    """Raises UnknownSyntax for what is not in force as it is written."""
    if "regex" not in table:
        raise UnknownSyntax("it has no regex, and what looks at names of files alone finds nothing in a text")
    if "required" in table:
        raise UnknownSyntax("required: rules that need the findings of others are not known")
    pattern = translated(_string(table, "regex"))
    group, least = table.get("secretGroup", 0), table.get("entropy", 0.0)
    if isinstance(group, bool) or not isinstance(group, int) or not 0 <= group <= pattern.groups:
        raise UnknownSyntax(f"secretGroup: the regex has {pattern.groups} groups")
    if isinstance(least, bool) or not isinstance(least, int | float) or not 0 <= least < 100:
        raise UnknownSyntax("entropy: expected a number of bits")
    given = table.get("allowlists", [])
    if not isinstance(given, list):
        raise UnknownSyntax("allowlists: expected tables")
    given = [*given, *([table["allowlist"]] if "allowlist" in table else [])]
    allows = tuple(_allow(one) for one in given)
    keywords = tuple(word.lower() for word in _strings(table, "keywords") if word)
    return Rule(name, pattern, group, float(least), keywords, (*allows, *everywhere))


def _global_allows(data: Mapping[str, Any], faults: list[Fault]) -> list[tuple[frozenset[str], Allow]]:
    """With each, the rules that it is for; all where none is named."""
    given = data.get("allowlists", [])
    tables = [*(given if isinstance(given, list) else [given]), *([data["allowlist"]] if "allowlist" in data else [])]
    found: list[tuple[frozenset[str], Allow]] = []
    for table in tables:
        try:
            allow = _allow(table)
            found.append((frozenset(_strings(table, "targetRules")), allow))
        except UnknownSyntax as error:
            # Without it more is found than was meant, never less.
            faults.append(Fault("allowlist", str(error)))
    return found


def _allow(table: Any) -> Allow:
    if not isinstance(table, dict):
        raise UnknownSyntax("allowlist: expected a table")
    target = table.get("regexTarget", "secret")
    if target not in {"secret", "match", "line", ""}:
        raise UnknownSyntax("regexTarget: expected secret, match or line")
    condition = str(table.get("condition", "OR")).upper()
    if condition not in {"OR", "||", "AND", "&&", ""}:
        raise UnknownSyntax("condition: expected OR or AND")
    return Allow(
        regexes=tuple(translated(one) for one in _strings(table, "regexes")),
        target=target or "secret",
        stopwords=tuple(word.lower() for word in _strings(table, "stopwords") if word),
        every=condition in {"AND", "&&"},
        paths=bool(table.get("paths") or table.get("commits")),
    )


def _string(table: Mapping[str, Any], name: str) -> str:
    value = table[name]
    if not isinstance(value, str) or not value:
        raise UnknownSyntax(f"{name}: expected text")
    return value


def _strings(table: Mapping[str, Any], name: str) -> list[str]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UnknownSyntax(f"{name}: expected a list of texts")
    return value
