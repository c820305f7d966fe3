"""The daemon as it stands, for `status`: what it was built with, and what has happened since."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import nlargest

from companion.contract import API
from companion.contract.types import AlertState, BudgetLine, ClientSeen, IndexLine, LimitLine, Status, UpstreamLine
from companion.gatekeeper.sessions import Unhooked
from companion.telemetry.log import get_logger

_log = get_logger("companion.standing")

# An agent may call itself anew with every request.
_MOST_AGENTS = 100
# A limit for each agent has a line for each of their names.
_MOST_LIMITS = 100


@dataclass(slots=True)
class Standing:
    """Also a listener: it remembers which agents came through, the latest of them."""

    version: str
    started_at: str
    home: str
    gateway: str
    upstreams: Callable[[], dict[str, str]]
    tiers: Callable[[], dict[str, str]]
    budget_day: Callable[[], int | None]
    engines: Callable[[], dict[str, str]]
    pending: Callable[[], int]
    today: Callable[[], tuple[int, int, int]]
    """Calls, picodollars and unpriced calls of the local day; blocking."""
    alerts: Callable[[], list[AlertState]]
    budgets: Callable[[], list[BudgetLine]] = list
    resting: Callable[[], list[UpstreamLine]] = list
    waiting: Callable[[], int] = int
    limits: Callable[[], list[LimitLine]] = list
    indexes: Callable[[], list[IndexLine]] = list
    unhooked: Callable[[str], Unhooked | None] = lambda _: None
    _seen: dict[str, tuple[datetime, int]] = field(default_factory=dict[str, tuple[datetime, int]])
    """Of each agent when it came last, and how often it came."""
    _today: tuple[int, int, int] = (0, 0, 0)

    def notice(self, name: str, id: str, text: str, details: Mapping[str, object]) -> None:  # noqa: A002, ARG002
        if name == "exchange.closed" and details.get("kind") == "model":
            client = str(details.get("client"))
            _, exchanges = self._seen.pop(client, (None, 0))
            if len(self._seen) >= _MOST_AGENTS:
                del self._seen[next(iter(self._seen))]
            self._seen[client] = datetime.now(UTC), exchanges + 1

    async def status(self) -> Status:
        try:
            self._today = await asyncio.to_thread(self.today)
        except Exception as error:  # noqa: BLE001 - a status that fails would hide the alerts that say why
            _log.error("the sums of the day cannot be read; status shows the last that could", error=error)
        calls, spent, unpriced = self._today
        limits = self.limits()
        shown = _most_pressing(limits)
        return Status(
            version=self.version,
            api=API,
            pid=os.getpid(),
            started_at=self.started_at,
            home=self.home,
            gateway=self.gateway,
            upstreams=self.upstreams(),
            tiers=self.tiers(),
            pending=self.pending(),
            exchanges_today=calls,
            spent_today_pd=spent,
            unpriced_today=unpriced,
            budget_day_pd=self.budget_day(),
            clients=[self._client(name, at, often) for name, (at, often) in self._seen.items()],
            alerts=self.alerts(),
            engines=self.engines(),
            budgets=self.budgets(),
            resting=self.resting(),
            waiting=self.waiting(),
            limits=shown,
            limits_left_out=len(limits) - len(shown),
            indexes=self.indexes(),
        )

    def _client(self, name: str, last: datetime, often: int) -> ClientSeen:
        if (silent := self.unhooked(name)) is None:
            return ClientSeen(name, last.isoformat(), often)
        return ClientSeen(name, last.isoformat(), often, silent.calls, silent.since.isoformat())


def _most_pressing(limits: list[LimitLine]) -> list[LimitLine]:
    """As many as are told of, in their order."""
    if len(limits) <= _MOST_LIMITS:
        return limits

    def pressing(place: int) -> tuple[int, float]:
        return limits[place].waiting, limits[place].used / limits[place].at_once

    return [limits[place] for place in sorted(nlargest(_MOST_LIMITS, range(len(limits)), pressing))]
