"""Finds a model in the price catalogue of genai-prices, and only where the catalogue really means that model.

The catalogue matches many models by prefix, so a product it does not know gets its sibling's price
(`claude-opus-4-6-fast` that of `claude-opus-4-6`). Here a name counts as known when it is the catalogue's id, an alias
spelled out there, or one of these followed by nothing but a date or a revision.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.ledger.book import (
    AllOf,
    AnyOf,
    Book,
    Contains,
    EndsWith,
    Equals,
    Model,
    Regex,
    Rule,
    Seller,
    StartsWith,
    matches,
    periods_of,
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
    """The catalogue that a price book was made of."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def find(self, provider: str, model: str) -> Entry:
        """The entry of `model` at `provider`; "unknown" searches the models' makers. Raises Unlisted."""
        wanted = provider.strip().lower()
        ref = model.strip().lower()
        if not ref:
            raise Unlisted("no model was named")
        if wanted in ("", UNKNOWN_PROVIDER):
            return self._of_the_only_vendor(ref)
        seller = self._book.seller(_ALIASES.get(wanted, wanted))
        if seller is None:
            raise Unlisted(f"no price list for the provider {provider!r}")
        for lister in (seller, *map(self._book.seller, seller.fallback)):
            if lister is not None and (found := _look_up(lister, ref)) is not None:
                return self._entry(seller, found)
        raise Unlisted(f"{seller.id} has no price for the model")

    def _of_the_only_vendor(self, ref: str) -> Entry:
        found: list[Entry] = []
        for name in _VENDORS:
            vendor = self._book.seller(name)
            # Google also lists Claude, which it hosts: a vendor has to claim the name as its own, where it says how.
            if vendor is None or (vendor.rule is not None and not matches(vendor.rule, ref)):
                continue
            if (model := _look_up(vendor, ref)) is not None:
                found.append(self._entry(vendor, model))
        if len(found) != 1:
            sellers = ", ".join(entry.provider for entry in found)
            raise Unlisted(f"the model is {f'sold by {sellers}' if found else 'not known'}; name its provider")
        return found[0]

    def _entry(self, seller: Seller, model: Model) -> Entry:
        return Entry(seller.id, model.id, self._book.source, periods_of(model))


def _look_up(seller: Seller, ref: str) -> Model | None:
    moving = _MOVING.get(seller.id)
    if moving and ref.endswith(moving):
        return None
    for model in seller.models:
        if model.id.lower() == ref:
            return model
    for model in seller.models:
        if matches(model.rule, ref):
            return model if _means(model, ref) else None
    return None


def _means(model: Model, ref: str) -> bool:
    """Whether `ref`, which matches, is a name of this model and not of one whose name merely begins alike."""
    stem = _REVISION.sub("", ref)
    return stem == model.id.lower() or any(_covers(rule, ref, stem) for rule in _leaves(model.rule))


def _covers(rule: Rule, ref: str, stem: str) -> bool:
    match rule:
        case Equals(text):
            return text == ref
        case StartsWith(text) | Contains(text) | EndsWith(text):
            return ref.startswith(text) and len(text) >= len(stem)
        case Regex(pattern):
            return _DATED.match(pattern) is not None and matches(rule, ref)
        case _:
            return False


def _leaves(rule: Rule) -> Iterator[Rule]:
    match rule:
        case AnyOf(rules) | AllOf(rules):
            for one in rules:
                yield from _leaves(one)
        case _:
            yield rule
