"""Makes a price book of the catalogue that came with the installed genai-prices; it is never fetched.

    python -P -m companion.ledger.genai

writes one to its output. Importing this module loads genai-prices, 0.1 s and 13 MB, and a book takes a second, which a
process of its own spares the daemon.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from genai_prices import Usage as CountedUsage
from genai_prices import __version__
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import (
    ClauseAnd,
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseOr,
    ClauseRegex,
    ClauseStartsWith,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)
from msgspec.structs import replace as changed

from companion.ledger.book import (
    KINDS,
    AllOf,
    AnyOf,
    Contains,
    Daily,
    EndsWith,
    Equals,
    Model,
    Period,
    Rates,
    Regex,
    Rule,
    Seller,
    Since,
    StartsWith,
    Unread,
    printed,
    raw,
)
from companion.ledger.edition import edition
from companion.model.money import Usage

_AT = datetime(2000, 1, 1, tzinfo=UTC)
"""Any time: of prices that are asked for alone, none depends on it."""

_NEEDED = {
    # Reads without a price of their own are billed as input: there is no discount.
    "input": ("input_mtok",),
    "cache_read": ("input_mtok",),
    "output": ("output_mtok",),
    "cache_write_5m": ("cache_write_mtok",),
    "cache_write_1h": ("cache_write_mtok", "cache_write_1h_mtok"),
}
"""The prices without which the catalogue would count a kind of token as 0 or as another."""


def made(providers: Sequence[Provider] | None = None) -> bytes:
    """The price book of the whole catalogue, or of these lists."""
    listed = get_snapshot().providers if providers is None else providers
    return printed(edition(), f"genai-prices {__version__}", {one.id: _seller(one) for one in listed})


def _seller(provider: Provider) -> Seller:
    return Seller(
        id=provider.id,
        rule=None if provider.model_match is None else _rule(provider.model_match),
        fallback=tuple(provider.fallback_model_providers or ()),
        models=tuple(Model(model.id, _rule(model.match), raw(_periods(provider, model))) for model in provider.models),
    )


def _rule(logic: object) -> Rule:
    match logic:
        case ClauseEquals(text):
            return Equals(text.lower())
        case ClauseStartsWith(text):
            return StartsWith(text.lower())
        case ClauseEndsWith(text):
            return EndsWith(text.lower())
        case ClauseContains(text):
            return Contains(text.lower())
        case ClauseRegex(pattern):
            return Regex(pattern)
        case ClauseOr(parts):
            return AnyOf(tuple(map(_rule, parts)))
        case ClauseAnd(parts):
            return AllOf(tuple(map(_rule, parts)))
        case _:
            return Unread()


def _periods(provider: Provider, model: ModelInfo) -> tuple[Period, ...]:
    listed = [ConditionalPrice(prices=model.prices)] if isinstance(model.prices, ModelPrice) else model.prices
    try:
        return tuple(_period(provider, model, one) for one in listed)
    except Exception:  # noqa: BLE001 - a list that is not understood has no price; it spoils no other's
        return ()


def _period(provider: Provider, model: ModelInfo, listed: ConditionalPrice) -> Period:
    """Raises TypeError for a constraint that is not known here."""
    thresholds = _thresholds(listed.prices)
    own = replace(model, prices=listed.prices)
    smallest = [0, *(threshold + 1 for threshold in thresholds)]
    return Period(
        _when(listed.constraint),
        tuple(thresholds),
        tuple(_Calculation(provider, own, size).rates() for size in smallest),
    )


def _when(constraint: object) -> Since | Daily | None:
    match constraint:
        case None:
            return None
        case StartDateConstraint(day):
            return Since(day)
        case TimeOfDateConstraint(start, end):
            return Daily(_in_utc(start), _in_utc(end))
        case _:
            raise TypeError("a constraint that is not known")


def _in_utc(moment: time) -> time:
    if moment.tzinfo is None:
        return moment
    return datetime.combine(date(1970, 1, 1), moment).astimezone(UTC).time()


class _Calculation:
    """The catalogue's own, asked for each kind of token in prompts of one size; what it says of them is linear."""

    def __init__(self, provider: Provider, model: ModelInfo, smallest: int) -> None:
        """`model` has one list of prices, and `smallest` is the smallest size of a range that it prices alike.

        The range may hold that one size alone.
        """
        assert isinstance(model.prices, ModelPrice)
        self._provider = provider
        self._model = model
        self._prices = model.prices
        self._smallest = smallest

    def rates(self) -> Rates:
        try:
            call, floor = self._dollars(Usage()), self._dollars(Usage(input=self._smallest))
            tokens = tuple(self._of_one(kind, call, floor) for kind in KINDS)
        except ValueError:
            # A list that contradicts itself, by the catalogue's own word.
            call, tokens = Decimal(0), (None,) * len(KINDS)
        prices = self._prices
        read = (prices.input_mtok, prices.cache_read_mtok, prices.cache_write_mtok, prices.cache_write_1h_mtok)
        return Rates(
            call,
            tokens,
            (max(_highest(price, self._smallest) for price in read), _highest(prices.output_mtok, self._smallest)),
        )

    def _of_one(self, kind: str, call: Decimal, floor: Decimal) -> Decimal | None:
        """What one token of a kind costs in such a prompt, in USD; None where it has no price."""
        if not all(getattr(self._prices, name) for name in _NEEDED[kind]):
            return None
        one: dict[str, Any] = {kind: 1}
        if not self._smallest or kind == "output":
            return self._dollars(changed(Usage(input=self._smallest), **one)) - floor
        fresh = (floor - call) / self._smallest
        if kind == "input":
            return fresh
        # One token is counted as another kind: the prompt stays as long as it is.
        return fresh + self._dollars(changed(Usage(input=self._smallest - 1), **one)) - floor

    def _dollars(self, usage: Usage) -> Decimal:
        counted = CountedUsage(
            # Here the buckets are disjoint; there a total includes its parts.
            input_tokens=usage.prompt,
            cache_read_tokens=usage.cache_read,
            cache_write_tokens=usage.cache_write_5m + usage.cache_write_1h,
            cache_write_1h_tokens=usage.cache_write_1h,
            output_tokens=usage.output,
        )
        return self._model.calc_price(counted, self._provider, genai_request_timestamp=_AT).total_price


def _thresholds(prices: ModelPrice) -> list[int]:
    """The sizes of prompts above which some price of the list is another."""
    tiered = [price for price in vars(prices).values() if isinstance(price, TieredPrices)]
    return sorted({tier.start for price in tiered for tier in price.tiers})


def _highest(price: Decimal | TieredPrices | None, prompt: int) -> Decimal:
    if isinstance(price, TieredPrices):
        return max([price.base, *(tier.price for tier in price.tiers if prompt > tier.start)])
    return price or Decimal(0)


if __name__ == "__main__":
    sys.stdout.buffer.write(made())
