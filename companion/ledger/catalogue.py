"""Finds a model in the price catalogue of genai-prices, and only where the catalogue really means that model.

The catalogue matches many models by prefix, so a product it does not know gets its sibling's price
(`claude-opus-4-6-fast` that of `claude-opus-4-6`). Here a name counts as known when it is the catalogue's id, an alias
spelled out there, or one of these followed by nothing but a date or a revision.

Importing this module loads the catalogue: 0.1 s and 30 MB.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from genai_prices.data_snapshot import DataSnapshot, get_snapshot
from genai_prices.types import (
    ClauseAnd,
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseOr,
    ClauseRegex,
    ClauseStartsWith,
    MatchLogic,
    ModelInfo,
    Provider,
)

from companion.ledger.tariff import Entry

UNKNOWN_PROVIDER = "unknown"

# Who makes models under names of their own. Whoever resells them is not asked when the provider is unknown.
_VENDORS = (
    "anthropic",
    "openai",
    "google",
    "deepseek",
    "mistral",
    "x-ai",
    "moonshotai",
    "cohere",
    "minimax",
    "zai",
)

_ALIASES = {
    "bedrock": "aws",
    "copilot": "github-copilot",
    "gemini": "google",
    "moonshot": "moonshotai",
    "vertex": "google",
    "xai": "x-ai",
}

# These names move with every release, and the catalogue lags: it gives some of them the price of an older model.
_MOVING = {"mistral": "-latest"}

_REVISION = re.compile(
    r"(?:[-@]\d{8}|-\d{4}-\d{2}-\d{2}|-00\d|(?<=-preview)-\d{2}-(?:\d{2}|\d{4}))?(?:-v\d+(?::\d+)?)?$"
)
_DATED = re.compile(r"^\^[^*+?{]*(?:\\d\{\d\}[^*+?]*)+\$$")


class Unlisted(LookupError):  # noqa: N818 - an answer, not a fault
    """The catalogue does not know this model at this provider.

    The message says what it does not know, without the model's name: agents choose that, and it is written down.
    """


class Catalogue:
    """The catalogue that came with the installed genai-prices; it is never fetched."""

    def __init__(self, snapshot: DataSnapshot | None = None) -> None:
        self._providers = {provider.id: provider for provider in (snapshot or get_snapshot()).providers}

    def find(self, provider: str, model: str) -> Entry:
        """The entry of `model` at `provider`; "unknown" searches the models' makers. Raises Unlisted."""
        wanted = provider.strip().lower()
        ref = model.strip().lower()
        if not ref:
            raise Unlisted("no model was named")
        if wanted in ("", UNKNOWN_PROVIDER):
            return self._of_the_only_vendor(ref)
        seller = self._providers.get(_ALIASES.get(wanted, wanted))
        if seller is None:
            raise Unlisted(f"no price list for the provider {provider!r}")
        for lister in (seller, *(self._providers[name] for name in seller.fallback_model_providers or ())):
            if (found := _look_up(lister, ref)) is not None:
                return Entry(seller, found)
        raise Unlisted(f"{seller.id} has no price for the model")

    def _of_the_only_vendor(self, ref: str) -> Entry:
        found: list[Entry] = []
        for name in _VENDORS:
            vendor = self._providers.get(name)
            # Google also lists Claude, which it hosts: a vendor has to claim the name as its own, where it says how.
            if vendor is None or (vendor.model_match is not None and not vendor.model_match.is_match(ref)):
                continue
            if (model := _look_up(vendor, ref)) is not None:
                found.append(Entry(vendor, model))
        if len(found) != 1:
            sellers = ", ".join(entry.provider.id for entry in found)
            raise Unlisted(f"the model is {f'sold by {sellers}' if found else 'not known'}; name its provider")
        return found[0]


def _look_up(provider: Provider, ref: str) -> ModelInfo | None:
    moving = _MOVING.get(provider.id)
    if moving and ref.endswith(moving):
        return None
    for model in provider.models:
        if model.id.lower() == ref:
            return model
    for model in provider.models:
        if model.is_match(ref):
            return model if _means(model, ref) else None
    return None


def _means(model: ModelInfo, ref: str) -> bool:
    """Whether `ref`, which matches, is a name of this model and not of one whose name merely begins alike."""
    stem = _REVISION.sub("", ref)
    return stem == model.id.lower() or any(_covers(clause, ref, stem) for clause in _leaves(model.match))


def _covers(clause: MatchLogic, ref: str, stem: str) -> bool:
    match clause:
        case ClauseEquals(text):
            return text.lower() == ref
        case ClauseStartsWith(text) | ClauseContains(text) | ClauseEndsWith(text):
            return ref.startswith(text.lower()) and len(text) >= len(stem)
        case ClauseRegex(pattern):
            return _DATED.match(pattern) is not None and clause.is_match(ref)
        case _:
            return False


def _leaves(logic: MatchLogic) -> Iterator[MatchLogic]:
    match logic:
        case ClauseOr(parts) | ClauseAnd(parts):
            for part in parts:
                yield from _leaves(part)
        case _:
            yield logic
