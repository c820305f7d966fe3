from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companion.ledger.catalogue import Catalogue, Unlisted
from companion.ledger.prices import DEFAULT_MOST_OUTPUT, GenaiPrices
from companion.model.money import Usage, to_picodollars

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
PRICES = GenaiPrices()
MILLION = 10**6


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
    names = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
    known = [(name, count, price) for name, count, price in zip(names, tokens, listed, strict=True) if price]
    by_hand = sum((count * Decimal(price) / MILLION for _, count, price in known), Decimal(0))
    cost = PRICES.price(provider, model, Usage(**{name: count for name, count, _ in known}), AT)
    assert cost.picodollars == to_picodollars(by_hand)
    assert cost.reason == ""
    assert cost.source.startswith("genai-prices ")


@pytest.mark.parametrize(
    ("provider", "model", "entry"),
    [
        ("anthropic", "claude-sonnet-4-5", "anthropic/claude-sonnet-4-5"),
        ("anthropic", "claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-5"),
        ("anthropic", "Claude-Sonnet-4-5", "anthropic/claude-sonnet-4-5"),
        ("anthropic", "claude-sonnet-4-20250514", "anthropic/claude-sonnet-4-0"),
        ("anthropic", "claude-3-5-haiku-latest", "anthropic/claude-3-5-haiku-latest"),
        ("openai", "gpt-5-2025-08-07", "openai/gpt-5"),
        ("openai", "gpt-5-codex", "openai/gpt-5"),
        ("openai", "gpt-5-nano-2025-08-07", "openai/gpt-5-nano"),
        ("openai", "gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13"),
        ("openai", "gpt-5.6-sol-2026-07-01", "openai/gpt-5.6-sol"),
        ("google", "claude-haiku-4-5@20251001", "google/claude-haiku-4-5"),
        ("google", "gemini-2.0-flash-001", "google/gemini-2.0-flash"),
        ("gemini", "gemini-2.5-pro", "google/gemini-2.5-pro"),
        ("azure", "gpt-5", "azure/gpt-5"),
        ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", None),
        ("openrouter", "anthropic/claude-sonnet-4.5", "openrouter/anthropic/claude-sonnet-4.5"),
        ("unknown", "claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-5"),
        ("unknown", "gpt-5", "openai/gpt-5"),
        ("unknown", "gemini-2.5-pro", "google/gemini-2.5-pro"),
        ("", "grok-code-fast-1", "x-ai/grok-code-fast-1"),
    ],
)
def test_names_that_the_catalogue_knows(provider, model, entry):
    assert entry in (None, Catalogue().find(provider, model).name)


@pytest.mark.parametrize(
    ("provider", "model", "reason"),
    [
        # Another product that merely begins alike: the catalogue would give it its sibling's price.
        ("anthropic", "claude-opus-4-6-fast", "no price for the model"),
        ("anthropic", "claude-haiku-4-5-turbo-20260101", "no price for the model"),
        ("anthropic", "claude-sonnet-4-55", "no price for the model"),
        ("openai", "gpt-5-nano-ultra", "no price for the model"),
        ("openai", "ft:gpt-4o-2024-08-06:mine::1", "no price for the model"),
        ("unknown", "claude-opus-4-6-fast", "not known"),
        ("mistral", "mistral-large-latest", "no price for the model"),
        ("anthropic", "gpt-5", "no price for the model"),
        ("unknown", "llama3:8b", "not known"),
        ("unknown", "anthropic/claude-sonnet-4.5", "not known"),
        ("ollama", "llama3", "no price list for the provider"),
        ("my-openai-proxy", "gpt-5", "no price list for the provider"),
        ("anthropic", "", "no model was named"),
        ("anthropic", "\x00", "no price for the model"),
    ],
)
def test_names_that_it_does_not(provider, model, reason):
    with pytest.raises(Unlisted, match=reason):
        Catalogue().find(provider, model)
    cost = PRICES.price(provider, model, Usage(input=1_000, output=1_000), AT)
    assert cost.picodollars is None
    assert reason in cost.reason
    assert PRICES.ceiling(provider, model, 1_000, 1_000, AT) == 0


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
    cost = PRICES.price(provider, model, usage, AT)
    assert cost.picodollars is None
    assert f"no price for {missing} of" in cost.reason


def test_free_means_that_the_catalogue_says_so():
    cost = PRICES.price("openrouter", "deepseek/deepseek-r1:free", Usage(input=5, output=5), AT)
    assert cost.picodollars == 0
    assert cost.source


def test_the_price_of_the_moment_counts():
    usage = Usage(input=MILLION)
    before = PRICES.price("google", "gemini-3.6-flash", usage, datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    after = PRICES.price("google", "gemini-3.6-flash", usage, datetime(2027, 1, 1, tzinfo=UTC))
    assert (before.picodollars, after.picodollars) == (75 * 10**10, 150 * 10**10)


def test_one_cached_token_is_not_rounded_away():
    assert PRICES.price("anthropic", "claude-haiku-4-5", Usage(cache_read=1), AT).picodollars == 100_000


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
    assert prices._catalogue is None
    prices.warm()
    assert prices._catalogue is not None


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


@settings(max_examples=60, deadline=None)
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
