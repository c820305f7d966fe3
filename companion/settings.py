"""The configuration as the rooms want it, at the start and whenever its file changes."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from companion.config.complaints import Complaint, ConfigError
from companion.config.load import UPSTREAM_KEY_VARIABLE
from companion.config.provenance import Loaded
from companion.config.schema import Config, TierRoute
from companion.config.upstream_key import read_key
from companion.config.workspace import WorkspacePolicies
from companion.edges.gateway.cache import AnswerCache
from companion.gatekeeper.limits import Limits
from companion.gatekeeper.meter import Meter
from companion.gatekeeper.ports import Listener
from companion.gatekeeper.runaway import RunawayBrake
from companion.model.action import Tier
from companion.model.budget import Unpriced
from companion.observe.notifying import Notifier
from companion.policy.auto import AutoRules
from companion.policy.redaction import fingerprint_of
from companion.scan.secrets.accepted import Accepted
from companion.scan.secrets.baseline import Baselines
from companion.scan.secrets.userfiles import UserFiles
from companion.telemetry import catalogue
from companion.telemetry.log import get_logger
from companion.upstream.balance import Balance
from companion.upstream.dispatch import Dispatcher
from companion.upstream.faults import Faults
from companion.upstream.routes import Routes, TierTarget
from companion.upstream.sender import Target
from companion.upstream.tries import Candidate

_log = get_logger("companion.settings")


def tiers_of(config: Config) -> dict[Tier, TierTarget]:
    """Every tier with its upstreams' addresses and keys. Blocking. Raises ConfigError when a key cannot be read."""
    targets = {}
    for name, upstream in config.upstreams.items():
        # The quick start names a variable that a local upstream does not need.
        keyless = upstream.key_env == UPSTREAM_KEY_VARIABLE and UPSTREAM_KEY_VARIABLE not in os.environ
        key = None if keyless else read_key(name, upstream, os.environ)
        targets[name] = Target(
            name, upstream.url, key or "", upstream.provider, upstream.account or name, upstream.allow_private
        )
    return {tier: _tier(route, targets) for tier, route in config.tiers.items()}


def _tier(route: TierRoute, targets: Mapping[str, Target]) -> TierTarget:
    first, *others = (Candidate(targets[one.upstream], one.model or "", one.weight) for one in route.candidates)
    return TierTarget(first.target, first.model, first.weight, tuple(others), Balance(route.balance))


def faults_of(config: Config) -> Faults:
    said = config.faults
    return Faults(
        retries=said.retries,
        deadline_seconds=said.deadline_seconds,
        first_byte_seconds=said.first_byte_seconds,
        idle_seconds=said.idle_seconds,
        breaker_failures=said.breaker_failures,
        breaker_seconds=said.breaker_seconds,
    )


def cache_of(config: Config) -> AnswerCache:
    """One that keeps nothing where it is not wanted."""
    said = config.cache
    return AnswerCache(said.megabytes * 1024 * 1024 if said.enabled else 0, said.seconds, time.monotonic)


def user_files(config: Config) -> UserFiles:
    """The user's own rules, plugins and baselines. Blocking; runs the plugins' code."""
    return UserFiles(config.secrets.rules, config.secrets.plugins, config.secrets.baselines)


def accepted_by(key: bytes, cover: Callable[[Callable[[], str], str, str], bool], baselines: Baselines) -> Accepted:
    """Whether a finding is accepted: by a person (`cover`, as AcceptanceStore has it), or in a baseline."""

    def accepted(value: str, rule: str, place: str) -> bool:
        return cover(lambda: fingerprint_of(value, key), rule, place) or baselines.accept(value, place)

    return accepted


@dataclass(slots=True)
class InForce:
    """What is read anew at each call, since a changed configuration may have changed it."""

    auto: AutoRules
    unpriced: Unpriced


@dataclass(frozen=True, slots=True)
class Reload:
    """Puts a changed configuration in force. Address, time zone, cache, secrets and log wait for a restart."""

    policies: WorkspacePolicies
    routes: Routes
    meter: Meter
    limits: Limits
    brake: RunawayBrake
    dispatcher: Dispatcher
    in_force: InForce
    listener: Listener
    notifier: Notifier | None = None

    async def take(self, loaded: Loaded) -> None:
        """A configuration with complaints, or one that leaves no tier, changes nothing and is an alert."""
        try:
            config = loaded.config
            # A keyring may ask its owner first.
            tiers = await asyncio.to_thread(tiers_of, config)
            self._check_served(tiers, loaded.file)
        except ConfigError as error:
            catalogue.config_reload_failures_total.add()
            _log.error("the changed configuration cannot be used; the one before stays in force", complaints=str(error))
            return
        self.policies.replace(config.policy)
        self.routes.replace(tiers)
        self.meter.replace(config.budgets.each())
        self.limits.replace(config.limits.each(), config.limits.wait_seconds)
        self.brake.replace(config.limits.runaway_per_minute, config.limits.runaway_per_hour)
        self.dispatcher.replace(faults_of(config))
        if self.notifier is not None:
            self.notifier.enabled = config.notify.desktop
        self.in_force.auto = config.auto
        self.in_force.unpriced = config.budgets.unpriced
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
