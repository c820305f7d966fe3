"""Fills in the samples of rules.toml and tokens.toml: fake secrets, the same ones every time, that stand in no file."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from companion.scan.secrets.rules import Rule

_UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_LOWER = "abcdefghjkmnpqrstuvwxyz"
_DIGITS = "23456789"
_ALPHABETS = {
    "alnum": (_LOWER, _DIGITS, _UPPER),
    "b64": (_UPPER, _DIGITS, _LOWER),
    "upper": (_UPPER, _DIGITS),
    "hex": ("abcdef", "0123456789"),
    "digits": (_DIGITS,),
    "lower": (_LOWER, _DIGITS),
    "word": (_LOWER, _DIGITS, _UPPER),
    "b64u": (_UPPER, _DIGITS, _LOWER),
}
_BLANK = re.compile(r"<<(\w+)(?::(\d+)(?:-\d+)?)?>>")


@dataclass(frozen=True, slots=True)
class Sample:
    """A text and the span that its rule must hide; the span is empty in a decoy."""

    text: str
    start: int
    end: int

    @property
    def secret(self) -> str:
        return self.text[self.start : self.end]


def samples_of(rule: Rule, seed: str = "") -> list[Sample]:
    """The rule's samples; another seed gives other secrets."""
    return [_sample(text, f"{rule.id}{seed}{number}") for number, text in enumerate(rule.samples)]


def decoys_of(rule: Rule, seed: str = "") -> list[str]:
    """Texts in which the rule must find nothing."""
    return [_fill(text, f"{rule.id}{seed}{number}") for number, text in enumerate(rule.decoys)]


def _sample(text: str, seed: str) -> Sample:
    before, _, rest = _fill(text, seed).partition("[[")
    secret, _, after = rest.partition("]]")
    return Sample(before + secret + after, len(before), len(before) + len(secret))


def _fill(text: str, seed: str) -> str:
    dice = _dice(seed)

    def blank(match: re.Match[str]) -> str:
        if match[1] == "basic":
            return base64.b64encode(f"robot:{_draw('alnum', 14, dice)}".encode()).decode()
        if match[1] == "uuid":
            return "-".join(_draw("hex", length, dice) for length in (8, 4, 4, 4, 12))
        return _draw(match[1], int(match[2]), dice)

    return _BLANK.sub(blank, text)


def _draw(alphabet: str, length: int, dice: Iterator[int]) -> str:
    """Characters from each part of the alphabet in turn, so that every kind is there."""
    parts = _ALPHABETS[alphabet]
    return "".join(parts[index % len(parts)][next(dice) % len(parts[index % len(parts)])] for index in range(length))


def _dice(seed: str) -> Iterator[int]:
    block = seed.encode()
    while True:
        block = hashlib.sha256(block).digest()
        yield from block
