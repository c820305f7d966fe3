"""Ignore files stacked, and git's decision over the stack.

A folder that is excluded takes all below it along, whatever deeper lines say; otherwise the last line that matches
decides, and a file deeper in the tree beats one above it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from companion.model.facts import IgnoreMatch
from companion.policy.ignore.patterns import Pattern, PatternList, encode, everything, parse_lines


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """One file and where it lies. Its rules speak of what lies below `base`."""

    source: str
    """What people call the file."""
    base: str
    """Its folder, relative to the root of the rules, parts joined by "/"; "" for the root."""
    rules: PatternList
    fold_case: bool = False
    """Whether upper and lower case are one, as on file systems that think so. ASCII letters only, as in git."""
    prefix: bytes = field(init=False, repr=False)
    """`base` as the start of a path's bytes."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "prefix", encode(self.base + "/") if self.base else b"")

    @classmethod
    def read(cls, source: str, base: str, content: bytes, *, fold_case: bool = False) -> Self:
        """The file that holds `content`. Never raises: a bad line matches what git lets it match."""
        return cls(source, base, PatternList(parse_lines(content, fold_case=fold_case)), fold_case)

    @classmethod
    def closed(cls, source: str, base: str, reason: str) -> Self:
        """Stands in for a file whose rules cannot be known: everything below its folder is excluded."""
        return cls(source, base, PatternList((everything(reason),)))

    @property
    def complaints(self) -> tuple[tuple[int, str, str], ...]:
        """(line, pattern, what is wrong with it) of every pattern that does not do what its author may think."""
        return tuple((each.line, each.text, each.complaint) for each in self.rules.patterns if each.complaint)


@dataclass(frozen=True, slots=True)
class Rules:
    """Ignore files of one family, weakest first: later files beat earlier ones."""

    files: tuple[IgnoreFile, ...] = ()
    denied: bool = True
    """Whether a match is denied always, or is git's and left to the policy."""


def decide(rules: Rules, path: str, *, is_dir: bool) -> IgnoreMatch | None:
    """The line that excludes `path`, or None.

    `path` is relative to the root of the rules, parts joined by "/", without "." or ".."; the root, "", is never
    excluded.
    """
    raw = encode(path)
    end = raw.find(b"/")
    while end >= 0:
        above = last_match(rules, raw[:end], is_dir=True)
        if above and not above[1].negated:
            return as_match(rules, above)
        end = raw.find(b"/", end + 1)
    own = last_match(rules, raw, is_dir=is_dir) if raw else None
    return as_match(rules, own) if own and not own[1].negated else None


def last_match(rules: Rules, path: bytes, *, is_dir: bool) -> tuple[IgnoreFile, Pattern] | None:
    """The strongest line that speaks of `path` itself, negated or not; the folders above it are not looked at."""
    folded = path.lower()
    for file in reversed(rules.files):
        if not path.startswith(file.prefix):
            continue
        below = (folded if file.fold_case else path)[len(file.prefix) :]
        name = below[below.rfind(b"/") + 1 :]
        if pattern := file.rules.last_match(below, name, is_dir=is_dir):
            return file, pattern
    return None


def as_match(rules: Rules, found: tuple[IgnoreFile, Pattern]) -> IgnoreMatch:
    """The line as facts carry it."""
    file, pattern = found
    return IgnoreMatch(file.source, pattern.line, pattern.text, denied=rules.denied)
