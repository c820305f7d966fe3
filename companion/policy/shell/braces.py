"""Brace expansion, as bash does it: before every other expansion, on the word as it is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST_WORDS = 128
"""Words that one word may become and still be known."""

_MOST_STEPS = 4000
_SIGN = re.compile(r"[{},]|\.\.|\.|[^{},.]+")
_NUMBERS = re.compile(r"(-?\d{1,9})\.\.(-?\d{1,9})(?:\.\.(-?\d{1,9}))?")
# Between capitals and small letters stand signs that would be read once more.
_LETTERS = re.compile(r"([a-z])\.\.([a-z])(?:\.\.(-?\d{1,9}))?|([A-Z])\.\.([A-Z])(?:\.\.(-?\d{1,9}))?")
_PADDED = re.compile(r"-?0\d")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a word. What is `quoted`, or has no text, stays as it is, whatever signs it holds."""

    text: str | None
    quoted: bool
    joins: bool = False
    """A parameter without braces, whose name goes on where a letter comes to stand behind it."""


class _Unsure(Exception):  # noqa: N818 - an answer about the word, not a fault
    """Too many words, or not certainly what bash would make of it."""


Word = tuple[Part, ...]


def expand(word: Sequence[Part]) -> list[Word] | None:
    """The words it becomes, in bash's order; None for more than `MOST_WORDS`, and where it is not certain."""
    atoms: list[Part] = []
    for part in word:
        if part.quoted or part.text is None:
            atoms.append(part)
        else:
            atoms += (Part(sign, quoted=False) for sign in _SIGN.findall(part.text))
    try:
        return [_joined(one) for one in _Braces().expand(atoms)]
    except _Unsure:
        return None


def _joined(atoms: Word) -> Word:
    parts: list[Part] = []
    for atom in atoms:
        before = parts[-1] if parts else None
        if atom.quoted or atom.text is None or before is None or before.quoted or before.text is None:
            if before is not None and before.joins and not atom.quoted and re.match(r"[\w\[:]", atom.text or ""):
                raise _Unsure
            parts.append(atom)
        else:
            parts[-1] = Part(before.text + atom.text, quoted=False)
    return tuple(parts)


class _Braces:
    def __init__(self) -> None:
        self._steps = 0

    def expand(self, atoms: list[Part]) -> list[Word]:
        words: list[Word] = [()]
        while True:
            opening = self._opening(atoms)
            if opening is None:
                return self._product(words, [tuple(atoms)])
            start, end = opening
            words = self._product(words, [tuple(atoms[:start])])
            words = self._product(words, self._inside(atoms[start + 1 : end]))
            atoms = atoms[end + 1 :]
            if not atoms:
                return words

    def _product(self, words: list[Word], others: list[Word]) -> list[Word]:
        if len(words) * len(others) > MOST_WORDS:
            raise _Unsure
        product = [word + other for word in words for other in others]
        self._step(sum(map(len, product)))
        return product

    def _step(self, count: int = 1) -> None:
        self._steps += count
        if self._steps > _MOST_STEPS:
            raise _Unsure

    def _opening(self, atoms: list[Part]) -> tuple[int, int] | None:
        """The first brace that has a partner, with that partner."""
        start = 0
        while (opening := self._find(atoms, start, "{")) is not None:
            closing = self._find(atoms, opening + 1, "}")
            if closing is not None:
                return opening, closing
            start = opening + 1
        return None

    def _find(self, atoms: list[Part], start: int, wanted: str) -> int | None:
        """Where the sign stands outside of inner braces; a closing one counts behind a comma or two dots only."""
        level = 0
        parted = wanted != "}"
        for at in range(start, len(atoms)):
            self._step()
            sign = _sign(atoms[at])
            if sign == wanted and level == 0 and parted:
                alone = wanted == "{" and at == 0 and [_sign(one) for one in atoms[1:2]] in ([], ["}"])
                if not alone:
                    return at
            elif sign == "{":
                level += 1
            elif sign == "}" and level:
                level -= 1
            elif level == 0 and (
                sign == "," or (sign == ".." and [_sign(one) for one in atoms[at + 1 : at + 2]] != ["}"])
            ):
                parted = True
        return None

    def _inside(self, atoms: list[Part]) -> list[Word]:
        if any("," in (atom.text or "") or atom.text is None for atom in atoms) and self._find(atoms, 0, ",") is None:
            # Bash takes a comma for its own even in quotes here.
            raise _Unsure
        if self._find(atoms, 0, ",") is None:
            return self._sequence(atoms)
        words: list[Word] = []
        while True:
            comma = self._find(atoms, 0, ",")
            words += self.expand(atoms[:comma])
            if len(words) > MOST_WORDS:
                raise _Unsure
            if comma is None:
                return words
            atoms = atoms[comma + 1 :]

    def _sequence(self, atoms: list[Part]) -> list[Word]:
        if any(atom.quoted for atom in atoms):
            raise _Unsure
        text = "".join(atom.text or "" for atom in atoms)
        if numbers := _NUMBERS.fullmatch(text):
            first, last, step = numbers.groups()
            width = max(len(first), len(last)) if _PADDED.match(first) or _PADDED.match(last) else 0
            return [_plain(f"{one:0{width}d}") for one in self._range(int(first), int(last), step)]
        if letters := _LETTERS.fullmatch(text):
            first, last, step = letters.groups()[:3] if letters[1] else letters.groups()[3:]
            return [_plain(chr(one)) for one in self._range(ord(first), ord(last), step)]
        raise _Unsure

    def _range(self, first: int, last: int, given: str | None) -> range:
        step = abs(int(given or 1)) or 1
        if abs(last - first) // step >= MOST_WORDS:
            raise _Unsure
        return range(first, last + 1, step) if first <= last else range(first, last - 1, -step)


def _sign(atom: Part) -> str | None:
    return None if atom.quoted else atom.text


def _plain(text: str) -> Word:
    return (Part(text, quoted=False),)
