"""A name is found where the catalogue means that very model, and nobody is charged the price of a sibling."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ClauseEquals, ClauseStartsWith, ModelInfo, ModelPrice, Provider
from hypothesis import given
from hypothesis import strategies as st

from companion.ledger.book import Book
from companion.ledger.catalogue import Catalogue, Unlisted
from companion.ledger.genai import made
from companion.ledger.tariff import Entry
from tests.support.prices import whole_book

CATALOGUE = Catalogue(whole_book())
LISTED = [(provider.id, model) for provider in get_snapshot().providers for model in provider.models]
RULES = {(provider.id, model.id): model.match for provider in get_snapshot().providers for model in provider.models}
# Their list gives some of these the price of an older model.
MOVING = {(provider, model.id) for provider, model in LISTED if provider == "mistral" and model.id.endswith("-latest")}


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
    assert entry in (None, CATALOGUE.find(provider, model).name)


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
        CATALOGUE.find(provider, model)


def test_law_every_model_is_found_by_its_own_name_however_it_is_written():
    for provider, model in LISTED:
        if (provider, model.id) in MOVING:
            continue
        for told in (model.id, model.id.upper(), f" {model.id}\n"):
            assert CATALOGUE.find(f" {provider.upper()}", told).name == f"{provider}/{model.id}"


def test_names_that_move_with_every_release_are_not_known():
    assert MOVING, "there are some"
    for provider, model in MOVING:
        with pytest.raises(Unlisted):
            CATALOGUE.find(provider, model)


def spelled(logic: Any) -> Iterator[str]:
    """Every text that a rule of the catalogue holds."""
    if isinstance(logic, str):
        yield logic.lower()
    elif isinstance(logic, list):
        for part in logic:
            yield from spelled(part)
    else:
        for field in dataclasses.fields(logic):
            yield from spelled(getattr(logic, field.name))


@pytest.mark.parametrize("more", ["-fast", "q", ":x", "-ultra-20260101", "-20250101-fast"])
def test_law_a_longer_name_is_known_only_where_it_is_spelled_out(more):
    for provider, model in LISTED:
        asked = f"{model.id}{more}"
        try:
            found = CATALOGUE.find(provider, asked)
        except Unlisted:
            continue
        assert asked.lower() in {found.model.lower(), *spelled(rule_of(found))}, (provider, asked, found.name)


def rule_of(found: Entry) -> Any:
    """As genai-prices has it, at the seller or at whom it sells for."""
    return RULES.get((found.provider, found.model)) or next(
        rule for (_, model), rule in RULES.items() if model == found.model
    )


@given(st.text(max_size=30), st.text(max_size=30))
def test_law_whatever_is_asked_the_answer_is_an_entry_or_that_there_is_none(provider, model):
    with pytest.raises(Unlisted):
        CATALOGUE.find(provider, f"{model}\x00")


def test_a_model_of_unknown_provider_is_never_priced_as_a_reseller_does():
    makers = set()
    for _, model in LISTED:
        try:
            found = CATALOGUE.find("", model.id)
        except Unlisted:
            continue
        makers.add(found.provider)
        assert CATALOGUE.find(found.provider, model.id).name == found.name
    assert {"anthropic", "openai", "google"} <= makers
    assert not makers & {"aws", "azure", "openrouter", "github-copilot", "groq"}


def listing(name: str, *models: ModelInfo, fallback: list[str] | None = None) -> Provider:
    return Provider(name, name, "x", fallback_model_providers=fallback, models=list(models))


def model(name: str, match: Any = None) -> ModelInfo:
    return ModelInfo(name, match or ClauseEquals(name), prices=ModelPrice(input_mtok=Decimal(1)))


def own(*providers: Provider) -> Catalogue:
    return Catalogue(Book(made(providers)))


def test_a_name_that_two_makers_have_is_nobodys():
    two = own(listing("openai", model("omni")), listing("mistral", model("omni")), listing("aws", model("only")))
    with pytest.raises(Unlisted, match="sold by openai, mistral; name its provider"):
        two.find("unknown", "omni")
    assert two.find("mistral", "omni").name == "mistral/omni"
    with pytest.raises(Unlisted, match="not known"):
        two.find("unknown", "only")


def test_who_sells_what_another_makes_sells_it_under_its_own_name():
    both = own(listing("azure", model("own"), fallback=["openai"]), listing("openai", model("gpt-9")))
    assert both.find("azure", "gpt-9").name == "azure/gpt-9"
    assert both.find("azure", "own").name == "azure/own"
    with pytest.raises(Unlisted):
        both.find("openai", "own")


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ("swift", True),
        ("swift-20260101", True),
        ("swift@20260101", True),
        ("swift-2026-01-01", True),
        ("swift-001", True),
        ("swift-v2:0", True),
        ("swift-20260101-v1:0", True),
        ("swift-2", False),
        ("swift-101", False),
        ("swift-20260101-mini", False),
        ("swift-mini-20260101", False),
        ("swifter", False),
        ("a/swift", False),
    ],
)
def test_of_a_longer_name_only_a_date_or_a_revision_is_taken_for_the_same(asked, known):
    loose = own(listing("openai", model("swift", ClauseStartsWith("swift"))))
    if known:
        assert loose.find("openai", asked).name == "openai/swift"
    else:
        with pytest.raises(Unlisted):
            loose.find("openai", asked)
