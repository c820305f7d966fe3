from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal

import pytest
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given
from hypothesis import strategies as st

from companion.ledger.book import (
    AllOf,
    AnyOf,
    Book,
    BookDamaged,
    Contains,
    Daily,
    EndsWith,
    Equals,
    Model,
    Period,
    Rates,
    Regex,
    Seller,
    Since,
    StartsWith,
    Unread,
    in_force,
    matches,
    periods_of,
    printed,
    raw,
)
from tests.support.prices import whole_book

FREE = Rates(Decimal(0), (None,) * 5, (Decimal(0), Decimal(0)))
PAGES = printed("e1", "prices 1", {"us": Seller("us", None, (), (Model("m", Equals("m"), raw(())),))})


@pytest.mark.parametrize(
    ("rule", "name", "matching"),
    [
        (Equals("gpt"), "gpt", True),
        (Equals("gpt"), "gpt-5", False),
        (StartsWith("gpt"), "gpt-5", True),
        (StartsWith("gpt"), "my-gpt", False),
        (EndsWith("-5"), "gpt-5", True),
        (EndsWith("-5"), "gpt-5-mini", False),
        (Contains("t-5"), "gpt-5-mini", True),
        (Contains("t-6"), "gpt-5-mini", False),
        (Regex(r"^gpt-\d$"), "gpt-5", True),
        (Regex(r"\d"), "gpt-5-mini", True),
        (Regex(r"^\d"), "gpt-5-mini", False),
        (AnyOf((Equals("a"), Equals("b"))), "b", True),
        (AnyOf(()), "b", False),
        (AllOf((StartsWith("a"), EndsWith("b"))), "ab", True),
        (AllOf((StartsWith("a"), EndsWith("b"))), "ac", False),
        # Whoever cannot tell leaves no room for the price of another.
        (Unread(), "anything", True),
    ],
)
def test_rules(rule, name, matching):
    assert matches(rule, name) is matching


MODELS = [(provider, model) for provider in get_snapshot().providers for model in provider.models]
NAMES = sorted({model.id.lower() for _, model in MODELS})
PIECES = st.sampled_from(["", "-fast", "-20250101", "x-", "anthropic/", "-v1:0", "@20250101", "-latest"])


@given(st.sampled_from(MODELS), st.sampled_from(NAMES), PIECES, PIECES)
def test_law_each_rule_of_the_catalogue_matches_what_it_does_there(listed, name, before, after):
    provider, model = listed
    seller = whole_book().seller(provider.id)
    assert seller is not None
    kept = seller.models[provider.models.index(model)]
    for asked in (f"{before}{name}{after}", f"{before}{model.id.lower()}{after}"):
        assert matches(kept.rule, asked) is model.is_match(asked)
        assert (seller.rule is None) is (provider.model_match is None)
        if seller.rule is not None and provider.model_match is not None:
            assert matches(seller.rule, asked) is provider.model_match.is_match(asked)


def test_all_that_was_printed_is_read():
    book = Book(PAGES)
    assert (book.edition, book.source, book.seller("them")) == ("e1", "prices 1", None)
    seller = book.seller("us")
    assert seller is not None
    assert [(one.id, one.rule, periods_of(one)) for one in seller.models] == [("m", Equals("m"), ())]


@given(st.data())
def test_law_no_book_that_was_damaged_is_read(data):
    at = data.draw(st.integers(0, len(PAGES) - 1))
    how = data.draw(st.sampled_from(["cut", "flip", "drop", "double"]))
    bit = bytes([PAGES[at] ^ (1 << data.draw(st.integers(0, 7)))])
    damaged = {
        "cut": PAGES[:at],
        "flip": PAGES[:at] + bit + PAGES[at + 1 :],
        "drop": PAGES[:at] + PAGES[at + 1 :],
        "double": PAGES[:at] + PAGES[at : at + 1] + PAGES[at:],
    }[how]
    if damaged == PAGES:
        return
    with pytest.raises(BookDamaged):
        Book(damaged)


@pytest.mark.parametrize("text", [b"{}", b"[]", b"\xff", b'{"edition":1,"source":"","sellers":{}}', b""])
def test_what_is_whole_and_no_book_is_not_read(text):
    from companion.ledger.book import _digest

    with pytest.raises(BookDamaged):
        Book(_digest(text) + b"\n" + text)


NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        (None, True),
        (Since(NOON.date()), True),
        (Since(datetime(2026, 11, 21, tzinfo=UTC).date()), False),
        (Daily(time(11), time(13)), True),
        (Daily(time(12), time(13)), True),
        (Daily(time(11), time(12)), False),
        (Daily(time(22), time(13)), True),
        (Daily(time(22), time(11)), False),
        (Daily(time(12), time(12)), False),
    ],
)
def test_the_last_period_that_holds_counts_else_the_first(when, holds):
    first, second = Period(Since(datetime(2030, 1, 1, tzinfo=UTC).date()), (), (FREE,)), Period(when, (), (FREE,))
    assert in_force((first, second), NOON) is (second if holds else first)
    assert in_force((second,), NOON) is second
    assert in_force((), NOON) is None
