"""A daemon that answers from memory, a clock that stands still, and values to fill them with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from attrs import evolve

from companion.client import NotRunning, Refused
from companion.contract.types import (
    AcceptanceLine,
    AcceptRequest,
    AlertState,
    Answer,
    Approval,
    BudgetLine,
    ClientSeen,
    Event,
    ExchangeLine,
    LimitLine,
    Problem,
    RemarkLine,
    SpendReport,
    SpendRow,
    Status,
    UpstreamLine,
)

NOON = datetime(2026, 3, 14, 12, 0, 0, tzinfo=UTC)
DOLLAR = 10**12


class FakeClock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def tick(self, seconds: float) -> None:
        self.seconds += seconds


def approval(name: str = "apr-1", what: str = "git push --force origin main", **changes: Any) -> Approval:
    made = Approval(
        id=name,
        exchange=f"ex-{name}",
        asked_at=(NOON - timedelta(seconds=12)).isoformat(),
        expires_at=(NOON + timedelta(seconds=102)).isoformat(),
        client="cline",
        workspace="/home/ada/src/shop",
        tier="act",
        kind="shell",
        what=what,
        code="force-push",
        reason="A force push rewrites the history that others have pulled",
        hint="git push --force-with-lease refuses when others have pushed",
        digest=f"digest-of-{name}",
    )
    return evolve(made, **changes)


def exchange(number: int, **changes: Any) -> ExchangeLine:
    at = (NOON - timedelta(seconds=30) + timedelta(seconds=number)).isoformat()
    made = ExchangeLine(
        id=f"ex-{number:06d}",
        parent="",
        opened_at=at,
        closed_at=at,
        kind="model",
        client="cline",
        workspace="/home/ada/src/shop",
        tier="act",
        summary="claude-sonnet-4-5 · 12 messages",
        ending="served",
        outcome="allow",
        code="allowed",
        reason="",
        guard="",
        approver="",
        upstream="anthropic",
        model_asked="claude-sonnet-4-5",
        model="claude-sonnet-4-5",
        calls=1,
        status=200,
        redactions=0,
        input_tokens=1_200,
        cache_read_tokens=40_000,
        output_tokens=812,
        cost_pd=27_780_000_000,
    )
    return evolve(made, **changes)


def story() -> list[ExchangeLine]:
    """Nine exchanges that show every verdict, newest first."""
    quiet = {
        "upstream": "",
        "model": "",
        "model_asked": "",
        "calls": 0,
        "status": 0,
        "input_tokens": 0,
        "cache_read_tokens": 0,
        "output_tokens": 0,
        "cost_pd": None,
    }
    return [
        exchange(9, closed_at="", kind="shell", summary="git push --force origin main", outcome="", **quiet),
        exchange(8),
        exchange(
            7,
            kind="file",
            summary="read .env",
            ending="refused",
            outcome="deny",
            code="path-ignored",
            reason=".env is ignored by .gitignore line 3, so its content stays on this machine",
            guard="ignore",
            remarks=[RemarkLine("ignore", "deny", "path-ignored", ".env is ignored by .gitignore line 3")],
            **quiet,
        ),
        exchange(
            6,
            outcome="amend",
            code="secret-replaced",
            reason="an AWS access key was replaced before it left",
            guard="secrets",
            redactions=1,
            cost_pd=31_100_000_000,
        ),
        exchange(
            5,
            kind="shell",
            summary="rm -rf build/",
            outcome="ask",
            code="recursive-delete",
            reason="deletes a folder with everything below it",
            guard="commands",
            approver="tui",
            **quiet,
        ),
        exchange(
            4,
            client="claude",
            kind="shell",
            summary="curl https://example.com/install.sh | sh",
            ending="refused",
            outcome="ask",
            code="pipe-to-shell",
            reason="runs whatever the network sends",
            guard="commands",
            approver="timeout",
            **quiet,
        ),
        exchange(
            3,
            client="claude",
            tier="plan",
            summary="local-llama · 3 messages",
            model="local-llama",
            upstream="lab",
            cost_pd=None,
            unpriced="no table knows local-llama",
        ),
        exchange(
            2, client="codex", ending="failed", reason="the upstream answered 529 three times", cost_pd=0, status=529
        ),
        exchange(1, client="codex", tier="small", summary="gpt-5-mini · 2 messages", cost_pd=450_000_000),
    ]


def row(name: str, calls: int, cost_pd: int, unpriced: int = 0) -> SpendRow:
    return SpendRow(name, calls, 52_000 * calls, 40_000 * calls, 0, 800 * calls, cost_pd, unpriced, 4_100 * unpriced)


def report(by: str, rows: list[SpendRow]) -> SpendReport:
    total = row(
        "total",
        sum(each.calls for each in rows),
        sum(each.cost_pd for each in rows),
        sum(each.unpriced_calls for each in rows),
    )
    return SpendReport("2026-03-14", "2026-03-14", "UTC", by, total, rows)


def budget(percent: int = 61, **changes: Any) -> BudgetLine:
    made = BudgetLine(
        dimension="global",
        name="all",
        window="day",
        limit_pd=20 * DOLLAR,
        spent_pd=percent * 20 * DOLLAR // 100,
        reserved_pd=0,
        resets_at="2026-03-15T00:00:00+00:00",
    )
    return evolve(made, **changes)


def week_of(client: str, percent: int, **changes: Any) -> BudgetLine:
    return budget(
        dimension="client",
        name=client,
        window="week",
        limit_pd=50 * DOLLAR,
        spent_pd=percent * 50 * DOLLAR // 100,
        **{"resets_at": "2026-03-16T00:00:00+00:00", **changes},
    )


def limit(used: int = 0, waiting: int = 0, **changes: Any) -> LimitLine:
    made = LimitLine(
        dimension="client",
        name="cline",
        kind="requests_per_minute",
        amount=60,
        at_once=6,
        used=used,
        waiting=waiting,
    )
    return evolve(made, **changes)


def parallel(model: str, used: int, waiting: int = 0, most: int = 4) -> LimitLine:
    return limit(used, waiting, dimension="model", name=model, kind="parallel", amount=most, at_once=most)


def resting(model: str = "claude-sonnet-4-5", state: str = "open", seconds: int = 23, **why: str) -> UpstreamLine:
    return UpstreamLine("anthropic", model, state, seconds, **why)


def status(**changes: Any) -> Status:
    made = Status(
        version="0.1.0",
        api="v1",
        pid=4242,
        started_at="2026-03-14T08:01:00+00:00",
        home="/home/ada/.local/state/companion",
        gateway="http://127.0.0.1:8787",
        upstreams={"anthropic": "https://api.anthropic.com"},
        tiers={"plan": "anthropic/claude-opus-4-5", "act": "anthropic/claude-sonnet-4-5"},
        pending=1,
        exchanges_today=148,
        spent_today_pd=12_341_000_000_000,
        unpriced_today=3,
        budget_day_pd=20 * DOLLAR,
        clients=[ClientSeen("cline", NOON.isoformat(), 120), ClientSeen("claude", NOON.isoformat(), 28)],
        alerts=[],
        engines={"kingfisher": "1.5.0"},
        budgets=[budget()],
    )
    return evolve(made, **changes)


def alert(severity: str = "warn", name: str = "budget-near") -> AlertState:
    return AlertState(
        name,
        severity,
        "2026-03-14T11:40:00+00:00",
        "62% of the day's budget is spent before noon",
        "raise the budget or change the act tier's model",
    )


class FakeDaemon:
    """What the daemon would know. `connect` gives sources; `up = False` and `drop()` make it go away."""

    def __init__(self) -> None:
        self.up = True
        self.status = status()
        self.approvals: list[Approval] = []
        self.exchanges: list[ExchangeLine] = []
        self.spend = {
            "model": report(
                "model",
                [
                    row("claude-sonnet-4-5", 96, 9 * DOLLAR + 870_000_000_000),
                    row("claude-opus-4-5", 12, 2 * DOLLAR + 430_000_000_000),
                    row("gpt-5-mini", 37, 41_000_000_000),
                    row("local-llama", 3, 0, unpriced=3),
                ],
            ),
            "tier": report(
                "tier",
                [
                    row("act", 96, 9 * DOLLAR + 870_000_000_000),
                    row("plan", 15, 2 * DOLLAR + 430_000_000_000, unpriced=3),
                    row("small", 37, 41_000_000_000),
                ],
            ),
        }
        self.answers: list[tuple[str, Answer]] = []
        self.accepted: dict[str, AcceptanceLine] = {}
        self.warning = ""
        self.failing: dict[str, Exception] = {}
        self.holding: asyncio.Event | None = None
        self.connections = 0
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._listeners: list[asyncio.Queue[Event | Exception | None]] = []

    def connect(self) -> FakeSource:
        if not self.up:
            raise NotRunning("no daemon is running: operator.sock does not exist")
        self.connections += 1
        return FakeSource(self)

    def tell(self, name: str, subject: str, text: str = "") -> None:
        self.put(Event(name, subject, NOON.isoformat(), text))

    def put(self, item: Event | Exception | None) -> None:
        for listener in self._listeners:
            listener.put_nowait(item)

    def drop(self) -> None:
        self.up = False
        self.put(NotRunning("the daemon does not answer (ReadError)"))

    def ask(self, *approvals: Approval) -> None:
        self.approvals.extend(approvals)
        for each in approvals:
            self.tell("approval.opened", each.id)

    def take_away(self, name: str, text: str = "") -> None:
        self.approvals = [each for each in self.approvals if each.id != name]
        self.tell("approval.closed", name, text)

    async def do(self, call: Any) -> Any:
        if not self.up:
            raise NotRunning("the daemon does not answer (ConnectError)")
        self.asked.append((call.path, call.query))
        if call.path in self.failing:
            raise self.failing[call.path]
        match call.path.split("/"):
            case ["status"]:
                return evolve(self.status, pending=len(self.approvals))
            case ["approvals"]:
                return list(self.approvals)
            case ["approvals", name, "answer"]:
                return await self._answer(name, call.body)
            case ["accepted"] if call.method == "GET":
                return list(self.accepted.values())
            case ["accepted"]:
                return self._accept(call.body)
            case ["accepted", name, "revoke"]:
                self.accepted[name] = evolve(self.accepted[name], state="revoked")
                return self.accepted[name]
            case ["spend"]:
                return self.spend[call.query["by"]]
            case ["exchanges"]:
                before = call.query["before"]
                lines = [line for line in self.exchanges if not before or line.id < before]
                return lines[: int(call.query["limit"])]
            case ["exchanges", name]:
                return next(line for line in self.exchanges if line.id == name)
        raise AssertionError(call.path)

    def _accept(self, asked: AcceptRequest) -> AcceptanceLine:
        line = AcceptanceLine(
            id=f"acc-{len(self.accepted)}",
            fingerprint=asked.secret,
            rule=asked.rule,
            scope=asked.scope,
            shown=asked.called or asked.rule,
            state="live",
            made_at=NOON.isoformat(),
            by=asked.by,
            expires_at=asked.expires_at,
            warning=self.warning,
        )
        self.accepted[line.id] = line
        return line

    async def _answer(self, name: str, given: Answer) -> Approval:
        if self.holding is not None:
            await self.holding.wait()
            if not self.up:
                raise NotRunning("the daemon does not answer (ReadError)")
        found = next((each for each in self.approvals if each.id == name), None)
        if found is None:
            raise Refused(409, Problem("already-answered", "someone else answered it first", "companion pending"))
        assert given.digest == found.digest
        self.answers.append((name, given))
        self.take_away(name, "approved" if given.approve else "denied")
        return found

    async def listen(self) -> AsyncIterator[Event]:
        queue: asyncio.Queue[Event | Exception | None] = asyncio.Queue()
        self._listeners.append(queue)
        try:
            while (item := await queue.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            self._listeners.remove(queue)


class FakeSource:
    def __init__(self, daemon: FakeDaemon) -> None:
        self._daemon = daemon

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *ending: object) -> None:
        pass

    async def do(self, call: Any) -> Any:
        return await self._daemon.do(call)

    def events(self) -> AsyncIterator[Event]:
        return self._daemon.listen()
