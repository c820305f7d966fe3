import asyncio
import threading
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.ledger.catalogue import Catalogue
from companion.ledger.prices import DEFAULT_MOST_OUTPUT, GenaiPrices
from companion.model.money import Usage
from tests.support.prices import whole_book


@pytest.fixture(autouse=True)
def one_book(monkeypatch):
    monkeypatch.setattr("companion.ledger.prices.price_book", lambda _: whole_book())


AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
PRICES = GenaiPrices()
MILLION = 10**6


@pytest.mark.parametrize(
    ("provider", "model", "reason"),
    [
        ("anthropic", "claude-opus-4-6-fast", "no price for the model"),
        ("unknown", "llama3:8b", "not known"),
        ("ollama", "llama3", "no price list for the provider"),
        ("anthropic", "", "no model was named"),
    ],
)
def test_what_the_catalogue_does_not_know_is_unpriced_and_says_why(provider, model, reason):
    cost = PRICES.price(provider, model, Usage(input=1_000, output=1_000), AT)
    assert cost.picodollars is None
    assert reason in cost.reason
    assert PRICES.ceiling(provider, model, 1_000, 1_000, AT) == 0


def test_what_it_knows_costs_what_it_says():
    usage = Usage(input=7, output=5, cache_read=3)
    cost = PRICES.price("openai", "gpt-5", usage, AT)
    assert cost.picodollars
    assert cost == Catalogue(whole_book()).find("openai", "gpt-5").cost(usage, AT)


def test_negative_counts_are_unpriced_not_paid_back():
    cost = PRICES.price("anthropic", "claude-haiku-4-5", Usage(input=10, output=-5), AT)
    assert cost.picodollars is None
    assert cost.reason


OWN = {
    "house-model": (Decimal(1), Decimal(2), Decimal("0.5"), Decimal(4)),
    "openai/GPT-5": (Decimal(7), Decimal(0), Decimal(0), Decimal(0)),
    "local": (Decimal(0), Decimal(0), Decimal(0), Decimal(0)),
}


@pytest.mark.parametrize(
    ("provider", "model", "picodollars"),
    [
        ("ollama", "House-Model", 1_000_000 + 2_000_000 + 500_000 + 8_000_000),
        ("openai", "gpt-5", 7_000_000),
        ("ollama", "local", 0),
    ],
)
def test_the_users_prices_win(provider, model, picodollars):
    usage = Usage(input=1, output=1, cache_read=1, cache_write_5m=1, cache_write_1h=1)
    cost = GenaiPrices(OWN).price(provider, model, usage, AT)
    assert cost.picodollars == picodollars
    assert cost.source == f"your price of {model}"


def test_the_users_price_of_one_provider_is_not_that_of_another():
    own = GenaiPrices(OWN)
    usage = Usage(input=MILLION)
    assert own.price("azure", "gpt-5", usage, AT) == PRICES.price("azure", "gpt-5", usage, AT)


@pytest.mark.parametrize("bad", ["-1", "NaN", "Infinity"])
def test_a_users_price_that_is_no_amount_is_refused(bad):
    with pytest.raises(ValueError, match="amounts of 0 or more"):
        GenaiPrices({"m": (Decimal(1), Decimal(bad), Decimal(0), Decimal(0))})


def test_the_catalogue_is_loaded_when_it_is_needed():
    prices = GenaiPrices()
    assert not prices.ready
    assert prices.price("openai", "gpt-5", Usage(input=1), AT).picodollars
    assert prices.ready


async def test_whoever_waits_for_it_waits_for_one_load_and_keeps_no_loop(monkeypatch):
    loads, begun, may_end = [], threading.Event(), threading.Event()

    def slow(folder):
        loads.append(folder)
        begun.set()
        assert may_end.wait(60)
        return whole_book()

    monkeypatch.setattr("companion.ledger.prices.price_book", slow)
    prices = GenaiPrices(books=Path("/books"))
    waiting = [asyncio.ensure_future(prices.load()) for _ in range(50)]
    await asyncio.to_thread(begun.wait, 60)
    given_up = waiting.pop()
    given_up.cancel()
    await asyncio.sleep(0)
    assert not prices.ready
    assert not any(one.done() for one in waiting)
    may_end.set()
    await asyncio.gather(*waiting)
    assert (prices.ready, loads) == (True, [Path("/books")])


async def test_a_catalogue_that_cannot_be_loaded_is_tried_once_and_leaves_calls_unpriced(monkeypatch):
    tried = []

    def broken(folder):
        tried.append(folder)
        raise ImportError("no module named genai_prices")

    monkeypatch.setattr("companion.ledger.prices.price_book", broken)
    prices = GenaiPrices(OWN)
    await prices.load()
    for model in ("gpt-5-mini", "gpt-5-nano"):
        cost = prices.price("openai", model, Usage(input=1), AT)
        assert (cost.picodollars, "no module named genai_prices" in cost.reason) == (None, True)
        assert prices.ceiling("openai", model, 1_000, 10, AT) == 0
    assert prices.price("openai", "house-model", Usage(input=1), AT).picodollars == 1_000_000
    assert (prices.ready, len(tried)) == (True, 1)


MODELS = st.sampled_from(
    [
        ("anthropic", "claude-sonnet-4-5"),
        ("anthropic", "claude-haiku-5-5"),
        ("openai", "gpt-5.4"),
        ("google", "gemini-2.5-pro"),
        ("deepseek", "deepseek-v4-pro"),
        ("own", "house-model"),
    ]
)


@settings(max_examples=60)
@given(
    model=MODELS,
    tokens=st.integers(0, 600_000),
    parts=st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
    output=st.integers(0, 60_000),
)
def test_no_call_costs_more_than_its_ceiling(model, tokens, parts, output):
    prices = GenaiPrices(OWN)
    read, short, long = (int(part * tokens / 3) for part in parts)
    usage = Usage(tokens - read - short - long, read, short, 0 if model[0] in ("openai", "google") else long, output)
    cost = prices.price(*model, usage, AT)
    ceiling = prices.ceiling(*model, 2 * tokens, output, AT)
    assert cost.picodollars is None or 0 <= cost.picodollars <= ceiling


def test_a_call_without_a_limit_is_taken_to_be_long():
    limited = PRICES.ceiling("anthropic", "claude-haiku-4-5", 2_000, DEFAULT_MOST_OUTPUT, AT)
    assert PRICES.ceiling("anthropic", "claude-haiku-4-5", 2_000, None, AT) == limited
    assert limited == 1_000 * 2_000_000 + DEFAULT_MOST_OUTPUT * 5_000_000


@pytest.mark.parametrize(("prompt", "output"), [(-5, -5), (0, 0)])
def test_a_ceiling_is_never_negative(prompt, output):
    assert PRICES.ceiling("anthropic", "claude-haiku-4-5", prompt, output, AT) == 0


def test_a_price_of_the_call_itself_is_within_its_ceiling():
    cost = PRICES.price("perplexity", "sonar", Usage(input=10, output=10), AT)
    assert cost.picodollars is not None
    assert cost.picodollars > 20 * 1_000_000, "sonar charges for each request"
    assert cost.picodollars <= PRICES.ceiling("perplexity", "sonar", 40, 10, AT)
