"""A model as the price catalogue has it, and what its tokens cost there. Loads genai-prices."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from genai_prices import Usage as CountedUsage
from genai_prices import __version__
from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices
from msgspec.structs import replace

from companion.model.money import Cost, Usage, to_picodollars

SOURCE = f"genai-prices {__version__}"


_KINDS = {
    # Reads without a price of their own are billed as input: there is no discount.
    "input": ("input", ("input_mtok",)),
    "cache_read": ("input", ("input_mtok",)),
    "output": ("output", ("output_mtok",)),
    "cache_write_5m": ("cache writes", ("cache_write_mtok",)),
    "cache_write_1h": ("one-hour cache writes", ("cache_write_mtok", "cache_write_1h_mtok")),
}
"""The fields of Usage: each in words, and the prices without which the catalogue would count it as 0 or as another."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What is charged for prompts of one range of sizes."""

    source: str
    call: Decimal
    """USD for the call itself."""
    tokens: Mapping[str, Decimal | None]
    """USD for one token, by the fields of Usage; None where there is no price."""
    dearest: tuple[Decimal, Decimal]
    """As of Entry.dearest."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model and the provider that sells it.

    The catalogue's own calculation is asked once for each range of prompt sizes that it prices alike. Within one it is
    linear in the tokens (tests/ledger/test_tariff.py compares both over the whole catalogue).
    """

    provider: Provider
    model: ModelInfo
    _thresholds: dict[int, list[int]] = field(default_factory=dict[int, list[int]], compare=False, repr=False)
    _rates: dict[tuple[int, int], Rates] = field(
        default_factory=dict[tuple[int, int], Rates], compare=False, repr=False
    )

    @property
    def name(self) -> str:
        return f"{self.provider.id}/{self.model.id}"

    @property
    def free(self) -> bool:
        """Whether the catalogue says that it costs nothing, as opposed to not knowing what it costs."""
        return self.provider.id == "openrouter" and self.model.id.endswith(":free")

    def cost(self, usage: Usage, at: datetime) -> Cost:
        """Unknown when a kind of token that was used has no price. Raises ValueError for a negative count."""
        if self.free:
            return Cost(0, source=f"{SOURCE}: {self.name}")
        rates = self._rates_at(usage.prompt, at)
        dollars = rates.call
        for kind, rate in rates.tokens.items():
            count = getattr(usage, kind)
            if count < 0:
                raise ValueError(f"usage: the count of {kind} is negative")
            if count and rate is None:
                return Cost(None, f"the catalogue has no price for {_KINDS[kind][0]} of {self.name}", rates.source)
            if count and rate:
                dollars += count * rate
        if rates.tokens["input"] is None and rates.tokens["output"] is None:
            return Cost(None, f"the catalogue has no price for input or output of {self.name}", rates.source)
        return Cost(to_picodollars(dollars), source=rates.source)

    def dearest(self, prompt: int, at: datetime) -> tuple[Decimal, Decimal]:
        """The highest input and output price, USD per million tokens, that a prompt of so many tokens can meet."""
        return self._rates_at(prompt, at).dearest

    def _rates_at(self, prompt: int, at: datetime) -> Rates:
        prices = self.model.get_prices(at)
        # The catalogue outlives its entries, so no other list comes to have the same id.
        thresholds = self._thresholds.get(id(prices))
        if thresholds is None:
            thresholds = self._thresholds[id(prices)] = _thresholds_of(prices)
        above = bisect_left(thresholds, prompt)
        rates = self._rates.get((id(prices), above))
        if rates is None:
            rates = self._read(prices, thresholds[above - 1] + 1 if above else 0, at)
            self._rates[id(prices), above] = rates
        return rates

    def _read(self, prices: ModelPrice, smallest: int, at: datetime) -> Rates:
        """The rates of the range of prompts that begins with `smallest` tokens; it may hold that one size alone."""
        try:
            call = self._calculated(Usage(), at)
            tokens = {kind: self._of_one(kind, prices, smallest, at) for kind in _KINDS}
        except ValueError:
            # A list that contradicts itself, by the catalogue's own word.
            call, tokens = Decimal(0), dict.fromkeys(_KINDS, None)
        read = (prices.input_mtok, prices.cache_read_mtok, prices.cache_write_mtok, prices.cache_write_1h_mtok)
        return Rates(
            source=f"{SOURCE}: {self.name}",
            call=call,
            tokens=tokens,
            dearest=(max(_highest(price, smallest) for price in read), _highest(prices.output_mtok, smallest)),
        )

    def _of_one(self, kind: str, prices: ModelPrice, smallest: int, at: datetime) -> Decimal | None:
        """What one token of a kind costs in such a prompt, in USD; None where it has no price."""
        if not all(getattr(prices, name) for name in _KINDS[kind][1]):
            return None
        call, floor = self._calculated(Usage(), at), self._calculated(Usage(input=smallest), at)
        one: dict[str, Any] = {kind: 1}
        if not smallest or kind == "output":
            return self._calculated(replace(Usage(input=smallest), **one), at) - floor
        fresh = (floor - call) / smallest
        if kind == "input":
            return fresh
        # One token is counted as another kind: the prompt stays as long as it is.
        return fresh + self._calculated(replace(Usage(input=smallest - 1), **one), at) - floor

    def _calculated(self, usage: Usage, at: datetime) -> Decimal:
        """USD, as the catalogue calculates it."""
        counted = CountedUsage(
            # Here the buckets are disjoint; there a total includes its parts.
            input_tokens=usage.prompt,
            cache_read_tokens=usage.cache_read,
            cache_write_tokens=usage.cache_write_5m + usage.cache_write_1h,
            cache_write_1h_tokens=usage.cache_write_1h,
            output_tokens=usage.output,
        )
        return self.model.calc_price(counted, self.provider, genai_request_timestamp=at).total_price


def _thresholds_of(prices: ModelPrice) -> list[int]:
    """The sizes of prompts above which some price of the list is another."""
    tiered = [price for price in vars(prices).values() if isinstance(price, TieredPrices)]
    return sorted({tier.start for price in tiered for tier in price.tiers})


def _highest(price: Decimal | TieredPrices | None, prompt: int) -> Decimal:
    if isinstance(price, TieredPrices):
        return max([price.base, *(tier.price for tier in price.tiers if prompt > tier.start)])
    return price or Decimal(0)
