"""Which upstreams and which models can serve a tier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec import Struct
from msgspec.structs import replace

from companion.model.action import Tier
from companion.model.exchange import Route
from companion.upstream.balance import Balance
from companion.upstream.sender import Target
from companion.upstream.tries import Candidate

ALIAS_PREFIX = "companion/"

_MOST_WAYS = 500


class NoRoute(Exception):  # noqa: N818 - an answer to the agent
    """No upstream or no model serves this call; the message says what to configure."""


@dataclass(frozen=True, slots=True)
class TierTarget:
    """Who serves a tier. `model` is "" where the model that the agent asked for passes; so it is with `others`."""

    target: Target
    model: str = ""
    weight: int = 1
    others: tuple[Candidate, ...] = ()
    balance: Balance = Balance.IN_ORDER

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        return Candidate(self.target, self.model, self.weight), *self.others


class Way(Struct, frozen=True):
    """Who can serve one call, and in which order they are asked."""

    candidates: tuple[Candidate, ...]
    balance: Balance
    tier: Tier

    def route(self, candidate: Candidate | None = None) -> Route:
        """The route by one of the candidates, by the first when none is named."""
        chosen = candidate or self.candidates[0]
        return Route(chosen.target.name, chosen.target.provider, chosen.model, self.tier)

    def among(self, permitted: Callable[[str], bool]) -> Way:
        """The same with the candidates whose model is permitted; all of them where none is, for a guard to say so."""
        left = tuple([one for one in self.candidates if permitted(one.model)])
        return self if len(left) in {0, len(self.candidates)} else replace(self, candidates=left)


class Routes:
    """The configured tiers. A tier that is not configured is served as the act tier is."""

    def __init__(self, tiers: Mapping[Tier, TierTarget]) -> None:
        self._tiers = dict(tiers)
        self._ways: dict[tuple[Tier, str], Way] = {}

    def replace(self, tiers: Mapping[Tier, TierTarget]) -> None:
        """From the next call on; calls under way keep their way."""
        self._tiers = dict(tiers)
        self._ways.clear()

    def way(self, tier: Tier, asked_model: str) -> Way:
        """Raises NoRoute."""
        known = self._ways.get((tier, asked_model))
        if known is None:
            known = self._way(tier, asked_model)
            if len(self._ways) >= _MOST_WAYS:
                self._ways.clear()
            self._ways[tier, asked_model] = known
        return known

    def _way(self, tier: Tier, asked_model: str) -> Way:
        chosen = self._tiers.get(tier) or self._tiers.get(Tier.ACT)
        if chosen is None:
            raise NoRoute(f"no upstream serves the tier {tier}: add [tiers.{tier}] to companion.toml")
        named = tuple(one if one.model else Candidate(one.target, asked_model, one.weight) for one in chosen.candidates)
        if any(one.model.startswith(ALIAS_PREFIX) for one in named):
            raise NoRoute(
                f"{asked_model} asks for the tier's own model, but [tiers.{tier}] in companion.toml names none"
            )
        return Way(named, chosen.balance, tier)

    def shown(self) -> dict[str, str]:
        """Tier to "upstream/model" of its first candidate for status; "*" where the agent's choice passes."""
        return {tier: f"{chosen.target.name}/{chosen.model or '*'}" for tier, chosen in self._tiers.items()}

    def named_models(self) -> list[str]:
        """The models that tiers name, each once."""
        named = (one.model for chosen in self._tiers.values() for one in chosen.candidates)
        return list(dict.fromkeys(model for model in named if model))

    def targets(self) -> dict[str, Target]:
        return {one.target.name: one.target for chosen in self._tiers.values() for one in chosen.candidates}
