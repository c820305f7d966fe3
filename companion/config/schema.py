"""The configuration as values. `load` makes them; every value in them has been checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from pathlib import Path

from attrs import field, frozen

from companion.model.action import Tier
from companion.model.budget import ALL, Budget, Unpriced, Window
from companion.model.limit import Limit
from companion.model.money import to_picodollars
from companion.model.policy import Policy
from companion.model.scope import Dimension
from companion.policy.auto import AutoRules


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
    """The environment variable that holds the key. With none of the three, no credential is sent."""
    key_file: Path | None = None
    """Absolute path of the file that holds the key."""
    key_keyring: str | None = None
    """SERVICE/USER of the key in the keyring of the operating system."""
    account: str = ""
    """Upstreams of one account fail together. `load` puts the upstream's own name here by default."""
    allow_private: bool = False
    """Whether its host may resolve to an address of a private network."""


class Balance(StrEnum):
    """Which candidate is asked first; those after it are asked when it fails."""

    IN_ORDER = "in-order"
    ROUND_ROBIN = "round-robin"
    RANDOM = "random"
    WEIGHTED = "weighted"
    LEAST_LATENCY = "least-latency"


@frozen
class Candidate:
    """One of those who can serve a tier."""

    upstream: str
    """Name of an upstream in `Config.upstreams`."""
    model: str | None = None
    """The model to ask for; None passes the one that the agent asked for."""
    weight: int = 1
    """Its share of the calls under Balance.WEIGHTED; with 0 it serves only where the others fail."""


@frozen
class TierRoute:
    """Who serves a tier: one candidate or more, in fail-over order."""

    candidates: tuple[Candidate, ...]
    balance: Balance = Balance.IN_ORDER

    @property
    def upstream(self) -> str:
        """The first candidate's."""
        return self.candidates[0].upstream

    @property
    def model(self) -> str | None:
        """The first candidate's."""
        return self.candidates[0].model


@frozen
class Amounts:
    """US dollars in a local day, week and month, above 0, with at most 12 decimals; None is no limit."""

    day: Decimal | None = None
    week: Decimal | None = None
    month: Decimal | None = None


@frozen
class Budgets:
    """How much may be spent: in all, and by name; "*" is for each name that has no table of its own."""

    day: Decimal | None = None
    week: Decimal | None = None
    month: Decimal | None = None
    timezone: str = "UTC"
    """IANA name of the zone whose midnight begins a day. `load` puts the system's zone here by default."""
    unpriced: Unpriced = Unpriced.ALLOW
    """What becomes of a call whose price is unknown, which no budget can count."""
    by_name: Mapping[Dimension, Mapping[str, Amounts]] = field(factory=dict[Dimension, Mapping[str, Amounts]])

    def each(self) -> Iterator[Budget]:
        """Every budget that there is, as the meter takes them."""
        named = ((one, name, table) for one, tables in self.by_name.items() for name, table in tables.items())
        everything: Iterator[tuple[Dimension, str, Budgets | Amounts]] = chain([(Dimension.GLOBAL, ALL, self)], named)
        for dimension, name, amounts in everything:
            for window in Window:
                dollars: Decimal | None = getattr(amounts, window)
                if dollars is not None:
                    yield Budget(dimension, name, window, to_picodollars(dollars))


@frozen
class Quotas:
    """What may be asked of models; None is no limit."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    parallel: int | None = None
    """Calls under way at a time."""


@frozen
class Limits:
    """How fast models may be called: in all, and by name; "*" is for each name that has no table of its own."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    parallel: int | None = None
    wait_seconds: int = 30
    """How long a call above a limit waits for its turn before it is refused; 0 refuses at once."""
    runaway_per_minute: int = 300
    """An agent with more calls in a workspace within any minute has run away; 0 is off."""
    runaway_per_hour: int = 3_000
    """The same within any hour."""
    by_name: Mapping[Dimension, Mapping[str, Quotas]] = field(factory=dict[Dimension, Mapping[str, Quotas]])

    def each(self) -> Iterator[Limit]:
        """Every limit that there is, as the gatekeeper takes them."""
        yield Limit(Dimension.GLOBAL, ALL, self.requests_per_minute, self.tokens_per_minute, self.parallel)
        for dimension, tables in self.by_name.items():
            for name, table in tables.items():
                yield Limit(dimension, name, table.requests_per_minute, table.tokens_per_minute, table.parallel)


@frozen
class Faults:
    """What companion does when an upstream fails."""

    retries: int = 1
    """How often the same upstream is asked again, as long as nothing of its answer has been passed on."""
    deadline_seconds: int = 600
    """How long a call may go on looking for an upstream that answers."""
    first_byte_seconds: int = 300
    """How long an upstream may take until its answer begins."""
    idle_seconds: int = 300
    """How long an answer that has begun may pause."""
    breaker_failures: int = 5
    """So many failures in a row, and an account is left alone for a while."""
    breaker_seconds: int = 15
    """How long that while is."""


@frozen
class Cache:
    """Answers that are kept to be given again. Only those that would be the same are."""

    enabled: bool = False
    seconds: int = 3_600
    """How long an answer is kept."""
    megabytes: int = 64
    """How much memory all answers may take."""


@frozen
class Secrets:
    """Files of the user's own that the search for secrets goes by. They decide what leaves: no workspace names any."""

    rules: Path | None = None
    """Rules in gitleaks' TOML format. Absolute, as the others."""
    plugins: Path | None = None
    """A settings file of detect-secrets, whose plugins_used names plugins of the user's own."""
    baselines: tuple[Path, ...] = ()
    """Baselines of detect-secrets. What is audited in one as no secret is accepted in its folder and below."""


@frozen
class Notify:
    """How a person is called."""

    desktop: bool = True
    """Whether the desktop shows that something waits, where there is one."""


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
    auto: AutoRules = field(factory=AutoRules)
    """Which tier serves a call for the model companion/auto."""
    budgets: Budgets = field(factory=Budgets)
    limits: Limits = field(factory=Limits)
    faults: Faults = field(factory=Faults)
    cache: Cache = field(factory=Cache)
    policy: Policy = field(factory=Policy)
    """The user's own; a workspace may tighten it, see `companion.config.workspace`."""
    secrets: Secrets = field(factory=Secrets)
    notify: Notify = field(factory=Notify)
    log: Log = field(factory=Log)
