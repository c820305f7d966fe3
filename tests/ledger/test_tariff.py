"""What a model's tokens cost, to the picodollar; a kind of token without a price makes the whole call unpriced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from importlib.metadata import version
from typing import Any

import pytest
from genai_prices import Usage as CountedUsage
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
)
from hypothesis import given
from hypothesis import strategies as st

from companion.ledger.book import Book, periods_of
from companion.ledger.catalogue import Catalogue
from companion.ledger.genai import made
from companion.ledger.tariff import Entry
from companion.model.money import Usage, to_picodollars
from tests.support.prices import whole_book

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
CATALOGUE = Catalogue(whole_book())
MILLION = 10**6
BUCKETS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")


@dataclass(frozen=True)
class Listed:
    """A model as genai-prices has it, and as the book has it."""

    provider: Provider
    model: ModelInfo
    entry: Entry


def listed(provider: Provider, model: ModelInfo, book: Book) -> Listed:
    seller = book.seller(provider.id)
    assert seller is not None
    kept = next(one for one in seller.models if one.id == model.id)
    return Listed(provider, model, Entry(provider.id, model.id, book.source, periods_of(kept)))


def house(*conditional: ConditionalPrice, provider: str = "openai", model: str = "house", **prices: Any) -> Listed:
    """A model of our own; prices in USD per million tokens."""
    made_up = ModelInfo(model, ClauseEquals(model), prices=list(conditional) or ModelPrice(**prices))
    seller = Provider(provider, provider, "x", models=[made_up])
    return listed(seller, made_up, Book(made([seller])))


def entry(provider: str = "openai", model: str = "house", **prices: Any) -> Entry:
    return house(provider=provider, model=model, **prices).entry


@pytest.mark.parametrize(
    # USD per million tokens, from the vendors' public lists: input, output, cache read, 5-minute and 1-hour write.
    ("provider", "model", "listed"),
    [
        ("anthropic", "claude-opus-4-1", ("15", "75", "1.5", "18.75", "30")),
        ("anthropic", "claude-opus-4-5", ("5", "25", "0.5", "6.25", "10")),
        ("anthropic", "claude-sonnet-4-0", ("3", "15", "0.3", "3.75", "6")),
        ("anthropic", "claude-sonnet-4-6", ("3", "15", "0.3", "3.75", "6")),
        ("anthropic", "claude-haiku-4-5", ("1", "5", "0.1", "1.25", "2")),
        ("anthropic", "claude-3-5-haiku-20241022", ("0.8", "4", "0.08", "1", "1.6")),
        ("openai", "gpt-5", ("1.25", "10", "0.125", None, None)),
        ("openai", "gpt-5-mini", ("0.25", "2", "0.025", None, None)),
        ("openai", "gpt-4.1", ("2", "8", "0.5", None, None)),
        ("openai", "gpt-4o", ("2.5", "10", "1.25", None, None)),
        ("openai", "gpt-4o-2024-05-13", ("5", "15", None, None, None)),
        ("google", "gemini-2.5-flash", ("0.3", "2.5", None, None, None)),
    ],
)
def test_prices_are_those_that_the_vendors_publish(provider, model, listed):
    tokens = (1_001, 203, 50_007, 3_011, 411)
    known = [(name, count, price) for name, count, price in zip(BUCKETS, tokens, listed, strict=True) if price]
    by_hand = sum((count * Decimal(price) / MILLION for _, count, price in known), Decimal(0))
    cost = CATALOGUE.find(provider, model).cost(Usage(**{name: count for name, count, _ in known}), AT)
    assert cost.picodollars == to_picodollars(by_hand)
    assert cost.reason == ""
    assert cost.source.startswith(f"genai-prices {version('genai-prices')}: {provider}/")


PRICES = st.decimals(min_value="0.01", max_value="100", places=2)
TOKENS = st.integers(0, 10**7)


@given(st.tuples(*[PRICES] * 5), st.tuples(*[TOKENS] * 5), TOKENS)
def test_law_each_token_is_paid_once_at_the_price_of_its_bucket(prices, tokens, reasoning):
    names = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok")
    mine = entry(**dict(zip(names, prices, strict=True)))
    usage = Usage(**dict(zip(BUCKETS, tokens, strict=True)), reasoning=reasoning)
    by_hand = sum((price * count for price, count in zip(prices, tokens, strict=True)), Decimal(0)) / MILLION
    assert mine.cost(usage, AT).picodollars == to_picodollars(by_hand)


@pytest.mark.parametrize(
    ("provider", "model", "usage", "missing"),
    [
        # Listed without any price: a sum over nothing would be 0.
        ("google", "gemma-4-31b-it", Usage(input=5), "input"),
        ("github-copilot", "gpt-4o", Usage(output=5), "output"),
        ("openai", "text-embedding-3-small", Usage(input=5, output=5), "output"),
        ("openai", "gpt-4.1", Usage(input=5, cache_write_5m=5), "cache writes"),
        ("openai", "gpt-5.6-sol", Usage(input=5, cache_write_1h=5), "one-hour cache writes"),
    ],
)
def test_tokens_without_a_price_make_the_call_unpriced(provider, model, usage, missing):
    cost = CATALOGUE.find(provider, model).cost(usage, AT)
    assert cost.picodollars is None
    assert f"no price for {missing} of" in cost.reason


@pytest.mark.parametrize("price", [None, Decimal(0)], ids=["none", "zero"])
@pytest.mark.parametrize(
    ("bucket", "gone"),
    [
        ("input", "input_mtok"),
        ("cache_read", "input_mtok"),
        ("output", "output_mtok"),
        ("cache_write_5m", "cache_write_mtok"),
        ("cache_write_1h", "cache_write_mtok"),
        ("cache_write_1h", "cache_write_1h_mtok"),
    ],
)
def test_law_what_is_listed_for_nothing_is_unpriced_and_not_free(bucket, gone, price):
    prices = dict.fromkeys(("input_mtok", "output_mtok", "cache_write_mtok", "cache_write_1h_mtok"), Decimal(1))
    assert entry(**prices).cost(Usage(**{bucket: 10}), AT).picodollars == 10 * 10**6
    cost = entry(**(prices | {gone: price})).cost(Usage(**{bucket: 10}), AT)
    assert (cost.picodollars, bool(cost.reason)) == (None, True)


def test_reads_without_a_price_of_their_own_are_paid_as_input():
    assert entry(input_mtok=Decimal(3)).cost(Usage(cache_read=10), AT).picodollars == 30 * 10**6


def test_free_means_that_the_catalogue_says_so():
    cost = CATALOGUE.find("openrouter", "deepseek/deepseek-r1:free").cost(Usage(input=5, output=5), AT)
    assert cost.picodollars == 0
    assert cost.source
    assert entry("openrouter", "house:free").cost(Usage(input=5), AT).picodollars == 0
    assert entry("groq", "house:free").cost(Usage(input=5), AT).picodollars is None


def test_the_price_of_the_moment_counts():
    usage, flash = Usage(input=MILLION), CATALOGUE.find("google", "gemini-3.6-flash")
    before = flash.cost(usage, datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    after = flash.cost(usage, datetime(2027, 1, 1, tzinfo=UTC))
    assert (before.picodollars, after.picodollars) == (75 * 10**10, 150 * 10**10)


def test_one_cached_token_is_not_rounded_away():
    assert CATALOGUE.find("anthropic", "claude-haiku-4-5").cost(Usage(cache_read=1), AT).picodollars == 100_000


@pytest.mark.parametrize("bucket", BUCKETS)
@pytest.mark.parametrize("others", [0, 100])
def test_a_negative_count_is_refused_whatever_stands_beside_it(bucket, others):
    usage = Usage(**(dict.fromkeys(BUCKETS, others) | {bucket: -5}))
    with pytest.raises(ValueError, match="usage"):
        CATALOGUE.find("anthropic", "claude-haiku-4-5").cost(usage, AT)


STEPS = st.lists(st.tuples(st.integers(0, 10**6), PRICES), max_size=3, unique_by=lambda step: step[0])
TIERED = st.builds(
    lambda base, steps: TieredPrices(base, [Tier(start, price) for start, price in sorted(steps)]), PRICES, STEPS
)


@given(TIERED, TIERED, TIERED, st.tuples(TOKENS, TOKENS, TOKENS, TOKENS))
def test_law_no_call_of_so_many_tokens_costs_more_than_the_dearest_prices(fresh, cached, written, tokens):
    """Whatever the tiers, and however the prompt is spread over its buckets."""
    mine = entry(input_mtok=fresh, output_mtok=cached, cache_read_mtok=cached, cache_write_mtok=written)
    read, output, hit, write = tokens
    usage = Usage(input=read, output=output, cache_read=hit, cache_write_5m=write)
    call, dearest_read, dearest_output = mine.dearest(usage.prompt, AT)
    cost = mine.cost(usage, AT)
    assert cost.picodollars is not None
    assert cost.picodollars <= to_picodollars(call + (usage.prompt * dearest_read + output * dearest_output) / MILLION)


@pytest.mark.parametrize(("prompt", "dearest"), [(0, 3), (200_000, 3), (200_001, 6)])
def test_a_tier_counts_from_the_first_token_that_is_in_it(prompt, dearest):
    tiered = TieredPrices(Decimal(3), [Tier(200_000, Decimal(6))])
    mine = entry(input_mtok=tiered, output_mtok=Decimal(1))
    assert mine.dearest(prompt, AT) == (0, dearest, 1)
    assert mine.cost(Usage(input=prompt), AT).picodollars == (dearest * prompt * 10**6)


def test_what_has_no_price_has_no_highest_one():
    assert entry().dearest(1_000, AT) == (0, 0, 0)


def whole() -> Iterator[Listed]:
    for provider in get_snapshot().providers:
        seller = whole_book().seller(provider.id)
        assert seller is not None
        for model, kept in zip(provider.models, seller.models, strict=True):
            assert model.id == kept.id
            yield Listed(provider, model, Entry(provider.id, model.id, whole_book().source, periods_of(kept)))


LISTED = list(whole())


def agree(one: Listed, usage: Usage, at: datetime = AT) -> None:
    """Asserts the catalogue's own calculation, where all tokens have a price."""
    cost = one.entry.cost(usage, at)
    if one.entry.free or cost.picodollars is None:
        return
    counted = CountedUsage(
        input_tokens=usage.prompt,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write_5m + usage.cache_write_1h,
        cache_write_1h_tokens=usage.cache_write_1h,
        output_tokens=usage.output,
    )
    price = one.model.calc_price(counted, one.provider, genai_request_timestamp=at)
    assert cost.picodollars == to_picodollars(price.total_price), (one.entry.name, at)


@pytest.mark.parametrize("prompt", [0, 1, 31_999, 128_001, 200_000, 200_001, 272_001, 524_289, 2_000_000])
def test_every_model_of_the_catalogue_costs_what_the_catalogue_calculates(prompt):
    for one in LISTED:
        agree(one, Usage(input=prompt, output=1_234))
        agree(one, Usage(input=prompt - prompt // 3, cache_read=prompt // 3, output=7))
        agree(one, Usage(input=1, cache_read=prompt, cache_write_5m=991, cache_write_1h=997, output=3))


COUNTS = st.one_of(st.integers(0, 400_000), st.sampled_from([0, 1, 128_000, 199_999, 200_000, 200_001, 272_001]))
USAGES = st.builds(Usage, **dict.fromkeys(BUCKETS, COUNTS))


@given(st.sampled_from(LISTED), st.lists(USAGES, min_size=1, max_size=4))
def test_law_what_was_asked_before_changes_no_price(one, usages):
    for usage in usages:
        agree(one, usage)


@given(
    TIERED, TIERED, TIERED, st.lists(st.tuples(*[st.integers(0, 30)] * 5), min_size=1, max_size=6), st.integers(0, 20)
)
def test_law_thresholds_that_lie_side_by_side_are_kept_apart(fresh, cached, written, tokens, first):
    steps = [Tier(first + number, price) for number, price in enumerate((Decimal(7), Decimal(2), Decimal("0.31")))]
    mine = house(
        input_mtok=TieredPrices(fresh.base, steps),
        output_mtok=TieredPrices(cached.base, steps[1:]),
        cache_read_mtok=cached,
        cache_write_mtok=written,
        cache_write_1h_mtok=written,
    )
    for counts in tokens:
        agree(mine, Usage(**dict(zip(BUCKETS, counts, strict=True))))


# Around every day and time of day at which some price of the catalogue changes, told in several zones and in none.
CHANGES = sorted(
    {
        moment
        for one in LISTED
        if isinstance(one.model.prices, list)
        for price in one.model.prices
        for moment in (
            [datetime.combine(price.constraint.start_date, time(), UTC)]
            if isinstance(price.constraint, StartDateConstraint)
            else [datetime.combine(AT, edge, UTC) for edge in (price.constraint.start_time, price.constraint.end_time)]
            if isinstance(price.constraint, TimeOfDateConstraint)
            else []
        )
    }
)
MOVED = [one for one in LISTED if isinstance(one.model.prices, list)]


def in_utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


ZONES = [UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-11, minutes=-30)), None]


def test_every_price_changes_when_the_catalogue_says_so():
    assert (len(MOVED) > 100, len(CHANGES) > 10) == (True, True)
    usages = Usage(input=1_000, output=7), Usage(input=300_000, cache_read=100, output=3)
    for moment in CHANGES:
        for late in (timedelta(microseconds=-1), timedelta(0)):
            for one in MOVED:
                for usage in usages:
                    agree(one, usage, moment + late)


@given(
    st.sampled_from(MOVED),
    st.one_of(st.sampled_from(CHANGES), st.integers(1_704_067_200, 1_830_297_600).map(in_utc)),
    st.integers(-100, 100),
    st.sampled_from(ZONES),
    USAGES,
)
def test_law_a_moment_is_the_same_however_it_is_told(one, moment, seconds, zone, usage):
    at = (moment + timedelta(seconds=seconds)).astimezone(zone or UTC)
    agree(one, usage, at if zone else at.replace(tzinfo=None))


TIMES = st.times(timezones=st.sampled_from(ZONES))
CONSTRAINTS = st.one_of(
    st.none(),
    st.builds(StartDateConstraint, st.dates(date(2026, 11, 18), date(2026, 11, 22))),
    st.builds(TimeOfDateConstraint, TIMES, TIMES),
)
CONDITIONAL = st.lists(
    st.builds(
        lambda constraint, price: ConditionalPrice(constraint, prices=ModelPrice(input_mtok=price)), CONSTRAINTS, PRICES
    ),
    min_size=1,
    max_size=4,
)


@given(CONDITIONAL, st.integers(-3 * 86_400, 3 * 86_400), st.sampled_from(ZONES))
def test_law_of_several_prices_that_counts_which_the_catalogue_takes(conditional, seconds, zone):
    at = AT + timedelta(seconds=seconds)
    agree(house(*conditional), Usage(input=1_000_003), at.astimezone(zone) if zone else at.replace(tzinfo=None))
