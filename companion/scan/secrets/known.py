"""Secrets that are known by value: exact, in every spelling that a prompt may hold them in."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote, quote_plus

from companion.model.facts import KEPT
from companion.scan.secrets.disguises import apart, apart_before
from companion.scan.secrets.prefilter import Prefilter
from companion.scan.secrets.values import is_distinctive

KNOWN_VALUES = "known-values"
"""The engine named in what is found by value."""
_HEAD = 8
_FEW = 32
"""Up to this many spellings are looked for one by one; that takes about 10 µs each in 100 kB."""

_APART = 16
"""From this length on a value is looked for in pieces too."""

_Form = tuple[str, int, str]
"""A spelling, the number of its value, and "". Of a value in pieces: its first or last letters, number, the value."""


_ESCAPE = re.compile("%[0-9A-F]{2}")


def spellings(value: str) -> list[str]:
    """`value` raw, escaped for JSON (once, twice), HTML and URLs, in hex, and in base64 at each alignment."""
    forms = {
        value: None,
        json.dumps(value)[1:-1]: None,
        json.dumps(value, ensure_ascii=False)[1:-1]: None,
    }
    forms |= {json.dumps(form)[1:-1]: None for form in tuple(forms)}
    raw = value.encode("utf-8", "replace")
    for quoted in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        forms |= {quoted: None, _ESCAPE.sub(lambda match: match.group().lower(), quoted): None}
    forms |= {raw.hex(): None, raw.hex().upper(): None, escape(value): None}
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + raw).decode()
        # Only characters that carry bits of the value alone; the ones at its edges mix with what is around it.
        core = text[-(-offset * 8 // 6) : (offset + len(raw)) * 8 // 6]
        forms |= {core: None, core.replace("+", "-").replace("/", "_"): None}
    return [form for form in forms if len(form) >= _HEAD]


@dataclass(frozen=True, slots=True)
class Hit:
    """A known value at `start:end`; `value` is its number."""

    start: int
    end: int
    value: int


class KnownValues:
    """Grows up to `limit` spellings, then forgets the older half. Safe to use from several threads."""

    def __init__(self, limit: int = 60_000) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}
        self._entries: dict[int, tuple[str, str]] = {}
        self._values: dict[int, str] = {}
        self._certain: set[int] = set()
        self._forms: list[_Form] = []
        self._heads: dict[str, list[_Form]] = {}
        self._forgotten = 0
        self._index: _Index | None = None

    @property
    def count(self) -> int:
        """How many spellings were ever added: what `since` counts."""
        return self._forgotten + len(self._forms)

    def add(self, value: str, kind: str, rule: str, *, certain: bool) -> int:
        """Learns a value and gives its number, or -1 for one that is too common to look for.

        `kind` and `rule` are those of what is found by it. A value that is certain once stays so.
        """
        if len(value) < _HEAD or not is_distinctive(value):
            return -1
        with self._lock:
            number = self._numbers.get(value, -1)
            if number < 0:
                number = len(self._entries)
                self._entries[number] = (kind, rule)
                self._values[number] = value
                self._learn(_forms(value, number))
                self._numbers[value] = number
            if certain:
                self._certain.add(number)
            return number

    def _learn(self, forms: list[_Form]) -> None:
        if len(self._forms) + len(forms) > self._limit:
            half = len(self._forms) // 2
            # A value is kept with all its spellings or with none: `add` would not learn the missing ones again.
            while 0 < half < len(self._forms) and self._forms[half][1] == self._forms[half - 1][1]:
                half += 1
            self._forgotten += half
            self._forms = self._forms[half:]
            kept = {number for _, number, _ in self._forms}
            self._numbers = {value: number for value, number in self._numbers.items() if number in kept}
            self._heads = {}
            for form in self._forms:
                self._heads.setdefault(form[0][:_HEAD], []).append(form)
        self._forms += forms
        for form in forms:
            self._heads.setdefault(form[0][:_HEAD], []).append(form)

    def entry(self, number: int) -> tuple[str, str]:
        """The kind and the rule that value `number` was added with."""
        return self._entries[number]

    def value(self, number: int) -> str:
        """Value `number` as it was added."""
        return self._values[number]

    def env_file(self, value: str) -> str:
        """The name of the environment file that keeps this value; "" where none is known to."""
        kind, rule = self._entries.get(self._numbers.get(value, -1), ("", ""))
        return rule if kind == KEPT else ""

    def fork(self) -> KnownValues:
        """Another one that knows the same. What either learns from then on the other does not."""
        other = KnownValues(self._limit)
        with self._lock:
            other._numbers, other._entries, other._values = dict(self._numbers), dict(self._entries), dict(self._values)
            other._certain, other._forms = set(self._certain), list(self._forms)
            other._heads = {head: list(forms) for head, forms in self._heads.items()}
            other._forgotten, other._index = self._forgotten, self._index
        return other

    def is_certain(self, number: int) -> bool:
        return number in self._certain

    @property
    def is_prepared(self) -> bool:
        """Whether `find` can begin at once, whatever it is asked for."""
        with self._lock:
            return len(self._forms) <= _FEW or (self._index is not None and self._index.serves(self.count))

    def find(self, text: str, since: int = 0) -> list[Hit]:
        """Every occurrence of what was added after the count stood at `since`, and maybe of what was added before."""
        with self._lock:
            recent = self._forms[max(0, since - self._forgotten) :]
            if len(text) < _HEAD or not recent:
                return []
            index: _Index | None = None
            if len(recent) > _FEW:
                index = self._index
                if index is None or not index.serves(self.count):
                    index = self._index = _Index(self._heads, self.count)
                recent = self._forms[max(0, index.count - self._forgotten) :]
        hits = [hit for form in recent for hit in _hits(text, form, _starts(text, form[0]))]
        return hits + index.find(text) if index else hits


class _Index:
    """All spellings up to a count, found in one pass where Hyperscan is installed, else letter by letter."""

    def __init__(self, heads: Mapping[str, Sequence[_Form]], count: int) -> None:
        self.count = count
        self._heads = {head: tuple(forms) for head, forms in heads.items()}
        self._forms = list(self._heads.values())
        self._prefilter = Prefilter(list(self._heads), literal=True)

    def serves(self, count: int) -> bool:
        """Whether what was added since is few enough to be looked for one by one."""
        return count - self.count <= max(_FEW, len(self._forms) // 8)

    def find(self, text: str) -> list[Hit]:
        if self._prefilter.fast:
            forms = (form for place in self._prefilter.possible(text) for form in self._forms[place])
            return [hit for form in forms for hit in _hits(text, form, _starts(text, form[0]))]
        return [
            hit
            for start in range(len(text) - _HEAD + 1)
            for form in self._heads.get(text[start : start + _HEAD], ())
            if text.startswith(form[0], start)
            for hit in _hits(text, form, (start,))
        ]


def _forms(value: str, number: int) -> list[_Form]:
    whole = [(spelling, number, "") for spelling in spellings(value)]
    return [*whole, (value[:_HEAD], number, value), (value[-_HEAD:], number, value)] if len(value) >= _APART else whole


def _hits(text: str, form: _Form, starts: Iterable[int]) -> Iterator[Hit]:
    """The hits of a form that stands at each of `starts`."""
    spelling, number, value = form
    for start in starts:
        if not value:
            yield Hit(start, start + len(spelling), number)
            continue
        first, end = start, start + len(spelling)
        if value.startswith(spelling):
            end = apart(text, start, value)
        if value.endswith(spelling) and end - first != len(value):
            first, end = apart_before(text, start + len(spelling), value), start + len(spelling)
        # In one piece it is found as it is.
        if min(first, end) >= 0 and end - first > len(value):
            yield Hit(first, end, number)


def _starts(text: str, form: str) -> Iterator[int]:
    start = text.find(form)
    while start >= 0:
        yield start
        start = text.find(form, start + 1)
