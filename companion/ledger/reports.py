"""What the ledger says. Plain SQL on connections that cannot write; the writer is not asked and not slowed.

Blocking: call through `asyncio.to_thread`. Every call opens its own connection, so any thread may call.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from companion.contract.types import CloudLine, ExchangeLine, FindingLine, RemarkLine, SpendReport, SpendRow
from companion.ledger.errors import LedgerError
from companion.ledger.store import connect_to_read
from companion.model.budget import SpentRow

MOST_EXCHANGES = 1_000
"""The most lines of one page."""

_NAMES = {
    "day": "local_day",
    "model": "model",
    "tier": "tier",
    "client": "client",
    "workspace": "workspace",
    "key": "coalesce((SELECT name FROM virtual_key WHERE id = key_id), key_id)",
}

DIMENSIONS = tuple(_NAMES)
"""What spend can be grouped by."""

_SUMS = (
    "calls",
    "input",
    "cache_read",
    "cache_write",
    "output",
    "cost_pd",
    "unpriced_calls",
    "unpriced_tokens",
)

_EXCHANGE = """
    SELECT o.id, o.parent, o.at_ns AS opened, c.at_ns AS closed, o.kind, o.client, o.workspace, o.tier, o.summary,
      c.ending, c.outcome, c.code, c.reason, c.guard, c.approver, c.upstream, o.model AS model_asked, c.model,
      c.calls, c.status, c.redactions, c.input, c.cache_read, c.cache_write_5m + c.cache_write_1h AS cache_write,
      c.output, c.cost_pd, c.unpriced, c.remarks, c.findings, c.cloud
"""
_ALL = "FROM opening AS o LEFT JOIN closing AS c ON c.id = o.id"
# The other way round, and no planner may turn it: `closing_cloud` holds just those.
_CLOUD = "FROM closing AS c CROSS JOIN opening AS o ON o.id = c.id"


class Reports:
    """Reads one ledger. A file that is not there yet reads as an empty ledger. Raises LedgerError for a damaged one."""

    def __init__(self, path: Path, zone: ZoneInfo, settle: Callable[[], object] = lambda: None) -> None:
        """`settle` is called before each look: it has written what is on its way, if that takes no time to speak of."""
        self._path = path
        self._zone = zone
        self._settle = settle

    def exchanges(
        self, limit: int = 50, before: str = "", kind: str = "", *, cloud: bool = False
    ) -> list[ExchangeLine]:
        """Newest first, at most MOST_EXCHANGES; those older than the id `before`, of one `kind`, where given.

        With `cloud` only those that call a service that somebody runs.
        """
        at = "c.id" if cloud else "o.id"
        wanted = [(f"{at} < ?", before), ("o.kind = ?", kind)]
        given = [(clause, value) for clause, value in wanted if value]
        clauses = [*(clause for clause, _ in given), *(["c.cloud <> '[]'"] if cloud else [])]
        where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
        values: list[Any] = [value for _, value in given]
        rows = self._read(
            f"{_EXCHANGE} {_CLOUD if cloud else _ALL} {where} ORDER BY {at} DESC LIMIT ?",
            [*values, max(0, min(limit, MOST_EXCHANGES))],
        )
        return [self._line(row) for row in rows]

    def exchange(self, id: str) -> ExchangeLine | None:  # noqa: A002 - the word of the contract
        rows = self._read(f"{_EXCHANGE} {_ALL} WHERE o.id = ?", [id])
        return self._line(rows[0]) if rows else None

    def spend(self, by: str, days: int, today: date) -> SpendReport:
        """Spend of the `days` local days up to `today`; the rows add up to the total.

        Days come in order, everything else dearest first. Raises ValueError for an unknown `by` or for `days` below 1.
        """
        if by not in _NAMES:
            raise ValueError(f"spend cannot be grouped by {by!r}; choose one of {', '.join(_NAMES)}")
        if days < 1:
            raise ValueError(f"spend of {days} days: ask for 1 day or more")
        first = max(today.toordinal() - days + 1, 1)
        first_day, last_day = date.fromordinal(first).isoformat(), today.isoformat()
        order = "name" if by == "day" else "cost_pd DESC, calls DESC, name"
        sums = ", ".join(f"sum({column}) AS {column}" for column in _SUMS)
        rows = self._read(
            f"SELECT coalesce(nullif({_NAMES[by]}, ''), 'unknown') AS name, {sums} FROM roll_day "  # noqa: S608 - constants
            f"WHERE local_day BETWEEN ? AND ? GROUP BY 1 ORDER BY {order}",
            [first_day, last_day],
        )
        found = [SpendRow(row["name"], *(row[column] for column in _SUMS)) for row in rows]
        return SpendReport(
            first_day=first_day,
            last_day=last_day,
            timezone=self._zone.key,
            by=by,
            total=SpendRow("total", *(sum(row[column] for row in rows) for column in _SUMS)),
            rows=found,
        )

    def today(self, day: date) -> tuple[int, int, int]:
        """Calls, cost in picodollars and unpriced calls of one local day."""
        total = self.spend("day", 1, day).total
        return total.calls, total.cost_pd, total.unpriced_calls

    def spent_since(self, first_day: date) -> list[SpentRow]:
        """What was spent from this local day on, for budgets: a row for each day, model, tier, client and so on."""
        rows = self._read(
            "SELECT local_day, model, tier, client, workspace, key_id, sum(cost_pd) AS cost_pd FROM roll_day "
            "WHERE local_day >= ? GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(cost_pd) > 0",
            [first_day.isoformat()],
        )
        return [SpentRow(*row) for row in rows]

    def finding(self, placeholder: str) -> FindingLine | None:
        """What the latest call that held this secret had of it; None where none on record did."""
        rows = self._read(
            "SELECT findings FROM closing WHERE findings <> '[]' AND instr(findings, ?) ORDER BY id DESC LIMIT 1",
            [json.dumps(placeholder)],
        )
        found = [FindingLine(*parts) for row in rows for parts in json.loads(row["findings"])]
        return next((one for one in found if one.placeholder == placeholder), None)

    def _read(self, sql: str, values: list[Any]) -> list[sqlite3.Row]:
        self._settle()
        if not self._path.exists():
            return []
        try:
            with closing(connect_to_read(self._path)) as connection:
                return connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise LedgerError(f"the ledger {self._path} cannot be read: {error}", "companion doctor") from error

    def _line(self, row: sqlite3.Row) -> ExchangeLine:
        return ExchangeLine(
            id=row["id"],
            parent=row["parent"],
            opened_at=self._when(row["opened"]),
            closed_at=self._when(row["closed"]),
            kind=row["kind"],
            client=row["client"],
            workspace=row["workspace"],
            tier=row["tier"],
            summary=row["summary"],
            ending=row["ending"] or "",
            outcome=row["outcome"] or "",
            code=row["code"] or "",
            reason=row["reason"] or "",
            guard=row["guard"] or "",
            approver=row["approver"] or "",
            upstream=row["upstream"] or "",
            model_asked=row["model_asked"],
            model=row["model"] or "",
            calls=row["calls"] or 0,
            status=row["status"] or 0,
            redactions=row["redactions"] or 0,
            input_tokens=row["input"] or 0,
            cache_read_tokens=row["cache_read"] or 0,
            cache_write_tokens=row["cache_write"] or 0,
            output_tokens=row["output"] or 0,
            cost_pd=row["cost_pd"],
            unpriced=row["unpriced"] or "",
            remarks=[RemarkLine(*parts) for parts in json.loads(row["remarks"] or "[]")],
            findings=[FindingLine(*parts) for parts in json.loads(row["findings"] or "[]")],
            cloud=[CloudLine(*parts) for parts in json.loads(row["cloud"] or "[]")],
        )

    def _when(self, at_ns: int | None) -> str:
        if at_ns is None:
            return ""
        moment = datetime.fromtimestamp(at_ns // 10**9, self._zone)
        return moment.replace(microsecond=at_ns // 1_000 % 10**6).isoformat(timespec="milliseconds")
