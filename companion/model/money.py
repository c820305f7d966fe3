"""Tokens and money. Money is computed in Decimal and kept as int64 picodollars (1e-12 USD)."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from msgspec import Struct

PICODOLLARS_PER_DOLLAR = 10**12

_TENTH_OF_A_CENT = Decimal("0.001")


class Usage(Struct, frozen=True):
    """Tokens of one call in disjoint buckets: a token is counted in exactly one of the first five."""

    input: int = 0
    """Uncached prompt tokens."""
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    """Completion tokens, reasoning included."""
    reasoning: int = 0
    """The part of `output` spent on reasoning, where the provider says so."""
    flags: tuple[str, ...] = ()
    """What was odd in the provider's figures, e.g. "cached-exceeds-prompt"."""

    @property
    def prompt(self) -> int:
        """All prompt tokens, cached or not."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h


class Cost(Struct, frozen=True):
    """`picodollars` is None when the price is unknown; `reason` then says why. Unknown is never 0."""

    picodollars: int | None
    reason: str = ""
    source: str = ""
    """Which table priced it, with its version, e.g. "genai-prices 0.2.3: anthropic/claude-sonnet-4-5"."""


def to_picodollars(dollars: Decimal) -> int:
    """Rounded once, half to even."""
    return int((dollars * PICODOLLARS_PER_DOLLAR).to_integral_value(rounding=ROUND_HALF_EVEN))


def to_dollars(picodollars: int) -> Decimal:
    """Exact."""
    return Decimal(picodollars) / PICODOLLARS_PER_DOLLAR


def show_dollars(picodollars: int) -> str:
    """For people: cents from one dollar up, four decimals below, three significant digits below a tenth of a cent.

    So a small call never reads $0.00. The terminal UI shows the same text for the same amount.
    """
    if picodollars == 0:
        return "$0.00"
    amount = to_dollars(abs(picodollars))
    shown = round(amount, _decimals(amount))
    if shown >= 1:
        shown = round(shown, 2)
    return f"{'-' if picodollars < 0 else ''}${shown:,f}"


def _decimals(dollars: Decimal) -> int:
    if dollars >= 1:
        return 2
    if dollars >= _TENTH_OF_A_CENT:
        return 4
    return min(12, 2 - dollars.adjusted())
