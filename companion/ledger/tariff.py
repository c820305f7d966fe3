"""A model as the price book has it, and what its tokens cost there."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from companion.ledger.book import KINDS, Period, Rates, in_force
from companion.model.money import Cost, Usage, to_picodollars

_IN_WORDS = {
    "input": "input",
    "cache_read": "input",
    "output": "output",
    "cache_write_5m": "cache writes",
    "cache_write_1h": "one-hour cache writes",
}
_NOTHING = Decimal(0)
_INPUT, _OUTPUT = KINDS.index("input"), KINDS.index("output")


@dataclass(frozen=True, slots=True)
class Entry:
    """A model and the provider that sells it."""

    provider: str
    model: str
    book: str
    """Which book says so."""
    periods: tuple[Period, ...]

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.model}"

    @property
    def source(self) -> str:
        return f"{self.book}: {self.name}"

    @property
    def free(self) -> bool:
        """Whether the catalogue says that it costs nothing, as opposed to not knowing what it costs."""
        return self.provider == "openrouter" and self.model.endswith(":free")

    def cost(self, usage: Usage, at: datetime) -> Cost:
        """Unknown when a kind of token that was used has no price. Raises ValueError for a negative count."""
        source = self.source
        if self.free:
            return Cost(0, source=source)
        rates = self._rates_at(usage.prompt, at)
        if rates is None:
            return Cost(None, f"the catalogue has no price of {self.name}", source)
        dollars = rates.call
        for kind, rate in zip(KINDS, rates.tokens, strict=True):
            count = getattr(usage, kind)
            if count < 0:
                raise ValueError(f"usage: the count of {kind} is negative")
            if count and rate is None:
                return Cost(None, f"the catalogue has no price for {_IN_WORDS[kind]} of {self.name}", source)
            if count and rate:
                dollars += count * rate
        if rates.tokens[_INPUT] is None and rates.tokens[_OUTPUT] is None:
            return Cost(None, f"the catalogue has no price for input or output of {self.name}", source)
        return Cost(to_picodollars(dollars), source=source)

    def dearest(self, prompt: int, at: datetime) -> tuple[Decimal, Decimal, Decimal]:
        """The most that a prompt of so many tokens can meet: USD for the call, and per million of input and output."""
        rates = self._rates_at(prompt, at)
        return (_NOTHING, _NOTHING, _NOTHING) if rates is None else (rates.call, *rates.dearest)

    def _rates_at(self, prompt: int, at: datetime) -> Rates | None:
        period = in_force(self.periods, at)
        return None if period is None else period.rates[bisect_left(period.thresholds, prompt)]
