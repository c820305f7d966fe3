"""A meter with a clock, keys and calls as tests need them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from companion.gatekeeper.meter import Meter
from companion.model.action import Tier
from companion.model.budget import ALL, Budget, BudgetState, SpentRow, Window
from companion.model.exchange import Origin
from companion.model.scope import ANYTHING, Dimension, KeyScope, Subject

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 6, 3, 12, tzinfo=UTC)
"""A Wednesday."""

SCOPES = {"k1": KeyScope("laptop", "shop", "ann", "web"), "k2": ANYTHING, "": ANYTHING}
DAY = Budget(Dimension.GLOBAL, ALL, Window.DAY, 100)


class Clock:
    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Heard(list[tuple[BudgetState, int]]):
    def __call__(self, state: BudgetState, percent: int) -> None:
        self.append((state, percent))


def origin(client="cline", key_id="k1", workspace="/w", tier=Tier.ACT) -> Origin:
    return Origin(client, key_id, "s", workspace, tier, SCOPES[key_id])


def subject(client="cline", key_id="k1", workspace="/w", tier=Tier.ACT, model="m") -> Subject:
    return origin(client, key_id, workspace, tier).subject(model)


def meter(
    *budgets: Budget, clock: Clock | None = None, spent: Iterable[SpentRow] = (), warn=None, zone=BERLIN
) -> Meter:
    return Meter(zone, clock or Clock(), budgets, spent, Heard() if warn is None else warn, scope_of=SCOPES.__getitem__)


def row(day: str, picodollars: int, **given: str) -> SpentRow:
    plain = {"model": "m", "tier": "act", "client": "cline", "workspace": "/w", "key_id": "k1"}
    return SpentRow(day, picodollars=picodollars, **{**plain, **given})


def sums(meter: Meter) -> dict[tuple[str, str, str], tuple[int, int]]:
    return {(one.dimension, one.name, one.window): (one.spent, one.reserved) for one in meter.standing()}
