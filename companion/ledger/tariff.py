"""A model as the price catalogue has it, and what its tokens cost there. Loads genai-prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from genai_prices import Usage as CountedUsage
from genai_prices import __version__
from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices

from companion.model.money import Cost, Usage, to_picodollars

SOURCE = f"genai-prices {__version__}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A model and the provider that sells it."""

    provider: Provider
    model: ModelInfo

    @property
    def name(self) -> str:
        return f"{self.provider.id}/{self.model.id}"

    @property
    def free(self) -> bool:
        """Whether the catalogue says that it costs nothing, as opposed to not knowing what it costs."""
        return self.provider.id == "openrouter" and self.model.id.endswith(":free")

    def cost(self, usage: Usage, at: datetime) -> Cost:
        """Unknown when a kind of token that was used has no price. Raises ValueError for a negative count."""
        source = f"{SOURCE}: {self.name}"
        if self.free:
            return Cost(0, source=source)
        if missing := _missing(self.model.get_prices(at), usage):
            return Cost(None, f"the catalogue has no price for {missing} of {self.name}", source)
        counted = CountedUsage(
            # Here the buckets are disjoint; there a total includes its parts.
            input_tokens=usage.prompt,
            cache_read_tokens=usage.cache_read,
            cache_write_tokens=usage.cache_write_5m + usage.cache_write_1h,
            cache_write_1h_tokens=usage.cache_write_1h,
            output_tokens=usage.output,
        )
        calculated = self.model.calc_price(counted, self.provider, genai_request_timestamp=at)
        return Cost(to_picodollars(calculated.total_price), source=source)

    def dearest(self, prompt: int, at: datetime) -> tuple[Decimal, Decimal]:
        """The highest input and output price, USD per million tokens, that a prompt of so many tokens can meet."""
        prices = self.model.get_prices(at)
        read = (prices.input_mtok, prices.cache_read_mtok, prices.cache_write_mtok, prices.cache_write_1h_mtok)
        return max(_highest(price, prompt) for price in read), _highest(prices.output_mtok, prompt)


def _missing(prices: ModelPrice, usage: Usage) -> str:
    """Which tokens would silently cost nothing, or as much as other ones; "" when all are priced."""
    needed = (
        ("input", usage.prompt, prices.input_mtok),
        ("output", usage.output, prices.output_mtok),
        # Reads without a price of their own are billed as input: there is no discount.
        ("cache writes", usage.cache_write_5m + usage.cache_write_1h, prices.cache_write_mtok),
        ("one-hour cache writes", usage.cache_write_1h, prices.cache_write_1h_mtok),
    )
    return next((what for what, tokens, price in needed if tokens and not price), "")


def _highest(price: Decimal | TieredPrices | None, prompt: int) -> Decimal:
    if isinstance(price, TieredPrices):
        return max([price.base, *(tier.price for tier in price.tiers if prompt > tier.start)])
    return price or Decimal(0)
