"""Whom a call is charged to, and what a virtual key may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from companion.model.action import Tier


class Dimension(StrEnum):
    """What a budget, a limit or a report can be about. GLOBAL is everything that one daemon serves."""

    GLOBAL = "global"
    KEY = "key"
    PROJECT = "project"
    CLIENT = "client"
    USER = "user"
    TEAM = "team"
    TIER = "tier"
    MODEL = "model"


Subject = Mapping[Dimension, str]
"""One call, by every dimension: the key's name, its project, and so on; "" where nobody said. GLOBAL is "all"."""


@dataclass(frozen=True, slots=True)
class KeyScope:
    """What a virtual key stands for and may ask. An empty tuple permits everything."""

    name: str = ""
    project: str = ""
    user: str = ""
    team: str = ""
    tags: tuple[str, ...] = ()
    tiers: tuple[Tier, ...] = ()
    models: tuple[str, ...] = ()
    """Names of models as they are asked of an upstream, `*` standing for any letters."""

    def permits_tier(self, tier: Tier) -> bool:
        return not self.tiers or tier in self.tiers

    def permits_model(self, model: str) -> bool:
        return not self.models or any(fnmatchcase(model, pattern) for pattern in self.models)


ANYTHING = KeyScope()
"""The scope of a key that nobody has narrowed."""


@dataclass(frozen=True, slots=True)
class VirtualKey:
    """A key that the gateway took: its public id and what it may do."""

    id: str
    scope: KeyScope
