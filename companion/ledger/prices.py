"""What a call costs: the user's own prices first, then the catalogue. Unknown is None with a reason, never 0."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache
from pathlib import Path

from companion.ledger.bookshelf import price_book
from companion.ledger.catalogue import Catalogue
from companion.ledger.tariff import Entry
from companion.model.money import PICODOLLARS_PER_DOLLAR, Cost, Usage, to_picodollars

PriceOverride = tuple[Decimal, Decimal, Decimal, Decimal]
"""USD per million tokens: input, output, cache read, cache write."""

DEFAULT_MOST_OUTPUT = 32_768
"""Output tokens assumed where a call names no limit; the catalogue knows no model's maximum."""

# No tokenizer makes more of ordinary text than one token for two bytes.
_BYTES_A_TOKEN = 2

_PER_MTOK = Decimal(10) ** -6
_REMEMBERED = 1_024


class GenaiPrices:
    """Fulfils `companion.gatekeeper.ports.Prices`. Any thread may call.

    `overrides` maps a model, or "provider/model", to the user's own prices; they win over the catalogue. `books` is a
    folder of ours for what is made of the catalogue; without one genai-prices itself is loaded.
    """

    def __init__(self, overrides: Mapping[str, PriceOverride] | None = None, books: Path | None = None) -> None:
        """Raises ValueError for a price that is negative or not finite."""
        self._overrides = {name.strip().lower(): prices for name, prices in (overrides or {}).items()}
        for name, prices in self._overrides.items():
            if not all(price.is_finite() and price >= 0 for price in prices):
                raise ValueError(f"the prices of {name!r} must be amounts of 0 or more, in USD per million tokens")
        self._books = books
        self._catalogue: Catalogue | None = None
        self._missing = ""
        self._lock = threading.Lock()
        self._turn = asyncio.Lock()
        self._find = lru_cache(maxsize=_REMEMBERED)(self._look_up)

    @property
    def ready(self) -> bool:
        """Whether a price can be told at once."""
        return self._catalogue is not None or bool(self._missing)

    async def load(self) -> None:
        """Waits until it can, without keeping the loop."""
        # One thread waits for all: there are not many.
        async with self._turn:
            if not self.ready:
                await asyncio.to_thread(self.warm)

    def warm(self) -> None:
        """Loads the catalogue: milliseconds, and the first time seconds; else the first call pays for it."""
        with self._lock:
            if self.ready:
                return
            try:
                self._catalogue = Catalogue(price_book(self._books))
            except Exception as error:  # noqa: BLE001 - whatever a broken installation raises
                self._missing = f"the price catalogue cannot be loaded ({type(error).__name__}: {error})"

    def price(self, provider: str, model: str, usage: Usage, at: datetime) -> Cost:
        """Never raises: an unknown price is a Cost without picodollars."""
        try:
            found = self._find(provider, model)
            if isinstance(found, str):
                return Cost(None, found)
            if isinstance(found, tuple):
                return Cost(to_picodollars(_override_dollars(found, usage)), source=f"your price of {model}")
            return found.cost(usage, at)
        except Exception as error:  # noqa: BLE001 - a price that cannot be computed is unknown, whatever the cause
            return Cost(None, f"the price could not be computed ({type(error).__name__}: {error})")

    def ceiling(self, provider: str, model: str, prompt_bytes: int, max_output_tokens: int | None, at: datetime) -> int:
        """The most that a call can cost, in picodollars; 0 when the price is unknown."""
        try:
            found = self._find(provider, model)
            if isinstance(found, str):
                return 0
            prompt = -(-max(0, prompt_bytes) // _BYTES_A_TOKEN)
            output = DEFAULT_MOST_OUTPUT if max_output_tokens is None else max(0, max_output_tokens)
            if isinstance(found, tuple):
                call, dearest_input, dearest_output = Decimal(0), max(found[0], found[2], found[3]), found[1]
            else:
                call, dearest_input, dearest_output = found.dearest(prompt, at)
            dollars = call + (prompt * dearest_input + output * dearest_output) * _PER_MTOK
            return int((dollars * PICODOLLARS_PER_DOLLAR).to_integral_value(rounding=ROUND_CEILING))
        except Exception:  # noqa: BLE001 - as in price()
            return 0

    def _look_up(self, provider: str, model: str) -> PriceOverride | Entry | str:
        """The user's price, the catalogue's entry, or why there is neither."""
        name = model.strip().lower()
        for key in (f"{provider.strip().lower()}/{name}", name):
            if (own := self._overrides.get(key)) is not None:
                return own
        self.warm()
        if self._catalogue is None:
            return self._missing
        try:
            return self._catalogue.find(provider, model)
        except LookupError as unlisted:
            return str(unlisted)


def _override_dollars(prices: PriceOverride, usage: Usage) -> Decimal:
    fresh, output, cache_read, cache_write = prices
    written = usage.cache_write_5m + usage.cache_write_1h
    tokens = usage.input * fresh + usage.output * output + usage.cache_read * cache_read + written * cache_write
    return tokens * _PER_MTOK
