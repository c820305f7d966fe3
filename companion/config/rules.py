"""Every key there is, what may stand there, and who reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from attrs import frozen

from companion.config import values
from companion.config.complaints import listed
from companion.config.zone import read_zone
from companion.model.action import Tier
from companion.model.policy import CommandLevel, IgnoredAction, SecretAction

LEAST_APPROVAL_SECONDS = 5
MOST_APPROVAL_SECONDS = 86_400
LEVELS = ("debug", "info", "warning", "error")

_DOLLARS = f'US dollars above 0, up to {values.MOST_DOLLARS}, with at most 12 decimals, e.g. "10.00"'


@frozen
class Rule:
    """What may stand at a key, in words and as a reader."""

    expected: str
    read: values.Reader


def _one_of(choices: type[SecretAction | IgnoredAction | CommandLevel] | tuple[str, ...]) -> Rule:
    return Rule(listed(map(str, choices)), values.choice(choices))


RULES: Mapping[str, Mapping[str, Rule]] = {
    "gateway": {
        "host": Rule("a loopback address such as 127.0.0.1 or ::1", values.loopback_host),
        "port": Rule("a whole number from 0 to 65535", values.whole(0, 65_535)),
    },
    "upstreams": {
        "url": Rule("an https URL (http for this machine only), without credentials or query", values.upstream_url),
        "key_env": Rule("the name of an environment variable, in capitals, digits and _", values.variable_name),
        "key_file": Rule("the path of a file", values.path_text),
        "provider": Rule('a provider\'s name such as "anthropic"', values.word),
    },
    "tiers": {
        "upstream": Rule("the name of an upstream", values.word),
        "model": Rule("the name of a model", values.word),
    },
    "budgets": {
        "day": Rule(_DOLLARS, values.amount),
        "timezone": Rule('the IANA name of a time zone, e.g. "Europe/Berlin"', read_zone),
    },
    "policy": {
        "secrets": _one_of(SecretAction),
        "gitignored": _one_of(IgnoredAction),
        "commands": _one_of(CommandLevel),
        "ignore_files": Rule("a list of file names without folders", values.file_names),
        "protected_branches": Rule("a list of branch names", values.branch_names),
        "approval_seconds": Rule(
            f"a whole number of seconds from {LEAST_APPROVAL_SECONDS} to {MOST_APPROVAL_SECONDS}",
            values.whole(LEAST_APPROVAL_SECONDS, MOST_APPROVAL_SECONDS),
        ),
    },
    "log": {"level": _one_of(LEVELS)},
}
"""Section to key to rule. Below `NAMED` sections a name stands between the two."""

NAMED = ("upstreams", "tiers")

UPSTREAM_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")

TIERS = tuple(str(tier) for tier in Tier)

UNKNOWN_PROVIDER = "unknown"

_PROVIDERS: Mapping[str, str] = {
    "anthropic.com": "anthropic",
    "openai.com": "openai",
    "openrouter.ai": "openrouter",
    "openai.azure.com": "azure",
    "amazonaws.com": "aws",
    "googleapis.com": "google",
    "mistral.ai": "mistral",
    "deepseek.com": "deepseek",
    "groq.com": "groq",
    "x.ai": "x-ai",
    "z.ai": "zai",
    "cohere.com": "cohere",
    "cohere.ai": "cohere",
    "cerebras.ai": "cerebras",
    "fireworks.ai": "fireworks",
    "perplexity.ai": "perplexity",
    "together.xyz": "together",
}


def rule_of(key: str) -> Rule | None:
    """The rule of a dotted key such as "upstreams.work.url"; None when there is no such key."""
    match key.split("."):
        case [section, name] if section not in NAMED:
            return RULES.get(section, {}).get(name)
        case ["upstreams", _, name]:
            return RULES["upstreams"].get(name)
        case ["tiers", tier, name] if tier in TIERS:
            return RULES["tiers"].get(name)
        case _:
            return None


def guess_provider(url: str) -> str:
    """The provider whose host a URL names, or "unknown"."""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return UNKNOWN_PROVIDER
    for domain, provider in _PROVIDERS.items():
        if host == domain or host.endswith(f".{domain}"):
            return provider
    return UNKNOWN_PROVIDER
