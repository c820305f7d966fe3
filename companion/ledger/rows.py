"""Records to rows. Whatever a provider or an agent put into a record, its row can be stored and summed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from functools import cache, lru_cache

from msgspec.structs import astuple

from companion.model.money import Usage
from companion.model.record import Closing, Opening

Row = tuple[str | int | None, ...]


def _insert(table: str, columns: int) -> Callable[[int], str]:
    @cache
    def statement(rows: int) -> str:
        values = ", ".join([f"({', '.join('?' * columns)})"] * rows)
        return f"INSERT INTO {table} VALUES {values} ON CONFLICT (id) DO NOTHING"  # noqa: S608 - no input

    return statement


insert_openings = _insert("opening", 12)
"""The statement that puts so many rows into the table."""
insert_closings = _insert("closing", 27)

# No call is dearer or longer, and a billion of them still add up within int64.
_MOST_PICODOLLARS = 10_000 * 10**12
_MOST_TOKENS = 10**10
_MOST_COUNT = 10**6
_LAST_NS = 2**63 - 1
_STR = {str}


def opening_row(opening: Opening) -> Row:
    """Columns of table `opening`, in order."""
    return (
        *_texts(opening.id, opening.parent),
        _within(opening.at_ns, _LAST_NS),
        *_texts(opening.kind, opening.client, opening.session, opening.workspace, opening.key_id),
        _text(opening.tier),
        _text(opening.dialect),
        *_texts(opening.model, opening.summary),
    )


def closing_row(closing: Closing, zone: tzinfo) -> Row:
    """Columns of table `closing`, in order. An unpriced closing counts as one call at least, so no total hides it."""
    at_ns = _within(closing.at_ns, _LAST_NS)
    cost_pd, unpriced, source = _money(closing)
    calls = _within(closing.calls, _MOST_COUNT)
    remarks = [_texts(r.guard, r.outcome, r.code, r.reason) for r in closing.remarks]
    return (
        _text(closing.id),
        at_ns,
        _text(closing.day) or local_day(at_ns, zone),
        _text(closing.ending),
        _text(closing.outcome),
        *_texts(closing.code, closing.reason, closing.guard),
        _list(remarks),
        *_texts(closing.approver, closing.upstream, closing.model),
        max(calls, 1) if unpriced else calls,
        _within(closing.status, _MOST_COUNT),
        _within(closing.redactions, _MOST_COUNT),
        *_tokens(closing.usage),
        cost_pd,
        unpriced,
        source,
        _findings(closing),
        _list([_texts(*astuple(one)) for one in closing.cloud]),
    )


def _findings(closing: Closing) -> str:
    """A list of lists, in the order of FindingRecord's fields."""
    if not closing.findings:
        return "[]"
    rows = [[_text(f) if isinstance(f, str) else f for f in astuple(one)] for one in closing.findings]
    return json.dumps(rows, ensure_ascii=False)


def local_day(at_ns: int, zone: tzinfo) -> str:
    """The ISO date on which this moment falls in `zone`."""
    return _day_of_second(at_ns // 10**9, zone)


@lru_cache(maxsize=256)
def _day_of_second(second: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(second, zone).date().isoformat()


def _money(closing: Closing) -> tuple[int | None, str, str]:
    cost = closing.cost
    if cost is None:
        due = closing.usage is not None and closing.usage.prompt + closing.usage.output > 0
        return None, "nobody priced this call" if due else "", ""
    source = _text(cost.source)
    if cost.picodollars is None:
        return None, _text(cost.reason) or "the price is unknown", source
    if not 0 <= cost.picodollars <= _MOST_PICODOLLARS:
        return None, f"a cost of {cost.picodollars} picodollars is out of range", source
    return cost.picodollars, "", source


def _tokens(usage: Usage | None) -> Row:
    if usage is None:
        return None, None, None, None, None, None, "[]"
    given = (
        usage.input,
        usage.cache_read,
        usage.cache_write_5m,
        usage.cache_write_1h,
        usage.output,
        usage.reasoning,
    )
    kept = tuple([_within(count, _MOST_TOKENS) for count in given])
    flags = [_text(flag) for flag in usage.flags]
    if kept != given:
        flags.append("tokens-out-of-range")
    return (*kept, _list(flags))


def _list(told: Sequence[object]) -> str:
    return json.dumps(told, ensure_ascii=False) if told else "[]"


def _within(number: int, most: int) -> int:
    return number if type(number) is int and 0 <= number <= most else min(max(int(number), 0), most)


def _texts(*texts: str) -> tuple[str, ...]:
    """As `_text`, each."""
    if {*map(type, texts)} == _STR and "".join(texts).isascii():
        return texts
    return tuple([_text(text) for text in texts])


def _text(text: str) -> str:
    """Lone surrogates, which JSON may carry and UTF-8 may not, are spelled out. What is no text becomes one."""
    told = text if type(text) is str else str(text)
    return told if told.isascii() else told.encode("utf-8", "backslashreplace").decode("utf-8")
