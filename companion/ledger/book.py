"""The price book: what models are called at whom, and what their tokens cost there.

It is made of the catalogue of genai-prices (`genai.py`) and needs it no more; a megabyte takes its place. It stands as
bytes, and what is asked for is read out of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal

import msgspec
from msgspec import Struct

KINDS = ("input", "cache_read", "output", "cache_write_5m", "cache_write_1h")
"""The fields of Usage that are charged, in the order in which rates stand."""

_DIGEST = 16


class Equals(Struct, frozen=True, array_like=True, tag="equals"):
    """Texts are in lower case, as are the names that they are compared with."""

    text: str


class StartsWith(Struct, frozen=True, array_like=True, tag="starts"):
    """Matches what begins so."""

    text: str


class EndsWith(Struct, frozen=True, array_like=True, tag="ends"):
    """Matches what ends so."""

    text: str


class Contains(Struct, frozen=True, array_like=True, tag="contains"):
    """Matches wherever it stands."""

    text: str


class Regex(Struct, frozen=True, array_like=True, tag="regex"):
    """Matches wherever the expression does."""

    pattern: str


class AnyOf(Struct, frozen=True, array_like=True, tag="any"):
    """Matches where one of its rules does."""

    rules: tuple[Rule, ...]


class AllOf(Struct, frozen=True, array_like=True, tag="all"):
    """Matches where each of its rules does."""

    rules: tuple[Rule, ...]


class Unread(Struct, frozen=True, array_like=True, tag="?"):
    """A rule of a kind that is not known here: it may match any name, and spells out none."""


Rule = Equals | StartsWith | EndsWith | Contains | Regex | AnyOf | AllOf | Unread
"""Tells whose name a name is."""


def matches(rule: Rule, name: str) -> bool:
    """Whether it matches `name`, which is in lower case."""
    match rule:
        case Equals(text):
            return name == text
        case StartsWith(text):
            return name.startswith(text)
        case EndsWith(text):
            return name.endswith(text)
        case Contains(text):
            return text in name
        case Regex(pattern):
            return re.search(pattern, name) is not None
        case AnyOf(rules):
            return any(matches(one, name) for one in rules)
        case AllOf(rules):
            return all(matches(one, name) for one in rules)
        case Unread():
            return True


class Since(Struct, frozen=True, array_like=True, tag="since"):
    """From this day on."""

    day: date

    def holds(self, at: datetime) -> bool:
        """`at` is in UTC."""
        return at.date() >= self.day


class Daily(Struct, frozen=True, array_like=True, tag="daily"):
    """Between these times of each day, in UTC, the second excluded; over midnight where it is the earlier."""

    start: time
    end: time

    def holds(self, at: datetime) -> bool:
        """`at` is in UTC."""
        now = at.time()
        if self.end < self.start:
            return now >= self.start or now < self.end
        return self.start <= now < self.end


class Rates(Struct, frozen=True, array_like=True):
    """What is charged for prompts of one range of sizes, in USD."""

    call: Decimal
    """For the call itself."""
    tokens: tuple[Decimal | None, ...]
    """For one token, by KINDS; None where there is no price."""
    dearest: tuple[Decimal, Decimal]
    """The highest input and output price for a million tokens."""


class Period(Struct, frozen=True, array_like=True):
    """The prices of some time."""

    when: Since | Daily | None
    thresholds: tuple[int, ...]
    """The sizes of prompts above which some price is another, sorted."""
    rates: tuple[Rates, ...]
    """For prompts up to each threshold, and for those above the last."""


class Model(Struct, frozen=True, array_like=True):
    """A model as somebody sells it."""

    id: str
    rule: Rule
    periods: msgspec.Raw
    """As `periods_of` reads them: the last that holds counts, else the first. None where there are no known prices."""


class Seller(Struct, frozen=True, array_like=True):
    """A provider's list."""

    id: str
    rule: Rule | None
    """Which models are its own, where it says so."""
    fallback: tuple[str, ...]
    """Whose models it sells too, at their prices."""
    models: tuple[Model, ...]


class _Pages(Struct, frozen=True):
    edition: str
    source: str
    sellers: dict[str, msgspec.Raw]


class BookDamaged(ValueError):  # noqa: N818 - an answer, not a fault
    """These bytes are no price book."""


class Book:
    """A price book as it is kept."""

    def __init__(self, data: bytes) -> None:
        """Raises BookDamaged."""
        digest, _, text = data.partition(b"\n")
        if digest != _digest(text):
            raise BookDamaged("the price book is damaged")
        try:
            self._pages = msgspec.json.decode(text, type=_Pages)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise BookDamaged("the price book cannot be read") from None

    @property
    def edition(self) -> str:
        """What it was made of, and by which code; another one is out of date."""
        return self._pages.edition

    @property
    def source(self) -> str:
        """As costs name it: "genai-prices 0.2.3"."""
        return self._pages.source

    def seller(self, name: str) -> Seller | None:
        """Reads the list of a provider."""
        page = self._pages.sellers.get(name)
        return None if page is None else _read_seller(page)


def printed(edition: str, source: str, sellers: Mapping[str, Seller]) -> bytes:
    """A price book as `Book` reads it."""
    pages = _Pages(edition, source, {name: raw(seller) for name, seller in sellers.items()})
    text = msgspec.json.encode(pages)
    return _digest(text) + b"\n" + text


def raw(value: object) -> msgspec.Raw:
    """A part of a book that is read when it is asked for."""
    return msgspec.Raw(msgspec.json.encode(value))


def periods_of(model: Model) -> tuple[Period, ...]:
    """The prices of a model."""
    return _read_periods(model.periods)


def in_force(periods: tuple[Period, ...], at: datetime) -> Period | None:
    """The prices of a moment; a time without a zone is UTC."""
    if len(periods) < 2:
        return periods[0] if periods else None
    moment = at.astimezone(UTC) if at.tzinfo is not None else at
    for period in reversed(periods):
        if period.when is None or period.when.holds(moment):
            return period
    return periods[0]


def _digest(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=_DIGEST).hexdigest().encode()


_read_seller = msgspec.json.Decoder(Seller).decode
_read_periods = msgspec.json.Decoder(tuple[Period, ...]).decode
