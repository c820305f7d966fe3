"""The configuration as values. `load` makes them; every value in them has been checked."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from attrs import field, frozen

from companion.model.action import Tier
from companion.model.policy import Policy


@frozen
class Gateway:
    """Where agents reach the gateway."""

    host: str = "127.0.0.1"
    """A loopback address: nothing but this machine may reach the gateway."""
    port: int = 4141
    """0 takes any free port; the running daemon then says which."""


@frozen
class Upstream:
    """A model provider, or a proxy that speaks like one."""

    url: str
    """Base URL without a closing slash, no credentials or query in it; https, or http to a loopback host."""
    provider: str
    """Whose price list counts, named as genai-prices names it; "unknown" leaves its calls unpriced."""
    key_env: str | None = None
    """The environment variable that holds the key. With neither this nor `key_file`, no credential is sent."""
    key_file: Path | None = None
    """Absolute path of the file that holds the key."""


@frozen
class TierRoute:
    """Who serves a tier."""

    upstream: str
    """Name of an upstream in `Config.upstreams`."""
    model: str | None = None
    """The model to ask for; None passes the one that the agent asked for."""


@frozen
class Budgets:
    """How much may be spent, and when a day begins."""

    day: Decimal | None = None
    """US dollars in one local day, above 0, with at most 12 decimals; None is no limit."""
    timezone: str = "UTC"
    """IANA name of the zone whose midnight begins a day. `load` puts the system's zone here by default."""


@frozen
class Log:
    """What the daemon writes to its log."""

    level: str = "info"
    """ "debug", "info", "warning" or "error": the least severe line that is written."""


@frozen
class Config:
    """The whole configuration of one daemon."""

    gateway: Gateway = field(factory=Gateway)
    upstreams: Mapping[str, Upstream] = field(factory=dict[str, Upstream])
    """By name; empty until the user has named one."""
    tiers: Mapping[Tier, TierRoute] = field(factory=dict[Tier, TierRoute])
    """Every tier, or none while there are no upstreams."""
    budgets: Budgets = field(factory=Budgets)
    policy: Policy = field(factory=Policy)
    """The user's own; a workspace may tighten it, see `companion.config.workspace`."""
    log: Log = field(factory=Log)
