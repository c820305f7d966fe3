"""Every key there is, what may stand there, and who reads it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import urlsplit

from attrs import frozen

from companion.config import names, values
from companion.config.complaints import listed
from companion.config.schema import Balance
from companion.config.zone import read_zone
from companion.model.action import Tier
from companion.model.budget import Unpriced, Window
from companion.model.policy import (
    ClineIgnore,
    CommandLevel,
    ExcerptAction,
    IgnoredAction,
    OutsideAction,
    SecretAction,
    WebReads,
)
from companion.model.scope import Dimension
from companion.policy.ignore.agents import NAMES as AGENTS

LEAST_APPROVAL_SECONDS = 5
MOST_APPROVAL_SECONDS = 86_400
LEAST_EXCERPT = 60
MOST_EXCERPT = 100_000
LEVELS = ("debug", "info", "warning", "error")

_DOLLARS = f'US dollars above 0, up to {values.MOST_DOLLARS}, with at most 12 decimals, e.g. "10.00"'


@frozen
class Rule:
    """What may stand at a key, in words and as a reader."""

    expected: str
    read: values.Reader


def _one_of(choices: type[StrEnum] | tuple[str, ...]) -> Rule:
    return Rule(listed(map(str, choices)), values.choice(choices))


def _number(what: str, least: int, most: int) -> Rule:
    return Rule(f"a whole number{what} from {least} to {most}", values.whole(least, most))


def _seconds(least: int, most: int) -> Rule:
    return _number(" of seconds", least, most)


_SWITCH = Rule("true or false", values.yes_or_no)
_AMOUNTS = {window: Rule(_DOLLARS, values.amount) for window in map(str, Window)}
_QUOTAS = {
    "requests_per_minute": _number("", 1, 1_000_000),
    "tokens_per_minute": _number("", 1, 1_000_000_000),
    "parallel": _number("", 1, 10_000),
}

RULES: Mapping[str, Mapping[str, Rule]] = {
    "gateway": {
        "host": Rule("a loopback address such as 127.0.0.1 or ::1", values.loopback_host),
        "port": _number("", 0, 65_535),
    },
    "upstreams": {
        "url": Rule("an https URL (http for this machine only), without credentials or query", values.upstream_url),
        "provider": Rule('a provider\'s name such as "anthropic"', values.word),
        "key_env": Rule("the name of an environment variable, in capitals, digits and _", values.variable_name),
        "key_file": Rule("the path of a file", values.path_text),
        "key_keyring": Rule('"SERVICE/USER" of an entry in the keyring', values.keyring_entry),
        "account": Rule("a word without spaces", values.word),
        "allow_private": _SWITCH,
    },
    "tiers": {
        "upstream": Rule("the name of an upstream", values.word),
        "model": Rule("the name of a model", values.word),
        "upstreams": Rule(
            f'a list of 1 to {values.MOST_CANDIDATES} upstreams, each as "NAME" or "NAME/MODEL" and there once',
            values.candidates,
        ),
        "balance": _one_of(Balance),
        "weights": Rule("a list of whole numbers from 0 to 1000, one for each of upstreams", values.weights),
    },
    "auto": {
        "enabled": _SWITCH,
        "simple_tokens": _number(" of tokens", 0, 10_000_000),
        "complex_tokens": _number(" of tokens", 1, 10_000_000),
        "complex_files": _number(" of files", 1, 100_000),
        "simple_tier": _one_of(Tier),
        "moderate_tier": _one_of(Tier),
        "complex_tier": _one_of(Tier),
        "complex_words": Rule("a list of words", values.phrases),
    },
    "budgets": {
        **_AMOUNTS,
        "timezone": Rule('the IANA name of a time zone, e.g. "Europe/Berlin"', read_zone),
        "unpriced": _one_of(Unpriced),
    },
    "limits": {
        **_QUOTAS,
        "wait_seconds": _seconds(0, 600),
        "runaway_per_minute": _number("", 0, 100_000),
        "runaway_per_hour": _number("", 0, 100_000),
    },
    "faults": {
        "retries": _number("", 0, 5),
        "deadline_seconds": _seconds(1, 86_400),
        "first_byte_seconds": _seconds(1, 86_400),
        "idle_seconds": _seconds(1, 86_400),
        "breaker_failures": _number("", 1, 1_000),
        "breaker_seconds": _seconds(1, 86_400),
    },
    "cache": {
        "enabled": _SWITCH,
        "seconds": _seconds(1, 31_536_000),
        "megabytes": _number("", 1, 4_096),
    },
    "policy": {
        "secrets": _one_of(SecretAction),
        "gitignored": _one_of(IgnoredAction),
        "short_excerpts": _one_of(ExcerptAction),
        "long_excerpts": _one_of(ExcerptAction),
        "excerpt_warn_bytes": _number(" of bytes", LEAST_EXCERPT, MOST_EXCERPT),
        "excerpt_short_bytes": _number(" of bytes", LEAST_EXCERPT, MOST_EXCERPT),
        "excerpt_long_bytes": _number(" of bytes", LEAST_EXCERPT, MOST_EXCERPT),
        "excerpts_gitignored": _SWITCH,
        "excerpts_skip": Rule("a list of names without folders, * standing for any letters", values.file_names),
        "outside": _one_of(OutsideAction),
        "commands": _one_of(CommandLevel),
        "web_reads": _one_of(WebReads),
        "ignore_files": Rule("a list of file names without folders", values.file_names),
        "clineignore": _one_of(ClineIgnore),
        "agent_ignore_files": Rule(f"a list with any of {listed(AGENTS)}", values.words_of(AGENTS)),
        "protected_branches": Rule("a list of branch names", values.branch_names),
        "rules": Rule(
            'a list of rules such as "allow command=\'npm test\'" or "deny effect=git branch=release/*"',
            values.command_rules,
        ),
        "trusted_hosts": Rule('a list of host names, such as "git.example.com" or "*.example.com"', values.host_names),
        "approval_seconds": _seconds(LEAST_APPROVAL_SECONDS, MOST_APPROVAL_SECONDS),
    },
    "secrets": {
        "rules": Rule("the path of a file", values.path_text),
        "plugins": Rule("the path of a file", values.path_text),
        "baselines": Rule("a list of paths of files", values.path_texts),
    },
    "notify": {"desktop": _SWITCH},
    "log": {"level": _one_of(LEVELS)},
}
"""Section to key to rule. Below `NAMED` sections a name stands between the two."""

NAMED = ("upstreams", "tiers")

BY_NAME: Mapping[str, Mapping[str, Rule]] = {"budgets": _AMOUNTS, "limits": _QUOTAS}
"""Sections that also have tables [SECTION.KIND.NAME], and what may stand in those."""

KINDS = tuple(str(dimension) for dimension in Dimension if dimension is not Dimension.GLOBAL)

UPSTREAM_NAME = values.UPSTREAM_NAME

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
    match names.parts_of(key):
        case (section, name) if section not in NAMED:
            return RULES.get(section, {}).get(name)
        case ("upstreams", _, name):
            return RULES["upstreams"].get(name)
        case ("tiers", tier, name) if tier in TIERS:
            return RULES["tiers"].get(name)
        case (section, kind, _, name) if kind in KINDS:
            return BY_NAME.get(section, {}).get(name)
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
