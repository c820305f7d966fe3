"""Which upstream and which model serve a tier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from companion.model.action import Tier
from companion.model.exchange import Route
from companion.upstream.sender import Target

ALIAS_PREFIX = "companion/"


class NoRoute(Exception):  # noqa: N818 - an answer to the agent
    """No upstream or no model serves this call; the message says what to configure."""


@dataclass(frozen=True, slots=True)
class TierTarget:
    """`model` is "" where the model that the agent asked for passes."""

    target: Target
    model: str = ""


class Routes:
    """The configured tiers. A tier that is not configured is served as the act tier is."""

    def __init__(self, tiers: Mapping[Tier, TierTarget]) -> None:
        self._tiers = dict(tiers)

    def replace(self, tiers: Mapping[Tier, TierTarget]) -> None:
        """From the next call on; calls under way keep their route."""
        self._tiers = dict(tiers)

    def route(self, tier: Tier, asked_model: str) -> tuple[Target, Route]:
        """Raises NoRoute."""
        chosen = self._tiers.get(tier) or self._tiers.get(Tier.ACT)
        if chosen is None:
            raise NoRoute(f"no upstream serves the tier {tier}: add [tiers.{tier}] to companion.toml")
        model = chosen.model or asked_model
        if model.startswith(ALIAS_PREFIX):
            raise NoRoute(
                f"{asked_model} asks for the tier's own model, but [tiers.{tier}] in companion.toml names none"
            )
        return chosen.target, Route(chosen.target.name, chosen.target.provider, model)

    def shown(self) -> dict[str, str]:
        """Tier to "upstream/model" for status; "*" where the agent's choice passes."""
        return {tier: f"{chosen.target.name}/{chosen.model or '*'}" for tier, chosen in self._tiers.items()}

    def targets(self) -> dict[str, Target]:
        return {chosen.target.name: chosen.target for chosen in self._tiers.values()}
