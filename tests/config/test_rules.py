"""Every key has words and a reader, and a provider is never guessed wrongly."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.config.complaints import Unfit
from companion.config.rules import (
    BY_NAME,
    KINDS,
    NAMED,
    RULES,
    TIERS,
    UNKNOWN_PROVIDER,
    UPSTREAM_NAME,
    guess_provider,
    rule_of,
)
from companion.config.schema import Config
from companion.model.action import Tier

EVERY = {
    f"{section}.{'act.' if section == 'tiers' else 'work.' if section in NAMED else ''}{key}": rule
    for section, rules in RULES.items()
    for key, rule in rules.items()
}
EVERY |= {
    f'{section}.{kind}."a.b".{key}': rule
    for section, rules in BY_NAME.items()
    for kind in KINDS
    for key, rule in rules.items()
}
PLAIN = [key for key in EVERY if key.count(".") == 1]


@pytest.mark.parametrize("key", EVERY)
def test_every_key_is_found_and_says_what_it_expects(key):
    assert rule_of(key) is EVERY[key]
    assert EVERY[key].expected


@pytest.mark.parametrize("key", PLAIN)
def test_every_default_fits_its_own_rule(key):
    section, name = key.split(".")
    default = getattr(getattr(Config(), section), name)
    if default is not None:
        assert EVERY[key].read(default) == default


@pytest.mark.parametrize("key", EVERY)
@pytest.mark.parametrize("value", [None, {}, object(), b"x"])
def test_no_rule_takes_what_toml_does_not_have(key, value):
    with pytest.raises(Unfit):
        EVERY[key].read(value)


@pytest.mark.parametrize(
    "key",
    ["", "gateway", "gateway.prot", "nowhere.port", "gateway.port.x", "upstreams.url", "upstreams.a.b.url",
     "tiers.paln.model", "tiers.plan", "upstreams.work.model", "budgets.client.a", "budgets.global.all.day",
     "budgets.client.a.timezone", "limits.client.a.day", "limits.client.a.b.parallel", "policy.client.a.secrets"],
)  # fmt: skip
def test_what_is_no_key_has_no_rule(key):
    assert rule_of(key) is None


def test_the_tiers_are_the_models_tiers():
    assert tuple(Tier) == TIERS
    assert set(NAMED) == {one.name for one in attrs.fields(Config) if "Mapping" in str(one.type)}


@pytest.mark.parametrize(
    ("name", "fits"),
    [("work", True), ("a-b_C9", True), ("x" * 40, True), ("x" * 41, False), ("", False), ("-a", False), ("a.b", False)],
)
def test_names_of_upstreams(name, fits):
    assert bool(UPSTREAM_NAME.fullmatch(name)) is fits


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://api.anthropic.com", "anthropic"),
        ("https://API.OpenAI.com/v1", "openai"),
        ("https://mine.openai.azure.com", "azure"),
        ("https://bedrock-runtime.eu-central-1.amazonaws.com", "aws"),
        ("https://api.x.ai", "x-ai"),
        ("https://notanthropic.com", UNKNOWN_PROVIDER),
        ("https://api.anthropic.com.example.net", UNKNOWN_PROVIDER),
        ("https://example.net/api.anthropic.com", UNKNOWN_PROVIDER),
        ("http://127.0.0.1:8080", UNKNOWN_PROVIDER),
        ("http://[", UNKNOWN_PROVIDER),
        ("", UNKNOWN_PROVIDER),
    ],
)
def test_the_provider_of_a_host(url, provider):
    assert guess_provider(url) == provider


@given(st.text() | st.text(alphabet="htps:/[]@.x").map("https://".__add__))
def test_a_guess_never_raises(url):
    assert guess_provider(url)
