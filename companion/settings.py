"""The configuration as the rooms want it, at the start and whenever its file changes."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from companion.config.complaints import Complaint, ConfigError
from companion.config.load import UPSTREAM_KEY_VARIABLE
from companion.config.provenance import Loaded
from companion.config.schema import Config
from companion.config.upstream_key import read_key
from companion.config.workspace import WorkspacePolicies
from companion.gatekeeper.meter import Meter
from companion.gatekeeper.ports import Listener
from companion.model.action import Tier
from companion.model.money import to_picodollars
from companion.telemetry import catalogue
from companion.telemetry.log import get_logger
from companion.upstream.routes import Routes, TierTarget
from companion.upstream.sender import Target

_log = get_logger("companion.settings")


def tiers_of(config: Config) -> dict[Tier, TierTarget]:
    """Every tier with its upstream's address and key. Raises ConfigError when a key cannot be read."""
    targets = {}
    for name, upstream in config.upstreams.items():
        # The quick start names a variable that a local upstream does not need.
        keyless = upstream.key_env == UPSTREAM_KEY_VARIABLE and UPSTREAM_KEY_VARIABLE not in os.environ
        key = None if keyless else read_key(name, upstream, os.environ)
        targets[name] = Target(name, upstream.url, key or "", upstream.provider)
    return {tier: TierTarget(targets[route.upstream], route.model or "") for tier, route in config.tiers.items()}


def budget_of(config: Config) -> int | None:
    """The day's budget in picodollars."""
    return None if config.budgets.day is None else to_picodollars(config.budgets.day)


@dataclass(frozen=True, slots=True)
class Reload:
    """Puts a changed configuration in force: policy, tiers, budget. Address, time zone and log wait for a restart."""

    policies: WorkspacePolicies
    routes: Routes
    meter: Meter
    listener: Listener

    def take(self, loaded: Loaded) -> None:
        """A configuration with complaints, or one that leaves no tier, changes nothing and is an alert."""
        try:
            config = loaded.config
            tiers = tiers_of(config)
            self._check_served(tiers, loaded.file)
        except ConfigError as error:
            catalogue.config_reload_failures_total.add()
            _log.error("the changed configuration cannot be used; the one before stays in force", complaints=str(error))
            return
        self.policies.replace(config.policy)
        self.routes.replace(tiers)
        self.meter.set_budget(budget_of(config))
        self.listener.notice("config.changed", loaded.file, "the changed configuration is in force", {})

    def _check_served(self, tiers: Collection[Tier], file: str) -> None:
        """A file that was deleted or emptied reads as defaults, which name no upstream: nobody meant that.

        Raises ConfigError.
        """
        if tiers or not self.routes.targets():
            return
        found = "none" if Path(file).exists() else "no such file"
        hint = "put it back, or type: companion down, then companion up"
        raise ConfigError([Complaint(file, 0, "", "an upstream that serves the tiers", found, hint)])
