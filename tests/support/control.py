"""The control API over a real ledger: as an application, or on its real sockets in a thread, without a whole daemon."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import date
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from attrs import evolve

from companion.contract.types import AlertState, Approval, SecretFinding, Status
from companion.edges.control.acceptances import AcceptanceDesk
from companion.edges.control.app import Services, agent_app, operator_app
from companion.edges.control.claim import announce, bind_control, claimed, withdraw
from companion.edges.server import HttpServer
from companion.gatekeeper.approvals import Answered, Approvals, Question
from companion.gatekeeper.events import EventBus
from companion.gatekeeper.grants import Grants
from companion.ledger.acceptances import AcceptanceStore
from companion.ledger.commit import Committer
from companion.ledger.keys import KeyStore
from companion.ledger.reports import Reports
from companion.ledger.store import prepare
from companion.model.action import ShellCommand
from companion.model.exchange import Exchange, Origin
from companion.model.grant import Reach
from companion.model.record import Closing, Opening
from companion.model.verdict import Ask, Decision, Remark
from companion.places import Places
from companion.scan.secrets.scanner import Named
from tests.support.rooms import NOON, Rules

TODAY = date(2026, 6, 1)
ZONE = ZoneInfo("UTC")

STATUS = Status(
    version="1.2.3",
    api="v1",
    pid=4242,
    started_at=NOON.isoformat(),
    home="/home/ada",
    gateway="http://127.0.0.1:4141",
    upstreams={"one": "https://one.example"},
    tiers={"plan": "one/big", "act": "one/*"},
    pending=0,
    exchanges_today=0,
    spent_today_pd=0,
    unpriced_today=0,
)


class Rooms:
    """What the control API speaks for. Tests look into it and change it."""

    def __init__(self, ledger: Path) -> None:
        prepare(ledger)
        self.ledger = ledger
        self.status = STATUS
        self.findings: list[SecretFinding] = []
        self.scanned: list[tuple[str, str]] = []
        self.scanned_paths: list[str] = []
        self.alerts: list[AlertState] = []
        self.when_shut_down: Callable[[], None] = lambda: None
        self.keys = KeyStore(ledger)
        self.met: dict[str, Named] = {}
        self.acceptances = AcceptanceStore(ledger)
        self.events = EventBus(lambda: NOON)
        self.approvals = Approvals(lambda: NOON, self.events)
        self.rules = Rules()
        self.grants = Grants(self.rules, self.events, lambda: NOON)

    def services(self) -> Services:
        return Services(
            status=self._status,
            find_secrets=self._find_secrets,
            alerts=lambda: self.alerts,
            approvals=self.approvals,
            grants=self.grants,
            hook_token="cmph-test",
            reports=Reports(self.ledger, ZONE),
            keys=self.keys,
            acceptances=AcceptanceDesk(self.acceptances, self.met.get, Reports(self.ledger, ZONE).finding),
            events=self.events,
            shut_down=self._shut_down,
            today=lambda: TODAY,
        )

    def _shut_down(self) -> None:
        self.when_shut_down()

    async def _status(self) -> Status:
        return evolve(self.status, pending=len(self.approvals.pending()))

    async def _find_secrets(self, text: str, workspace: str, path: str) -> list[SecretFinding]:
        self.scanned.append((text, workspace))
        self.scanned_paths.append(path)
        return self.findings

    def write(self, *lines: Opening | Closing) -> None:
        """Into the ledger, as the daemon's writer does."""
        committer = Committer(self.ledger, ZONE)
        assert committer.commit(lines, survive_power_loss=False) == []
        committer.disconnect()

    async def ask(self, command: str, name: str, seconds: int = 60, **origin: str) -> Answered:
        """Waits until somebody answers the approval of this command; `name` is its id."""
        action = ShellCommand(command)
        exchange = Exchange(f"{name:0>26}", NOON, Origin("cline", **({"workspace": "/w"} | origin)), action)
        decision = Decision(action, (Remark("commands", Ask("removes", "it removes", "move it away")),))
        reaches = (Reach.ONCE, Reach.SESSION, Reach.RULE)
        return await self.approvals.ask(Question(exchange, decision, command, reaches=reaches, rule=command), seconds)


class Control(Rooms):
    """Serves both sockets while it is entered."""

    def __init__(self, places: Places) -> None:
        super().__init__(places.ledger)
        self.places = places
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def opens(self, command: str, name: str = "apr-0001", **origin: str) -> tuple[Approval, Future[Answered]]:
        """An approval that waits now, and what becomes of it."""
        outcome = asyncio.run_coroutine_threadsafe(self.ask(command, name, **origin), self._loop)
        found = asyncio.run_coroutine_threadsafe(self._find(name), self._loop)
        return found.result(10), outcome

    def on_loop(self, work: Callable[[], Any]) -> None:
        self._loop.call_soon_threadsafe(work)

    async def _find(self, name: str) -> Approval:
        while True:
            for approval in self.approvals.pending():
                if approval.id == name:
                    return approval
            await asyncio.sleep(0)

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        apps = {"agent": agent_app, "operator": operator_app}
        with claimed(self.places):
            sockets = bind_control(self.places)
            servers = [HttpServer(apps[one.scope](self.services(), one.token), [one.socket]) for one in sockets]
            tasks = [asyncio.create_task(server.run()) for server in servers]
            for server in servers:
                await server.started_event.wait()
            announce(self.places, self.status.gateway, self.status.version, sockets)
            self._ready.set()
            await self._end.wait()
            self.approvals.close()
            self.events.close()
            for server in servers:
                server.should_exit = True
            await asyncio.gather(*tasks)
            withdraw(self.places)
