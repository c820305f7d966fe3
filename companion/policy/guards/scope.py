"""A virtual key is used for what it is for."""

from __future__ import annotations

from collections.abc import Sequence

from companion.model.action import Action, ModelCall
from companion.model.facts import Facts
from companion.model.verdict import PASS, Deny, Verdict


def scope(action: Action, facts: Facts) -> Verdict:
    """Denies a model call whose tier or model the key does not permit."""
    if not isinstance(action, ModelCall):
        return PASS
    origin, permitted = facts.origin, facts.origin.scope
    key = f"the virtual key {permitted.name or origin.key_id}"
    if not permitted.permits_tier(origin.tier):
        told = f"{key} may use the {_tiers(permitted.tiers)}, and this call is for the tier {origin.tier}"
        return Deny("key-tier", told, _hint(origin.key_id, f"--tier {origin.tier}"))
    if not permitted.permits_model(action.served or action.model):
        # A name that the agent gave may be anything, a secret too; one that the tier names stands in the configuration.
        named = "another one" if action.served in {"", action.model} else action.served
        told = f"{key} may ask for {_list(permitted.models)}, and this call is for {named}"
        return Deny("key-model", told, _hint(origin.key_id, "--model MODEL"))
    return PASS


def _tiers(tiers: Sequence[str]) -> str:
    return f"tier {tiers[0]}" if len(tiers) == 1 else f"tiers {_list(tiers)}"


def _list(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _hint(key_id: str, option: str) -> str:
    return f"see what it may: companion keys show {key_id}. Make one that may: companion keys create NAME {option}"
